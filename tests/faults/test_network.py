"""A bucket that fails at any request: a run says so and leaves nothing half done, and a further try mends it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.config import Config

import storage.s3
from bantin.clean import clean_part
from bantin.fetch import parts_with_pages
from bantin.publish import publish
from bantin.settings import Settings
from storage import keys
from storage.errors import StoreUnavailable
from storage.store import ObjectStore, open_store
from tests.faults.archives import RUN, SOURCE, expect_whole, rows_of
from tests.faults.conftest import Crawled, at_each, todays, turn
from tests.servers.faulty_s3 import Fault, FaultyS3

pytestmark = pytest.mark.timeout(1200)

ERRORS = [Fault("", status=500, code="InternalError"), Fault("", status=503, code="SlowDown")]
SILENCE = [Fault("", how="reset"), Fault("", how="silent")]
HALF, LOST = [Fault("", how="half")], [Fault("", how="lost")]
KINDS = {"an error": ERRORS, "no answer": SILENCE, "half an answer": HALF, "a lost answer": LOST}
ALL = [*ERRORS, *SILENCE, *HALF, *LOST]
READ_TIMEOUT_S = 2
ONE_IN = 8


@pytest.fixture
def faulty(faulty_s3: FaultyS3, crawled_s3: Crawled, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    """The proxy, which `crawled_s3` and this process use from now on, each trying every request once only."""
    faulty_s3.reset()
    crawled_s3.environment = {**faulty_s3.server.environment(), "AWS_MAX_ATTEMPTS": "1"}
    for name, value in crawled_s3.environment.items():
        monkeypatch.setenv(name, value)

    def impatient(**options: Any) -> Config:
        return Config(**{**options, "read_timeout": READ_TIMEOUT_S})

    monkeypatch.setattr("storage.s3.Config", impatient)
    storage.s3._client_for.cache_clear()  # other tests' are patient: they wait a minute
    crawled_s3.environment["READ_TIMEOUT_S"] = str(READ_TIMEOUT_S)
    crawled_s3.part_bytes = 64_000_000
    yield faulty_s3
    storage.s3._client_for.cache_clear()


def finish(settings: Settings) -> None:
    for part in parts_with_pages(open_store(settings.archive), SOURCE, RUN):
        clean_part(part, settings)
    publish(SOURCE, RUN, settings)


def copy_of(settings: Settings, crawled: Crawled) -> Settings:
    copied = crawled.archive()
    source, target = open_store(settings.archive), open_store(copied.archive)
    for info in source.list(""):
        target.put(info.key, source.get(info.key))
    return copied


def expect_nothing_half_done(store: ObjectStore, pages: list[str]) -> None:
    if store.head(keys.articles(SOURCE, RUN)):
        assert sorted(row.url for row in rows_of(store)) == sorted(pages)


def expect_advice(err: StoreUnavailable, settings: Settings) -> None:
    assert err.retryable
    assert settings.archive in str(err)
    assert err.key is None or err.key in str(err)
    assert "try again" in str(err)


@pytest.mark.parametrize("kind", KINDS)
def test_clean_and_publish_at_any_request(
    kind: str, crawled_s3: Crawled, faulty: FaultyS3, record_property: Callable[[str, object], None]
) -> None:
    fetched = crawled_s3.archive()
    assert crawled_s3.start(fetched, verb="fetch").wait().well
    plain = copy_of(fetched, crawled_s3)
    faulty.seen.clear()
    finish(plain)
    requests = list(faulty.seen)
    failed = []

    def fail_and_mend(number: int) -> str:
        settings = copy_of(fetched, crawled_s3)
        store = open_store(settings.archive)
        faulty.faults.append(replace(turn(KINDS[kind], number, ONE_IN), after=number))
        try:
            finish(settings)
        except StoreUnavailable as err:
            expect_advice(err, settings)
            failed.append(number)
        assert not faulty.faults, "it happened"
        expect_nothing_half_done(store, crawled_s3.pages)
        finish(settings)
        expect_whole(store, crawled_s3.pages)
        return requests[number]

    at_each(todays(range(len(requests)), ONE_IN), fail_and_mend, record_property)
    assert failed


def test_what_a_second_try_of_boto_mends_is_not_noticed(
    crawled_s3: Crawled,
    faulty: FaultyS3,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    fetched = crawled_s3.archive()
    assert crawled_s3.start(fetched, verb="fetch").wait().well
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    plain = copy_of(fetched, crawled_s3)
    faulty.seen.clear()
    finish(plain)
    requests = list(faulty.seen)

    def fail_once(number: int) -> str:
        settings = copy_of(fetched, crawled_s3)
        faulty.faults.append(replace(turn(ALL, number, ONE_IN), after=number))
        finish(settings)
        assert not faulty.faults, "it happened"
        expect_whole(open_store(settings.archive), crawled_s3.pages)
        return requests[number]

    at_each(todays(range(len(requests)), ONE_IN), fail_once, record_property)


def test_a_whole_run_at_any_request_of_its_fetch(
    crawled_s3: Crawled, faulty: FaultyS3, record_property: Callable[[str, object], None]
) -> None:
    calls = crawled_s3.calls()
    fetch = max(number for number, call in enumerate(calls) if call.startswith("crawl")) + 1

    def fail_and_mend(number: int) -> str:
        settings = crawled_s3.archive()
        fault = turn(ALL, number, 4)
        faulty.faults.append(replace(fault, after=number))
        ended = crawled_s3.start(settings).wait()
        place = f"{fault} at {calls[number]}: {ended}"
        if not ended.well:
            assert ended.retryable, place
            assert settings.archive in ended.message or "its lease is lost" in ended.message, place
        faulty.reset()
        store = open_store(settings.archive)
        expect_nothing_half_done(store, crawled_s3.pages)
        again = crawled_s3.start(settings).wait()
        assert again.well, f"{place}: {again}"
        expect_whole(store, crawled_s3.pages)
        return calls[number]

    at_each(todays(range(fetch), 4), fail_and_mend, record_property)
