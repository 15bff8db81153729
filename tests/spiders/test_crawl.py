"""A crawl, seen from its archive: what was kept, what was asked for again, how it ended."""

import gzip
import os
import re
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from warcio.archiveiterator import ArchiveIterator

from bantin.errors import FetchFailed, Interrupted
from bantin.fetch import Fetch, committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from demo import DemoWeb, paper, truth
from model.capture import Kind
from model.errors import SourceError
from model.source import Source, dump_source
from spiders.verdict import CrawlExit
from storage import keys, reports
from storage.store import open_store
from tests.conftest import demo_source, slow_source, trouble_source
from tests.spiders.crawling import LATER, RUN, fetch, pages
from tests.waiting import wait_until


@pytest.mark.parametrize("name", ["portal", "aggregator", "paper"])
def test_every_article_is_found_by_each_kind_of_way_in(web: DemoWeb, settings: Settings, name: str) -> None:
    captures = fetch(demo_source(name), settings)
    assert {url for url in truth() if f"//{name}." in url} <= pages(captures)
    assert {c.kind for c in captures} >= {Kind.ARTICLE, Kind.ROBOTS}


def test_robots_txt_is_obeyed_and_the_crawler_says_who_it_is(web: DemoWeb, settings: Settings) -> None:
    fetch(demo_source("portal"), settings)
    asked = web.requests
    assert not [seen for seen in asked if seen.path.startswith("/quan-tri/")]
    assert {seen.user_agent for seen in asked} == {"bantin/0.1.0 (+https://bantin.example/contact)"}
    report = reports.read_report(open_store(settings.archive), "demo-portal", RUN)
    assert report is not None
    assert report.skipped["forbidden by robots.txt"] >= 1


def test_the_delay_between_requests_to_a_host_is_kept(web: DemoWeb, settings: Settings) -> None:
    fetch(demo_source("portal", delay_s=0.2, concurrency=1), settings)
    times = sorted(seen.at for seen in web.requests)
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert min(gaps[2:]) > 0.09, "Scrapy waits between 0.5 and 1.5 times the delay"


def test_what_is_known_is_asked_for_conditionally(web: DemoWeb, settings: Settings) -> None:
    assert run_source(demo_source("paper"), settings, RUN).articles["new"] == 8
    second = fetch(demo_source("paper"), settings, LATER)
    assert not pages(second)
    assert {c.status for c in second if c.kind != Kind.ROBOTS} == {304}


def test_a_silent_edit_is_found_though_the_feed_has_not_changed(web: DemoWeb, settings: Settings) -> None:
    url = "http://paper.example" + next(iter(paper.articles()))
    run_source(demo_source("paper"), settings, RUN)
    web.edit(url, truth()[url].title, "Tiêu đề đã sửa")
    second = fetch(demo_source("paper"), settings, LATER)
    assert pages(second) == {url}


def test_what_is_known_and_not_due_is_not_asked_for_at_all(web: DemoWeb, settings: Settings) -> None:
    source = demo_source("portal", revisit_min_h=24)
    run_source(source, settings, "20261122T000000Z")
    second = fetch(source, settings, "20261122T010000Z")
    assert not [c for c in second if c.kind == Kind.ARTICLE]
    assert {web.count(url) for url in truth() if "portal.example" in url} == {1}


def test_every_hop_of_a_redirect_is_kept_with_its_bytes(web: DemoWeb, settings: Settings) -> None:
    captures = fetch(
        trouble_source("/redirect/2", error_tolerance=1).model_copy(update={"may_be_empty": True}), settings
    )
    hops = [(c.status, c.final_url) for c in captures if c.kind == Kind.LISTING]
    assert hops == [
        (302, "http://trouble.example/redirect/2"),
        (302, "http://trouble.example/redirect/1"),
        (200, "http://trouble.example/redirect/0"),
    ]
    assert {c.url for c in captures if c.kind == Kind.LISTING} == {"http://trouble.example/redirect/2"}


def test_warc_holds_what_the_server_sent_still_compressed(web: DemoWeb, settings: Settings, tmp_path: Path) -> None:
    captures = fetch(demo_source("paper"), settings)
    (key,) = {c.warc_key for c in captures if c.warc_key}
    encoded = 0
    with Path(settings.archive, key).open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            if record.rec_type == "request":
                assert record.http_headers.get_header("User-Agent").startswith("bantin/")
            if record.rec_type == "response" and record.http_headers.get_header("Content-Encoding") == "gzip":
                encoded += 1
                assert gzip.decompress(record.raw_stream.read())
    assert encoded >= 8


def test_parts_are_closed_at_their_size(web: DemoWeb, settings: Settings) -> None:
    from dataclasses import replace

    parts = Fetch(demo_source("portal"), RUN, replace(settings, part_bytes=10_000)).run()
    assert len(parts) > 1
    assert parts == sorted(parts, key=keys.parse_raw_part)


def test_retry_after_is_waited_for(web: DemoWeb, settings: Settings) -> None:
    captures = fetch(trouble_source("/429/1", retries=1).model_copy(update={"may_be_empty": True}), settings)
    refused, answered = (c for c in captures if c.kind == Kind.LISTING)
    assert (refused.status, answered.status) == (429, 200)
    assert (answered.fetched_at - refused.fetched_at).total_seconds() >= 1


def test_whatever_a_server_does_the_crawl_ends_and_says_what_failed(web: DemoWeb, settings: Settings) -> None:
    source = trouble_source("/", max_body_bytes=1_000_000, error_tolerance=1)
    captures = {c.url.removeprefix("http://trouble.example"): c for c in fetch(source, settings)}
    assert captures["/big/12"].error is not None
    assert captures["/big/12"].status is None
    for path in ("/endless", "/reset", "/drip", "/redirect-circle"):
        assert captures[path].error or captures[path].status == 302, path
    assert "grows past 1000000 bytes" in (captures["/gzip-bomb"].error or "")
    assert captures["/status/500"].status == 500
    assert captures["/pdf"].content_type == "application/pdf"
    report = reports.read_report(open_store(settings.archive), "trouble", RUN)
    assert report is not None
    assert {error["url"] for error in report.errors} >= {"http://trouble.example/big/12"}


@pytest.mark.parametrize(
    ("source", "exit_code", "told"),
    [
        (trouble_source("/status/500"), CrawlExit.NOTHING, "http://trouble.example/status/500: HTTP 500"),
        (trouble_source("/reset"), CrawlExit.NOTHING, "nothing could be fetched"),
        (trouble_source("/empty"), CrawlExit.NOTHING, "no article address was found on http://trouble.example/empty"),
        (trouble_source("/pdf"), CrawlExit.NOTHING, "expected HTML or JSON"),
        (trouble_source("/", error_tolerance=0.1, max_body_bytes=100_000), CrawlExit.ERRORS, "pages failed"),
        (trouble_source("/redirect/0", "/status/503"), CrawlExit.ERRORS, "1 of 2 ways in failed"),
    ],
    ids=["error", "reset", "empty", "no-html", "many-errors", "one-way-in"],
)
def test_a_crawl_that_failed_says_so(
    web: DemoWeb, settings: Settings, source: Source, exit_code: CrawlExit, told: str
) -> None:
    with pytest.raises(FetchFailed, match=re.escape(told)) as caught:
        Fetch(source, RUN, settings).run()
    assert caught.value.exit_code == exit_code
    assert committed_captures(open_store(settings.archive), source.id, RUN) is None
    report = reports.read_report(open_store(settings.archive), source.id, RUN)
    assert report is not None
    assert (report.state, report.reason) == ("failed", str(caught.value))


def test_an_unreachable_host_is_named(settings: Settings) -> None:
    source = trouble_source("/", proxy=None).model_copy(update={"url": "http://127.0.0.1:9/"})
    source = Source.model_validate(
        {**source.model_dump(), "discovery": {"listings": [{"url": "http://127.0.0.1:9/tin/"}]}}
    )
    with pytest.raises(FetchFailed, match=r"http://127\.0\.0\.1:9/tin/: .*refused"):
        Fetch(source, RUN, settings).run()


def test_a_secret_that_is_not_in_the_environment_is_a_mistake_of_the_user(settings: Settings) -> None:
    with pytest.raises(FetchFailed, match="BANTIN_DEMO_PROXY to be set") as caught:
        Fetch(trouble_source(), RUN, settings).run()
    assert caught.value.exit_code == CrawlExit.USAGE


def test_a_second_attempt_goes_on_from_the_first_and_loses_and_doubles_nothing(
    web: DemoWeb, settings: Settings
) -> None:
    source = demo_source("portal", retries=0)
    failing = sorted(url for url in truth() if "portal.example" in url)[:3]
    for url in failing:
        web.fail(url, status=503, times=None)
    with pytest.raises(FetchFailed, match="pages failed"):
        Fetch(source, RUN, settings).run()
    web.heal()
    captures = fetch(source, settings)
    found = [c.url for c in captures if c.is_page]
    assert len(found) == len(set(found))
    assert {url for url in truth() if "portal.example" in url} <= set(found)
    assert {keys.parse_raw_part(c.warc_key).attempt for c in captures if c.warc_key} == {1, 2}
    assert all(web.count(url) == 1 for url in found if url not in failing)


def test_a_finished_run_can_be_fetched_again_without_doubling(web: DemoWeb, settings: Settings) -> None:
    source = demo_source("portal")
    first = fetch(source, settings)
    again = fetch(source, settings)
    assert sorted(c.url for c in again if c.is_page) == sorted(c.url for c in first if c.is_page)


@pytest.mark.usefixtures("own_process")
def test_a_crawl_that_is_asked_to_stop_stores_its_part_within_four_seconds(web: DemoWeb, settings: Settings) -> None:
    crawl = Fetch(slow_source(), RUN, settings)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            crawl.run()
        except Interrupted as err:
            raised.append(err)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: web.count("http://trouble.example/redirect/0"))
    wait_until(lambda: web.requests[-1].path == "/redirect/0")
    before = time.monotonic()
    crawl.stop()
    thread.join(10)
    assert time.monotonic() - before < 4
    assert isinstance(raised[0], Interrupted)
    store = open_store(settings.archive)
    (part,) = store.list(keys.raw_prefix("trouble", RUN))
    with Path(settings.archive, part.key).open("rb") as file:
        urls = [r.rec_headers.get_header("WARC-Target-URI") for r in ArchiveIterator(file) if r.rec_type == "response"]
    assert "http://trouble.example/redirect/1" in urls, "what was asked for last may not have been answered yet"
    assert committed_captures(store, "trouble", RUN) is None
    assert not list((settings.work or Path()).iterdir()), "the working folder is swept"


PARENT = """
import sys
from pathlib import Path
from bantin.fetch import Fetch
from bantin.settings import Settings
from model.source import parse_source
settings = Settings.from_environment()
Fetch(parse_source(Path(sys.argv[1]).read_text(), "x"), sys.argv[2], settings).run()
"""


def test_a_crawl_ends_with_its_parent_even_when_that_is_killed(
    web: DemoWeb, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "source.yaml"
    file.write_text(dump_source(slow_source()), "utf-8")
    environment = {**os.environ, **settings.environment()}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(file), RUN], env=environment, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: web.count("http://trouble.example/redirect/0"))
    children = psutil.Process(parent.pid).children()
    (child,) = [one for one in children if "spiders.crawl" in one.cmdline()]  # beside it is its watchdog
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    child.wait(timeout=30)
    assert [info.key for info in open_store(settings.archive).list(keys.raw_prefix("trouble", RUN))]


def test_ctrl_c_stores_the_part_and_says_how_to_go_on(web: DemoWeb, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "trouble.yaml").write_text(dump_source(slow_source()), "utf-8")
    environment = {**os.environ, **settings.override(sources=folder).environment()}
    command = [sys.executable, "-c", "from bantin.cli import main; main()", "crawl", "trouble", "--run", RUN]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as crawl:
        wait_until(lambda: web.count("http://trouble.example/redirect/0"))
        crawl.send_signal(signal.SIGINT)
        _, told = crawl.communicate(timeout=60)
    assert crawl.returncode == 75
    assert told.splitlines()[-1].endswith(f"from what is stored: bantin crawl trouble --run {RUN}")
    report = reports.read_report(open_store(settings.archive), "trouble", RUN)
    assert report is not None
    assert report.state == "failed"


def test_variables_in_headers_are_not_stored(web: DemoWeb, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", "bi-mat-123")
    source = demo_source("portal", headers={"X-Token": "${PORTAL_TOKEN}"})
    captures = fetch(source, settings)
    store = open_store(settings.archive)
    kept = store.get(keys.run_source("demo-portal", RUN)).decode()
    assert "${PORTAL_TOKEN}" in kept
    records = gzip.decompress(store.get(captures[0].warc_key or "")).decode("utf-8", "replace")
    assert "X-Token: (withheld)" in records
    assert "bi-mat-123" not in kept + records


def test_what_a_setting_lacks_is_a_source_error() -> None:
    from spiders.secrets import expand

    with pytest.raises(SourceError, match="expected the environment variable NO_SUCH_VARIABLE to be set"):
        expand("${NO_SUCH_VARIABLE}", "kimson", "fetch.proxy")
