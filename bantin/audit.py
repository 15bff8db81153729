"""The verb audit: sweep what runs leave behind and nobody needs any more.

Nothing of the archive goes: only objects in `work/` that can be made again, remains of writers that died, leases that
nobody renewed for long, and what no generation of the index needs. `dry_run` tells what would go.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import groupby

from bantin.settings import Settings
from browse.index.publishing import sweep as sweep_index
from storage import keys
from storage.errors import Corrupt, InvalidKey, KeyNotFound, LeaseHeld
from storage.holder import Holder
from storage.lease import MAX_BYTES, Lease
from storage.places import place_of
from storage.store import ObjectInfo, ObjectStore, Swept, open_store

logger = logging.getLogger("bantin.audit")

WORK_AGE = timedelta(days=7)
"""So long are passing objects of a run kept after the last of them was written."""

UNFINISHED_AGE = timedelta(days=1)
"""No writer is at one object for so long."""

LEASE_AGE = timedelta(days=1)
"""So long after its end is a lease left to the next crawl of its source, which takes it over."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was swept: passing objects in `work/`, unfinished writes (S3: multipart uploads), ended leases, and objects
    of generations of the index that are no more."""

    work: Swept
    unfinished: Swept
    leases: Swept
    index: Swept

    @property
    def lines(self) -> list[str]:
        """Counts and bytes, a line each."""
        counted = {field.name: getattr(self, field.name) for field in fields(self)}
        return [f"{name}: {swept.count} swept, {swept.size_bytes:,} bytes" for name, swept in counted.items()]


def audit(
    settings: Settings,
    *,
    dry_run: bool = False,
    at: datetime | None = None,
    on_step: Callable[[str], None] = lambda what: None,
) -> Audit:
    """Sweeps the archive as things are at `at` (default: now), or with `dry_run` only counts.

    `on_step` is told what is looked through. It may be interrupted, and called beside runs. Raises `StorageError`.
    """
    store, at = open_store(settings.archive), at or datetime.now(UTC)
    on_step("work/")
    work = _sweep_work(store, at, dry_run)
    on_step("unfinished writes")
    unfinished = store.sweep(at - UNFINISHED_AGE, dry_run=dry_run)
    on_step("leases/")
    leases = _sweep_leases(store, at, dry_run)
    on_step("index/")
    found = Audit(work, unfinished, leases, sweep_index(store, at, dry_run=dry_run))
    for line in found.lines:
        logger.info("%s%s", line, " (a dry run: all is still there)" if dry_run else "")
    return found


def _sweep_work(store: ObjectStore, at: datetime, dry_run: bool) -> Swept:
    """The passing objects of runs in which nothing happens any more. A run that is repaired after that makes its
    cleaned parts again."""
    swept = Swept()
    listed = list(store.list(keys.work_prefix()))
    for run, group in groupby(listed, key=_run_of):
        objects = list(group)
        if run is None:
            old = [info for info in objects if info.modified < at - WORK_AGE]
        elif all(info.modified < at - WORK_AGE for info in objects) and not _is_crawled(store, *run, at):
            old = [info for info in objects if not _is_needed(store, *run, info)]
        else:
            continue
        if not dry_run:
            store.delete(info.key for info in old)
        swept += Swept(len(old), sum(info.size_bytes for info in old))
    return swept


def _run_of(info: ObjectInfo) -> tuple[str, str] | None:
    place = place_of(info.key)
    return (place.source, place.run) if place and place.source and place.run else None


def _is_needed(store: ObjectStore, source: str, run: str, info: ObjectInfo) -> bool:
    """Whether these are the rules of an attempt that stored pages and was never committed: with them they can be."""
    if info.key != keys.attempt_rules(source, run, keys.attempt_of(info.key)):
        return False
    stored = next(iter(store.list(keys.raw_prefix(source, run))), None)
    return stored is not None and store.head(keys.captures(source, run)) is None


def _is_crawled(store: ObjectStore, source: str, run: str, at: datetime) -> bool:
    holder = _holder(store, keys.source_lease(source))
    return holder is not None and holder.run == run and holder.expires > at


def _sweep_leases(store: ObjectStore, at: datetime, dry_run: bool) -> Swept:
    """Leases of crawls that died, whose source was not crawled again since. Each is taken over and given back, since it
    may be another's by the time it is deleted."""
    swept = Swept()
    for info in sorted(store.list(keys.leases_prefix()), key=lambda info: info.key, reverse=True):
        place, holder = place_of(info.key), _holder(store, info.key)
        if place is None or holder is None or holder.expires > at - LEASE_AGE:
            continue
        source = place.source or holder.source
        try:
            if not dry_run:
                Lease.acquire(store, source, group=place.group, run=keys.run_id(at), attempt=0).release()
        except (LeaseHeld, InvalidKey) as err:
            logger.warning("%s: left alone: %s", info.key, err)
            continue
        swept += Swept(1, info.size_bytes)
    return swept


def _holder(store: ObjectStore, key: str) -> Holder | None:
    try:
        return Holder.decode(store.get(key, (0, MAX_BYTES)))
    except (KeyNotFound, Corrupt):
        return None
