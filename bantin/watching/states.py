"""What needs no past: a source that is overdue, a backlog without end, cloaked pages, runs that cannot be read."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bantin.watching.watched import Finding, Story, Undecided, Verdicts
from browse.catalog import UNREADABLE, RunEntry
from browse.source_health import times_around
from browse.usual import LEAST_DAYS
from model.alarm import Kind, Severity
from model.causes import cause_of
from storage.keys import run_time

LEAST_GRACE, MOST_GRACE = timedelta(hours=6), timedelta(days=2)
"""A run may be late by the time between two of them, within these: so long may a run take, with its retries, and one
that failed is followed by the next."""

PROBED = 3
"""Runs: cloaking is over when so many have found none."""

RISING = 10
"""Days on each of which more pages must wait than on the one before, and"""

WAITING = 200
"""so many in the end, twice as many as in the beginning."""

STEADY = 0.9
"""A backlog that has shrunk to less than this share of its most lately is over its growth."""


def overdue(story: Story) -> Verdicts:
    """Whether no run came to its end for longer than the schedule allows; or, where one failed and that was told,
    whether any has since."""
    last = story.published[-1] if story.published else None
    failed = story.standing.get((Kind.FAILED, ""))
    slot = _last_due(story)
    begun = run_time(last.run) if last else _known_since(story)
    missed = slot is not None and begun < slot
    if failed and last and (last.finished_at or run_time(last.run)) > failed.last_seen:
        failed = None
    if not missed:
        if failed:
            yield Undecided(Kind.FAILED)
        if slot is None and story.source.schedule:
            yield Undecided(Kind.OVERDUE)
        return
    since = times_around(story.source.schedule, story.source.timezone, begun)[1].date()
    runs = [run for run in story.runs if last is None or run.run > last.run]
    if last:
        others = f"{len(runs)} came after it, none of them published" if runs else "no run came after it"
        seen = f"its last published run is {last.run}; {others}"
    else:
        seen = f"no published run is known, of {len(runs)}" if runs else "no published run is known"
    is_known = story.since(Kind.OVERDUE)  # before a run failed: it is not over with that
    kind = Kind.FAILED if failed and not is_known else Kind.OVERDUE
    yield Finding(kind, Severity.SERIOUS, since, f"a run by `{story.source.schedule}`", seen, _why(runs))
    if failed and is_known:
        yield Undecided(Kind.FAILED)


def frontier(story: Story) -> Verdicts:
    """Whether ever more pages wait for a later run."""
    by_day = {run.day: run.waiting for run in story.published}
    counts = [by_day[day] for day in sorted(by_day)][-(RISING + 1) :]
    held = story.since(Kind.FRONTIER)
    if story.is_silent() or story.first_day is None or (story.at.date() - story.first_day).days < LEAST_DAYS + RISING:
        yield Undecided(Kind.FRONTIER)
        return
    grows = len(counts) > RISING and all(before < after for before, after in pairwise(counts))
    grows = grows and counts[-1] >= max(WAITING, 2 * counts[0])
    if grows or (held and counts[-1] >= max(WAITING, STEADY * max(counts))):
        since = held or sorted(by_day)[-(RISING + 1)]
        usual = "what waits shrinks from run to run, or stays"
        seen = f"{counts[-1]:,} pages wait; {len(counts) - 1} crawled days before there were {counts[0]:,}"
        cause = cause_of(Kind.FRONTIER, story.source.id)
        yield Finding(Kind.FRONTIER, Severity.WARNING, since, usual, seen, cause)


def cloaked(story: Story) -> Verdicts:
    """Whether search engines' visitors are led elsewhere: one such page is enough."""
    runs = [run for run in story.published if run.pages][-PROBED:]
    found = [run for run in runs if run.cloaked]
    if story.is_silent():
        yield Undecided(Kind.CLOAKED)
    elif found:
        since = story.since(Kind.CLOAKED) or found[0].day
        seen = f"{sum(run.cloaked for run in found)} in {len(found)} of the last {len(runs)} runs"
        cause = cause_of(Kind.CLOAKED)
        yield Finding(Kind.CLOAKED, Severity.SERIOUS, since, "no page leads elsewhere", seen, cause)


def unreadable(story: Story) -> Verdicts:
    """Whether a run's report or table cannot be read."""
    wrong = [run for run in story.runs if run.problem or run.state == UNREADABLE]
    if wrong:
        seen = f"{len(wrong)}, the last of them {wrong[-1].run}: {wrong[-1].problem or wrong[-1].reason}"
        cause = cause_of(Kind.UNREADABLE)
        yield Finding(Kind.UNREADABLE, Severity.SERIOUS, wrong[0].day, "every run can be read", seen, cause)


def _known_since(story: Story) -> datetime:
    """Since when a source should have been crawled that was not lately: its first run, or its file."""
    first = story.first_day
    return datetime(first.year, first.month, first.day, tzinfo=UTC) if first else story.source.known_since or story.at


def _last_due(story: Story) -> datetime | None:
    """The last time by its schedule of which a run should be over; None where that cannot be told."""
    schedule, timezone = story.source.schedule, story.source.timezone
    try:
        before, after = times_around(schedule, timezone, story.at)
        grace = min(max(after - before, LEAST_GRACE), MOST_GRACE)
        return times_around(schedule, timezone, story.at - grace)[0]
    except (LookupError, ValueError, OSError):  # no schedule, no such time zone
        return None


def _why(runs: list[RunEntry]) -> str:
    """Why runs were not published."""
    failed = next((run for run in reversed(runs) if run.reason), None)
    if failed:
        return f"run {failed.run} failed: {failed.reason}"
    if runs:
        return f"run {runs[-1].run} was fetched and never published: see its tasks in Airflow."
    return cause_of(Kind.OVERDUE)
