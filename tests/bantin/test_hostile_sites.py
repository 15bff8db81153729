"""Sites that lie, change their minds or mean harm: no run of them is green by mistake, and none reaches further."""

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from bantin.errors import AllRejected, FetchFailed
from bantin.fetch import Fetch, committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from model.report import RunReport
from model.source import Source
from spiders.verdict import CrawlExit
from storage import keys
from storage.store import open_store
from tests.servers.site import PAGE, Answer, Site, serving

RUNS = ("20261122T000000Z", "20991229T000000Z", "20991230T000000Z", "20991231T000000Z")


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@contextmanager
def answering_bytes(answer: bytes) -> Iterator[str]:
    """A site that says these bytes to whatever is asked, and hangs up; but that it has no robots.txt."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            asked = self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self.wfile.write(nothing if b"/robots.txt" in asked else answer)

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def run(source: Source, settings: Settings, number: int = 0) -> RunReport:
    return run_source(source, settings, RUNS[number])


def failure(source: Source, settings: Settings, number: int = 0) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        run(source, settings, number)
    return caught.value


def stored(settings: Settings) -> bytes:
    """All WARC records of the archive."""
    store = open_store(settings.archive)
    return b"".join(gzip.decompress(store.get(info.key)) for info in store.list("raw/"))


def test_pages_cannot_make_the_crawler_read_local_files(site: Site, settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "a-secret.html"
    secret.write_text("<p>khóa riêng</p>")
    host = site.base.removeprefix("http://").partition(":")[0]
    index = f"<sitemapindex><sitemap><loc>file://{host}{secret}</loc></sitemap></sitemapindex>"
    site.answers["/index.xml"] = Answer(index, headers={"Content-Type": "text/xml"})
    site.list("/list", f"file://{host}{secret}", f"ftp://{host}/a", "data:text/html,x", "/a1")
    site.page("/a1")
    listing, sitemap = site.source("/list"), site.source("/index.xml", kind="sitemaps")
    discovery = listing.discovery.model_copy(update={"sitemaps": sitemap.discovery.sitemaps})
    report = run(listing.model_copy(update={"discovery": discovery}), settings)
    assert report.articles["new"] == 1
    assert "khóa riêng".encode() not in stored(settings)


def test_robots_txt_is_obeyed_however_many_requests_wait_for_it(site: Site, settings: Settings) -> None:
    site.answers["/robots.txt"] = Answer("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    lists = [f"/list{n}" for n in range(6)]
    for path in lists:
        site.list(path, "/a1")
    caught = failure(site.source(*lists), settings)
    assert (caught.exit_code, str(caught)) == (
        CrawlExit.NOTHING,
        f"robots.txt of {site.base}/ forbids every way in",
    )
    assert set(site.asked) == {"/robots.txt"}


def test_a_list_that_has_not_changed_is_read_again_from_the_archive(site: Site, settings: Settings) -> None:
    site.list("/list", *(f"/a{n}" for n in range(6)), ETag='"1"')
    for n in range(6):
        site.page(f"/a{n}", f"Bài {n}")
    source = site.source("/list", max_pages=3, revisit_min_h=24 * 365 * 200)
    assert run(source, settings).articles["new"] == 3
    second = run(source, settings, 1)
    assert second.captures["listing 304"] == 1
    assert second.articles["new"] == 3


def test_half_a_sitemap_is_asked_for_in_full_though_it_has_not_changed(site: Site, settings: Settings) -> None:
    urls = "".join(f"<url><loc>{site.base}/a{number}</loc></url>\n" for number in range(9))
    for number in range(9):
        site.page(f"/a{number}", f"Bài {number}")
    whole = f"<?xml version='1.0'?>\n<urlset>{urls}</urlset>\n"
    headers = {"Content-Type": "text/xml", "Connection": "close", "ETag": '"1"'}
    source = site.source("/map.xml", kind="sitemaps", revisit_min_h=24 * 365 * 200)
    site.answers["/map.xml"] = Answer(whole[: len(whole) // 2], headers=headers)
    some = run(source, settings).articles["new"]
    assert 2 < some < 7
    site.answers["/map.xml"] = Answer(whole, headers=headers)
    assert run(source, settings, 1).articles["new"] == 9 - some
    before = site.asked["/map.xml"]
    assert run(source, settings, 2).captures["sitemap 304"] == 1
    assert site.asked["/map.xml"] == before + 1, "the whole one is not asked for twice"


def test_an_index_that_has_not_changed_still_leads_to_its_sitemaps(site: Site, settings: Settings) -> None:
    def sitemap(*paths: str) -> Answer:
        urls = "".join(f"<url><loc>{site.base}{path}</loc></url>" for path in paths)
        return Answer(f"<urlset>{urls}</urlset>", headers={"Content-Type": "text/xml"})

    index = f"<sitemapindex><sitemap><loc>{site.base}/news.xml</loc></sitemap></sitemapindex>"
    site.answers["/index.xml"] = Answer(index, headers={"Content-Type": "text/xml", "ETag": '"i"'})
    site.answers["/news.xml"] = sitemap("/a1")
    site.page("/a1", "Một")
    site.page("/a2", "Hai")
    source = site.source("/index.xml", kind="sitemaps")
    run(source, settings)
    site.answers["/news.xml"] = sitemap("/a1", "/a2")
    assert run(source, settings, 1).articles["new"] == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(status=302, headers={"Location": "{path}"}), Answer(status=302, headers={"Location": "http://x.example/"})],
    ids=["to-itself", "to-another-site"],
)
def test_articles_that_all_lead_nowhere_are_no_success(site: Site, settings: Settings, answer: Answer) -> None:
    site.list("/list", "/a1", "/a2", "/a3")
    for path in ("/a1", "/a2", "/a3"):
        site.answers[path] = replace(answer, headers={"Location": answer.headers["Location"].format(path=path)})
    assert failure(site.source("/list"), settings).exit_code in (CrawlExit.ERRORS, CrawlExit.NOTHING)


def test_articles_that_are_all_gone_or_unchanged_from_nothing_are_no_success(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1", "/a2", "/a3")
    assert failure(site.source("/list"), settings).exit_code == CrawlExit.NOTHING
    for path in ("/a1", "/a2", "/a3"):
        site.answers[path] = Answer(status=304)
    assert "304 Not Modified, though nothing was known" in str(failure(site.source("/list"), settings, 1))


def test_a_way_in_that_moved_to_another_site_is_a_failure(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.page("/a1")
    site.answers["/old"] = Answer(status=301, headers={"Location": "http://x.example/"})
    assert "1 of 2 ways in failed" in str(failure(site.source("/list", "/old"), settings))


def test_what_was_fetched_and_never_published_is_fetched_again(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.answers["/a1"] = replace(Answer("x"), headers={"ETag": '"1"'})
    site.page("/a1")
    site.answers["/a1"] = replace(site.answers["/a1"], headers={"ETag": '"1"'})
    source = site.source("/list", revisit_min_h=1000)
    Fetch(source, RUNS[0], settings).run()  # and then the machine died
    assert run(source, settings, 1).articles["new"] == 1


def test_block_pages_do_not_count_as_known(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1", "/a2")
    for path in ("/a1", "/a2"):
        site.answers[path] = Answer("<title>Attention Required!</title><h1>Checking your browser…</h1><p>captcha</p>")
    source = site.source("/list", revisit_min_h=24 * 365 * 200)
    with pytest.raises(AllRejected):
        run(source, settings)
    site.page("/a1", "Một")
    site.page("/a2", "Hai")
    assert run(source, settings, 1).articles["new"] == 2


def test_a_page_that_was_no_article_before_does_not_make_a_quiet_day_red(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1", "/a2")
    site.page("/a1")
    site.answers["/a2"] = Answer("<title>404</title><h1>Không tìm thấy trang</h1>")
    source = site.source("/list")
    assert run(source, settings).rejected == {"error-page": 1}
    site.list("/list", "/a2")
    site.answers["/a1"] = Answer("gone", 410)
    assert run(source, settings, 1).state == "published"


@pytest.mark.parametrize("bad", ["http://127.0.0.1:abc/a", "http://[x/a", "http://127.0.0.1:99999/a", "http://", "::"])
def test_one_bad_link_costs_no_other(site: Site, settings: Settings, bad: str) -> None:
    items = "".join(f"<item><link>{link}</link></item>" for link in (f"{site.base}/a1", bad, f"{site.base}/a2"))
    urls = "".join(f"<url><loc>{link}</loc></url>" for link in (f"{site.base}/a3", bad, f"{site.base}/a4"))
    site.answers["/feed"] = Answer(f'<rss version="2.0"><channel>{items}</channel></rss>')
    site.answers["/map"] = Answer(f"<urlset>{urls}</urlset>")
    site.list("/list", "/a5", bad, "/a6")
    for n in range(1, 7):
        site.page(f"/a{n}", f"Bài {n}")
    source = site.source("/list")
    ways = {"feeds": [site.base + "/feed"], "sitemaps": [site.base + "/map"]}
    source = source.model_copy(update={"discovery": source.discovery.model_copy(update=ways)})
    assert run(source, settings).articles["new"] == 6


def test_parameters_of_a_feeds_links_are_left_alone(site: Site, settings: Settings) -> None:
    link = f"{site.base}/a?id=5&amp;section=2&amp;copy=1"
    site.answers["/feed"] = Answer(f'<rss version="2.0"><channel><item><link>{link}</link></item></channel></rss>')
    site.page("/a?id=5&section=2&copy=1")
    assert run(site.source("/feed", kind="feeds"), settings).articles["new"] == 1


def test_a_line_end_in_an_address_forges_no_header(site: Site, settings: Settings) -> None:
    loc = f"{site.base}/map.xml&#13;&#10;WARC-Type: metadata"
    site.answers["/index.xml"] = Answer(f"<sitemapindex><sitemap><loc>{loc}</loc></sitemap></sitemapindex>")
    site.list("/list", "/a1")
    site.page("/a1")
    source = site.source("/list", error_tolerance=1)
    discovery = source.discovery.model_copy(update={"sitemaps": [site.base + "/index.xml"]})
    run(source.model_copy(update={"discovery": discovery}), settings)
    lines = stored(settings).split(b"\r\n")
    assert [line for line in lines if line.startswith(b"Bantin-Url: ") and b"WARC-Type" in line]
    assert lines.count(b"WARC-Type: metadata") == sum(line.startswith(b"fetchError: ") for line in lines)


def test_validators_of_one_page_are_not_sent_to_another(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    old = {"Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT"}
    site.answers["/a1"] = Answer(status=302, headers={"Location": "/old"})
    site.page("/old", "Cũ")
    site.answers["/old"] = replace(site.answers["/old"], headers=old)
    source = site.source("/list")
    run(source, settings)
    site.answers["/a1"] = Answer(status=302, headers={"Location": "/new"})
    site.page("/new", "Mới")
    site.answers["/new"] = replace(site.answers["/new"], headers={"Last-Modified": "Thu, 01 Oct 2026 00:00:00 GMT"})
    assert run(source, settings, 1).articles["new"] == 1


def test_an_odd_link_to_a_dead_port_of_the_site_makes_no_quiet_day_red(site: Site, settings: Settings) -> None:
    links = [f"/a{number}" for number in range(4)]
    for link in links:
        site.page(link, f"Bài {link}")
    source = site.source("/list", revisit_min_h=24 * 365 * 200)
    site.list("/list", *links, "http://127.0.0.1:1/a9")
    for number, new in enumerate([4, 0]):
        report = run(source, settings, number)
        assert (report.state, report.articles.get("new", 0)) == ("published", new)
        assert ["1 page left to the next run: robots.txt could not be read: " in one for one in report.warnings] == [
            True
        ]
    site.list("/list", *links, *(f"http://127.0.0.1:1/a{number}" for number in range(9, 12)))
    assert "nothing may be asked of" in str(failure(source, settings, 2))


def test_a_site_all_of_whose_pages_are_at_a_dead_port_is_no_success(site: Site, settings: Settings) -> None:
    site.list("/list", "http://127.0.0.1:1/a9")
    assert "robots.txt could not be read: Connection was refused" in str(failure(site.source("/list"), settings))


def test_a_link_into_the_middle_of_a_page_is_the_page(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1#comments")
    site.page("/a1")
    source = site.source("/list")
    assert run(source, settings).articles["new"] == 1
    report = run(source, settings, 1)
    assert (site.asked["/a1"], report.articles["unchanged"]) == (2, 0), "it is not stored and cleaned again"
    captures = committed_captures(open_store(settings.archive), source.id, RUNS[1]) or []
    assert [c.unchanged for c in captures if c.kind == "article"] == [True]


@pytest.mark.parametrize("status", [400, 412, 431])
def test_a_page_whose_own_validators_are_refused_is_asked_for_without_them(
    site: Site, settings: Settings, status: int
) -> None:
    site.list("/list", "/a1")
    site.answers["/a1"] = Answer(PAGE.format(title="Hội"), headers={"ETag": '"' + "x" * 9_000 + '"'})
    source = site.source("/list")
    run(source, settings)
    site.answers["/a1"] = Answer(PAGE.format(title="Hội làng"), headers={"X-Refuse-Validators": str(status)})
    report = run(source, settings, 1)
    assert (report.articles["changed"], report.errors) == (1, [])
    assert site.asked["/a1"] == 3


@pytest.mark.parametrize("status", [202, 203, 204, 206])
def test_a_success_without_a_page_is_a_failure(site: Site, settings: Settings, status: int) -> None:
    site.list("/list", "/a1", "/a2")
    site.page("/a1")
    body = "" if status == 204 else PAGE.format(title="Hội")
    site.answers["/a2"] = Answer(body, status)
    source = site.source("/list", revisit_min_h=24 * 365 * 200)
    report = run(source, settings)
    assert report.errors == [{"url": f"{site.base}/a2", "error": f"HTTP {status}"}]
    site.page("/a2", "Chợ phiên")
    assert run(source, settings, 1).articles["new"] == 1, "it is asked for again"
    site.answers["/list"] = Answer("<ul><li><a href='/a3'>x</a></li></ul>" if body else "", status)
    assert f"/list: HTTP {status}" in str(failure(source, settings, 2))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"<h1>HTTP/0.9</h1>\r\n", "the answer is not HTTP as it should be: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "the answer is not HTTP as it should be: "),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", "the server closed the connection without an answer"),
        (b"", "the server closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<h1>", "the connection ended in the middle of the answer"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<h1>x\r\n",
            "the connection ended in the middle of the answer",
        ),
    ],
    ids=["no-status", "length", "header", "nothing", "short", "chunks"],
)
def test_what_is_no_answer_is_told_in_plain_words(
    settings: Settings, caplog: pytest.LogCaptureFixture, answer: bytes, told: str
) -> None:
    with answering_bytes(answer) as base, serving() as site:
        source = site.source("/list")
        listing = source.discovery.listings[0].model_copy(update={"url": f"{base}/list"})
        discovery = source.discovery.model_copy(update={"listings": [listing]})
        caught = failure(source.model_copy(update={"discovery": discovery}), settings)
    assert told in str(caught)
    assert "Failure" not in str(caught) + caplog.text


def test_a_list_that_cannot_be_read_is_told_in_one_line(
    site: Site, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers["/list"] = Answer(bytes(range(256)) * 9)
    assert "/list: expected HTML or JSON" in str(failure(site.source("/list"), settings))
    assert "/list: expected HTML or JSON" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_plain_body_that_is_said_to_be_gzip_is_read_as_it_is(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.answers["/list"] = replace(site.answers["/list"], headers={"Content-Encoding": "gzip"})
    site.page("/a1")
    site.answers["/a1"] = replace(site.answers["/a1"], headers={"Content-Encoding": "gzip"})
    report = run(site.source("/list"), settings)
    assert (report.articles["new"], report.errors) == (1, [])


@pytest.mark.parametrize("word", ["UTF-8", "none", "text/html"])
def test_a_content_encoding_that_names_none_is_no_encoding(site: Site, settings: Settings, word: str) -> None:
    site.list("/list", "/a1", **{"Content-Encoding": word})
    site.answers["/a1"] = Answer(PAGE.format(title="Hội"), headers={"Content-Encoding": word})
    report = run(site.source("/list"), settings)
    assert (report.articles["new"], report.errors) == (1, [])


def test_an_encoding_that_was_not_asked_for_is_a_failure(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.answers["/a1"] = Answer(b"\x0b\x02\x80", headers={"Content-Encoding": "br"})
    (error,) = run(site.source("/list"), settings).errors
    assert error["error"] == "Content-Encoding 'br': expected one of gzip, deflate"


def test_lists_are_bounded(site: Site, settings: Settings) -> None:
    children = "".join(f"<sitemap><loc>{site.base}/map{n}</loc></sitemap>" for n in range(100))
    site.answers["/index.xml"] = Answer(f"<sitemapindex>{children}</sitemapindex>")
    for n in range(100):
        site.answers[f"/map{n}"] = Answer(f"<urlset><url><loc>{site.base}/a1</loc></url></urlset>")
    site.page("/a1")
    report = run(site.source("/index.xml", kind="sitemaps", max_lists=10), settings)
    assert sum(count for path, count in site.asked.items() if "map" in path) < 10
    assert report.skipped["over the run's budget of lists"] == 91


def test_a_listing_that_refreshes_itself_is_read(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    body = str(site.answers["/list"].body)
    site.answers["/list"] = Answer(f'<meta http-equiv="refresh" content="5;url=/list">{body}')
    site.page("/a1")
    assert run(site.source("/list"), settings).articles["new"] == 1


def test_a_further_attempt_asks_for_what_failed_even_if_the_list_has_moved_on(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1", "/a2", "/a3")
    site.page("/a1", "Một")
    site.answers["/a2"] = Answer("x", 500)
    site.answers["/a3"] = Answer(b"\x1f\x8b" + b"\xff" * 100, headers={"Content-Encoding": "gzip"})
    source = site.source("/list", error_tolerance=0)
    assert failure(source, settings).exit_code == CrawlExit.ERRORS
    site.list("/list", "/a1")
    site.page("/a2", "Hai")
    site.page("/a3", "Ba")
    assert run(source, settings).articles["new"] == 3
    assert site.asked["/a1"] == 1


def test_two_attempts_never_share_a_number(site: Site, settings: Settings) -> None:
    from bantin.fetch import reserve_attempt

    store = open_store(settings.archive)
    source = site.source("/list")
    assert [reserve_attempt(store, source, RUNS[0]) for _ in range(3)] == [1, 2, 3]
    store.put(keys.raw_part("site", RUNS[0], 7, 1), b"")
    assert reserve_attempt(store, source, RUNS[0]) == 8


def test_rules_stay_with_the_captures_they_were_used_for(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.page("/a1")
    source = site.source("/list")
    run(source, settings)
    site.answers["/list"] = Answer("down", 500)
    changed = source.model_copy(update={"name": "Edited since"})
    failure(changed, settings)
    store = open_store(settings.archive)
    assert b"Edited since" not in store.get(keys.run_source("site", RUNS[0]))
    assert committed_captures(store, "site", RUNS[0])


def test_a_working_folder_that_cannot_be_written_is_a_storage_failure(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    caught = failure(site.source("/list"), replace(settings, work=Path("/proc/bantin")))
    assert caught.exit_code == CrawlExit.STORAGE
    assert "set BANTIN_WORK" in str(caught)


def test_a_site_without_robots_txt_has_no_error_for_it(site: Site, settings: Settings) -> None:
    site.list("/list", "/a1")
    site.page("/a1")
    assert run(site.source("/list"), settings).errors == []


def test_a_port_nobody_listens_on_is_named(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = Site(f"http://127.0.0.1:{probe.getsockname()[1]}")
        told = str(failure(free.source("/list"), settings))
        assert told.startswith(f"nothing may be asked of {free.base}/: robots.txt could not be read: ")
        assert "refused" in told
