"""What a check knows of a source, and what it says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from browse.catalog import RunEntry
from browse.usual import DAYS
from model.alarm import Alarm, Kind, Problem, Severity

LONGEST = 56
"""Days: the longest window that is compared with the days before it."""

HISTORY = DAYS + LONGEST
"""So many days of runs a check is given."""

RECENT = 3
"""Days: a source that was not crawled for longer cannot be judged by what it last had; that it is overdue is told."""

CHANCE = 1e-5
"""What is rarer than this by chance is unusual. A hundred sources are asked some 50,000 such questions a week, most of
them nearly the same as the day before."""


class Finding(NamedTuple):
    """A problem that a check found, as the alarm will say it."""

    kind: Kind
    severity: Severity
    since: date
    usual: str
    seen: str
    cause: str
    subject: str = ""
    source: str | None = None

    @property
    def problem(self) -> Problem:
        """What it is about."""
        return Problem(self.source, self.kind, self.subject)


class Undecided(NamedTuple):
    """A check cannot tell: an alarm that stands goes on standing."""

    kind: Kind
    subject: str = ""


Verdicts = Iterator[Finding | Undecided]
"""What a check says: problems, and what it cannot tell. All else is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A source that is to be watched: when it is crawled, and since when it is known, at the latest."""

    id: str
    schedule: str
    timezone: str
    known_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A source as a watch at `at` sees it: its runs of the last `HISTORY` days (more where an alarm has stood for
    long), the oldest first, the day of its first run of all, and the alarms that stand."""

    source: Watched
    at: datetime
    runs: Sequence[RunEntry]
    first_day: date | None = None
    standing: Mapping[tuple[Kind, str], Alarm] = field(default_factory=dict)

    @property
    def yesterday(self) -> date:
        """The last day that is over, in UTC."""
        return self.at.date() - timedelta(days=1)

    @property
    def published(self) -> list[RunEntry]:
        """The runs that came to their end."""
        return [run for run in self.runs if run.state == "published"]

    def since(self, kind: Kind, subject: str = "") -> date | None:
        """Since when there is an alarm that stands."""
        alarm = self.standing.get((kind, subject))
        return alarm.since if alarm else None

    def is_silent(self) -> bool:
        """Whether no run was published lately, so that its articles tell nothing."""
        return not any((self.at.date() - run.day).days <= RECENT for run in self.published)
