"""Articles a day: what is too few, none or too many, and what is only chance."""

from datetime import timedelta
from typing import Any

from bantin.watching.counts import counts
from model.alarm import Kind, Severity
from tests.bantin.watching.stories import AT, TODAY, alarm_of, days, found, story, undecided

NONE, FEW, MANY = ((kind, "") for kind in (Kind.NONE, Kind.FEW, Kind.MANY))


def with_news(new: int, then: int, since: int) -> Any:
    """So many new articles a day, and from `since` days ago on `then`."""
    return lambda ago: {"new": then if ago <= since else new}


def test_a_large_source_is_silent_after_two_days() -> None:
    (finding,) = found(counts(story(days(80, with_news(10, 0, since=2))))).values()
    assert (finding.kind, finding.severity) == (Kind.NONE, Severity.SERIOUS)
    assert finding.since == TODAY - timedelta(days=2)
    assert finding.usual.startswith("20 new articles in such 2 days (")
    assert finding.seen == "0 in the last 2 days"
    assert "bantin source try kimson" in finding.cause


def test_a_small_source_may_be_silent_for_days() -> None:
    """One article a day: a week without any is no wonder, a month is."""
    assert found(counts(story(days(110, with_news(1, 0, since=7))))) == {}
    silent = found(counts(story(days(110, with_news(1, 0, since=28)))))
    assert silent[NONE].since == TODAY - timedelta(days=28)


def test_what_is_usual_of_a_small_source_is_not_nothing() -> None:
    """An article every third day: most days have none, and their sum has many all the same."""
    silent = found(counts(story(days(112, lambda ago: {"new": int(ago > 56 and ago % 3 == 0)}))))
    assert silent[NONE].usual.startswith("19 new articles in such 56 days (")
    assert silent[NONE].seen == "0 in the last 56 days"


def test_silence_that_shows_in_a_longer_window_is_told_as_silence() -> None:
    told = found(counts(story(days(112, lambda ago: {"new": int(ago > 49 and ago % 2 == 0)}))))
    assert (list(told), told[NONE].since) == ([NONE], TODAY - timedelta(days=49))
    assert told[NONE].seen == "0 in the last 49 days"


def test_weekends_are_not_silence() -> None:
    on_weekdays = days(84, lambda ago: {"new": 0 if (TODAY - timedelta(days=ago)).weekday() >= 5 else 12})
    assert AT.weekday() == 6
    assert found(counts(story(on_weekdays))) == {}


def test_a_quarter_of_the_news_is_too_few() -> None:
    told = found(counts(story(days(90, with_news(8, 2, since=5)))))
    assert list(told) == [FEW]
    assert told[FEW].severity == Severity.WARNING


def test_ten_times_as_many_are_too_many_and_twice_are_not() -> None:
    assert list(found(counts(story(days(80, with_news(10, 100, since=1)))))) == [MANY]
    assert found(counts(story(days(80, with_news(10, 20, since=1))))) == {}


def test_the_news_of_days_without_a_run_is_no_flood() -> None:
    runs = days(80, with_news(10, 50, since=1))
    assert found(counts(story([one for one in runs if not 2 <= (TODAY - one.day).days <= 5]))) == {}


def test_a_young_source_has_no_usual_yet() -> None:
    young = story(days(10, with_news(10, 0, since=4)))
    assert found(counts(young)) == {}
    assert undecided(counts(young)) >= {NONE, FEW}


def test_a_source_that_is_not_crawled_is_not_judged() -> None:
    assert undecided(counts(story(days(80, last=5)))) == {NONE, FEW, MANY}


def test_silence_stays_silence_until_something_comes_however_long() -> None:
    began = found(counts(story(days(80, with_news(10, 0, since=2)))))[NONE]
    for weeks in (2, 12):
        since = 2 + 7 * weeks
        alarm = alarm_of(began._replace(since=TODAY - timedelta(days=since)))
        assert list(found(counts(story(days(80 + 7 * weeks, with_news(10, 0, since)), alarm)))) == [NONE]
    alarm = alarm_of(began._replace(since=TODAY - timedelta(days=19)))
    back = story(days(80, lambda ago: {"new": 0 if 8 < ago < 20 else 10}), alarm)
    assert found(counts(back)) == {}
    assert undecided(counts(back)) == set()


def test_too_many_is_over_with_the_first_day_as_before() -> None:
    flood = found(counts(story(days(80, with_news(10, 100, since=1)))))[MANY]
    alarm = alarm_of(flood._replace(since=TODAY - timedelta(days=3)))
    assert list(found(counts(story(days(80, with_news(10, 100, since=3)), alarm)))) == [MANY]
    assert found(counts(story(days(80, lambda ago: {"new": 100 if 2 <= ago <= 3 else 10}), alarm))) == {}
