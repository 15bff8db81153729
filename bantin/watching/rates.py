"""What shares are looked at, when each is a problem, and what it is likely to mean."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from bantin.watching.shares import Rule, Share, by_day, judged
from bantin.watching.watched import Finding, Story, Undecided, Verdicts
from browse.catalog import COVERED, RunEntry
from browse.index.entries import MOST_RULES
from model.alarm import Kind, Severity
from model.causes import cause_of

Of = Callable[[RunEntry], tuple[int, int]]

FIELD = Rule(least=5, rise=0.25, times=1.3)
"""Of articles without a field that they used to have."""

REMOVAL = Rule(least=10, rise=0.5, times=3)
"""Of blocks that a rule removed, to articles."""


JUST_BEFORE = timedelta(days=7)
"""A rule that was seen first so shortly before it was too much was never seen before that."""


class Rate(NamedTuple):
    """A share that is looked at: what `part` of what `whole`, and the words for it."""

    kind: Kind
    severity: Severity
    rule: Rule
    of: Of
    part: str
    whole: str
    subject: str = ""
    of_published: bool = True


RATES = (
    Rate(
        Kind.BLOCKED,
        Severity.SERIOUS,
        Rule(least=3, rise=0.1, times=3),
        lambda run: (min(run.blocked, run.captures), run.captures),
        "walls or captchas",
        "answers",
        of_published=False,
    ),
    Rate(
        Kind.ERRORS,
        Severity.WARNING,
        Rule(least=5, rise=0.15, times=2),
        lambda run: (max(0, run.errors - run.blocked), run.captures),
        "failures",
        "requests",
        of_published=False,
    ),
    Rate(
        Kind.REJECTED,
        Severity.SERIOUS,
        Rule(least=5, rise=0.25, times=1.5),
        lambda run: (run.rejected, run.rejected + run.rows),
        "pages rejected",
        "pages",
    ),
    Rate(
        Kind.SPAM,
        Severity.SERIOUS,
        Rule(least=3, rise=0.03, times=3),
        lambda run: (run.quarantined, run.rows),
        "spam pages",
        "articles",
        "pages",
    ),
    Rate(
        Kind.SPAM,
        Severity.WARNING,
        Rule(least=5, rise=0.2, times=3),
        lambda run: (run.spam, run.rows),
        "injected links",
        "articles",
        "links",
    ),
    Rate(
        Kind.FUTURE,
        Severity.WARNING,
        Rule(least=3, rise=0.05, times=3),
        lambda run: (run.future, run.rows),
        "articles of a day to come",
        "articles",
    ),
    Rate(
        Kind.GONE,
        Severity.SERIOUS,
        Rule(least=10, rise=0.15, times=3),
        lambda run: (min(run.absent, run.pages), run.pages),
        "pages gone",
        "article pages asked for",
    ),
)


def rates(story: Story) -> Verdicts:
    """Whether requests fail, or pages are blocked, rejected, spam, gone or of the future, more than they used to."""
    for rate in RATES:
        days = by_day(story.published if rate.of_published else story.runs, rate.of)
        yield from _told(rate, judged(story, rate.kind, days, rate.rule, rate.subject))


def fields(story: Story) -> Verdicts:
    """Whether articles lack what they used to have."""
    for name in COVERED:
        days = by_day(story.published, _lacking(name))
        share = judged(story, Kind.FIELD, days, FIELD, name)
        if isinstance(share, Share):
            had = share.whole - share.part
            usual = f"{1 - share.before:.0%} of its articles have `{name}`"
            seen = f"{had} of {share.whole} have it ({1 - share.now:.0%})"
            cause = cause_of(Kind.FIELD, subject=name)
            yield Finding(Kind.FIELD, Severity.WARNING, share.since, usual, seen, cause, name)
        elif share:
            yield share


def removals(story: Story) -> Verdicts:
    """Whether a rule removes much more than it used to, or anything at a source where it never did. Only runs cleaned
    by one version of the cleaner are compared."""
    runs = [run for run in story.published if run.cleaner]
    runs = [run for run in runs if run.cleaner == runs[-1].cleaner]
    held = {subject for kind, subject in story.standing if kind == Kind.REMOVAL}
    for name in sorted({name for run in runs[-7:] for name in run.removed_by} | held):
        days = by_day(runs, _removing(name))
        share = judged(story, Kind.REMOVAL, days, REMOVAL, name)
        if isinstance(share, Share):
            seen_before = any(day.part for day in days if day.day < share.since - JUST_BEFORE)
            usual = f"{share.before:.2f} blocks an article" if seen_before else f"never seen at {story.source.id}"
            seen = f"{share.part} blocks of {share.whole} articles by rule `{name}`"
            cause = cause_of(Kind.REMOVAL)
            yield Finding(Kind.REMOVAL, Severity.WARNING, share.since, usual, seen, cause, name)
        elif share:
            yield share


def _told(rate: Rate, share: Share | Undecided | None) -> Verdicts:
    if isinstance(share, Share):
        usual = f"{100 * share.before:.1f} {rate.part} in 100 {rate.whole}"
        seen = f"{share.part} {rate.part} in {share.whole} {rate.whole} ({share.now:.0%})"
        yield Finding(rate.kind, rate.severity, share.since, usual, seen, cause_of(rate.kind), rate.subject)
    elif share:
        yield share


def _lacking(name: str) -> Of:
    return lambda run: (run.rows - run.covered.get(name, 0), run.rows)


def _removing(name: str) -> Of:
    """Blocks by rule and articles. Of a rule that is not among a run's first it removed at most as much as the last of
    them: there it counts so, that it may come and go at the end of that list."""

    def of(run: RunEntry) -> tuple[int, int]:
        others = min(run.removed_by.values()) if len(run.removed_by) >= MOST_RULES else 0
        return run.removed_by.get(name, others), run.rows

    return of
