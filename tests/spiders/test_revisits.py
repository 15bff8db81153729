"""Crawling a site again and again: what has not changed costs one question, what has is noticed, what is gone is told.

One site is crawled five times, some weeks apart, and looked at from all sides; the others lead lives of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from warcio.archiveiterator import ArchiveIterator

from bantin.fetch import committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from browse.reading import list_articles
from demo import DemoWeb, Seen, traps, trouble
from model.article import Article
from model.capture import Capture, Kind
from model.report import RunReport, State
from model.source import Source
from model.url import article_id
from storage import keys
from storage.frontier import Fate, Frontier, Known, fold
from storage.store import open_store
from storage.tables import read
from tests.conftest import demo_source, trouble_source
from tests.servers.site import Answer, serving
from tests.settings import settings_in
from tests.spiders.crawling import LATER, RUN, pages

SITE = "http://trouble.example"
HOME = f"{SITE}/"
MIN_H, MAX_H = 24.0, 60.0
EVERY_MONTH = [f"2026{month:02}01T000000Z" for month in range(1, 6)]

SPELLINGS = (
    "/same?utm_source=trang-chu&fbclid=1",
    f"{SITE}:80/same",
    "/s%61me?PHPSESSID=5d2a01",
    "/same;jsessionid=0A1B",
    "/same#binh-luan",
)
"""One page, as a home page, a sharing button, a servlet and a clumsy editor would link to it."""

SAME, COUNTER, EDITED = f"{SITE}/same", f"{SITE}/counter", f"{SITE}/etag"
GONE, REMOVED, TO_HOME, TO_OTHERS = (f"{SITE}{path}" for path in ("/gone-after/1", "/slow/0", "/slow/0.0", "/slow/0.1"))
VANISHING = {GONE, REMOVED, TO_HOME, TO_OTHERS}


@dataclass
class Life:
    """What became of a site over its crawls: by run, what each reported and captured, what was asked of the server
    for it, and what was known after it."""

    settings: Settings
    source: Source
    reports: list[RunReport] = field(default_factory=list)
    captures: list[list[Capture]] = field(default_factory=list)
    asked: list[list[Seen]] = field(default_factory=list)
    known: list[Frontier] = field(default_factory=list)

    def crawl(self, web: DemoWeb, run: str) -> None:
        """One more run."""
        before = len(web.requests)
        self.reports.append(run_source(self.source, self.settings, run))
        store = open_store(self.settings.archive)
        self.captures.append(committed_captures(store, self.source.id, run) or [])
        self.asked.append(web.requests[before:])
        self.known.append(fold(store, self.source.id, min_h=MIN_H, max_h=MAX_H))

    def captures_of(self, url: str) -> list[Capture]:
        """The last answer for `url` in each run."""
        return [next(c for c in reversed(captures) if c.url.partition("?")[0] == url) for captures in self.captures]

    def state_of(self, url: str) -> list[Known]:
        """What was known of `url` after each run."""
        return [found for known in self.known if (found := known.get(url)) is not None]

    def rows_of(self, url: str) -> list[Article]:
        """The rows of the article at `url` in all tables, oldest first."""
        store = open_store(self.settings.archive)
        tables = [info.key for info in store.list(keys.articles_prefix(self.source.id))]
        return [row for key in tables for row in read(store, key, Article) if row.id == article_id(url)]


def link_from_home(web: DemoWeb, *links: str) -> None:
    """Puts `links` in the place of the first that trouble.example has on its home page."""
    for old, new in zip(trouble.LINKS, links, strict=False):
        web.edit(HOME, f'"{old}"', f'"{new}"')


def records(settings: Settings, run: str, source: str) -> list[Any]:
    """The WARC records of a run, as plain warcio reads them, digests checked."""
    folder = Path(settings.archive, keys.raw_prefix(source, run))
    found = []
    for part in sorted(folder.iterdir()):
        with part.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                record.body = record.content_stream().read()
                found.append(record)
    return found


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Five crawls. Before the second some pages vanish and one is edited; before the fourth most are back; before the
    fifth the page with the counter is edited."""
    with DemoWeb() as web:
        paths = [url.removeprefix(SITE) for url in (COUNTER, EDITED, GONE, REMOVED, TO_HOME, TO_OTHERS)]
        link_from_home(web, *SPELLINGS, *paths)
        source = trouble_source("/", proxy=web.proxy_url, revisit_min_h=MIN_H, revisit_max_h=MAX_H)
        rules = {"allow": ["^/s(a|%61)me", "^/counter", "^/gone", r"^/slow/0(\.[01])?$", "^/etag"]}
        source = Source.model_validate({**source.model_dump(), "articles": rules})
        life = Life(settings_in(tmp_path_factory.mktemp("life")), source)
        first, second, third, fourth, fifth = EVERY_MONTH
        life.crawl(web, first)
        web.fail(REMOVED, status=404, times=None)
        web.fail(TO_HOME, like="/to-home", times=None)
        web.fail(TO_OTHERS, like="/redirect-off", times=None)
        web.edit(EDITED, trouble.PARAGRAPHS[0], "Trạm bơm chạy thử lần nữa.")
        life.crawl(web, second)
        life.crawl(web, third)
        web.heal()
        life.crawl(web, fourth)
        web.edit(COUNTER, traps.PARAGRAPHS[1], "Phao và đối trọng làm việc ấy thay cho sáu công nhân mỗi ngày ba lần.")
        life.crawl(web, fifth)
        yield life


def test_every_run_of_a_site_whose_pages_come_and_go_is_green(life: Life) -> None:
    assert [report.state for report in life.reports] == [State.PUBLISHED] * 5
    assert [report.errors for report in life.reports] == [[]] * 5


def test_a_page_is_asked_for_once_however_many_spellings_its_address_has(life: Life) -> None:
    for asked in life.asked:
        assert len([seen for seen in asked if unquote(seen.path).startswith("/same")]) == 1
    assert len(life.rows_of(SAME)) == 1


def test_identical_bytes_are_a_revisit_that_holds_no_body_and_is_not_cleaned_again(life: Life) -> None:
    first, *others = life.captures_of(SAME)
    assert first.is_page
    assert {(c.status, c.unchanged, c.is_page) for c in others} == {(200, True, False)}
    assert {c.body_sha256 for c in others} == {first.body_sha256}
    assert len(life.rows_of(SAME)) == 1, "not cleaned again"
    revisits = [
        record
        for run in EVERY_MONTH
        for record in records(life.settings, run, life.source.id)
        if record.rec_type == "revisit" and record.rec_headers.get_header("WARC-Target-URI") == first.final_url
    ]
    assert len(revisits) == len(others)
    for record in revisits:
        head = record.rec_headers
        assert head.get_header("WARC-Profile").endswith("/revisit/identical-payload-digest")
        assert head.get_header("WARC-Refers-To-Target-URI") == first.final_url
        assert head.get_header("WARC-Refers-To-Date") == f"{first.fetched_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        assert record.http_headers.statusline.startswith("200")
        assert record.body == b""


def test_a_counter_and_a_date_make_no_new_text(life: Life) -> None:
    captures = life.captures_of(COUNTER)
    assert len({c.body_sha256 for c in captures}) == 5, "the bytes change at every request"
    assert len({row.text_sha256 for row in life.rows_of(COUNTER)[:4]}) == 1


def test_the_interval_grows_by_half_while_the_text_stays_and_up_to_its_bound(life: Life) -> None:
    grown = [24, 36, 54, MAX_H]
    assert [known.interval_h for known in life.state_of(COUNTER)[:4]] == pytest.approx(grown)
    assert [known.interval_h for known in life.state_of(SAME)[:4]] == pytest.approx(grown)


def test_an_edit_is_a_changed_text_and_the_interval_shrinks_by_a_fifth(life: Life) -> None:
    assert [report.articles["changed"] for report in life.reports] == [0, 1, 0, 0, 1]
    assert life.rows_of(COUNTER)[-1].text_sha256 != life.rows_of(COUNTER)[-2].text_sha256
    assert "sáu công nhân" in life.rows_of(COUNTER)[-1].text
    assert life.state_of(COUNTER)[4].interval_h == pytest.approx(MAX_H * 0.8)


def test_the_interval_does_not_shrink_past_its_bound(life: Life) -> None:
    assert [known.interval_h for known in life.state_of(EDITED)] == pytest.approx([MIN_H, MIN_H, 36, 54, MAX_H])


def test_an_article_that_vanishes_is_told_once_and_how(life: Life) -> None:
    told = {page["url"]: page["how"] for page in life.reports[1].vanished}
    assert set(told) == VANISHING
    assert told[GONE] == "gone (HTTP 410)"
    assert told[REMOVED] == "gone (HTTP 404)"
    assert told[TO_HOME] in ("moved to the home page", f"moved to {HOME}")
    assert told[TO_OTHERS] == f"moved to {trouble.ELSEWHERE}"
    assert "4 vanished" in life.reports[1].summary
    assert [life.reports[n].vanished for n in (0, 2, 3, 4)] == [[]] * 4
    fates = {url: [known.fate for known in life.state_of(url)] for url in VANISHING}
    assert {url: fate[2] for url, fate in fates.items()} == {
        GONE: Fate.GONE,
        REMOVED: Fate.GONE,
        TO_HOME: Fate.MOVED,
        TO_OTHERS: Fate.MOVED,
    }


def test_another_site_is_not_asked_where_a_page_went(life: Life) -> None:
    assert {seen.host for asked in life.asked for seen in asked} == {"trouble.example"}


def test_what_vanished_from_the_site_stays_in_the_archive(life: Life) -> None:
    listed = {entry.url for entry in list_articles(open_store(life.settings.archive))}
    assert listed >= VANISHING
    assert [row.text for row in life.rows_of(GONE)] == ["\n".join(traps.PARAGRAPHS)], "what stood there is what is kept"
    assert HOME not in listed, "the home page is no article"


def test_an_article_that_comes_back_is_live_again(life: Life) -> None:
    for url in VANISHING - {GONE}:
        assert [known.fate for known in life.state_of(url)][3:] == [Fate.LIVE] * 2, url
        assert [c.status for c in life.captures_of(url)][3:] == [200, 200], url
    assert life.state_of(GONE)[4].fate == Fate.GONE
    assert life.reports[3].articles["changed"] == 0, "with the text that it had"


def test_what_has_not_changed_is_asked_for_by_its_validators_and_kept_as_revisits(
    web: DemoWeb, settings: Settings
) -> None:
    source = demo_source("paper")
    run_source(source, settings, RUN)
    store = open_store(settings.archive)
    first = {c.url: c for c in committed_captures(store, source.id, RUN) or []}
    listed, before = list_articles(open_store(settings.archive)), len(web.requests)
    report = run_source(source, settings, LATER)
    assert {seen.status for seen in web.requests[before:] if seen.path != "/robots.txt"} == {304}
    second = [c for c in committed_captures(store, source.id, LATER) or [] if c.kind != Kind.ROBOTS]
    assert {c.kind for c in second} == {Kind.ARTICLE, Kind.FEED, Kind.SITEMAP}
    assert {(c.unchanged, c.body_sha256, c.is_page) for c in second} == {(True, None, False)}
    assert (report.state, set(report.articles.values())) == (State.PUBLISHED, {0})
    assert read(store, keys.articles(source.id, LATER), Article) == []
    assert list_articles(open_store(settings.archive)) == listed
    revisits = [record for record in records(settings, LATER, source.id) if record.rec_type == "revisit"]
    assert len(revisits) == len(second)
    for record in revisits:
        original = first[record.rec_headers.get_header("WARC-Target-URI")]
        assert record.rec_headers.get_header("WARC-Profile").endswith("/revisit/server-not-modified")
        assert record.rec_headers.get_header("WARC-Refers-To-Date") == f"{original.fetched_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        assert record.http_headers.statusline.startswith("304")
        assert record.body == b""


def test_lists_that_have_not_changed_are_read_again_from_the_archive(settings: Settings) -> None:
    """As they must: what the rules did not allow the first time stands in them still."""
    with serving() as site:
        item = f"<item><link>{site.base}/a1</link></item><item><link>{site.base}/tin1</link></item>"
        url = f"<url><loc>{site.base}/a2</loc></url><url><loc>{site.base}/tin2</loc></url>"
        site.answers["/feed"] = Answer(f'<rss version="2.0"><channel>{item}</channel></rss>', headers={"ETag": '"f"'})
        site.answers["/map"] = Answer(f"<urlset>{url}</urlset>", headers={"ETag": '"m"'})
        site.list("/list", "/a3", "/tin3", ETag='"l"')
        for n in (1, 2, 3):
            site.page(f"/a{n}", f"Bài {n}")
            site.page(f"/tin{n}", f"Tin {n}")
        source = site.source("/list")
        ways = {"feeds": [site.base + "/feed"], "sitemaps": [site.base + "/map"]}
        source = source.model_copy(update={"discovery": source.discovery.model_copy(update=ways)})
        assert run_source(source, settings, RUN).articles["new"] == 3
        allowed = source.articles.model_copy(update={"allow": ["^/(a|tin)"]})
        report = run_source(source.model_copy(update={"articles": allowed}), settings, LATER)
        assert report.captures.items() >= {"feed 304": 1, "sitemap 304": 1, "listing 304": 1}.items()
        captures = committed_captures(open_store(settings.archive), source.id, LATER) or []
        assert pages(captures) == {f"{site.base}/tin{n}" for n in (1, 2, 3)}
