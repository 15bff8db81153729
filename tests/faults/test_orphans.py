"""A try whose crawl outlives it: the process that supervises it is killed, and the next try begins meanwhile.

The orphan is held before one of its calls of the object store, every second one, on the next day before the others,
until the next try has ended; then it goes on, as far as it comes. And a try on a machine that stands still at its
commit until its lease has ended, and the next try, on another one, has done the work.
"""

import os
from collections.abc import Callable

import pytest

from storage import keys
from storage.store import open_store
from tests.faults.archives import RUN, SOURCE, expect_whole
from tests.faults.conftest import Crawled, at_each, todays
from tests.faults.doomed import Death

pytestmark = pytest.mark.timeout(1200)


def outlive_and_mend(crawled: Crawled, point: int) -> str:
    """Kills a run's parent before the crawl's call at `point`, tries again beside the orphan, and once more after its
    end where the orphan was in the way. Returns the call."""
    settings = crawled.archive()
    held = settings.sources / "held"
    os.mkfifo(held)
    first = crawled.start(settings, Death(point, victim="parent", held=held))
    assert first.wait_for_parent().killed
    call = crawled.log(settings).read_text().splitlines()[-1]
    store = open_store(settings.archive)
    second = crawled.start(settings).wait()
    refused = not second.well
    if refused:
        assert (second.error, second.retryable) == ("FetchFailed", True), f"{call}: {second.message}"
        assert f"{SOURCE} is being crawled by run {RUN} (attempt 1)" in second.message
        assert store.head(keys.articles(SOURCE, RUN)) is None
    else:
        expect_whole(store, crawled.pages)
    let_go(held)
    first.wait()
    if refused:
        third = crawled.start(settings).wait()
        assert third.well, f"{call}: {third.message}"
    expect_whole(store, crawled.pages, dead="orphan")
    return call


def let_go(held: object) -> None:
    """Opens the pipe for which an orphan waits; one that has ended meanwhile, as it should, waits for nothing."""
    try:
        os.close(os.open(str(held), os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # nobody is there
        return


def test_an_orphan_beside_the_next_try(crawled: Crawled, record_property: Callable[[str, object], None]) -> None:
    calls = [number for number, call in enumerate(crawled.calls(), 1) if call.startswith("crawl")]
    at_each(todays(calls, 2), lambda point: outlive_and_mend(crawled, point), record_property)


def test_a_machine_that_stood_still_at_its_commit_writes_nothing_into_its_successors_run(crawled: Crawled) -> None:
    calls = crawled.calls()
    captures = next(number for number, call in enumerate(calls, 1) if call.startswith("crawl put captures/"))
    told = [commit_late(crawled, captures - back) for back in (2, 1, 0)]
    assert [call.split("/")[0] for call, _ in told] == ["crawl put leases", "crawl put runs", "crawl put captures"]
    for (_, message), reason in zip(told, ("its lease is lost", "was written by", "was written by"), strict=True):
        assert reason in message


def commit_late(crawled: Crawled, point: int) -> tuple[str, str]:
    """Suspends a run before the crawl's call at `point`, has another one done to its end an hour later, and resumes
    the first. Returns the call, and what became of the first."""
    settings = crawled.archive()
    first = crawled.start(settings, Death(point, victim="pause"))
    first.wait_for_standstill()
    call = crawled.log(settings).read_text().splitlines()[point - 1]
    store = open_store(settings.archive)
    assert crawled.start(settings, clock_h=1).wait().well
    there = {info.key: store.get(info.key) for info in store.list("")}
    first.resume()
    ended = first.wait()
    assert (ended.error, ended.retryable) == ("FetchFailed", True), call
    assert {info.key: store.get(info.key) for info in store.list("")} == there, call
    expect_whole(store, crawled.pages)
    return call, ended.message
