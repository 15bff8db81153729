"""Sources as a watch sees them: runs of each day, made by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bantin.watching.watched import Finding, Story, Undecided, Verdicts, Watched
from browse.catalog import COVERED, RunEntry
from model.alarm import Alarm, Kind

AT = datetime(2026, 11, 22, 7, tzinfo=UTC)
TODAY = AT.date()
DAILY = Watched(id="kimson", schedule="0 2 * * *", timezone="UTC")


def run(day: date, hour: int = 2, **changes: Any) -> RunEntry:
    """A published run of ten articles, two of them new, of which nothing is wrong."""
    rows = changes.get("rows", 10)
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    values: dict[str, Any] = {
        "state": "published",
        "started_at": at,
        "finished_at": at + timedelta(minutes=5),
        "captures": 20,
        "pages": 12,
        "new": 2,
        "rows": rows,
        "covered": dict.fromkeys(COVERED, rows),
        "removed_by": {"menu": 2 * rows},
        "cleaner": "0.1",
    }
    return RunEntry(source="kimson", run=f"{at:%Y%m%dT%H%M%SZ}", **{**values, **changes})


def days(count: int, of: Callable[[int], dict[str, Any]] = lambda ago: {}, last: int = 0) -> list[RunEntry]:
    """A run on each of `count` days, the last one `last` days ago; `of` says what is special of the one so many days
    ago."""
    return [run(TODAY - timedelta(days=ago), **of(ago)) for ago in range(last + count - 1, last - 1, -1)]


def story(runs: Sequence[RunEntry], *standing: Alarm, source: Watched = DAILY, at: datetime = AT) -> Story:
    """The story that these runs tell."""
    return Story(
        source=source,
        at=at,
        runs=runs,
        first_day=runs[0].day if runs else None,
        standing={(alarm.kind, alarm.subject): alarm for alarm in standing},
    )


def found(verdicts: Verdicts) -> dict[tuple[Kind, str], Finding]:
    """The problems among verdicts."""
    return {(one.kind, one.subject): one for one in verdicts if isinstance(one, Finding)}


def undecided(verdicts: Verdicts) -> set[tuple[Kind, str]]:
    """What verdicts leave open."""
    return {(one.kind, one.subject) for one in verdicts if isinstance(one, Undecided)}


def alarm_of(finding: Finding, at: datetime = AT, source: str = "kimson") -> Alarm:
    """The alarm that stands after a finding."""
    said = {name: getattr(finding, name) for name in ("kind", "subject", "severity", "since", "usual", "seen", "cause")}
    return Alarm(**said, source=source, raised_at=at, last_seen=at)
