"""Shares against a source's own past: one trouble at a time, and what must not alarm."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bantin.watching.rates import fields, rates, removals
from browse.catalog import COVERED
from model.alarm import Kind, Severity
from tests.bantin.watching.stories import TODAY, alarm_of, days, found, story, undecided

Changes = Callable[[int], dict[str, Any]]


def lately(since: int, **changes: Any) -> Changes:
    """What is so since so many days."""
    return lambda ago: changes if ago <= since else {}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"errors": 9}, (Kind.ERRORS, "")),
        ({"blocked": 8, "errors": 8}, (Kind.BLOCKED, "")),
        ({"rejected": 10, "rows": 2}, (Kind.REJECTED, "")),
        ({"quarantined": 4}, (Kind.SPAM, "pages")),
        ({"spam": 12}, (Kind.SPAM, "links")),
        ({"future": 4}, (Kind.FUTURE, "")),
        ({"absent": 8}, (Kind.GONE, "")),
    ],
)
def test_a_share_that_rises_is_told_within_three_days(changes: dict[str, Any], problem: tuple[Kind, str]) -> None:
    told = found(rates(story(days(70, lately(2, **changes)))))
    assert list(told) == [problem]
    assert told[problem].since >= TODAY - timedelta(days=2)
    assert " in 100 " in told[problem].usual
    assert found(rates(story(days(70)))) == {}


def test_what_was_always_so_is_usual() -> None:
    chronic = days(70, lambda ago: {"errors": 6, "spam": 5, "absent": 4, "rejected": 5, "quarantined": 1})
    assert found(rates(story(chronic))) == {}


def test_one_or_two_are_no_rise() -> None:
    assert found(rates(story(days(70, lately(0, errors=3, quarantined=2, future=2, spam=3))))) == {}


def test_a_run_that_failed_counts_for_what_was_asked_and_not_for_articles() -> None:
    wrong = {"state": "failed", "errors": 15, "rejected": 10, "rows": 0}
    assert list(found(rates(story(days(70, lately(1, **wrong)))))) == [(Kind.ERRORS, "")]


def test_a_field_that_articles_lose_is_told_by_name() -> None:
    without = lately(1, covered={name: 0 if name == "author" else 10 for name in COVERED})
    told = found(fields(story(days(70, without))))
    assert list(told) == [(Kind.FIELD, "author")]
    assert told[Kind.FIELD, "author"].usual == "100% of its articles have `author`"
    assert told[Kind.FIELD, "author"].seen == "0 of 10 have it (0%)"
    never = days(70, lambda ago: {"covered": dict.fromkeys(COVERED, 0)})
    assert found(fields(story(never))) == {}


def test_a_rule_never_seen_here_is_told_and_one_that_comes_and_goes_is_not() -> None:
    new = found(removals(story(days(70, lately(1, removed_by={"menu": 20, "poll": 15})))))
    assert list(new) == [(Kind.REMOVAL, "poll")]
    assert new[Kind.REMOVAL, "poll"].usual == "never seen at kimson"
    once = lambda ago: {"removed_by": {"menu": 20, **({"poll": 15} if ago <= 1 or ago == 30 else {})}}  # noqa: E731
    assert "blocks an article" in found(removals(story(days(70, once))))[Kind.REMOVAL, "poll"].usual
    more = found(removals(story(days(70, lately(1, removed_by={"menu": 120})))))
    assert more[Kind.REMOVAL, "menu"].usual == "2.00 blocks an article"
    mixed = days(70, lambda ago: {"removed_by": {"menu": 20, **({"poll": 15} if ago % 2 else {})}})
    assert found(removals(story(mixed))) == {}


def test_a_rule_at_the_end_of_the_list_may_come_and_go() -> None:
    full = {f"rule-{number:02}": 20 for number in range(11)}
    runs = days(70, lambda ago: {"removed_by": full | ({"poll": 16} if ago <= 1 else {"other": 16})})
    assert (Kind.REMOVAL, "poll") not in found(removals(story(runs)))


def test_another_cleaner_removes_otherwise() -> None:
    upgraded = story(days(70, lately(2, removed_by={"menu": 20, "poll": 15}, cleaner="0.2")))
    assert found(removals(upgraded)) == {}
    assert (Kind.REMOVAL, "poll") in undecided(removals(upgraded))


def test_it_stands_until_the_share_has_fallen_by_half() -> None:
    began = found(rates(story(days(70, lately(1, errors=14)))))[Kind.ERRORS, ""]
    alarm = alarm_of(began._replace(since=TODAY - timedelta(days=20)))
    assert list(found(rates(story(days(70, lately(20, errors=12)), alarm)))) == [(Kind.ERRORS, "")]
    mended = days(70, lambda ago: {"errors": 14} if 3 < ago <= 20 else {})
    assert found(rates(story(mended, alarm))) == {}
    not_crawled = story([one for one in mended if (TODAY - one.day).days > 4], alarm)
    assert (Kind.ERRORS, "") in undecided(rates(not_crawled))
    assert began.severity == Severity.WARNING
