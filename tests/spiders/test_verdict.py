"""The verdict on a crawl: given these captures, this is how it ended."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model.article import Article
from model.capture import Capture, Kind
from model.source import Source
from spiders.verdict import CrawlExit, Tally, Verdict, count_captures, judge, last_answers, vanished
from storage import keys
from storage.directory import DirectoryStore
from storage.frontier import Frontier, fold
from storage.store import ObjectStore
from storage.tables import encode

SITE = "http://site.example"
LIST, FEED, MAP = f"{SITE}/list", f"{SITE}/feed", f"{SITE}/index.xml"
AT = datetime(2026, 11, 22, tzinfo=UTC)
EARLIER = "20261101T000000Z"


def source(**sections: Any) -> Source:
    values: dict[str, Any] = {
        "id": "site",
        "name": "Site",
        "url": f"{SITE}/",
        "kind": "portal",
        "languages": ["vi"],
        "schedule": "0 0 * * *",
        "discovery": {"listings": [{"url": LIST}], "feeds": [FEED]},
        "articles": {"allow": ["^/a"]},
    }
    return Source.model_validate(values | sections)


def capture(url: str, status: int | None = 200, kind: Kind = Kind.ARTICLE, **values: Any) -> Capture:
    values = {"final_url": url, "via": LIST, "fetched_at": AT, "language": "vi", **values}
    return Capture(source="site", run="20261122T000000Z", url=url, kind=kind, status=status, **values)


def page(number: int, status: int | None = 200, **values: Any) -> Capture:
    return capture(f"{SITE}/a{number}", status, **values)


def lists(status: int = 200, feed: int = 200) -> list[Capture]:
    return [capture(LIST, status, Kind.LISTING), capture(FEED, feed, Kind.FEED)]


def found(*numbers: int) -> Tally:
    return Tally(found={f"{SITE}/a{number}" for number in numbers})


@pytest.fixture
def nothing(tmp_path: Any) -> Frontier:
    return fold(DirectoryStore(tmp_path), "site", min_h=24, max_h=720)


def knowing(store: ObjectStore, captures: Iterable[Capture]) -> Frontier:
    """What is known after a run with these captures, none of them a page that waits to be cleaned."""
    store.put(keys.captures("site", EARLIER), encode(list(captures), Capture))
    return fold(store, "site", min_h=24, max_h=720)


GREEN = {
    "all well": ([*lists(), page(1)], found(1), {}),
    "nothing is due, and nothing is new": (lists(), found(1, 2), {}),
    "all lists say 304": (lists(304, 304), found(1), {}),
    "all further lists rest": (lists(), Tally(resting=3), {}),
    "nothing found where that may be": (lists(), Tally(), {"may_be_empty": True}),
    "a page is gone": ([*lists(), page(1, 404)], found(1), {}),
    "two of three pages fail": ([*lists(), page(1), page(2, 500), page(3, None, error="reset")], found(1, 2, 3), {}),
    "pages that no list names are gone": ([*lists(), *(page(n, 404) for n in range(9))], found(99), {}),
    "a listing is shorter than its bound": ([*lists(), capture(f"{LIST}?page=9", 404, Kind.LISTING)], found(1), {}),
    "a listing's further page fails": ([*lists(), capture(f"{LIST}?page=2", 500, Kind.LISTING)], found(1), {}),
    "a sitemap that robots.txt names is dead": ([*lists(), capture(MAP, 404, Kind.SITEMAP)], found(1), {}),
    "pictures fail": ([*lists(), *(page(n, 500, kind=Kind.ASSET) for n in range(9))], found(1), {}),
    "some lists are closed": (lists(), Tally(found={f"{SITE}/a1"}, closed=9), {}),
    "some pages are closed": (lists(), Tally(found={f"{SITE}/a1", f"{SITE}/a2"}, forbidden={f"{SITE}/a2"}), {}),
    "articles lead each to a page of its own": (
        [*lists(), *(page(n, 301, location=f"{SITE}/detail?id={n}") for n in (1, 2, 3)), page(4)],
        found(1, 2, 3, 4),
        {},
    ),
    "some articles lead to a topic's page": (
        [*lists(), *(page(n, 301, location=f"{SITE}/topic") for n in (1, 2, 3)), page(4), page(5)],
        found(1, 2, 3, 4, 5),
        {},
    ),
    "articles that no list names any more lead to a section": (
        [*lists(), *(page(n, 301, location=f"{SITE}/section") for n in (1, 2, 3))],
        found(9),
        {},
    ),
    "the host asked to wait, and the rest is left": (
        [*lists(), page(1), *(page(n, 429) for n in (2, 3, 4))],
        Tally(found={f"{SITE}/a1"}, told_to_wait="it was given up: it asks to wait 3600 s"),
        {},
    ),
    "a hub of many fails": (
        [capture(f"{SITE}/", 200, Kind.LISTING), capture(f"{SITE}/hub", 503, Kind.LISTING)],
        found(1),
        {"discovery": {"crawl": {}}},
    ),
}

RED = {
    "every way in fails": (
        lists(500, 500),
        Tally(),
        {},
        CrawlExit.NOTHING,
        "nothing could be fetched: .*: HTTP 500",
    ),
    "one way in fails": ([*lists(500), page(1)], found(1), {}, CrawlExit.ERRORS, "1 of 2 ways in failed: .*/list"),
    "a listing's first page is gone": ([*lists(404)], found(1), {}, CrawlExit.ERRORS, "1 of 2 ways in failed"),
    "its address being spelled otherwise": (
        [capture(f"{SITE}/tin%20t%E1%BB%A9c", 404, Kind.LISTING), *lists()],
        found(1),
        {"discovery": {"listings": [{"url": f"{SITE}/tin tức"}, {"url": LIST}], "feeds": [FEED]}},
        CrawlExit.ERRORS,
        "1 of 3 ways in failed",
    ),
    "the crawl's start fails": (
        [capture(f"{SITE}/", 503, Kind.LISTING)],
        Tally(),
        {"discovery": {"crawl": {}}},
        CrawlExit.NOTHING,
        "nothing could be fetched",
    ),
    "three pages fail": (
        [*lists(), page(1), *(page(n, 500) for n in (2, 3, 4))],
        found(1, 2, 3, 4),
        {},
        CrawlExit.ERRORS,
        r"3 of 4 pages failed \(tolerated: 10%\)",
    ),
    "one page fails where none may": (
        [*lists(), page(1), page(2, 500)],
        found(1, 2),
        {"fetch": {"error_tolerance": 0}},
        CrawlExit.ERRORS,
        "1 of 2 pages failed",
    ),
    "the articles lead to a login": (
        [*lists(), page(1, final_url=f"{SITE}/login"), *(page(n, 302, location=f"{SITE}/login") for n in (2, 3, 4))],
        found(1, 2, 3, 4),
        {},
        CrawlExit.ERRORS,
        "4 of 4 article pages lead to http://site.example/login",
    ),
    "the articles lead to a question about cookies": (
        [*lists(), page(9), *(page(n, final_url=f"{SITE}/consent?lang=vi&to=%2Fa{n}") for n in (1, 2, 3))],
        found(1, 2, 3, 9),
        {},
        CrawlExit.ERRORS,
        r"3 of 4 article pages lead to http://site.example/consent\?lang=vi:",
    ),
    "walls": (
        [*lists(), *(page(n, 200, error="blocked: captcha") for n in range(3))],
        found(0, 1, 2),
        {},
        CrawlExit.ERRORS,
        "blocked: captcha",
    ),
    "all new pages are gone": (
        [*lists(), *(page(n, 404) for n in range(3))],
        found(0, 1, 2),
        {},
        CrawlExit.NOTHING,
        "none of 3 article pages is there",
    ),
    "no address follows the rules": (
        lists(),
        Tally(),
        {},
        CrawlExit.NOTHING,
        "no article address was found on .*",
    ),
    "robots.txt closes all pages": (
        lists(),
        Tally(found={f"{SITE}/a1"}, forbidden={f"{SITE}/a1"}),
        {},
        CrawlExit.NOTHING,
        "forbids all 1 article pages",
    ),
    "robots.txt closes all lists": ([], Tally(closed=2), {}, CrawlExit.NOTHING, "forbids every way in"),
    "robots.txt cannot be read": (
        lists(503, 503),
        Tally(unreachable="robots.txt could not be read: HTTP 503"),
        {},
        CrawlExit.NOTHING,
        "nothing may be asked .* HTTP 503",
    ),
    "the host was given up": ([*lists(), page(1)], Tally(given_up="it was given up"), {}, CrawlExit.ERRORS, "given up"),
    "the host asked to wait and gave nothing": (
        [*lists(), *(page(n, 429) for n in (2, 3, 4))],
        Tally(found={f"{SITE}/a1"}, told_to_wait="it asks to wait 3600 s"),
        {},
        CrawlExit.ERRORS,
        "asks to wait 3600 s",
    ),
    "nothing was asked for": ([], Tally(), {}, CrawlExit.NOTHING, "no way in was asked for"),
}


@pytest.mark.parametrize("case", GREEN)
def test_a_crawl_is_well_though(case: str, nothing: Frontier) -> None:
    captures, tally, sections = GREEN[case]
    assert judge(captures, source(**sections), tally, nothing).exit == CrawlExit.OK


@pytest.mark.parametrize("case", RED)
def test_a_crawl_has_failed_when(case: str, nothing: Frontier) -> None:
    captures, tally, sections, exit_code, told = RED[case]
    verdict = judge(captures, source(**sections), tally, nothing)
    assert verdict.exit == exit_code
    assert re.search(told, verdict.reason), verdict


def test_pages_that_were_gone_before_are_expected_to_be(tmp_path: Any) -> None:
    gone = [page(n, 404, fetched_at=AT - timedelta(days=9)) for n in range(3)]
    frontier = knowing(DirectoryStore(tmp_path), gone)
    captures = [*lists(), *(page(n, 404) for n in range(3))]
    assert judge(captures, source(), found(0, 1, 2), frontier) == Verdict(
        CrawlExit.OK, "3 article addresses found, 0 pages answered"
    )
    assert not vanished(captures, frontier), "it was reported then"


def test_what_was_there_and_is_gone_or_has_moved_has_vanished(tmp_path: Any) -> None:
    before = AT - timedelta(days=9)
    known = [page(n, 200, fetched_at=before, unchanged=True) for n in range(5)]
    store = DirectoryStore(tmp_path)
    frontier = knowing(store, [c for c in known if c.url != f"{SITE}/a4"])
    now = [
        page(0, 404),
        page(1, 301, location=f"{SITE}/b1"),
        page(2, 200, final_url=f"{SITE}/"),
        page(3, 500),
        page(4, 404),
    ]
    assert vanished(now, frontier) == [
        {"url": f"{SITE}/a0", "how": "gone (HTTP 404)"},
        {"url": f"{SITE}/a1", "how": f"moved to {SITE}/b1"},
        {"url": f"{SITE}/a2", "how": "moved to the home page"},
    ], "a failure tells nothing, and what nobody knew cannot vanish"


@pytest.mark.parametrize(
    ("before", "now", "exit_code"),
    [
        ("abc", "xxx", CrawlExit.ERRORS),
        ("abcd", "xxxd", CrawlExit.ERRORS),
        ("abcde", "xxxde", CrawlExit.OK),  # three of five
        ("ab", "xx", CrawlExit.OK),
        ("aaa", "xxx", CrawlExit.OK),  # one article at three addresses was edited
        ("abc", "xyz", CrawlExit.OK),
        ("...", "xxx", CrawlExit.OK),  # new ones
    ],
)
def test_known_articles_that_have_become_one_page_are_no_news(
    tmp_path: Any, before: str, now: str, exit_code: CrawlExit
) -> None:
    earlier = AT - timedelta(days=9)
    known = [page(n, body_sha256=body, fetched_at=earlier) for n, body in enumerate(before) if body != "."]
    store = DirectoryStore(tmp_path)
    store.put(keys.articles("site", EARLIER), encode([], Article))  # the run was published
    captures = [*lists(), *(page(n, body_sha256=body) for n, body in enumerate(now))]
    verdict = judge(captures, source(), found(*range(len(now))), knowing(store, known))
    assert verdict.exit == exit_code, verdict
    if exit_code:
        told = f"3 of {len(now)} article pages have become one and the same, like {SITE}/a0"
        assert verdict.reason.startswith(told)


def test_of_several_answers_the_last_counts_and_what_waits_is_none() -> None:
    hop = page(1, 301, location=f"{SITE}/b")
    end = page(1, 200, final_url=f"{SITE}/b", fetched_at=AT + timedelta(seconds=1))
    probe, waits = page(2, 302, kind=Kind.PROBE), page(3, None)
    first, second = (capture(f"{LIST}#page={n}", kind=Kind.LISTING) for n in (2, 3))
    assert last_answers([end, hop, probe, waits, first, second]) == [end, first, second]


def test_answers_are_counted_by_kind_and_outcome() -> None:
    captures = [page(1), page(2, 200, error="blocked: captcha"), page(3, None, error="reset"), page(4, None)]
    assert count_captures(captures) == {"article 200": 1, "article blocked": 1, "article error": 1}
