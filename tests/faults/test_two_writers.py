"""Two processes at one run at the same moment: as if there had been one."""

import pytest

from storage import keys
from storage.store import open_store
from tests.faults.archives import RUN, SOURCE, expect_whole
from tests.faults.conftest import Crawled


@pytest.fixture(params=["crawled", "crawled_s3"], ids=["directory", "s3"])
def anywhere(request: pytest.FixtureRequest) -> Crawled:
    crawled: Crawled = request.getfixturevalue(request.param)
    return crawled


def test_two_that_clean_and_publish(anywhere: Crawled) -> None:
    settings = anywhere.archive()
    assert anywhere.start(settings, verb="fetch").wait().well
    both = [anywhere.start(settings, verb="finish") for _ in range(2)]
    assert [one.wait().message for one in both] == ["", ""]
    expect_whole(open_store(settings.archive), anywhere.pages)


def test_two_that_fetch_too(anywhere: Crawled) -> None:
    settings = anywhere.archive()
    both = [one.wait() for one in [anywhere.start(settings) for _ in range(2)]]
    refused = [one for one in both if not one.well]
    assert len(refused) <= 1
    for one in refused:
        assert one.retryable
        assert f"{SOURCE} is being crawled by run {RUN} (attempt" in one.message
    store = open_store(settings.archive)
    expect_whole(store, anywhere.pages)
    before = store.get(keys.articles(SOURCE, RUN))
    assert anywhere.start(settings).wait().well
    assert store.get(keys.articles(SOURCE, RUN)) == before
    expect_whole(store, anywhere.pages)


def test_one_that_publishes_while_another_attempt_fetches(anywhere: Crawled) -> None:
    settings = anywhere.archive()
    assert anywhere.start(settings, verb="fetch").wait().well
    both = [anywhere.start(settings, verb=verb) for verb in ("run", "finish")]
    assert [one.wait().message for one in both] == ["", ""]
    expect_whole(open_store(settings.archive), anywhere.pages)
