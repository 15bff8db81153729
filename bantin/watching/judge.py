"""All checks of all sources. What many sources have at once is one problem, of the whole archive."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bantin.watching.counts import counts
from bantin.watching.rates import fields, rates, removals
from bantin.watching.states import cloaked, frontier, overdue, unreadable
from bantin.watching.watched import HISTORY, Finding, Story, Undecided, Verdicts, Watched
from browse.catalog import RunEntry
from model.alarm import Alarm, Kind, Problem, Severity
from model.causes import cause_of_many
from storage.keys import run_id

CHECKS: tuple[Callable[[Story], Verdicts], ...] = (
    overdue,
    counts,
    rates,
    fields,
    removals,
    cloaked,
    frontier,
    unreadable,
)

MANY_SOURCES = 5
"""So many sources, and"""

MANY_SHARE = 0.1
"""such a share of all, that come to have the same problem within some days have it for one reason."""

AT_ONCE = timedelta(days=5)
"""These days: small sources show later what happened to all."""

REMAINING = 0.3
"""With less than this share of those numbers it is the sources' own problem again."""

LONGEST_HELD = timedelta(days=400)
"""Of an alarm that stands for longer the days before it are not looked at."""

_WIDE = {Kind.NONE: Kind.FEW}
"""What some problems are called that many sources have: on a holiday the small ones are silent, the large ones not."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The problems that were found, and those of which nothing can be told now; of none, where it is `blind`: then
    nothing that stands is over."""

    findings: Sequence[Finding]
    undecided: frozenset[Problem] = frozenset()
    blind: bool = False


class Runs(Protocol):
    """The runs of sources; a catalog has them."""

    def since(self, source: str, day: date) -> Sequence[RunEntry]:
        """Those of a source of this day and later, the oldest first."""

    def first_day(self, source: str) -> date | None:
        """The day of a source's first run."""


def judge(
    catalog: Runs,
    sources: Sequence[Watched],
    standing: Iterable[Alarm],
    at: datetime,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Judgement:
    """Judges the sources by what the catalog says, as things are at `at`. `standing` are the alarms that stand. Reads
    nothing else; `on_done` is told how many sources are done."""
    held: dict[str | None, dict[tuple[Kind, str], Alarm]] = defaultdict(dict)
    for alarm in standing:
        held[alarm.source][alarm.kind, alarm.subject] = alarm
    findings: list[Finding] = []
    undecided: set[Problem] = set()
    for done, source in enumerate(sources, 1):
        story = _story(catalog, source, held[source.id], at)
        for verdict in (verdict for check in CHECKS for verdict in check(story)):
            if isinstance(verdict, Undecided):
                undecided.add(Problem(source.id, *verdict))
            else:
                findings.append(verdict._replace(source=source.id))
        on_done(done, len(sources))
    open_ones = Counter((problem.kind, problem.subject) for problem in undecided)
    undecided |= {Problem(None, *one) for one in held[None] if open_ones[one] > len(sources) / 2}
    return Judgement(_folded(findings, held, len(sources), at), frozenset(undecided))


def _story(catalog: Runs, source: Watched, held: dict[tuple[Kind, str], Alarm], at: datetime) -> Story:
    first = min((alarm.since for alarm in held.values()), default=at.date())
    first = max(first, (at - LONGEST_HELD).date())
    now = run_id(at)
    return Story(
        source=source,
        at=at,
        runs=[run for run in catalog.since(source.id, first - timedelta(days=HISTORY)) if run.run <= now],
        first_day=catalog.first_day(source.id),
        standing=held,
    )


def _folded(
    findings: Sequence[Finding], held: dict[str | None, dict[tuple[Kind, str], Alarm]], total: int, at: datetime
) -> list[Finding]:
    """The findings, those of many sources as one; sources that have an alarm of their own keep it."""
    groups: dict[tuple[Kind, str], list[Finding]] = defaultdict(list)
    lately: Counter[tuple[Kind, str]] = Counter()
    kept: list[Finding] = []
    for finding in findings:
        problem = _WIDE.get(finding.kind, finding.kind), finding.subject
        own = held[finding.source].get((finding.kind, finding.subject))
        if own:
            kept.append(finding)
            lately[problem] += at - own.raised_at < AT_ONCE
        else:
            groups[problem].append(finding)
    for problem, group in groups.items():
        least = max(MANY_SOURCES, MANY_SHARE * total) * (REMAINING if problem in held[None] else 1)
        is_wide = len(group) + lately[problem] >= least
        kept += [_one_of(group, problem[0], total, lately[problem])] if is_wide else group
    return kept


def _one_of(group: Sequence[Finding], kind: Kind, total: int, lately: int) -> Finding:
    group = sorted(group, key=lambda finding: finding.source or "")
    named, first = [finding.source or "" for finding in group], group[0]
    seen = f"{len(group)} of {total} sources: {', '.join(named[:10])}" + (" …" if len(named) > 10 else "")
    seen += f", and {lately} that were told lately" if lately else ""
    days = sorted(finding.since for finding in group)
    return first._replace(
        source=None,
        kind=kind,
        severity=Severity.SERIOUS,
        since=days[len(days) // 2],
        usual=f"one source or another; of {named[0]}: {first.usual}",
        seen=f"{seen}. Of {named[0]}: {first.seen}",
        cause=cause_of_many(kind),
    )
