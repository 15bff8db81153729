"""Which crawl is under way, as its lease tells, for who would rather wait than be refused."""

from datetime import UTC, datetime, timedelta

from storage import keys
from storage.errors import Corrupt, InvalidKey, KeyNotFound
from storage.holder import Holder
from storage.lease import MAX_BYTES
from storage.store import ObjectStore

CREDIBLE = timedelta(minutes=5)
"""A lease that says it lasts longer was written by a clock that is wrong: whether it counts is the lease's affair
(storage/lease.py)."""


def holder_of(store: ObjectStore, source_id: str, run: str, group: str | None = None) -> Holder | None:
    """The crawl of a source by another run than `run`, or of another source of its politeness group, that is under way
    now; None where there is none. The lease itself decides: another may be sooner. Raises `StorageError`."""
    now = datetime.now(UTC)
    try:
        leases = [keys.source_lease(source_id), *([keys.group_lease(group)] if group else [])]
    except InvalidKey:  # the name of a file that describes no source
        return None
    for key in leases:
        try:
            holder = Holder.decode(store.get(key, (0, MAX_BYTES)))
        except (KeyNotFound, Corrupt):
            continue
        if now < holder.expires < now + CREDIBLE and (holder.source, holder.run) != (source_id, run):
            return holder
    return None
