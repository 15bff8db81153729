"""What sitemaps name, in good order and in bad."""

import contextlib
import gzip
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spiders.discovery import DiscoveryError, Entry
from spiders.sitemaps import MAX_SITEMAP_ENTRIES, sitemap_entries
from storage.content_encoding import ContentEncodingError
from tests.spiders.documents import LAUGHS, damaged, rss, urls

MAP = "https://kimson.example/sitemap.xml"
LIMIT = 20_000_000


def urlset(entries: str) -> bytes:
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()


def test_a_sitemap_gives_addresses_dates_and_other_languages() -> None:
    body = b"""<?xml version="1.0" encoding="UTF-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://x.example/image">
    <url><loc> https://kimson.example/le-hoi?a=1&amp;b=2 </loc><lastmod>2026-11-20</lastmod>
        <image:image><image:loc>https://kimson.example/anh.jpg</image:loc></image:image>
        <news:news><news:publication_date>2026-11-22T08:00+07:00</news:publication_date></news:news>
        <xhtml:link rel="alternate" hreflang="en-US" href="https://kimson.example/en/festival"/>
        <xhtml:link rel="alternate" hreflang="x-default" href="https://kimson.example/"/></url>
    <url><image:image><image:loc>https://kimson.example/anh.jpg</image:loc></image:image><loc>/2</loc></url>
    </urlset>"""
    links = sitemap_entries(body, MAP, LIMIT)
    assert links.sitemaps == []
    assert links.pages == [
        Entry(
            "https://kimson.example/le-hoi?a=1&b=2",
            datetime(2026, 11, 22, 1, tzinfo=UTC),
            (("en", "https://kimson.example/en/festival"),),
        ),
        Entry("https://kimson.example/2"),
    ]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T01:02:03.456Z", datetime(2026, 11, 22, 1, 2, 3, 456_000, tzinfo=UTC)),
        ("2026-11-22 01:02", datetime(2026, 11, 22, 1, 2, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 08:00:00 +0700", datetime(2026, 11, 22, 1, tzinfo=UTC)),
        ("0000-00-00", None),
        ("2026-13-01", None),
        ("22/11/2026 8h", None),
        ("Sun, 99 Nov 2026 08:00:00 +9999", None),
        ("", None),
    ],
)
def test_dates_of_a_sitemap(text: str, date: datetime | None) -> None:
    body = urlset(f"<url><loc>/1</loc><lastmod>{text}</lastmod></url>")
    assert [entry.dated for entry in sitemap_entries(body, MAP, LIMIT).pages] == [date]


def test_an_index_names_sitemaps_and_their_dates() -> None:
    body = b"<sitemapindex><sitemap><loc>/s1.xml.gz</loc><lastmod>2026-11-22</lastmod></sitemap></sitemapindex>"
    links = sitemap_entries(body, MAP, LIMIT)
    assert links.pages == []
    assert links.sitemaps == [Entry("https://kimson.example/s1.xml.gz", datetime(2026, 11, 22, tzinfo=UTC))]


@pytest.mark.parametrize("times", [1, 2])
def test_gzip_is_told_by_the_content(times: int) -> None:
    body = urlset("<url><loc>/1</loc></url>")
    for _ in range(times):
        body = gzip.compress(body)
    assert urls(sitemap_entries(body, MAP, LIMIT).pages) == ["https://kimson.example/1"]


def test_gzip_grows_to_the_limit_and_no_further() -> None:
    with pytest.raises(ContentEncodingError, match="grows past 1000 bytes"):
        sitemap_entries(gzip.compress(b"<urlset>" + b" " * 100_000), MAP, 1_000)


@pytest.mark.parametrize(
    "body",
    [
        b'<urlset xmlns="http://wrong.example/"><url><loc>/1</loc></url></urlset>',
        b"<urlset><url><news:loc>/1</news:loc><news:news><news:title>x</news:title></news:news></url></urlset>",
        b"<Urlset><URL><Loc>/1</Loc></URL></Urlset>",
        b"\xef\xbb\xbf \n <?xml version='1.0'?><urlset><url><loc>/1</loc></url></urlset>",
        b"<?xml version='1.0' encoding='utf-16'?><urlset><url><loc>/1</loc></url></urlset>",
        "<?xml version='1.0' encoding='utf-16'?><urlset><url><loc>/1</loc></url></urlset>".encode("utf-16"),
        b"<urlset><url><loc><![CDATA[/1]]></loc></url></urlset>",
        b"<url><loc>/1</loc></url>",
        b"<urlset><url><loc>http://[bad</loc></url><url><loc>/1</loc></url></urlset>",
        b"<urlset><url><title>\xff\xfe&nbsp;&</title><loc>/1</loc></url></urlset>",
    ],
)
def test_mistakes_that_do_not_matter(body: bytes) -> None:
    assert urls(sitemap_entries(body, MAP, LIMIT).pages) == ["https://kimson.example/1"]


def test_an_ampersand_that_nobody_escaped_stays() -> None:
    body = urlset("<url><loc>/tin?a=1&b=2&amp;c=3</loc></url>")
    assert urls(sitemap_entries(body, MAP, LIMIT).pages) == ["https://kimson.example/tin?a=1&b=2&c=3"]


@pytest.mark.parametrize(
    ("end", "found"),
    [
        ("</url>", ["/1", "/22"]),
        ("</lo", ["/1"]),
        ("2</loc>", ["/1", "/22"]),
        ("<loc>/2", ["/1"]),
        ("<lastmod", ["/1", "/22"]),
    ],
)
def test_a_sitemap_that_is_cut_short_gives_whole_addresses(end: str, found: list[str]) -> None:
    body = urlset("<url><loc>/1</loc></url><url><loc>/22</loc><lastmod>2026</lastmod></url>")
    cut = body[: body.rindex(end.encode()) + len(end)]
    assert urls(sitemap_entries(cut, MAP, LIMIT).pages) == ["https://kimson.example" + path for path in found]


def test_plain_text_has_an_address_a_line() -> None:
    text = "\ufeffhttps://kimson.example/1\r\n\r\n# chú thích\r\nhttps://kimson.example/lễ-hội\r\n/2\n"
    for encoding in ("utf-8", "utf-16"):
        links = sitemap_entries(text.lstrip("\ufeff").encode(encoding), MAP, LIMIT)
        assert urls(links.pages) == ["https://kimson.example/1", "https://kimson.example/lễ-hội"]
    assert urls(sitemap_entries(text.encode(), MAP, LIMIT).pages)[0] == "https://kimson.example/1"


def test_a_feed_may_be_the_sitemap() -> None:
    body = rss("<item><link>/1</link><pubDate>Sun, 22 Nov 2026 08:00:00 +0700</pubDate></item>")
    assert sitemap_entries(body, MAP, LIMIT).pages == [
        Entry("https://kimson.example/1", datetime(2026, 11, 22, 1, tzinfo=UTC))
    ]
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/2"/></entry></feed>'
    assert urls(sitemap_entries(atom, MAP, LIMIT).pages) == ["https://kimson.example/2"]


def test_an_empty_sitemap_is_one() -> None:
    assert sitemap_entries(urlset(""), MAP, LIMIT).pages == []


@pytest.mark.parametrize("body", [b"", b"Not found", b"<html><p>404</p></html>", b"<", b"<svg/>", b"\x89PNG\r\n\0\0"])
def test_what_is_no_sitemap_is_an_error(body: bytes) -> None:
    with pytest.raises(DiscoveryError, match="expected"):
        sitemap_entries(body, MAP, LIMIT)


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS + b"<urlset><url><loc>&h9;</loc></url></urlset>",
        LAUGHS + b"<urlset><url x='&h9;'><loc>&h9;</loc></url></urlset>",
        b"<urlset>" + b"<b>" * 1_000_000,
        b"<urlset>" + b"<b/>" * 1_000_000,
        b"<urlset><url><loc>" + b"a" * 11_000_000 + b"</loc></url></urlset>",
        b"<urlset><url>" + b"<lastmod>x</lastmod>" * 200_000 + b"</url></urlset>",
    ],
    ids=["laughs", "laughs in an attribute", "nesting", "elements", "a long address", "dates"],
)
def test_bombs_in_sitemaps_are_harmless(body: bytes) -> None:
    started = time.perf_counter()
    assert sitemap_entries(body, MAP, LIMIT).pages == []
    assert time.perf_counter() - started < 10


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bi-mat")
    head = f'<!DOCTYPE u [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'
    found = urls(sitemap_entries(head.encode() + urlset("<url><loc>/a&x;</loc></url>"), MAP, LIMIT).pages)
    assert not any("bi-mat" in url for url in found)


def test_a_full_sitemap_is_read_in_seconds_and_an_endless_one_has_an_end() -> None:
    entry = "<url><loc>https://kimson.example/tin-{0}.html</loc><lastmod>2026-11-22T08:00:00+07:00</lastmod></url>"
    full = urlset("".join(entry.format(number) for number in range(50_000)))
    started = time.perf_counter()
    assert len(sitemap_entries(full, MAP, LIMIT).pages) == 50_000
    assert time.perf_counter() - started < 8
    endless = b"<urlset>" + b"<url><loc>/1</loc></url>" * (MAX_SITEMAP_ENTRIES + 10)
    assert len(sitemap_entries(endless, MAP, LIMIT).pages) == MAX_SITEMAP_ENTRIES


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_sitemap_gives_addresses_or_an_error_that_is_expected(seed: int) -> None:
    whole = [
        urlset("<url><loc>/1.html</loc><lastmod>2026-11-22</lastmod></url>" * 3),
        b"https://kimson.example/1.html\nhttps://kimson.example/2.html\n",
        gzip.compress(urlset("<url><loc>/1.html</loc></url>")),
    ]
    read = 0
    for body in damaged(whole, seed, 300):
        with contextlib.suppress(DiscoveryError, ContentEncodingError):
            found = urls(sitemap_entries(body, MAP, LIMIT).pages)
            assert [url for url in found if not url.startswith(("http://", "https://"))] == []
            read += bool(found)
    assert read > 100
