"""A run that is killed before any of its calls of the object store, and done again: as if nothing had happened.

Every process of it is killed at once, as by a power cut, or the crawl alone, as by a want of memory. Dying after a call
and before its caller learns of the answer leaves the archive as dying before the next call does, so these are all.
A power cut comes before every fourth call, on the next days before the others, and the crawl dies before every second;
BANTIN_TEST_EACH=1 takes all at once.
"""

from collections.abc import Callable

import pytest

from bantin.fetch import committed_captures
from storage import keys
from storage.errors import KeyNotFound
from storage.store import ObjectStore, open_store
from tests.faults.archives import RUN, SOURCE, expect_whole
from tests.faults.conftest import Crawled, at_each, todays
from tests.faults.doomed import Death

pytestmark = pytest.mark.timeout(1200)


def published(store: ObjectStore) -> bytes | None:
    try:
        return store.get(keys.articles(SOURCE, RUN))
    except KeyNotFound:
        return None


def die_and_mend(crawled: Crawled, death: Death) -> str:
    """Lets a run die, and does it again; returns the call before which it died, "" where it had so few."""
    settings = crawled.archive()
    ended = crawled.start(settings, death).wait()
    calls = crawled.log(settings).read_text().splitlines()
    if len(calls) < death.before:
        return ""
    assert ended.killed if death.victim == "all" else ended.error == "FetchFailed" and ended.retryable, calls[-1]
    store = open_store(settings.archive)
    before = published(store)
    alone = committed_captures(store, SOURCE, RUN) and death.before % 2  # by turns: the failed task, or the whole run
    again = crawled.start(settings, verb="finish" if alone else "run").wait()
    assert again.well, f"{calls[-1]}: {again.message}"
    expect_whole(store, crawled.pages, dead="lease" if alone else "")
    assert before is None or published(store) == before, "a row that was published stays as it is"
    return calls[death.before - 1]


def test_a_power_cut_before_any_call(crawled: Crawled, record_property: Callable[[str, object], None]) -> None:
    calls = crawled.calls()
    at_each(todays(range(1, len(calls) + 1), 4), lambda n: die_and_mend(crawled, Death(n)), record_property)


def test_a_crawl_that_dies_alone_before_any_of_its_calls(
    crawled: Crawled, record_property: Callable[[str, object], None]
) -> None:
    calls = [number for number, call in enumerate(crawled.calls(), 1) if call.startswith("crawl")]
    at_each(todays(calls, 2), lambda n: die_and_mend(crawled, Death(n, victim="crawl")), record_property)
