"""What a watch found, merged with the alarms that stood before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bantin.watching.judge import Judgement
from bantin.watching.watched import Finding
from model.alarm import Alarm, Kind

KEPT = timedelta(days=30)
"""So long is an alarm kept when it is over."""

QUIET = timedelta(hours=36)
"""Failures that are no one source's are over when there was no further one for so long: no run of a source tells."""


def merged(there: Sequence[Alarm], judgement: Judgement, at: datetime) -> list[Alarm]:
    """The alarms as they are after a watch at `at`: the problems that were found, old and new; those of which nothing
    can be told as they were; the others over. A problem that comes back lately is the same alarm again."""
    left = {alarm.problem: alarm for alarm in there if alarm.stands or at - _over_at(alarm) < KEPT}
    found = [seen_again(left.pop(finding.problem, None), finding, at) for finding in judgement.findings]
    rest = [_unseen(alarm, judgement, at) for alarm in left.values()]
    return sorted([*found, *rest], key=lambda alarm: (alarm.source or "", alarm.kind, alarm.subject))


def seen_again(alarm: Alarm | None, finding: Finding, at: datetime) -> Alarm:
    """The alarm of a finding, where there may be one already."""
    if alarm is None:
        alarm = Alarm(
            source=finding.source,
            kind=finding.kind,
            subject=finding.subject,
            severity=finding.severity,
            since=finding.since,
            usual=finding.usual,
            seen=finding.seen,
            cause=finding.cause,
            raised_at=at,
            last_seen=at,
        )
    elif not alarm.stands:
        alarm = replace(alarm, since=finding.since, raised_at=at, over_at=None)
    return replace(
        alarm,
        last_seen=at,
        severity=finding.severity,
        usual=finding.usual,
        seen=finding.seen,
        cause=finding.cause,
    )


def _unseen(alarm: Alarm, judgement: Judgement, at: datetime) -> Alarm:
    if not alarm.stands or judgement.blind or alarm.problem in judgement.undecided:
        return alarm
    if alarm.kind == Kind.FAILED and alarm.source is None and at - alarm.last_seen < QUIET:
        return alarm
    return replace(alarm, over_at=at)


def _over_at(alarm: Alarm) -> datetime:
    return alarm.over_at or alarm.last_seen
