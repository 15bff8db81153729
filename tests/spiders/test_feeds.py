"""What feeds name, in good order and in bad."""

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spiders.discovery import DiscoveryError, Entry
from spiders.feeds import feed_entries
from tests.spiders.documents import LAUGHS, damaged, rss, urls

FEED = "https://kimson.example/rss/tin.rss"


def test_rss_gives_addresses_and_dates_in_its_order() -> None:
    body = rss(
        "<item><title>Lễ hội</title><link>https://kimson.example/le-hoi-1.html</link>"
        "<pubDate>Sun, 22 Nov 2026 08:00:00 +0700</pubDate></item>"
        "<item><link> /mua-lua-2.html </link><pubDate>ngày mai</pubDate></item>"
    )
    assert feed_entries(body, FEED) == [
        Entry("https://kimson.example/le-hoi-1.html", datetime(2026, 11, 22, 1, tzinfo=UTC)),
        Entry("https://kimson.example/mua-lua-2.html"),
    ]


def test_atom_counts_the_newest_date_the_base_and_other_languages() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://kimson.example/tin/"><entry>
        <id>tag:kimson.example,2026:1</id><published>2026-11-01T00:00:00Z</published>
        <updated>2026-11-22T08:00:00+07:00</updated>
        <link rel="alternate" href="le-hoi.html"/><link rel="alternate" hreflang="en-GB" href="/en/festival.html"/>
        </entry></feed>"""
    assert feed_entries(body, FEED) == [
        Entry(
            "https://kimson.example/tin/le-hoi.html",
            datetime(2026, 11, 22, 1, tzinfo=UTC),
            (("en", "https://kimson.example/en/festival.html"),),
        )
    ]


def test_rdf_is_a_feed() -> None:
    body = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://kimson.example/1">
        <link>https://kimson.example/1</link><dc:date>2026-11-22</dc:date></item></rdf:RDF>"""
    assert feed_entries(body, FEED) == [Entry("https://kimson.example/1", datetime(2026, 11, 22, tzinfo=UTC))]


def test_a_guid_is_an_address_only_where_it_looks_like_one() -> None:
    body = rss(
        "<item><guid>https://kimson.example/1</guid></item><item><guid isPermaLink='false'>1975</guid></item>"
        "<item><guid isPermaLink='false'>x</guid><link>/2</link></item><item><title>Không có</title></item>"
    )
    assert urls(feed_entries(body, FEED)) == ["https://kimson.example/1", "https://kimson.example/2"]


def test_links_that_were_escaped_twice_are_understood() -> None:
    body = rss("<item><link>/tin.aspx?a=1&amp;amp;b=2&amp;section=3</link></item>")
    assert urls(feed_entries(body, FEED)) == ["https://kimson.example/tin.aspx?a=1&b=2&section=3"]


def test_what_is_no_web_address_costs_nothing_else() -> None:
    links = ["javascript:alert(1)", "mailto:a@b.example", "http://[bad/", "/" + "a" * 9_000, "/tot.html"]
    body = rss("".join(f"<item><link>{link}</link></item>" for link in links))
    assert urls(feed_entries(body, FEED)) == ["https://kimson.example/tot.html"]


@pytest.mark.parametrize("declared", ["", "encoding='us-ascii'", "encoding='utf-8'", "encoding='no-such'"])
@pytest.mark.parametrize("used", ["utf-8", "windows-1258"])
def test_a_wrong_charset_does_not_matter(declared: str, used: str) -> None:
    body = f"<?xml version='1.0' {declared}?>" + rss("<item><title>Lê</title><link>/a</link></item>").decode()[21:]
    assert urls(feed_entries(body.encode(used), FEED)) == ["https://kimson.example/a"]


def test_a_feed_that_is_cut_short_gives_what_is_whole() -> None:
    body = rss("<item><link>/1.html</link></item><item><link>/2.html</link></item>")
    assert urls(feed_entries(body[: body.index(b"2.html") + 3], FEED)) == ["https://kimson.example/1.html"]


@pytest.mark.parametrize("body", [b"", b"   ", b"Not found", b"{}", b"<!DOCTYPE html><html><p>Xin", b"\0\xff" * 90])
def test_what_is_no_feed_is_an_error(body: bytes) -> None:
    with pytest.raises(DiscoveryError, match="expected an RSS or Atom feed"):
        feed_entries(body, FEED)


def test_a_feed_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(rss("<item><link>/bi-mat.html</link></item>"))
    with pytest.raises(DiscoveryError):
        feed_entries(str(file).encode(), FEED)


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bi-mat")
    body = (
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'
        '<rss version="2.0"><channel><item><link>/a&x;</link></item></channel></rss>'
    )
    assert not any("bi-mat" in url for url in urls(feed_entries(body.encode(), FEED)))


BOMBS = {
    "a billion laughs": LAUGHS + b"<rss version='2.0'><channel><item><link>&h9;</link></item></channel></rss>",
    "deep nesting": b"<rss version='2.0'><channel><item>" + b"<b>" * 50_000,
    "10 MB of empty items": b"<rss version='2.0'><channel>" + b"<item/>" * 1_500_000 + b"</channel></rss>",
    "10 MB of elements": b"<rss version='2.0'><channel>" + b"<b>" * 3_000_000,
    "sixty thousand namespaces": b"<rss>" + b"".join(b'<a xmlns:n%d="u%d"/>' % (n, n) for n in range(60_000)),
    "open CDATA": b"<rss version='2.0'><channel>" + b"<![CDATA[<" * 500_000,
    "ampersands": b"<rss version='2.0'><channel><item><link>" + b"&a;" * 300_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_end_quickly(bomb: str) -> None:
    started = time.perf_counter()
    entries = []
    with contextlib.suppress(DiscoveryError):
        entries = feed_entries(BOMBS[bomb], FEED)
    assert len(entries) <= 1
    assert time.perf_counter() - started < 20


def test_much_markup_in_a_text_is_no_bomb() -> None:
    text = "<![CDATA[" + "<p>Lễ hội</p>" * 150_000 + "]]>"
    body = rss(f"<item><link>/1.html</link><description>{text}</description></item>")
    assert urls(feed_entries(body, FEED)) == ["https://kimson.example/1.html"]


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_feed_gives_addresses_or_an_error_that_is_expected(seed: int) -> None:
    whole = rss("<item><link>/1.html</link><pubDate>Sun, 22 Nov 2026 08:00:00 +0700</pubDate></item>" * 3)
    read = 0
    for body in damaged([whole], seed, 100):
        with contextlib.suppress(DiscoveryError):
            found = urls(feed_entries(body, FEED))
            assert [url for url in found if not url.startswith(("http://", "https://"))] == []
            read += bool(found)
    assert read > 50
