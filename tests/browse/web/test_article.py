"""The article's pages, asked: which address leads where, and what each page says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from lxml.html import HtmlElement
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from browse.web.app import create_app
from browse.web.settings import WebSettings
from model.article import Alternate, Article, text_sha256
from model.url import article_id
from storage import keys
from storage.store import ObjectStore, open_store
from storage.superseded import replace_articles
from storage.tables import encode, read
from tests.browse.web.conftest import serving
from tests.records import article, exchange
from tests.sample_archive import FESTIVAL, MARKET, SECOND, SPAM, at, fill, written
from tests.settings import settings_in

THIRD = "20261123T000000Z"
FIRST_TIME, SECOND_TIME = (f"2026-11-2{day}T00:00:05Z" for day in (1, 2))
ID = article_id(MARKET)
ENGLISH, ELSEWHERE, COPY = (f"http://portal.example/{name}" for name in ("en/market-2", "id/pasar-2", "copy-9"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """An archive, and an application over it."""

    store: ObjectStore
    settings: Settings
    client: TestClient

    def page(self, path: str, status: int = 200) -> HtmlElement:
        """The page at an address."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return html.document_fromstring(answer.content)

    def json(self, path: str) -> Any:
        """What its twin says."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def text(page: HtmlElement, selector: str = "main") -> str:
    """What a reader sees of it, on one line."""
    return " ".join(" ".join(one.text_content() for one in page.cssselect(selector)).split())


def links(page: HtmlElement, selector: str = "main a") -> list[str]:
    return [one.get("href") for one in page.cssselect(selector)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The sample archive (a page unchanged, one changed, one spam); the changed one's second run was cleaned anew, and
    has an edition in the archive, one elsewhere, and a copy that names it as its source."""
    folder = tmp_path_factory.mktemp("shelf")
    settings = settings_in(folder)
    store = open_store(settings.archive)
    fill(store, folder)
    clean_anew(store, title="Chợ phiên dời sang chủ nhật")
    add_editions(store, folder)
    bring_up_to_date(settings)
    application = create_app(WebSettings(archive=settings.archive, cache=folder / "browser", kept_bytes=0))
    with TestClient(application, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield Shelf(store, settings, client)


def clean_anew(store: ObjectStore, title: str) -> None:
    key = keys.articles("kimson", SECOND)
    rows = [
        replace(row, title=title, text_sha256=text_sha256(title, row.text)) if row.id == ID else row
        for row in read(store, key, Article)
    ]
    assert replace_articles(store, "kimson", SECOND, encode(rows, Article))


def add_editions(store: ObjectStore, folder: Path) -> None:
    """A run with the English edition of the market's page, and its copy on another page."""
    exchanges = [exchange(url=url, fetched_at=at(THIRD)) for url in (ENGLISH, COPY)]
    rows = []
    for capture, values in zip(
        written(store, THIRD, exchanges, folder),
        (
            {
                "title": "The market moves",
                "language": "en",
                "alternates": [Alternate(language="vi", url=MARKET), Alternate(language="id", url=ELSEWHERE)],
            },
            {"title": "Chợ phiên dời ngày (copy)", "via_name": "Kim Sơn", "via_url": MARKET},
        ),
        strict=True,
    ):
        place = {name: getattr(capture, name) for name in ("url", "run", "fetched_at", "warc_key", "warc_offset")}
        rows.append(article(id=article_id(capture.url), warc_length=capture.warc_length, **place, **values))
    store.put(keys.articles("kimson", THIRD), encode(rows, Article))


def test_an_article_has_its_text_what_is_known_of_it_and_where_that_came_from(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}")
    assert text(page, "h1") == "Chợ phiên dời sang chủ nhật"
    assert [one.text for one in page.cssselect(".text p")] == ["Sáng nay xã mở hội.", "Hai đội đua thuyền."]
    assert "Hoàng Mai signature" in text(page, ".about")
    assert page.cssselect("article")[0].get("lang") == "vi"
    assert {MARKET, "/sources/kimson", f"/runs/kimson/{SECOND}", f"/articles/{ID}@{SECOND_TIME}"} <= set(links(page))
    assert {f"/articles/{ID}/{part}" for part in ("removed", "history", "editions", "raw", "cite")} <= set(links(page))


def test_pictures_are_links_and_ask_nothing_of_another_site(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}")
    assert page.cssselect("img") == []
    assert "http://portal.example/1.jpg" in links(page, ".pictures a[rel~=noreferrer][rel~=noopener][rel~=nofollow]")


def test_a_reader_may_have_pictures_loaded_of_just_their_hosts(shelf: Shelf) -> None:
    answer = shelf.client.get(f"/articles/{ID}?images=1")
    policy = answer.headers["content-security-policy"]
    assert "img-src 'self' http://portal.example https://portal.example;" in policy
    assert "script-src 'self';" in policy
    (image,) = html.document_fromstring(answer.content).cssselect("img")
    assert (image.get("src"), image.get("referrerpolicy")) == ("http://portal.example/1.jpg", "no-referrer")
    assert "portal.example" not in shelf.client.get(f"/articles/{ID}").headers["content-security-policy"]


def test_tags_lead_to_searches(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{article_id(FESTIVAL)}")
    assert links(page, ".tags a") == ["/search?tag=l%E1%BB%85+h%E1%BB%99i"]


def test_the_beginning_of_an_id_leads_to_the_whole_one_with_all_that_was_asked(shelf: Shelf) -> None:
    for part in ("", "/history", ".json", "/cite.bib"):
        answer = shelf.client.get(f"/articles/{ID[:9]}{part}?hl=vi")
        assert (answer.status_code, answer.headers["location"]) == (307, f"/articles/{ID}{part}?hl=vi")
    pinned = shelf.client.get(f"/articles/{ID[:9]}@2026-11-21")
    assert pinned.headers["location"] == f"/articles/{ID}@2026-11-21"
    pasted = shelf.client.get(f"/articles/%20{ID[:9].upper()}%20/cite")
    assert pasted.headers["location"] == f"/articles/{ID}/cite"


@pytest.mark.parametrize(
    ("ref", "status", "said"),
    [
        ("0" * 16, 404, "no article of this id"),
        ("ffffffff", 404, "no article's id begins so"),
        ("nothing", 404, "hexadecimal"),
        ("..%2f..%2fetc", 404, ""),
        (f"{ID}@yesterday", 400, "expected a day"),
        (f"{ID}@1999", 400, "expected a day"),
        (f"{ID}@1999-01-01", 404, "not there at that time"),
        (f"{ID}@{SECOND_TIME}?cleaned=zz", 404, "no earlier cleaning begins so"),
    ],
)
def test_what_is_not_there_is_told_in_words(shelf: Shelf, ref: str, status: int, said: str) -> None:
    assert said in text(shelf.page(f"/articles/{ref}", status))


def test_a_citation_is_shown_as_it_was_and_says_what_came_after(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}@{FIRST_TIME}")
    assert text(page, "h1") == "Chợ phiên"
    assert "as it was fetched at" in text(page, ".notes")
    assert "There is a newer version." in text(page, ".notes")
    assert {f"/articles/{ID}", f"/articles/{ID}/diff?from={FIRST_TIME.replace(':', '%3A')}"} <= set(
        links(page, ".notes a")
    )
    assert f"/articles/{ID}@{FIRST_TIME}/removed" in links(page)
    newest = shelf.page(f"/articles/{ID}@{SECOND_TIME}")
    assert "newer" not in text(newest, ".notes")
    assert shelf.page(f"/articles/{ID}").cssselect(".notes p:first-child strong") == []


def test_a_day_stands_for_what_was_known_at_its_end(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}@2026-11-30")
    assert text(page, "h1") == "Chợ phiên dời sang chủ nhật"
    assert "as it was known at" in text(page, ".notes")


def test_where_nothing_was_fetched_in_a_second_that_is_said(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}@2026-11-21T10:00:00Z")
    assert "Nothing was fetched at" in text(page, ".notes")
    assert text(page, "h1") == "Chợ phiên"


def test_what_an_earlier_cleaning_had_can_be_read_and_is_told_apart(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}")
    (earlier,) = [one for one in links(page, ".notes a") if "cleaned=" in one]
    before = shelf.page(earlier)
    assert text(before, "h1") == "Chợ phiên dời ngày"
    assert "what an earlier cleaning made of the page" in text(before, ".notes")
    assert f"/articles/{ID}@{SECOND_TIME}" in links(before, ".notes a")
    assert any("/removed?cleaned=" in one for one in links(before, ".parts a"))


def test_what_cannot_be_read_and_might_say_more_is_said_beside_the_text(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = open_store(settings.archive)
    fill(store, tmp_path)
    clean_anew(store, title="Chợ phiên dời sang chủ nhật")
    (replaced,) = [info.key for info in store.list("superseded/") if info.key.endswith(".parquet")]
    store.put(replaced, b"rotten")
    client = TestClient(create_app(WebSettings(archive=settings.archive, cache=tmp_path / "cache")))
    answer = client.get(f"/articles/{ID}@{SECOND_TIME}", headers={"Accept-Language": "en"})
    page = html.document_fromstring(answer.content)
    assert text(page, "h1") == "Chợ phiên dời sang chủ nhật"
    assert f"damaged or gone: {replaced}" in text(page, ".notes")
    assert client.get(f"/articles/{ID}.json").json()["unread"] == [replaced]


def test_a_spam_page_says_so_and_its_text_waits_for_a_click(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{article_id(SPAM)}")
    assert "This page is spam itself." in text(page, ".warning")
    assert page.cssselect("details:not([open]) .text")
    assert "link into this page" in text(shelf.page(f"/articles/{ID}"), ".warning")


def test_what_was_removed_is_listed_by_rule_and_shown_in_its_place(shelf: Shelf, tmp_path: Path) -> None:
    page = shelf.page(f"/articles/{ID}/removed")
    assert "visit-counter" in text(page, ".rules")
    assert "div#footer/a" in text(page, ".injected")
    assert "Without a place on the stored page" in text(page), "the sample's page does not show what its row says"
    assert "div#right/p" in text(page, ".sheet .block.furniture")
    told = shelf.json(f"/articles/{ID}/removed.json")
    assert [(one["kind"], one["placed"]) for one in told["blocks"]] == [("furniture", False)]


def test_without_its_record_an_article_can_be_read_and_the_rest_says_what_is_missing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = open_store(settings.archive)
    store.put(keys.articles("kimson", SECOND), encode([article()], Article))
    client = TestClient(create_app(WebSettings(archive=settings.archive, cache=tmp_path / "cache")))
    assert client.get("/articles/0123456789abcdef").status_code == 200, "without an index all tables are read"
    assert client.get("/articles/0123/cite", follow_redirects=False).status_code == 307
    removed = client.get("/articles/0123456789abcdef/removed")
    assert "visit-counter" in removed.text
    assert "attempt-1-part-1.warc.gz" in removed.text
    for part in ("/raw", "/page", "/raw/body.txt", "/raw/record.warc.gz"):
        assert client.get(f"/articles/0123456789abcdef{part}").status_code == 404
    assert client.get("/articles/0123456789abcdef/editions").status_code == 200


def test_the_raw_record_is_told_and_can_be_kept(shelf: Shelf) -> None:
    told = shelf.json(f"/articles/{ID}/raw.json")
    assert told["request"]["line"] == "GET /le-hoi-mua-thu-1204 HTTP/1.1"
    assert ["Host", "portal.example"] in told["request"]["headers"]
    assert told["response"]["line"] == "HTTP/1.1 200 OK"
    assert told["problem"] is None
    page = shelf.page(f"/articles/{ID}/raw")
    assert told["body_sha256"] in text(page)
    (frame,) = page.cssselect("iframe")
    assert (frame.get("sandbox"), frame.get("src")) == ("", f"/articles/{ID}/page")
    stored = shelf.client.get(f"/articles/{ID}/page")
    assert stored.text == "<h1>Chợ phiên dời ngày</h1>"
    assert stored.headers["content-type"] == "text/html; charset=UTF-8"
    record = shelf.client.get(f"/articles/{ID}/raw/record.warc.gz").content
    assert len(record) == told["warc_length"]
    assert record[:2] == b"\x1f\x8b"


def test_history_tells_each_text_and_when_the_page_was_away(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}/history")
    assert [text_of.text_content() for text_of in page.cssselect(".events h2")] == ["Version 2", "Version 1"]
    times = {"from": FIRST_TIME, "to": SECOND_TIME}
    ways = [one for one in links(page) if "/diff?" in one]
    assert ways == [f"/articles/{ID}/diff?" + "&".join(f"{k}={v.replace(':', '%3A')}" for k, v in times.items())]
    assert shelf.page(ways[0]).cssselect("del, ins")
    assert {f"/articles/{ID}@{time}" for time in times.values()} <= set(links(page))
    unchanged = shelf.json(f"/articles/{article_id(FESTIVAL)}/history.json")
    (event,) = unchanged["events"]
    assert event["version"]["last_seen"].startswith("2026-11-22"), "a 304 is an answer, too"


def test_two_versions_are_compared_word_by_word_and_nothing_is_said_to_have_changed_that_did_not(shelf: Shelf) -> None:
    page = shelf.page(f"/articles/{ID}/diff")
    assert text(page, ".changes dt") == "Title"
    assert text(page, ".changes dd ins") == "dời sang chủ nhật"
    assert page.cssselect(".changes dd del") == []
    same = shelf.page(f"/articles/{ID}/diff?from={SECOND_TIME}")
    assert "one and the same row" in text(same)
    whole = shelf.page(f"/articles/{ID}/diff?from={FIRST_TIME}&whole=1")
    assert whole.cssselect(".compared p:not(.skipped)")
    assert shelf.client.get(f"/articles/{ID}/diff?to={FIRST_TIME}").status_code == 400


def test_editions_are_those_the_page_declares_its_source_and_who_names_it(shelf: Shelf) -> None:
    english = shelf.page(f"/articles/{article_id(ENGLISH)}/editions")
    assert [one.text_content() for one in english.cssselect(".editions .tongue")] == ["Vietnamese", "Indonesian"]
    assert f"/articles/{ID}" in links(english)
    assert ELSEWHERE in links(english, "a[rel~=noreferrer]")
    copy = shelf.page(f"/articles/{article_id(COPY)}/editions")
    assert "Taken from" in text(copy)
    assert f"/articles/{ID}" in links(copy)
    named = shelf.page(f"/articles/{ID}/editions")
    assert {f"/articles/{article_id(url)}" for url in (ENGLISH, COPY)} <= set(links(named))
    beside = shelf.page(f"/articles/{ID}/editions?beside={article_id(ENGLISH)}")
    assert [one.get("lang") for one in beside.cssselect(".beside article")] == ["vi", "en"]


def test_an_article_that_declares_nothing_says_so(shelf: Shelf) -> None:
    assert "declares no other edition" in text(shelf.page(f"/articles/{article_id(FESTIVAL)}/editions"))


def test_citations_lead_to_the_permanent_address(shelf: Shelf) -> None:
    told = shelf.json(f"/articles/{ID}/cite.json")
    assert told["address"] == f"http://127.0.0.1/articles/{ID}@{SECOND_TIME}"
    assert [one["form"] for one in told["citations"]] == ["txt", "bib", "md", "ris"]
    for one in told["citations"]:
        answer = shelf.client.get(f"/articles/{ID}@{SECOND_TIME}/cite.{one['form']}")
        assert answer.text.rstrip() == one["text"].rstrip()
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="{ID}-20261122T000005Z.')
    assert shelf.client.get(f"/articles/{ID}/cite.exe").status_code == 422


def test_a_citation_is_copied_by_a_button_and_without_javascript_there_is_none(shelf: Shelf, chromium: Browser) -> None:
    cite = f"/articles/{ID}@{SECOND_TIME}/cite"
    with serving(create_app(WebSettings(archive=shelf.settings.archive, cache=shelf.settings.cache))) as address:
        context = chromium.new_context(locale="en-GB", permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(f"{address}{cite}")
        page.get_by_role("button", name=re.compile("Copy.*BibTeX")).click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#bib-text").inner_text()
        context.close()
        context = chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}{cite}")
        expect(page.locator("#bib-text")).to_contain_text("@misc{")
        expect(page.locator("button[data-copies]").first).to_be_hidden()
        context.close()


def test_each_page_has_a_twin_for_programs(shelf: Shelf) -> None:
    whole = shelf.json(f"/articles/{ID}.json")
    assert whole["article"]["title"] == "Chợ phiên dời sang chủ nhật"
    assert whole["article"]["removed"][0]["rule"] == "visit-counter"
    for part in ("removed", "raw", "history", "diff", "editions", "cite"):
        assert shelf.json(f"/articles/{ID}/{part}.json")["head"]["id"] == ID


def test_below_another_path_every_link_has_it(shelf: Shelf) -> None:
    application = create_app(WebSettings(archive=shelf.settings.archive, cache=shelf.settings.cache))
    client = TestClient(application, root_path="/archive", base_url="http://127.0.0.1", follow_redirects=False)
    for part in ("", "/removed", "/history", "/editions", "/raw", "/cite", "/diff"):
        page = html.document_fromstring(client.get(f"/archive/articles/{ID}{part}").content)
        named = [one.get(name) for name in ("href", "src", "action") for one in page.iter("*") if one.get(name)]
        assert [one for one in named if one.startswith("/") and not one.startswith("/archive/")] == []
    assert client.get(f"/archive/articles/{ID[:8]}/raw").headers["location"] == f"/archive/articles/{ID}/raw"


def test_an_article_that_was_fetched_since_the_index_was_built_is_found(shelf: Shelf, tmp_path: Path) -> None:
    late = article(id="f" * 16, run="20261124T000000Z", fetched_at=datetime(2026, 11, 24, 0, 0, 5, tzinfo=UTC))
    key = keys.articles("vung", late.run)
    shelf.store.put(key, encode([late], Article))
    try:
        assert text(shelf.page(f"/articles/{late.id}"), "h1") == late.title
    finally:
        shelf.store.delete([key])


def test_a_lead_that_was_a_heading_is_a_paragraph() -> None:
    from browse.web.pages.article import body_of

    of = article(lead="Hội & chợ", html="<h2>Hội &amp; chợ</h2><p>Sáng nay.</p><h3>Chiều</h3>")
    assert body_of(of) == "<p>Hội &amp; chợ</p><p>Sáng nay.</p><h2>Chiều</h2>"
