"""Health: whether each source still works, and what is wrong with those that do not.

    for one in health(Archive("s3://bucket/prefix")).sources:
        print(one.source, one.standing, one.reason)

All is told from the catalog (what is reckoned of it is kept for as long as it is the newest), the registry and the
standing alarms. The catalog learns of a run that failed only when another one publishes, so of sources that are late
the reports written since are looked for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from browse.archive import Archive
from browse.catalog import MISSING, UNREADABLE, Catalog, SourceEntry
from browse.errors import NoIndex
from browse.index.entries import described
from browse.past import Past, pasts
from model.alarm import Alarm, Severity
from model.errors import SourceError
from model.report import State
from model.source import load_source, source_files
from storage import keys
from storage.alarms import read_alarms
from storage.errors import Corrupt, UnknownVersion
from storage.places import place_of
from storage.reports import read_report
from storage.store import ObjectStore

DAYS = 30
"""A sparkline's length."""

PATIENCE = timedelta(hours=1)
"""A source is late when its run is due for so long, or twice as long as its runs take where that is more."""

LOOKED_FOR = 200
"""Of so many sources that are late, at most, reports are looked for that the catalog does not have."""


class Standing(StrEnum):
    """How a source is, the worst first."""

    BROKEN = "broken"
    """Its file has mistakes."""
    FAILED = "failed"
    """Its newest run failed, or its report cannot be read."""
    LATE = "late"
    """No run has succeeded since one was due."""
    ALARMED = "alarmed"
    """An alarm stands."""
    NEW = "new"
    """It has never run."""
    WELL = "well"
    OFF = "off"
    """Nobody crawls it: switched off, or no longer in the registry."""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look."""
        return self in (Standing.BROKEN, Standing.FAILED, Standing.LATE, Standing.ALARMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAlarm:
    """An alarm that stands: see `model.alarm.Alarm`."""

    kind: str
    subject: str
    severity: Severity
    since: date
    usual: str
    seen: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How a source is. Its newest run is `last_run`, and `reason` says why that failed, or what else is wrong.

    `last_success` is when the run `success_run`, the newest that was published, ended; `failures` is how many failed
    since. `lag_s` is how many seconds later than scheduled that was; while another one is due, for how long it is.
    `today` counts the new articles of today's runs (by UTC; None where there was none yet), `usual` what is usual for
    such a day (None while too little is known), `days` those of the last `DAYS` days, today's at the end.
    """

    source: str
    name: str
    standing: Standing
    reason: str | None
    schedule: str
    timezone: str
    last_success: datetime | None
    success_run: str | None
    last_run: str | None
    failures: int
    lag_s: int | None
    next_run: datetime | None
    today: int | None
    usual: float | None
    days: list[int | None]
    alarms: list[StandingAlarm]


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


Registry = Mapping[str, SourceEntry | SourceError]
"""The sources that are to be crawled, by id; of a file that cannot be read, what is wrong with it."""


def registry_in(folder: Path) -> Registry:
    """The registry in a folder of source files. Cheap when repeated: a file is read again only where it has changed.
    Raises `SourceError` where `folder` is none."""
    found: dict[str, SourceEntry | SourceError] = {}
    for path in source_files(folder):
        try:
            found[path.stem] = _registered(path, path.stat().st_mtime_ns)
        except SourceError as err:
            found[path.stem] = err
        except FileNotFoundError:  # removed this moment
            continue
    return found


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
    states = [
        _State(source, known.get(source.id) or Past(), alarms.get(source.id, []), off, at)
        for source, off in _sources(catalog, registry or {})
    ]
    if look:
        states = _brought_up_to_date(archive.store, states)
    told = sorted((one.told() for one in states), key=_badness)
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


def _sources(catalog: Catalog, registry: Registry) -> Iterable[tuple[SourceEntry, str | SourceError | None]]:
    """The sources, each with why it is not crawled, if it is not. A registry that has none of the archive's sources is
    another archive's, and says nothing of them."""
    of_archive = {entry.id: entry for entry in catalog.sources()}
    is_its_own = not registry.keys().isdisjoint(of_archive)
    for name in sorted({*of_archive, *registry}):
        entry = registry.get(name)
        if isinstance(entry, SourceError):
            yield of_archive.get(name) or SourceEntry(id=name, name=name), entry
        elif entry is None:
            off = "no longer in the registry" if is_its_own else None if of_archive[name].enabled else "switched off"
            yield of_archive[name], off
        else:
            yield entry, None if entry.enabled else "switched off"


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a source, from which it is told how it is."""

    source: SourceEntry
    past: Past
    alarms: list[StandingAlarm]
    off: str | SourceError | None
    at: datetime

    @property
    def due(self) -> datetime | None:
        """Since when a success is due; None where none is."""
        past, source = self.past, self.source
        if past.success_run is None:
            return keys.run_time(past.last_run) if past.last_run else None
        if not source.schedule:
            return None
        due = times_around(source.schedule, source.timezone, keys.run_time(past.success_run))[1]
        return due if due <= self.at else None

    @property
    def lag_s(self) -> int | None:
        """How late the last success was, or another one is by now."""
        past = self.past
        if due := self.due:
            return max(0, int((self.at - due).total_seconds()))
        if past.success_run is None or past.success_at is None:
            return None
        return max(0, int((past.success_at - keys.run_time(past.success_run)).total_seconds()))

    @property
    def standing(self) -> Standing:
        if self.off:
            return Standing.BROKEN if isinstance(self.off, SourceError) else Standing.OFF
        if self.past.last_run is None:
            return Standing.NEW
        if self.past.state in (State.FAILED, UNREADABLE, MISSING):
            return Standing.FAILED
        patience_s = max(PATIENCE.total_seconds(), 2 * self.past.takes_s)
        if self.due and (self.lag_s or 0) > patience_s:
            return Standing.LATE
        return Standing.ALARMED if self.alarms else Standing.WELL

    @property
    def reason(self) -> str | None:
        match self.standing:
            case Standing.BROKEN | Standing.OFF:
                return str(self.off)
            case Standing.FAILED:
                return self.past.reason or self.past.state
            case _:
                return None

    def told(self) -> SourceHealth:
        """How the source is."""
        past, source, standing = self.past, self.source, self.standing
        is_crawled = source.schedule and standing not in (Standing.OFF, Standing.BROKEN)
        return SourceHealth(
            source=source.id,
            name=source.name,
            standing=standing,
            reason=self.reason,
            schedule=source.schedule,
            timezone=source.timezone,
            last_success=past.success_at,
            success_run=past.success_run,
            last_run=past.last_run,
            failures=past.failures,
            lag_s=self.lag_s,
            next_run=times_around(source.schedule, source.timezone, self.at)[1] if is_crawled else None,
            today=past.days[-1],
            usual=past.usual.median if past.usual else None,
            days=past.days[-DAYS:],
            alarms=self.alarms,
        )


def times_around(schedule: str, timezone: str, at: datetime) -> tuple[datetime, datetime]:
    """The last scheduled moment up to `at`, and the first after it, in UTC."""
    return _times_around(schedule, timezone, at.replace(second=0, microsecond=0))


@lru_cache(maxsize=50_000)
def _times_around(schedule: str, timezone: str, minute: datetime) -> tuple[datetime, datetime]:
    from croniter import croniter

    there = minute.astimezone(ZoneInfo(timezone))
    before: datetime = croniter(schedule, there + timedelta(seconds=1)).get_prev(datetime)
    after: datetime = croniter(schedule, there).get_next(datetime)
    return before.astimezone(UTC), after.astimezone(UTC)


def _alarms(store: ObjectStore) -> dict[str | None, list[StandingAlarm]]:
    """The alarms that stand, by source, the serious ones first."""
    found: dict[str | None, list[StandingAlarm]] = {}
    standing = (alarm for alarm in read_alarms(store) if alarm.stands)
    for alarm in sorted(standing, key=lambda one: (one.severity != Severity.SERIOUS, one.since)):
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


def _brought_up_to_date(store: ObjectStore, states: Sequence[_State]) -> list[_State]:
    """The same with the newest reports of sources that are due, or have never run."""
    behind = [one for one in states if not one.off and (one.due or one.past.last_run is None)]
    behind = sorted(behind, key=lambda one: -(one.lag_s or 0))[:LOOKED_FOR]
    with ThreadPoolExecutor(16, "health") as threads:
        newer = threads.map(lambda one: _with_newest(store, one), behind)
        found = {one.source.id: one for one in newer}
    return [found.get(one.source.id, one) for one in states]


def _with_newest(store: ObjectStore, state: _State) -> _State:
    """The same with the newest run that has a report."""
    source, past, now = state.source.id, state.past, keys.run_id(state.at)
    places = (place_of(info.key) for info in store.list(keys.reports_prefix(source)))
    runs = sorted(place.run for place in places if place and place.family == "report" and place.run)
    newer = [run for run in runs if (past.last_run or "") < run <= now]
    if not newer:
        return state
    try:
        report = read_report(store, source, newer[-1])
    except (Corrupt, UnknownVersion) as err:
        return replace(state, past=past.after(newer, UNREADABLE, str(err), None))
    if report is None:  # removed this moment
        return state
    return replace(state, past=past.after(newer, report.state, report.reason, report.finished_at))


@lru_cache(maxsize=100_000)
def _registered(path: Path, _modified_ns: int) -> SourceEntry:
    source = load_source(path)
    return described(source, source.id, 0)
