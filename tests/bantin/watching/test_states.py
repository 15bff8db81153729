"""What needs no past: overdue sources, backlogs, cloaked pages, runs that cannot be read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bantin.watching.states import cloaked, frontier, overdue, unreadable
from bantin.watching.watched import Finding, Watched
from model.alarm import Kind, Severity
from tests.bantin.watching.stories import AT, TODAY, alarm_of, days, found, run, story, undecided

OVERDUE = (Kind.OVERDUE, "")


@pytest.mark.parametrize(
    ("schedule", "timezone", "missed", "is_told"),
    [
        ("0 2 * * *", "UTC", 1, False),  # today's may still be under way, or tried again
        ("0 2 * * *", "UTC", 3, True),
        ("0 5 * * *", "Asia/Ho_Chi_Minh", 3, True),
        ("0 2 * * 1", "UTC", 6, False),  # on Mondays
        ("0 2 * * 1", "UTC", 9, True),
        ("no schedule", "UTC", 9, False),
        ("0 2 * * *", "Asia/Nowhere", 9, False),
    ],
)
def test_a_source_is_overdue_by_its_own_schedule(schedule: str, timezone: str, missed: int, is_told: bool) -> None:
    source = Watched(id="kimson", schedule=schedule, timezone=timezone)
    assert (OVERDUE in found(overdue(story(days(30, last=missed), source=source)))) is is_told


def test_hourly_crawls_are_overdue_within_the_day() -> None:
    source = Watched(id="kimson", schedule="@hourly", timezone="UTC")
    assert found(overdue(story([run(TODAY, hour=1)], source=source))) == {}
    assert OVERDUE in found(overdue(story([run(TODAY - timedelta(days=1), hour=23)], source=source)))


def test_it_says_why() -> None:
    failed = run(TODAY, state="failed", reason="robots.txt could not be read")
    told = found(overdue(story([*days(30, last=3), failed])))[OVERDUE]
    assert told.since == TODAY - timedelta(days=2), "the day on which none came"
    assert told.seen == "its last published run is 20261119T020000Z; 1 came after it, none of them published"
    assert told.cause == "run 20261122T020000Z failed: robots.txt could not be read"
    assert "no run was started" in found(overdue(story(days(30, last=3))))[OVERDUE].cause
    assert "never published" in found(overdue(story([*days(9, last=3), run(TODAY, state="fetched")])))[OVERDUE].cause


def test_a_new_source_is_overdue_from_when_it_is_known() -> None:
    def known(since: datetime) -> Watched:
        return Watched(id="kimson", schedule="0 2 * * *", timezone="UTC", known_since=since)

    assert found(overdue(story([], source=known(AT - timedelta(hours=3))))) == {}
    told = found(overdue(story([], source=known(AT - timedelta(days=4)))))[OVERDUE]
    assert told.seen == "no published run is known"


def test_a_source_whose_last_run_is_older_than_what_is_looked_at_is_overdue() -> None:
    renewed = Watched(id="kimson", schedule="0 2 * * *", timezone="UTC", known_since=AT)
    old = replace(story([], source=renewed), first_day=TODAY - timedelta(days=300))
    assert found(overdue(old))[OVERDUE].since == TODAY - timedelta(days=300)


def test_a_failure_that_was_told_gets_worse_instead_of_a_second_alarm() -> None:
    said = Finding(Kind.FAILED, Severity.WARNING, TODAY, "its runs end well", "run failed", "mend it")
    alarm = alarm_of(said, AT - timedelta(days=2))
    failed = run(TODAY - timedelta(days=2), state="failed", reason="gone")
    yet = story([*days(30, last=3), failed], alarm, at=AT - timedelta(days=2))
    assert undecided(overdue(yet)) == {(Kind.FAILED, "")}
    told = found(overdue(story([*days(30, last=3), failed], alarm)))
    assert {kind: one.severity for (kind, _), one in told.items()} == {Kind.FAILED: Severity.SERIOUS}
    both = story([*days(30, last=3), failed], alarm, alarm_of(said._replace(kind=Kind.OVERDUE)))
    assert (list(found(overdue(both))), undecided(overdue(both))) == ([OVERDUE], {(Kind.FAILED, "")})
    since_then = story([*days(30, last=3), failed, *days(2)], alarm)
    assert (found(overdue(since_then)), undecided(overdue(since_then))) == ({}, set())


def test_a_backlog_that_grows_day_by_day_is_told_and_one_that_shrinks_is_not() -> None:
    slowly = days(40, lambda ago: {"waiting": 100 * (40 - ago)})
    assert found(frontier(story(slowly))) == {}  # by less than twice in ten days
    told = found(frontier(story(days(40, lambda ago: {"waiting": max(0, 100 * (11 - ago))}))))
    assert told[Kind.FRONTIER, ""].since == TODAY - timedelta(days=10)
    assert found(frontier(story(days(40, lambda ago: {"waiting": 100 * ago})))) == {}
    assert (Kind.FRONTIER, "") in undecided(frontier(story(days(12, lambda ago: {"waiting": 100 * (12 - ago)}))))


def test_it_is_over_when_the_backlog_shrinks() -> None:
    growing = story(days(40, lambda ago: {"waiting": max(0, 100 * (11 - ago))}))
    alarm = alarm_of(found(frontier(growing))[Kind.FRONTIER, ""])
    assert found(frontier(story(days(40, lambda ago: {"waiting": 1100}), alarm)))
    assert found(frontier(story(days(40, lambda ago: {"waiting": 100 + 90 * ago}), alarm))) == {}


def test_one_cloaked_page_is_enough_until_three_runs_have_none() -> None:
    told = found(cloaked(story(days(20, lambda ago: {"cloaked": int(ago == 2)}))))
    assert told[Kind.CLOAKED, ""].severity == Severity.SERIOUS
    assert found(cloaked(story(days(20, lambda ago: {"cloaked": int(ago == 3)})))) == {}
    assert undecided(cloaked(story(days(20, last=5)))) == {(Kind.CLOAKED, "")}


def test_runs_that_cannot_be_read_are_told() -> None:
    told = found(unreadable(story(days(5, lambda ago: {"problem": "x.parquet: no table"} if ago == 2 else {}))))
    assert "x.parquet" in told[Kind.UNREADABLE, ""].seen
    unknown = {"state": "unreadable", "reason": "no report"}
    assert found(unreadable(story(days(5, lambda ago: unknown if ago == 1 else {}))))
    assert found(unreadable(story(days(5)))) == {}
