"""An alarm: something about a source, or about the whole archive, that somebody should look at."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

RENEWED = timedelta(hours=20)
"""So long after a message about a problem comes another at the soonest: one a day, and a daily watch may be early."""

REMINDED = timedelta(days=7)
"""So long after a message is a problem told again that still stands and has not become worse."""

FORGOTTEN = timedelta(days=3)
"""What is over for so long, and was never told, is told no more: who becomes a target today is not told the past."""


class Kind(StrEnum):
    """What is wrong. docs/monitoring.md says when it is told, model/causes.py what it is likely to mean."""

    FAILED = "a run failed"
    OVERDUE = "overdue"
    NONE = "no new articles"
    FEW = "few new articles"
    MANY = "many new articles"
    FIELD = "a field is missing"
    ERRORS = "requests fail"
    BLOCKED = "blocked"
    REJECTED = "pages are rejected"
    REMOVAL = "other blocks are removed"
    SPAM = "spam"
    CLOAKED = "cloaked pages"
    FUTURE = "dates in the future"
    GONE = "pages are gone"
    FRONTIER = "waiting pages grow"
    UNREADABLE = "runs cannot be read"
    INDEX = "the index is not up to date"


class Severity(StrEnum):
    """How soon somebody should look: SERIOUS where articles are lost or the site was broken into."""

    WARNING = "warning"
    SERIOUS = "serious"


class Problem(NamedTuple):
    """What an alarm is about: there is one alarm for it at a time. `source` is None for the whole archive; `subject` is
    the field, or the rule, of those kinds that are told of each."""

    source: str | None
    kind: Kind
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a target of messages was told last, and when: of the problem as it stood, or that it is `over`."""

    at: datetime
    severity: Severity
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A problem as it was seen: what is `usual`, what was `seen` instead, since when, and the likely `cause` with what
    to do. All three are sentences that may quote what a page said: escape them.

    `since` is the first day that is unusual, `raised_at` when a watch found it first, `last_seen` when one did last,
    `over_at` when one found that it is over. `told` has what each target of messages was told last. Who is about to
    tell takes the alarm by `claimed_at`.
    """

    source: str | None
    kind: Kind
    subject: str = ""
    severity: Severity
    since: date
    usual: str
    seen: str
    cause: str
    raised_at: datetime
    last_seen: datetime
    over_at: datetime | None = None
    told: dict[str, Told] = field(default_factory=dict)
    claimed_at: datetime | None = None

    @property
    def problem(self) -> Problem:
        """What it is about."""
        return Problem(self.source, self.kind, self.subject)

    @property
    def stands(self) -> bool:
        """Whether the problem is still there."""
        return self.over_at is None

    def is_due(self, target: str, at: datetime) -> bool:
        """Whether `target` is to be told at `at`: of a new problem, of one that has become worse or still stands after
        a week, and once that it is over. Of one that stands at most once a day."""
        told = self.told.get(target)
        if self.over_at is not None:
            return not told.over if told else at - self.over_at < FORGOTTEN
        if told is None:
            return True
        is_news = told.over or (self.severity, told.severity) == (Severity.SERIOUS, Severity.WARNING)
        return at - told.at >= (RENEWED if is_news else REMINDED)

    def after_telling(self, target: str, at: datetime) -> Self:
        """The alarm when `target` has been told of it as it is now."""
        told = Told(at=at, severity=self.severity, over=not self.stands)
        return replace(self, told={**self.told, target: told})

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The alarm that `values`, as they are stored, stand for. Raises ValueError, TypeError, KeyError or
        AttributeError where they are none."""
        named = {**values, "kind": Kind(values["kind"]), "severity": Severity(values["severity"])}
        named["since"] = date.fromisoformat(values["since"])
        for name in ("raised_at", "last_seen", "over_at", "claimed_at"):
            named[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
        named["told"] = {
            target: Told(
                at=datetime.fromisoformat(one["at"]), severity=Severity(one["severity"]), over=bool(one["over"])
            )
            for target, one in values["told"].items()
        }
        return cls(**named)


def in_order(alarms: Iterable[Alarm]) -> list[Alarm]:
    """What matters most first: what stands, serious, for long."""
    return sorted(alarms, key=lambda alarm: (not alarm.stands, alarm.severity != Severity.SERIOUS, alarm.since))
