"""One crawl of a source at a time: who comes second asks for nothing, who was robbed of his lease commits nothing."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest

from bantin.errors import FetchFailed
from bantin.fetch import Fetch, committed_captures
from bantin.runs import runs_of
from bantin.settings import Settings
from demo import DemoWeb
from model.source import Source
from spiders.verdict import CrawlExit
from storage import keys, reports
from storage.lease import TTL_S, Lease
from storage.store import ObjectStore, open_store
from tests.conftest import slow_source
from tests.servers.s3 import S3Server
from tests.servers.scripted import scripted, source_of
from tests.spiders.crawling import RUN, fetch, pages
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("own_process")

SECOND, THIRD = "20261122T010000Z", "20261122T020000Z"
GROUP = "song-lau"
FIRST_PAGE = "http://trouble.example/redirect/0"


@pytest.fixture(params=["directory", "s3"])
def anywhere(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an archive in a folder, and of one in a bucket."""
    if request.param == "directory":
        return settings
    server: S3Server = request.getfixturevalue("moto_s3")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return settings.override(archive=f"s3://{server.make_bucket()}/news")


@contextmanager
def under_way(source: Source, settings: Settings, has_begun: Callable[[], object]) -> Iterator[Future[list[str]]]:
    """A crawl of `source` as `RUN`, which `has_begun`."""
    crawl = Fetch(source, RUN, settings)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(crawl.run)
        try:
            wait_until(lambda: running.done() or has_begun())
            assert not running.done(), running.exception()
            yield running
        finally:
            crawl.stop()


def in_group(source: Source, source_id: str) -> Source:
    """The same site as another source, of `GROUP`."""
    fetch = source.fetch.model_copy(update={"group": GROUP})
    return source.model_copy(update={"id": source_id, "fetch": fetch})


def refused(source: Source, settings: Settings, run: str) -> str:
    """What a crawl of `source` is told that another keeps out."""
    with pytest.raises(FetchFailed) as caught:
        Fetch(source, run, settings).run()
    assert (caught.value.exit_code, caught.value.retryable) == (CrawlExit.HELD, True)
    assert reports.read_report(open_store(settings.archive), source.id, run) is None, "nothing has been done to tell of"
    assert committed_captures(open_store(settings.archive), source.id, run) is None
    assert run not in runs_of(open_store(settings.archive), source.id), "it makes no other run a past one"
    return str(caught.value)


def holder_of(store: ObjectStore, source: Source) -> psutil.Process:
    """The process that the lease names, which crawls for this one."""
    (child,) = [one for one in psutil.Process().children() if {source.id, RUN} <= set(one.cmdline())]
    assert f'"pid":{child.pid},'.encode() in store.get(keys.source_lease(source.id))
    return child


def test_a_source_and_its_group_are_crawled_once_at_a_time_and_by_the_next_at_once_after_a_kill(
    web: DemoWeb, anywhere: Settings
) -> None:
    slow = in_group(slow_source(), "trouble")
    quick = Source.model_validate({**slow.model_dump(), "articles": {"allow": ["^/redirect/2$"]}})
    neighbour = in_group(quick, "neighbour")
    store = open_store(anywhere.archive)
    with under_way(slow, anywhere, lambda: web.count(FIRST_PAGE)) as running:
        holder = holder_of(store, slow)
        wait_until(lambda: {"/drip", "/redirect/0"} <= {seen.path for seen in web.requests})
        asked = len(web.requests)
        told = refused(slow, anywhere, SECOND)
        assert f"trouble is being crawled by run {RUN} (attempt 1)" in told
        assert f"host {socket.gethostname()}, process {holder.pid}, since " in told
        told = refused(neighbour, anywhere, SECOND)
        assert f"neighbour shares a group with trouble: trouble is being crawled by run {RUN} (attempt 1)" in told
        assert len(web.requests) == asked, "neither has asked for anything, not even for robots.txt"
        holder.kill()
        with pytest.raises(FetchFailed, match="died with exit code -9"):
            running.result(timeout=30)
    assert store.head(keys.source_lease("trouble")), "the dead do not give back"
    began = time.monotonic()
    assert pages(fetch(quick, anywhere, THIRD))
    assert time.monotonic() - began < TTL_S / 2, "nobody waited for the lease to end"
    assert not store.head(keys.source_lease("trouble")), "the living do"
    assert not store.head(keys.group_lease(GROUP))


@pytest.mark.parametrize(("anywhere", "fate"), [("directory", "deleted"), ("s3", "overwritten")], indirect=["anywhere"])
def test_a_crawl_that_lost_its_lease_commits_nothing(anywhere: Settings, fate: str) -> None:
    with scripted() as site:
        site.listing("/list", "/a1", "/a2")
        site.pages("/a1", "/a2")
        source = source_of(f"{site.base}/list", timeout_s=60)
        store = open_store(anywhere.archive)
        key = keys.source_lease(source.id)
        site.delays_s["/a2"] = 1.0
        with under_way(source, anywhere, lambda: site.asked("/a2")) as running:
            store.delete([key])
            thief = Lease.acquire(store, source.id, run=SECOND, attempt=1) if fate == "overwritten" else None
            with pytest.raises(FetchFailed, match="its lease is lost: ") as caught:
                running.result(timeout=30)
        assert caught.value.exit_code == CrawlExit.HELD
        reason = "its object was deleted"
        if thief:
            reason = f"scripted is being crawled by run {SECOND} (attempt 1) on host {socket.gethostname()}, "
            reason += f"process {os.getpid()}"
            assert str(os.getpid()).encode() in store.get(key), "and has left the other's lease alone"
            thief.release()
        assert reason in str(caught.value)
        assert committed_captures(store, source.id, RUN) is None
        assert not store.head(keys.run_source(source.id, RUN))
        assert list(store.list(keys.raw_prefix(source.id, RUN))), "what was fetched is stored all the same"
        site.delays_s.clear()
        assert pages(fetch(source, anywhere)) == {f"{site.base}/a1", f"{site.base}/a2"}
        assert (site.asked("/a1"), site.asked("/a2")) == (1, 1), "and a further attempt goes on from there"
