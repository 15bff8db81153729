"""A long Retry-After is kept from run to run: nobody who asked to be left alone for hours is asked by the next run."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bantin.errors import FetchFailed, Interrupted
from bantin.fetch import Fetch
from bantin.look import look_ahead
from bantin.run import run_source
from bantin.settings import Settings
from bantin.waits import asked_to_wait
from model.capture import Capture, Kind
from model.report import RunReport, State
from spiders.spider import MOST_WAITS, SourceSpider
from spiders.verdict import CrawlExit
from storage import keys, reports
from storage.store import open_store
from storage.tables import read
from tests.servers.scripted import ScriptedSite, scripted, source_of
from tests.servers.site import PAGE, Answer
from tests.spiders.crawling import wait_ends

RUNS = ("20261101T000000Z", "20261102T000000Z", "20261103T000000Z")
UNTIL = r"as it told an earlier run, it asks to wait until \d{4}-\d\d-\d\d \d\d:\d\d UTC"


def busy(seconds: int, status: int = 503) -> Answer:
    return Answer("", status, {"Retry-After": str(seconds)})


@pytest.fixture
def site() -> Iterator[ScriptedSite]:
    with scripted() as one:
        yield one


@pytest.fixture
def other() -> Iterator[ScriptedSite]:
    with scripted("127.0.0.2") as one:
        yield one


def report_of(settings: Settings, run: str) -> RunReport:
    report = reports.read_report(open_store(settings.archive), "scripted", run)
    assert report is not None
    return report


def waits_s(report: RunReport) -> dict[str, float]:
    """How long the hosts' waits still are, in seconds."""
    now = datetime.now(UTC)
    return {host: (datetime.fromisoformat(until) - now).total_seconds() for host, until in report.wait_until.items()}


def told_to_wait(site: ScriptedSite, settings: Settings, seconds: int = 7_200) -> RunReport:
    """The report of a run that was refused in the middle, after which the site is well."""
    listing = site.listing("/list", *site.pages("/a1", "/a2"))
    site.script("/a2", busy(seconds), Answer(PAGE.format(title="/a2")))
    report = run_source(source_of(listing, concurrency=1, retries=1), settings, RUNS[0])
    assert (report.articles["new"], len(report.warnings)) == (1, 1)
    site.seen.clear()
    return report


def test_the_next_runs_ask_a_host_for_nothing_that_asked_to_be_left_alone(
    site: ScriptedSite, settings: Settings
) -> None:
    told_to_wait(site, settings)
    assert waits_s(report_of(settings, RUNS[0])) == {"127.0.0.1": pytest.approx(7_200, abs=120)}
    source = source_of(site.base + "/list")
    for run in RUNS[1:]:  # the second of them knows it from the first
        with pytest.raises(FetchFailed, match=f"nothing could be fetched: 127.0.0.1 was given up: {UNTIL}") as caught:
            run_source(source, settings, run)
        assert caught.value.exit_code == CrawlExit.NOTHING
        assert report_of(settings, run).wait_until == report_of(settings, RUNS[0]).wait_until
    assert site.seen == [], "not even robots.txt"


def test_a_look_asks_for_nothing_either_and_says_so(site: ScriptedSite, settings: Settings) -> None:
    report = told_to_wait(site, settings)
    wait_ends(settings, report, in_s=100)
    with pytest.raises(FetchFailed, match=UNTIL):
        look_ahead(source_of(site.base + "/list"), settings)
    assert site.seen == []


def test_after_the_wait_it_is_asked_for_what_is_left(site: ScriptedSite, settings: Settings) -> None:
    wait_ends(settings, told_to_wait(site, settings))
    report = run_source(source_of(site.base + "/list"), settings, RUNS[1])
    assert (report.articles["new"], report.wait_until, report.warnings) == (1, {}, [])


def test_a_wait_that_ends_soon_is_waited_for(site: ScriptedSite, settings: Settings) -> None:
    wait_ends(settings, told_to_wait(site, settings), in_s=6)
    ends = report_of(settings, RUNS[0]).wait_until["127.0.0.1"]
    report = run_source(source_of(site.base + "/list"), settings, RUNS[1])
    assert report.articles["new"] == 1
    captures = read(open_store(settings.archive), keys.captures("scripted", RUNS[1]), Capture)
    assert min(c.fetched_at for c in captures) >= datetime.fromisoformat(ends) - timedelta(seconds=0.1)


def test_a_further_attempt_of_the_run_waits_as_well(site: ScriptedSite, settings: Settings) -> None:
    site.script("/list", busy(3 * 3_600), Answer("<ul><li><a href='/a1'>x</a></li></ul>"))
    source = source_of(site.base + "/list", retries=1)
    with pytest.raises(FetchFailed, match=r"/list: HTTP 503; 127\.0\.0\.1 was given up: HTTP 503 asks to wait 10800"):
        run_source(source, settings, RUNS[0])
    with pytest.raises(FetchFailed, match=UNTIL):
        run_source(source, settings, RUNS[0])
    assert site.asked("/list") == 1


def test_robots_txt_may_ask_for_a_long_wait_too(site: ScriptedSite, settings: Settings) -> None:
    site.script("/robots.txt", busy(3 * 3_600))
    source = source_of(site.listing("/list", *site.pages("/a1")))
    with pytest.raises(FetchFailed, match=r"robots\.txt could not be read: HTTP 503"):
        run_source(source, settings, RUNS[0])
    with pytest.raises(FetchFailed, match=UNTIL):
        run_source(source, settings, RUNS[1])
    assert site.asked("/robots.txt") == 1


def test_other_hosts_of_the_source_are_crawled_meanwhile(
    site: ScriptedSite, other: ScriptedSite, settings: Settings
) -> None:
    told_to_wait(site, settings)
    source = source_of(site.base + "/list", other.listing("/list", *other.pages("/a3"), site.base + "/a9"))
    report = run_source(source, settings, RUNS[1])
    assert (report.articles["new"], site.seen) == (1, [])
    assert [": the rest waits for the next run" in one for one in report.warnings] == [True]
    assert waits_s(report).keys() == {"127.0.0.1"}
    wait_ends(settings, report)
    site.pages("/a9")
    run_source(source, settings, RUNS[2])
    assert (site.asked("/a2"), site.asked("/a9")) == (1, 1)


def test_pictures_of_a_host_that_asked_to_wait_have_not_failed(
    site: ScriptedSite, other: ScriptedSite, settings: Settings
) -> None:
    told_to_wait(site, settings)
    image = f"<p>Ảnh: <img src='{site.base}/anh.jpg'></p></article>"
    listing = other.listing("/list", "/a3")
    other.script("/a3", Answer(PAGE.format(title="Hội").replace("</article>", image)))
    source = source_of(site.base + "/list", listing, assets={"images": True})
    report = run_source(source, settings, RUNS[1])
    captures = read(open_store(settings.archive), keys.captures("scripted", RUNS[1]), Capture)
    assert [(c.failed, c.waiting) for c in captures if c.kind == Kind.ASSET] == [(False, True)]
    wait_ends(settings, report)
    site.script("/anh.jpg", Answer(b"\xff\xd8" + bytes(600), headers={"Content-Type": "image/jpeg"}))
    run_source(source, settings, RUNS[2])
    assert site.asked("/anh.jpg") == 1


def test_a_wait_that_a_run_began_with_is_kept_though_it_was_stopped(site: ScriptedSite, settings: Settings) -> None:
    wait_ends(settings, told_to_wait(site, settings), in_s=600)
    fetch = Fetch(source_of(site.base + "/list"), RUNS[1], settings)
    stopping = threading.Timer(6, fetch.stop)
    stopping.start()
    with pytest.raises(Interrupted):
        fetch.run()
    assert report_of(settings, RUNS[1]).wait_until == report_of(settings, RUNS[0]).wait_until
    assert site.seen == []


def test_any_number_of_hosts_of_pictures_leaves_room_for_the_sources_own() -> None:
    until = "2026-11-01T00:00:00+00:00"
    waits = dict.fromkeys([*(f"img{number}.example" for number in range(5_000)), "127.0.0.1"], until)
    crawler = SimpleNamespace(get_downloader_middleware=lambda _: SimpleNamespace(wait_until=waits))
    spider: Any = SimpleNamespace(crawler=crawler, source=source_of("http://127.0.0.1/list"))
    kept = SourceSpider.wait_until.fget(spider)  # type: ignore[attr-defined]
    assert (next(iter(kept)), len(kept)) == ("127.0.0.1", MOST_WAITS)


def test_a_wait_of_months_is_one_of_a_day(site: ScriptedSite, settings: Settings) -> None:
    told_to_wait(site, settings, seconds=90 * 86_400)
    assert waits_s(report_of(settings, RUNS[0])) == {"127.0.0.1": pytest.approx(86_400, abs=120)}


@pytest.mark.parametrize("until", ["2999-01-01T00:00:00+00:00", "soon", "2026-11-02T00:00:00"])
def test_a_time_that_cannot_be_meant_is_none(site: ScriptedSite, settings: Settings, until: str) -> None:
    report = told_to_wait(site, settings)
    reports.write_report(open_store(settings.archive), replace(report, wait_until={"127.0.0.1": until}))
    assert run_source(source_of(site.base + "/list"), settings, RUNS[1]).articles["new"] == 1


def test_a_report_that_cannot_be_read_keeps_no_run_from_asking(site: ScriptedSite, settings: Settings) -> None:
    told_to_wait(site, settings)
    open_store(settings.archive).put(keys.report("scripted", RUNS[0]), b"{")
    assert run_source(source_of(site.base + "/list"), settings, RUNS[1]).articles["new"] == 1


def test_the_newest_run_tells_and_none_whose_time_is_to_come(settings: Settings) -> None:
    store, at = open_store(settings.archive), datetime(2026, 11, 1, tzinfo=UTC)
    until = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    for run, hosts in ((RUNS[0], ["old.example"]), (RUNS[1], ["new.example"]), ("29990101T000000Z", ["odd.example"])):
        waits = dict.fromkeys(hosts, until)
        report = RunReport(source="one", run=run, state=State.FAILED, started_at=at, finished_at=at, wait_until=waits)
        reports.write_report(store, report)
    assert asked_to_wait(store, "one", RUNS[2]) == {"new.example": until}
    assert asked_to_wait(store, "one", RUNS[1]) == {"old.example": until, "new.example": until}
    assert asked_to_wait(store, "other", RUNS[2]) == {}
