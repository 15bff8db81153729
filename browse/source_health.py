"""How one source is: whether it still works, and what is wrong with it where it does not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from browse.catalog import MISSING, UNREADABLE, SourceEntry
from browse.past import Past
from model.alarm import Severity
from model.errors import SourceError
from model.report import State
from storage import keys

DAYS = 30
"""A sparkline's length."""

PATIENCE = timedelta(hours=1)
"""A source is late when its run is due for so long, or twice as long as its runs take where that is more."""


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
    """Nobody crawls it: switched off, retired, or no longer in the registry."""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look."""
        return self in (Standing.BROKEN, Standing.FAILED, Standing.LATE, Standing.ALARMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAlarm:
    """What readers are told of an alarm that stands: see `model.alarm.Alarm`. Who was told is not for them."""

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
    such a day (None while too little is known), `days` those of the `DAYS` days before today, yesterday's at the end.
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


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of a source at a time, from which it is told how it is. `off` is why it is not crawled, if it is
    not."""

    source: SourceEntry
    past: Past
    alarms: list[StandingAlarm]
    off: str | SourceError | None
    at: datetime

    @property
    def due(self) -> datetime | None:
        """Since when a success is due; None where none is, or nobody crawls the source."""
        past, source = self.past, self.source
        if isinstance(self.off, str):
            return None
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
        """The worst that is true of it."""
        if self.off:
            return Standing.BROKEN if isinstance(self.off, SourceError) else Standing.OFF
        if self.past.state in (State.FAILED, UNREADABLE, MISSING):
            return Standing.FAILED
        patience_s = max(PATIENCE.total_seconds(), 2 * self.past.takes_s)
        if self.due and (self.lag_s or 0) > patience_s:
            return Standing.LATE
        if self.alarms:
            return Standing.ALARMED
        return Standing.NEW if self.past.last_run is None else Standing.WELL

    @property
    def reason(self) -> str | None:
        """Why it is broken, off or failed."""
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
            days=past.days[-1 - DAYS : -1],
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
