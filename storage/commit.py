"""The commit of fetch: a run's rules and its captures table, written by who holds the source's lease and by nobody
else.

A lease that was in force a moment ago may have ended meanwhile: a machine may stand still between any two steps, and
another one do its work. So what is replaced is looked at when the lease is fresh, and written on the condition that it
is still the same; where the store knows no conditions, the lease alone keeps two crawls apart.
"""

from model.capture import Capture
from storage import keys
from storage.errors import Corrupt, KeyNotFound, LeaseLost, PreconditionFailed
from storage.inventory import unread_places
from storage.lease import Lease
from storage.store import ObjectStore
from storage.tables import encode


class Commit:
    """What is to be committed of the run that `lease` was taken for. To be made before the run's captures are read."""

    def __init__(self, store: ObjectStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease
        source, run = lease.holder.source, lease.holder.run
        self._there = {key: store.head(key) for key in (keys.run_source(source, run), keys.captures(source, run))}
        self._unread = _unread(store, keys.captures(source, run))

    def write(self, rules: bytes, captures: list[Capture]) -> None:
        """Writes the rules, and with the captures table makes the fetch count. Where the table that stood there was
        made anew without damaged records (bantin verify --repair), this one says so, too.

        Raises `LeaseLost`, also where another crawl has committed the run meanwhile, and what the store's verbs raise.
        """
        self._lease.check()
        table = encode(captures, Capture, unread=self._unread)
        for (key, there), data in zip(self._there.items(), (rules, table), strict=True):
            try:
                self._store.put(key, data, if_absent=there is None, if_match=there.etag if there else None)
            except PreconditionFailed as err:
                holder = self._lease.holder
                whose = f"{holder.source}, run {holder.run}, attempt {holder.attempt}"
                message = f"{whose}: {key} was written by somebody else meanwhile; a further attempt goes on from there"
                raise LeaseLost(message, self._store.url, key) from err


def _unread(store: ObjectStore, key: str) -> list[tuple[str, int]]:
    """The places of the records that the captures table which is there was made without."""
    try:
        return sorted(unread_places(store, key))
    except (KeyNotFound, Corrupt):  # who reads the captures is told of damage
        return []
