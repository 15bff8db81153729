"""Health: whether each source still works, and what is wrong with those that do not.

    for one in health(Archive("s3://bucket/prefix")).sources:
        print(one.source, one.standing, one.reason)

All is told from the catalog (what is reckoned of it is kept for as long as it is the newest), the registry and the
standing alarms. The catalog learns of a run that failed only when another one publishes, so of sources that are late
the reports written since are looked for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from browse.archive import Archive
from browse.catalog import MISSING, Catalog
from browse.errors import NoIndex
from browse.index.entries import Told, entry_of
from browse.index.ledger import Table
from browse.index.survey import Listed
from browse.past import Past, pasts
from browse.registered import Registry, known_sources
from browse.source_health import DAYS, Condition, SourceHealth, Standing, StandingAlarm
from model.alarm import Alarm, Severity, in_order
from storage import keys
from storage.alarms import read_alarms
from storage.places import place_of
from storage.store import ObjectStore

LOOKED_FOR = 200
"""Of so many sources that are late, at most, reports are looked for that the catalog does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How all sources are, those in trouble first. `at` is now, `indexed_at` when the index was built last, `alarms`
    are those of the whole archive. `is_well` where nobody need look. The rest is of all sources that are crawled,
    together."""

    at: datetime
    indexed_at: datetime | None
    sources: list[SourceHealth]
    alarms: list[StandingAlarm]
    counts: dict[Standing, int]
    is_well: bool
    last_success: datetime | None
    next_run: datetime | None
    today: int
    usual: float
    days: list[int]

    def only(self, sources: Iterable[str]) -> "Health":
        """The same of these sources alone."""
        wanted = {*sources}
        return _together(self.at, self.indexed_at, [one for one in self.sources if one.source in wanted], [])


def health(
    archive: Archive, registry: Registry | None = None, *, at: datetime | None = None, look: bool = True
) -> Health:
    """How the sources are that have runs, and those of the `registry`, at the time `at` (now). Without `look` reports
    that the catalog does not have are not looked for. Raises `StorageError`."""
    at = at or datetime.now(UTC)
    try:
        catalog, indexed_at = archive.catalog, archive.index.as_of
    except NoIndex:
        catalog, indexed_at = Catalog.empty(), None
    known = pasts(catalog, at.astimezone(UTC).date())
    alarms = _alarms(archive.store)
    conditions = [
        Condition(source, known.get(source.id) or Past(), alarms.get(source.id, []), off, at)
        for source, off in known_sources(catalog, registry or {})
    ]
    if look:
        conditions = _brought_up_to_date(archive.store, conditions)
    told = sorted((one.told() for one in conditions), key=_badness)
    return _together(at, indexed_at, told, alarms.get(None, []))


def _together(
    at: datetime, indexed_at: datetime | None, sources: list[SourceHealth], alarms: list[StandingAlarm]
) -> Health:
    crawled = [one for one in sources if one.standing != Standing.OFF]
    counts = Counter(one.standing for one in sources)
    return Health(
        at=at,
        indexed_at=indexed_at,
        sources=sources,
        alarms=alarms,
        counts={standing: counts[standing] for standing in Standing if counts[standing]},
        is_well=not alarms and not any(standing.is_trouble for standing in counts),
        last_success=max((one.last_success for one in sources if one.last_success), default=None),
        next_run=min((one.next_run for one in crawled if one.next_run), default=None),
        today=sum(one.today or 0 for one in crawled),
        usual=sum(one.usual or 0 for one in crawled),
        days=[sum(one.days[place] or 0 for one in crawled) for place in range(DAYS)],
    )


_RANK = {standing: rank for rank, standing in enumerate(Standing)}


def _badness(one: SourceHealth) -> tuple[object, ...]:
    serious = any(alarm.severity == Severity.SERIOUS for alarm in one.alarms)
    return _RANK[one.standing], not serious, -(one.lag_s or 0), one.source


def _alarms(store: ObjectStore) -> dict[str | None, list[StandingAlarm]]:
    """The alarms that stand, by source, those that matter most first."""
    found: dict[str | None, list[StandingAlarm]] = {}
    for alarm in in_order(read_alarms(store)):
        if alarm.stands:
            found.setdefault(alarm.source, []).append(_as_told(alarm))
    return found


def _as_told(alarm: Alarm) -> StandingAlarm:
    return StandingAlarm(
        kind=str(alarm.kind),
        subject=alarm.subject,
        severity=alarm.severity,
        since=alarm.since,
        usual=alarm.usual,
        seen=alarm.seen,
        cause=alarm.cause,
    )


def _brought_up_to_date(store: ObjectStore, conditions: Sequence[Condition]) -> list[Condition]:
    """The same with the newest reports of sources that are due, or have never run."""
    behind = [one for one in conditions if not one.off and (one.due or one.past.last_run is None)]
    behind = sorted(behind, key=lambda one: -(one.lag_s or 0))[:LOOKED_FOR]
    with ThreadPoolExecutor(16, "health") as threads:
        newer = threads.map(lambda one: _with_newest(store, one), behind)
        found = {one.source.id: one for one in newer}
    return [found.get(one.source.id, one) for one in conditions]


def _with_newest(store: ObjectStore, condition: Condition) -> Condition:
    """The same with the newest run that has a report."""
    source, past, now = condition.source.id, condition.past, keys.run_id(condition.at)
    named = ((place_of(info.key), info.etag) for info in store.list(keys.reports_prefix(source)))
    etags = {place.run: etag for place, etag in named if place and place.family == "report" and place.run}
    newer = [run for run in sorted(etags) if (past.last_run or "") < run <= now]
    if not newer:
        return condition
    newest = entry_of(store, Table(newer[-1], source), Listed(report=etags[newer[-1]]), Told())
    if newest.state == MISSING:  # removed this moment
        return condition
    return replace(condition, past=past.after(newer, newest.state, newest.reason, newest.finished_at))
