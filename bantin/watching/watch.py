"""The verb watch: what is wrong with the archive's sources, by the catalog of runs, and what stood before.

The catalog is brought up to date first, so that a source does not seem silent because nobody indexed its runs; that it
was not is a problem, too. What is found is stored (storage/alarms.py) and told by another verb
(bantin/notifying/tell.py).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from bantin.watching.judge import Judgement, judge
from bantin.watching.standing import merged
from bantin.watching.watched import Finding, Watched
from browse.catalog import Catalog, SourceEntry
from browse.errors import DamagedIndex, NoIndex
from browse.index.building import OnDone
from browse.index.cache import Cache, user_cache
from browse.index.manifest import read_manifest
from model.alarm import Alarm, Kind, Severity
from model.causes import cause_of
from model.errors import SourceError
from model.report import State
from model.source import load_source, source_files
from storage.alarms import change_alarms, read_alarms
from storage.errors import KeyNotFound
from storage.store import ObjectStore, open_store

logger = logging.getLogger("bantin.watch")

INDEX_LATE = timedelta(hours=6)
"""A run that ended so long ago should be indexed. A daily watch, which indexes all, sees none that is a day old."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a watch found: the alarms that stand now, and those that this one found to be over, of so many `sources`."""

    standing: tuple[Alarm, ...]
    over: tuple[Alarm, ...]
    sources: int


def watch(
    settings: Settings,
    *,
    at: datetime | None = None,
    dry_run: bool = False,
    on_done: OnDone = lambda what, done, total: None,
) -> Watch:
    """Judges all sources of the registry that are enabled as things are at `at` (default: now), and stores what stands.
    With `dry_run` nothing is written, and the catalog is read as it is. `on_done` is told how many `sources` of how
    many are judged, and before that how far the index is (bantin/index.py).

    Raises `StorageError` where the store does not answer or the alarms cannot be read, `NoIndex` in a dry run without
    one, and what building the index raises where a further try may help.
    """
    store, at = open_store(settings.archive), at or datetime.now(UTC)
    found, catalog = _catalog(settings, store, at, None if dry_run else on_done)
    sources = list(watched(settings, catalog)) if catalog else []

    def judged(there: Sequence[Alarm]) -> list[Alarm]:
        standing = [alarm for alarm in there if alarm.stands]
        if catalog is None:
            judgement = Judgement(found, blind=True)
        else:
            of_sources = judge(catalog, sources, standing, at, lambda *counts: on_done("sources", *counts))
            judgement = Judgement([*found, *of_sources.findings], of_sources.undecided)
        return merged(there, judgement, at)

    alarms = judged(read_alarms(store)) if dry_run else change_alarms(store, judged)
    standing = tuple(alarm for alarm in alarms if alarm.stands)
    return Watch(standing, tuple(alarm for alarm in alarms if alarm.over_at == at), len(sources))


def watched(settings: Settings, catalog: Catalog) -> Iterator[Watched]:
    """The sources that are to be crawled: those of the registry that are enabled, of a file with mistakes as its last
    run says, or daily; where there is no registry, those of the catalog."""
    try:
        files: list[Path] | None = source_files(settings.sources)
    except SourceError:
        files = None
    for source in catalog.sources() if files is None else ():
        if source.enabled:
            yield Watched(id=source.id, schedule=source.schedule, timezone=source.timezone)
    for path in files or ():
        try:
            since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:  # removed this moment
            continue
        try:
            rules = load_source(path)
        except SourceError:
            known = catalog.source(path.stem) or SourceEntry(id=path.stem, name="", schedule="@daily", timezone="UTC")
            yield Watched(id=known.id, schedule=known.schedule, timezone=known.timezone, known_since=since)
            continue
        if rules.enabled:
            yield Watched(id=rules.id, schedule=rules.schedule, timezone=rules.timezone, known_since=since)


def _catalog(
    settings: Settings, store: ObjectStore, at: datetime, on_done: OnDone | None
) -> tuple[list[Finding], Catalog | None]:
    """The catalog as it is now, and what is wrong with the index; None where it cannot be read. Without `on_done`, to
    which it is told how far a build is, nothing is built."""
    before = _stored(settings, store)
    if on_done is None:
        if before is None:
            raise NoIndex(f"{store.url} has no index that can be read: `bantin index` makes one")
        return [], before
    try:
        bring_up_to_date(settings, on_done=on_done)
        catalog = _stored(settings, store)
    except DamagedIndex as err:
        logger.error("the index could not be brought up to date: %s", err)
        seen = f"it cannot be brought up to date: {err}"
        return [_index_problem(at, seen, "the message says what to do.")], None
    if catalog is None:
        seen, cause = "it was gone right after it was built", "somebody deletes objects in `index/`."
        return [_index_problem(at, seen, cause)], None
    late = _late(before, catalog, at) if before else []
    if not late:
        return [], catalog
    seen = f"runs that were published more than six hours before and were not in it: {len(late)}"
    return [_index_problem(min(late), seen, cause_of(Kind.INDEX), Severity.WARNING)], catalog


def _stored(settings: Settings, store: ObjectStore) -> Catalog | None:
    """The catalog of the present index; None where there is none that this version reads."""
    try:
        manifest = read_manifest(store)
        return Cache(store, settings.cache or user_cache()).catalog(manifest) if manifest else None
    except (DamagedIndex, KeyNotFound) as err:
        logger.warning("%s", err)
        return None


def _late(before: Catalog, after: Catalog, at: datetime) -> list[datetime]:
    """When those runs of `after` ended that should have been in `before`. One that failed waits for the next build."""
    known = set(zip(*(before.table[name].to_pylist() for name in ("source", "run")), strict=True))
    published = after.table.filter(pc.equal(after.table["state"], State.PUBLISHED))
    rows = zip(*(published[name].to_pylist() for name in ("source", "run", "finished_at")), strict=True)
    return [ended for source, run, ended in rows if (source, run) not in known and ended and ended < at - INDEX_LATE]


def _index_problem(since: datetime, seen: str, cause: str, severity: Severity = Severity.SERIOUS) -> Finding:
    usual = "every run that is published is indexed within minutes"
    return Finding(Kind.INDEX, severity, since.date(), usual, seen, cause)
