"""A try whose crawl outlives it: the process that supervises it is killed, and the next try begins meanwhile.

The orphan is held before each of its calls of the object store in turn, until the next try has ended; then it goes on,
as far as it comes.
"""

import os
from collections.abc import Callable

import pytest

from storage import keys
from storage.store import open_store
from tests.faults.archives import RUN, SOURCE, expect_whole
from tests.faults.conftest import Crawled, at_each
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
    at_each(calls, lambda point: outlive_and_mend(crawled, point), record_property)
