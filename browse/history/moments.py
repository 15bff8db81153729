"""Times as people write them: days, minutes, seconds; and citations, `id@time`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from model.errors import BantinError

EXPECTED = "expected a day (2026-11-22) or a time (2026-11-22T07:00, 2026-11-22T00:00:05Z, 2026-11-22T07:00:05+07:00)"

_DAY = r"(?P<day>\d{4}-?\d\d-?\d\d)"
_CLOCK = r"\d\d:?\d\d(?P<second>:?\d\d(?P<fraction>\.\d{1,6})?)?"
_TIME = re.compile(rf"{_DAY}(?:[T ](?P<clock>{_CLOCK})(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?", re.IGNORECASE)
_SMALLEST = timedelta(microseconds=1)


class InvalidTime(BantinError):
    """What somebody wrote is no time."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was written: a day is all of that day, a second all of that second. In UTC; `end` belongs to it."""

    start: datetime
    end: datetime

    @property
    def exact(self) -> bool:
        """Whether it is a second or less: as exact as a citation."""
        return self.end - self.start < timedelta(seconds=1)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at <= self.end


def parse_moment(text: str) -> Moment:
    """The time that `text` names in ISO 8601: a day, or a time to the minute, the second or a fraction of it. Without a
    zone it is UTC. Raises `InvalidTime`."""
    found = _TIME.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        at = datetime.fromisoformat(found[0].replace(" ", "T").upper())
        start = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        return Moment(start, start + _length(found) - _SMALLEST)
    except (ValueError, OverflowError) as err:
        raise InvalidTime(f"{text!r}: {EXPECTED}; without a zone it is UTC") from err


def _length(found: re.Match[str]) -> timedelta:
    if found["fraction"]:
        return timedelta(seconds=10.0 ** (1 - len(found["fraction"])))
    if found["second"]:
        return timedelta(seconds=1)
    return timedelta(minutes=1) if found["clock"] else timedelta(days=1)


def parse_reference(text: str) -> tuple[str, Moment | None]:
    """An article's id, or the beginning of one, and the time behind its `@`, if any. Raises `InvalidTime`."""
    wanted, at, time = text.partition("@")
    return wanted.strip().lower(), parse_moment(time) if at else None


def citation(article_id: str, fetched_at: datetime) -> str:
    """What names the text of an article as it was fetched at that time, to the second, for ever: `id@time`."""
    return f"{article_id}@{stamp(fetched_at)}"


def stamp(at: datetime) -> str:
    """A time in UTC to the second: `2026-11-22T00:00:05Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
