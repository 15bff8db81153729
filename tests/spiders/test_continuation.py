"""A crawl goes on where the last one ended: nothing that was found is lost, nothing is asked for twice for nothing."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantin.errors import FetchFailed
from bantin.fetch import Fetch, committed_captures
from bantin.look import look_ahead
from bantin.run import run_source
from bantin.settings import Settings
from model.capture import Capture, Kind
from model.report import RunReport
from model.source import Source
from spiders.attempts import Attempts
from spiders.verdict import CrawlExit
from storage import keys, reports
from storage.lease import Lease
from storage.store import open_store
from tests.servers.site import PAGE, Answer, Site, serving
from tests.spiders.crawling import LATER, RUN, fetch, pages, wait_ends

SEEN_BEFORE = 24 * 365 * 100
"""Hours: what was fetched is not due again in these tests."""


def day(number: int) -> str:
    """The run of a day."""
    return f"{datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number):%Y%m%d}T000000Z"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def changed(source: Source, **sections: object) -> Source:
    """The source with whole fields, or parts of its sections, replaced."""
    values = source.model_dump(by_alias=True)
    for name, value in sections.items():
        values[name] = {**values[name], **value} if isinstance(value, dict) else value
    return Source.model_validate(values)


def paged(site: Site, pages_: list[list[str]], last: int = 50, **fetch_: object) -> Source:
    """A source with one listing, /list, of these pages; all the articles are there."""
    for number, links in enumerate(pages_, 1):
        site.list("/list" if number == 1 else f"/list?page={number}", *links)
    for link in {link for links in pages_ for link in links}:
        site.page(link, link)
    listing = {"url": f"{site.base}/list", "page": "?page={n}", "last": last}
    source = site.source("/list", **{"revisit_min_h": 24, "revisit_max_h": SEEN_BEFORE, **fetch_})
    return changed(source, discovery={"listings": [listing]})


def paths(site: Site, captures: list[Capture], kind: Kind = Kind.ARTICLE) -> set[str]:
    return {c.url.removeprefix(site.base) for c in captures if c.kind == kind and not c.waiting}


def articles(count: int, start: int = 0) -> list[str]:
    return [f"/a{number:03}" for number in range(start, start + count)]


def report_of(settings: Settings, run: str = RUN) -> RunReport:
    report = reports.read_report(open_store(settings.archive), "site", run)
    assert report is not None
    return report


# Lists


def test_a_listing_longer_than_the_budget_of_lists_is_read_on_by_the_next_runs(site: Site, settings: Settings) -> None:
    rows = [articles(2, 2 * page) for page in range(9)]
    source = paged(site, rows, max_lists=4)
    found: set[str] = set()
    for number in range(4):
        run_source(source, settings, day(number))
        found |= pages(committed_captures(open_store(settings.archive), "site", day(number)) or [])
    assert found == {site.base + path for row in rows for path in row}
    assert site.asked["/list?page=3"] == 1, "read from the archive on the way to the pages behind"


def test_a_later_page_that_the_budget_cut_off_is_read_by_the_next_run_though_it_is_known(
    site: Site, settings: Settings
) -> None:
    source = paged(site, [["/a1"], ["/a2"], ["/a3"]])
    run_source(source, settings, day(0))
    poor = paged(site, [["/a7"], ["/a6"], ["/a5"], ["/a4"], ["/a1"]], max_lists=2)
    run_source(poor, settings, day(1))
    captures = fetch(paged(site, [["/a7"], ["/a6"], ["/a5"], ["/a4"], ["/a1"]]), settings, day(2))
    assert paths(site, captures) >= {"/a5", "/a4"}


def test_a_later_page_that_failed_is_read_by_the_next_run_and_fails_no_run(site: Site, settings: Settings) -> None:
    source = paged(site, [["/a1"], ["/a2"], ["/a3"]])
    site.answers["/list?page=2"] = Answer("<h1>500</h1>", 500)
    report = run_source(source, settings, day(0))
    assert report.captures["listing 500"] == 1
    site.list("/list?page=2", "/a2")
    assert paths(site, fetch(source, settings, day(1))) >= {"/a2", "/a3"}


def test_a_listing_is_read_on_though_a_feed_names_what_is_on_its_first_pages(site: Site, settings: Settings) -> None:
    rows = [articles(2, 2 * page) for page in range(5)]
    source = paged(site, rows, concurrency=1)
    items = "".join(f"<item><link>{site.base}{path}</link></item>" for path in articles(4))
    site.answers["/feed"] = Answer(f'<rss version="2.0"><channel>{items}</channel></rss>')
    source = changed(source, discovery={"feeds": [f"{site.base}/feed"]})
    assert len(pages(fetch(source, settings))) == 10


def test_a_list_that_leads_to_another_list_is_no_failure(site: Site, settings: Settings) -> None:
    site.page("/a1")
    site.list("/list", "/a1")
    site.answers["/old"] = Answer(status=301, headers={"Location": "/list"})
    assert pages(fetch(site.source("/list", "/old"), settings)) == {f"{site.base}/a1"}


def test_a_broken_list_that_only_another_one_names_fails_no_run(site: Site, settings: Settings) -> None:
    site.page("/a1")
    site.list("/", "/a1")
    urls = "".join(f"<sitemap><loc>{site.base}/{name}</loc></sitemap>" for name in ("gone.xml", "good.xml"))
    site.answers["/index.xml"] = Answer(f"<sitemapindex>{urls}</sitemapindex>")
    site.answers["/good.xml"] = Answer(f"<urlset><url><loc>{site.base}/a1</loc></url></urlset>")
    site.answers["/robots.txt"] = Answer(f"Sitemap: {site.base}/dead.xml\nSitemap: http://[\n")
    source = changed(site.source("/index.xml", kind="sitemaps"), discovery={"announced": ["sitemaps"]})
    captures = fetch(source, settings)
    assert pages(captures) == {f"{site.base}/a1"}
    assert {c.url for c in captures if c.failed} >= {f"{site.base}/gone.xml", f"{site.base}/dead.xml"}


def test_a_bounded_crawl_over_its_budget_comes_to_all_pages_in_the_end(site: Site, settings: Settings) -> None:
    site.list("/", *(f"/hub{n}" for n in range(8)))
    for number in range(8):
        site.list(f"/hub{number}", f"/hub{number}/x", f"/a{number}")
        site.list(f"/hub{number}/x", f"/a{number}x")
        site.page(f"/a{number}")
        site.page(f"/a{number}x")
    source = site.source("/", max_lists=5, revisit_min_h=24)
    source = changed(source, discovery={"listings": [], "crawl": {"depth": 2, "follow": ["^/hub"]}})
    found: set[str] = set()
    for number in range(6):
        run_source(source, settings, day(number))
        found |= pages(committed_captures(open_store(settings.archive), "site", day(number)) or [])
    assert len(found) == 16


def test_children_of_a_sitemap_index_take_turns_where_a_run_cannot_ask_for_all(site: Site, settings: Settings) -> None:
    names = [f"/map{number}.xml" for number in range(7)]
    index = "".join(f"<sitemap><loc>{site.base}{name}</loc></sitemap>" for name in names)
    site.answers["/index.xml"] = Answer(f"<sitemapindex>{index}</sitemapindex>")
    for number, name in enumerate(names):
        site.answers[name] = Answer(f"<urlset><url><loc>{site.base}/a{number}</loc></url></urlset>")
        site.page(f"/a{number}")
    source = site.source("/index.xml", kind="sitemaps", max_lists=4, revisit_min_h=24)
    for number in range(3):
        run_source(source, settings, day(number))
    assert all(site.asked[name] for name in names)


# Pages and what hangs on them


def test_addresses_that_robots_txt_forbids_take_nobodys_place(site: Site, settings: Settings) -> None:
    closed, open_ = [f"/a-closed{n}" for n in range(6)], articles(3)
    site.answers["/robots.txt"] = Answer("User-agent: *\nDisallow: /a-closed\n", headers={"Content-Type": "text/plain"})
    site.list("/list", *closed, *open_)
    for path in open_:
        site.page(path)
    source = site.source("/list", max_pages=2, revisit_min_h=24)
    found: set[str] = set()
    for number in range(4):
        run_source(source, settings, day(number))
        found |= pages(committed_captures(open_store(settings.archive), "site", day(number)) or [])
    assert found == {site.base + path for path in open_}


def test_pages_that_the_rules_no_longer_allow_take_nobodys_place(site: Site, settings: Settings) -> None:
    old, good = [f"/a-old{n}" for n in range(8)], articles(2)
    site.list("/list", "/a-first", *old, *good)
    for path in ("/a-first", *good):
        site.page(path)
    source = site.source("/list", max_pages=1, revisit_min_h=24)
    run_source(source, settings, day(0))
    site.list("/list", "/a-first")
    tightened = changed(source, articles={"deny": ["^/a-old"]})
    found = set()
    for number in (1, 2):
        run_source(tightened, settings, day(number))
        found |= pages(committed_captures(open_store(settings.archive), "site", day(number)) or [])
    assert found >= {site.base + path for path in good}


def test_an_address_that_was_read_as_a_list_can_become_an_article(site: Site, settings: Settings) -> None:
    site.list("/", "/hub", "/b1", ETag='"1"')
    site.answers["/hub"] = Answer(PAGE.format(title="Tin"), headers={"ETag": '"1"'})
    site.answers["/b1"] = Answer(PAGE.format(title="Tin khác"))
    source = changed(site.source("/", revisit_min_h=24), discovery={"listings": [], "crawl": {"depth": 1}})
    source = changed(source, articles={"allow": ["^/b"]})
    run_source(source, settings, day(0))
    widened = changed(source, articles={"allow": ["^/b", "^/hub"]})
    captures = fetch(widened, settings, day(1))
    assert f"{site.base}/hub" in pages(captures)
    run_source(widened, settings, day(1))
    assert f"{site.base}/hub" not in {c.url for c in fetch(widened, settings, day(1)[:9] + "010000Z")}, "not due"


def with_pictures(site: Site, count: int, base: str = "") -> None:
    images = "".join(f'<p>Ảnh {n}: <img src="{base}/anh/{n}.jpg"></p>' for n in range(count))
    site.answers["/a1"] = Answer(PAGE.format(title="Hội").replace("</article>", f"{images}</article>"))
    site.list("/list", "/a1", "/a2")
    site.page("/a2")
    for number in range(count):
        site.answers[f"/anh/{number}.jpg"] = Answer(b"\xff\xd8" + bytes(600), headers={"Content-Type": "image/jpeg"})


def test_pictures_over_the_budget_of_bytes_are_fetched_by_the_next_run(site: Site, settings: Settings) -> None:
    with_pictures(site, 4)
    source = site.source("/list", revisit_min_h=24, concurrency=1, max_bytes=2_500)
    run_source(source, settings, day(0))
    assert sum(site.asked[f"/anh/{n}.jpg"] for n in range(4)) < 4
    run_source(site.source("/list", revisit_min_h=SEEN_BEFORE, revisit_max_h=SEEN_BEFORE), settings, day(1))
    assert [site.asked[f"/anh/{n}.jpg"] for n in range(4)] == [1, 1, 1, 1]


def test_a_server_that_asks_for_a_long_wait_sets_a_budget_of_its_own(site: Site, settings: Settings) -> None:
    links = [f"/a{number}" for number in range(12)]
    busy = Answer("", 429, {"Retry-After": "3600"})
    source = paged(site, [links], concurrency=1, retries=2, error_tolerance=0, revisit_min_h=SEEN_BEFORE)
    for run in range(3):
        for link in links[4 * (run + 1) :]:
            site.answers[link] = busy
        report = run_source(source, settings, day(run))
        assert report.articles["new"] == 4, report
        assert report.waiting == (8 if run == 0 else 0), "later they are known to wait"
        told = [" asks to wait 3600 s, more than 300 s: the rest waits" in one for one in report.warnings]
        assert told == ([] if run == 2 else [True])
        wait_ends(settings, report)
        for link in links:
            site.page(link, link)
    again = {link for link in links if site.asked[link] > 1}
    # One more may be on its way when the first is refused.
    assert {"/a4", "/a8"} <= again <= {"/a4", "/a5", "/a8", "/a9"}, "only those refused are asked for again"


def test_a_server_that_asks_for_a_long_wait_at_once_has_given_nothing(site: Site, settings: Settings) -> None:
    links = [f"/a{number}" for number in range(4)]
    source = paged(site, [links], concurrency=1, error_tolerance=1)
    for link in links:
        site.answers[link] = Answer("", 503, {"Retry-After": "3600"})
    with pytest.raises(FetchFailed, match="was given up: HTTP 503 asks to wait 3600 s") as caught:
        run_source(source, settings, RUN)
    assert caught.value.exit_code == CrawlExit.ERRORS


def test_broken_pictures_do_not_make_a_host_given_up(site: Site, settings: Settings) -> None:
    with_pictures(site, 20)
    for number in range(20):
        site.answers[f"/anh/{number}.jpg"] = Answer(status=500)
    captures = fetch(site.source("/list", concurrency=1, retries=1), settings)
    assert pages(captures) == {f"{site.base}/a1", f"{site.base}/a2"}


def test_a_dead_host_of_pictures_fails_no_run(site: Site, settings: Settings) -> None:
    with_pictures(site, 2, base="http://127.0.0.1:9")
    source = site.source("/list", revisit_min_h=SEEN_BEFORE, revisit_max_h=SEEN_BEFORE)
    run_source(source, settings, day(0))
    captures = fetch(source, settings, LATER)  # nothing is due but the pictures
    assert not paths(site, captures)
    assert {c.url for c in captures if c.kind == Kind.ASSET and c.failed} == {
        f"http://127.0.0.1:9/anh/{n}.jpg" for n in range(2)
    }


def test_one_page_that_is_broken_for_good_does_not_keep_a_small_site_from_the_archive(
    site: Site, settings: Settings
) -> None:
    site.list("/list", "/a1", "/a2")
    site.page("/a1")
    site.answers["/a2"] = Answer("<h1>500</h1>", 500)
    report = run_source(site.source("/list"), settings, day(0))
    assert report.articles["new"] == 1
    assert [error["url"] for error in report.errors] == [f"{site.base}/a2"]


def test_pages_that_are_gone_and_that_no_list_names_are_news_and_no_failure(site: Site, settings: Settings) -> None:
    site.list("/list", *articles(4))
    for path in articles(4):
        site.page(path)
    source = site.source("/list")
    run_source(source, settings, day(0))
    site.list("/list", *articles(1))
    for path in articles(4):
        del site.answers[path]
    source = changed(source, may_be_empty=True)
    report = run_source(source, settings, day(1))
    assert len(report.vanished) == 4


# Runs that are run again


def test_what_a_run_left_is_neither_doubled_nor_lost_when_it_is_run_again(site: Site, settings: Settings) -> None:
    site.list("/list", *articles(5))
    for path in articles(5):
        site.page(path)
    source = site.source("/list", max_pages=2, revisit_min_h=24)
    fetch(source, settings)
    site.list("/list", *articles(1))
    again = fetch(source, settings)
    assert len(pages(again)) == 4, "the second attempt has a budget of its own, and goes on"
    assert len([c.url for c in again if c.waiting]) == len({c.url for c in again if c.waiting})
    waiting = {c.url for c in again if c.waiting} - pages(again)
    assert waiting == {site.base + articles(5)[4]}
    assert report_of(settings).waiting == 1


def test_translations_of_a_page_that_an_earlier_attempt_stored_are_found_by_the_next(
    site: Site, settings: Settings
) -> None:
    link = '<link rel="alternate" hreflang="en" href="/a-en/1">'
    site.answers["/a1"] = Answer(PAGE.format(title="Hội").replace("<title>", f"{link}<title>"))
    site.list("/list", "/a1", *(f"/a-bad{n}" for n in range(5)))
    for number in range(5):
        site.answers[f"/a-bad{number}"] = Answer(status=500)
    site.answers["/a-en/1"] = Answer(status=500)
    source = changed(site.source("/list"), discovery={"alternates": ["en"]}, languages=["vi", "en"])
    with pytest.raises(FetchFailed):
        fetch(source, settings)
    site.list("/list", "/a1")
    for number in range(5):
        site.page(f"/a-bad{number}")
    site.page("/a-en/1", "Festival")
    captures = fetch(source, settings)
    assert f"{site.base}/a-en/1" in pages(captures)
    assert site.asked["/a1"] == 1


def test_a_crawl_that_is_refused_leaves_the_report_of_the_one_under_way_alone(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.page("/a1")
    source = site.source("/list")
    published = run_source(source, settings, RUN)
    store = open_store(settings.archive)
    with Lease.acquire(store, "site", run=day(3), attempt=1), pytest.raises(FetchFailed, match="being crawled") as err:
        Fetch(source, RUN, settings).run()
    assert err.value.exit_code == CrawlExit.HELD
    assert report_of(settings) == published
    with Lease.acquire(store, "site", run=day(3), attempt=1), pytest.raises(FetchFailed):
        Fetch(source, day(4), settings).run()
    assert reports.read_report(store, "site", day(4)) is None, "no run failed: it has not begun"
    assert fetch(source, settings, day(4))


def test_looking_leaves_no_trace(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1", "/a2")
    outlook = look_ahead(site.source("/list", max_pages=1), settings)
    assert {row["url"] for row in outlook.plan} == {f"{site.base}/a1", f"{site.base}/a2"}
    assert not Path(settings.archive).exists()
    assert not (settings.work or Path("none")).exists()
    assert not site.asked["/a1"]


def test_a_redirect_that_an_attempt_did_not_come_to_follow_is_asked_for_again(site: Site) -> None:
    def moved(path: str, location: str) -> Capture:
        url = site.base + path
        values = {"via": None, "language": None, "fetched_at": datetime(2026, 11, 1, tzinfo=UTC), "status": 302}
        return Capture(source="site", run=RUN, url=url, final_url=url, kind=Kind.ARTICLE, location=location, **values)

    elsewhere, cut_short = moved("/a1", "http://casino.example/"), moved("/a2", f"{site.base}/a3")
    followed = replace(moved("/a4", f"{site.base}/a5"), url=f"{site.base}/a4")
    end = replace(followed, final_url=f"{site.base}/a5", status=200, location=None)
    attempts = Attempts([elsewhere, cut_short, followed, end], site.source("/list"))
    assert attempts.again == [(f"{site.base}/a2", None)]
    assert attempts.done == {f"{site.base}/a1", f"{site.base}/a4"}


def test_a_list_whose_stored_copy_is_lost_is_asked_for_in_full(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1", ETag='"1"')
    site.page("/a1")
    source = site.source("/list", revisit_min_h=24)
    run_source(source, settings, day(0))
    store = open_store(settings.archive)
    store.delete([info.key for info in store.list(keys.raw_prefix("site", day(0)))])
    lists = [c.status for c in fetch(source, settings, day(1)) if c.kind == Kind.LISTING]
    assert lists == [304, 200]


# All of it together


def crawl_until(asked: int, source: Source, settings: Settings, run: str, site: Site) -> None:
    """One attempt that is stopped once the site has been asked so often, unless it ends before."""
    crawl, before, over = Fetch(source, run, settings), site.asked.total(), threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            if site.asked.total() - before >= asked:
                crawl.stop()
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        crawl.run()
    finally:
        over.set()
        watcher.join()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_cut_short_each_article_is_captured_in_the_end_and_none_twice_for_nothing(
    site: Site, settings: Settings, seed: int
) -> None:
    chance = random.Random(seed)
    rows = [articles(3, 3 * page) for page in range(5)]
    every = [path for row in rows for path in row]
    whole = paged(site, rows, revisit_min_h=SEEN_BEFORE, concurrency=2)
    answers, failed = dict(site.answers), Counter[str]()
    for number in range(2):
        poor = {"max_lists": chance.randint(2, 4), "max_pages": chance.randint(3, 8)}
        broken = chance.sample(every, 4)
        for path in broken:
            site.answers[path] = Answer("<h1>503</h1>", 503)
        before = Counter(site.asked)
        with suppress(FetchFailed):
            crawl_until(chance.randint(4, 14), changed(whole, fetch=poor), settings, day(number), site)
        failed.update({path: (site.asked - before)[path] for path in broken})
        site.answers = dict(answers)
        run_source(changed(whole, fetch=poor), settings, day(number))
    run_source(whole, settings, day(2))
    store = open_store(settings.archive)
    tables = [committed_captures(store, "site", day(number)) or [] for number in range(3)]
    kept = Counter(url for table in tables for url in (c.url for c in table if c.is_page))
    assert kept == {site.base + path: 1 for path in every}
    # What is under way when a crawl is stopped is asked for again.
    assert sum(site.asked[path] - failed[path] - 1 for path in every) <= 2 * 2


def test_a_list_without_end_is_cut_and_the_report_says_so(site: Site, settings: Settings) -> None:
    site.list("/list", *(f"/a{n}" for n in range(30)))
    for n in range(30):
        site.page(f"/a{n}", f"Hội đua thuyền lần thứ {n}")
    source = site.source("/list")
    limits = source.discovery.limits.model_copy(update={"addresses": 5})
    source = source.model_copy(update={"discovery": source.discovery.model_copy(update={"limits": limits})})
    report = run_source(source, settings, RUN)
    assert report.articles["new"] == 5
    assert report.skipped["over discovery.limits.addresses"] == 25
