"""What feeds, sitemaps, robots.txt and pages name, in good order and in bad."""

import contextlib
import gzip
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from spiders.discovery import (
    MAX_SITEMAP_ENTRIES,
    DiscoveryError,
    Entry,
    announced_feeds,
    feed_entries,
    hreflang_alternates,
    listing_links,
    robots_sitemaps,
    sitemap_entries,
)
from storage.content_encoding import ContentEncodingError

FEED = "https://kimson.example/rss/tin.rss"
URL = "https://kimson.example/tin-tuc/"
MAP = "https://kimson.example/sitemap.xml"
LIMIT = 20_000_000

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY h0 "https://a.example/">'
    + b"".join(b'<!ENTITY h%d "%s">' % (level, b"&h%d;" % (level - 1) * 10) for level in range(1, 10))
    + b"]>"
)


def rss(items: str) -> bytes:
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Tin Kim Sơn</title>{items}</channel></rss>'.encode()
    )


def urlset(entries: str) -> bytes:
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()


def page(body: str, url: str = "https://kimson.example/tin-tuc/", **headers: str) -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), headers={"Content-Type": "text/html; charset=utf-8", **headers})


def urls(entries: list[Entry]) -> list[str]:
    return [entry.url for entry in entries]


# Feeds


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
    sitemap = body.replace("rss", "urlset").replace("item", "url").replace("link", "loc")
    assert not any("bi-mat" in url for url in urls(sitemap_entries(sitemap.encode(), MAP, LIMIT).pages))


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


# Sitemaps


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


def test_a_full_sitemap_is_read_in_seconds_and_an_endless_one_has_an_end() -> None:
    entry = "<url><loc>https://kimson.example/tin-{0}.html</loc><lastmod>2026-11-22T08:00:00+07:00</lastmod></url>"
    full = urlset("".join(entry.format(number) for number in range(50_000)))
    started = time.perf_counter()
    assert len(sitemap_entries(full, MAP, LIMIT).pages) == 50_000
    assert time.perf_counter() - started < 8
    endless = b"<urlset>" + b"<url><loc>/1</loc></url>" * (MAX_SITEMAP_ENTRIES + 10)
    assert len(sitemap_entries(endless, MAP, LIMIT).pages) == MAX_SITEMAP_ENTRIES


# robots.txt


def test_robots_name_sitemaps_anywhere_and_in_any_case() -> None:
    text = (
        "\ufeffSitemap: https://kimson.example/1.xml\nUser-agent: *\nsitemap:https://kimson.example/2.xml # tin\r\n"
        "SITEMAP :x\nSitemap: /3.xml\nSitemap: ftp://a.example/\nSitemap: https://kimson.example/1.xml\nDisallow: /"
    )
    both = ["https://kimson.example/1.xml", "https://kimson.example/2.xml"]
    assert robots_sitemaps(text) == both
    assert robots_sitemaps(text, "https://kimson.example/robots.txt") == [*both, "https://kimson.example/3.xml"]


# Pages


LISTING = """<html><head><base href="/tin/"></head><body><nav><a href="/trang-chu">Trang chủ</a></nav>
<div class="list"><div class="list"><a href="le-hoi-1.html">Lễ hội</a><a href=" /tin/le-hoi-1.html ">Xem thêm</a></div>
<a class="hot" href="?id=2&amp;l=vi">Mùa lúa</a><a href="/anh.JPG">Ảnh</a><a href="#top">Lên đầu</a>
<a href="javascript:void(0)">In</a><a href="mailto:a@b.example">Thư</a><a href="http://[bad">x</a><a>y</a></div>
<map><area href="/ban-do.aspx"></map></body></html>"""


def test_a_listing_gives_the_pages_it_links_to() -> None:
    assert listing_links(page(LISTING)) == [
        "https://kimson.example/trang-chu",
        "https://kimson.example/tin/le-hoi-1.html",
        "https://kimson.example/tin/?id=2&l=vi",
        "https://kimson.example/ban-do.aspx",
    ]


def test_a_selector_chooses_the_part_or_the_links_themselves() -> None:
    inner = ["https://kimson.example/tin/le-hoi-1.html", "https://kimson.example/tin/?id=2&l=vi"]
    assert listing_links(page(LISTING), ".list") == inner
    assert listing_links(page(LISTING), ".hot, nav") == ["https://kimson.example/trang-chu", inner[1]]
    assert listing_links(page(LISTING), ".nirgends") == []


def test_what_the_encoding_of_a_page_lacks_is_asked_for_in_utf_8() -> None:
    body = b'<a href="/tin?q=&#7897;">1</a><a href="/tin?q=&uacute;">2</a>'
    assert listing_links(HtmlResponse(URL, body=body, encoding="latin-1")) == [
        "https://kimson.example/tin?q=%E1%BB%99",
        "https://kimson.example/tin?q=%FA",
    ]


def test_nested_parts_are_read_once() -> None:
    started = time.perf_counter()
    links = listing_links(page("<div>" * 200 + '<a href="/a">x</a>' * 9_000 + "<p><div></div></p>" * 9_000), "div")
    assert links == ["https://kimson.example/a"]
    assert time.perf_counter() - started < 10


def test_a_listing_must_be_a_page() -> None:
    with pytest.raises(DiscoveryError, match="expected an HTML page, found image/png"):
        listing_links(Response("https://a.example/", headers={"Content-Type": "image/png"}))
    assert listing_links(page("")) == []


def test_a_page_announces_its_feeds() -> None:
    head = """<link rel="Alternate" type="application/rss+xml; charset=utf-8" href="/rss/tin.rss">
        <link rel="alternate feed" type="APPLICATION/ATOM+XML" href="atom.xml"><link rel=stylesheet href="/a.css">
        <link rel="alternate" type="text/html" href="/en"><link type="application/rss+xml" href="/x">
        <link rel="alternate" type="application/rss+xml" href="/rss/tin.rss">"""
    feeds = ["https://kimson.example/rss/tin.rss", "https://kimson.example/tin-tuc/atom.xml"]
    assert announced_feeds(page(f"<html><head>{head}</head></html>")) == feeds
    assert announced_feeds(Response("https://a.example/", body=b"%PDF")) == []
    assert announced_feeds(TextResponse("https://a.example/", body=b"xin")) == []


def test_a_page_names_itself_in_other_languages() -> None:
    body = """<head><link rel="alternate" hreflang="vi-VN" href="/le-hoi"><noscript><img></noscript>
        <link rel=alternate hreflang=EN href="/en/le-hoi"><link rel="alternate" hreflang="x-default" href="/">
        <link hreflang="fr" href="/fr"><link rel="alternate" hreflang="zh_Hans" href="/zh/le-hoi">
        <link rel="alternate" hreflang="?" href="/q"></head>"""
    header = '</id/le-hoi>; rel="alternate"; hreflang="id", </a.css>; rel=preload,'
    header += " <//b.example/ko>; hreflang=ko; rel=alternate"
    assert hreflang_alternates(page(body, Link=header)) == [
        ("id", "https://kimson.example/id/le-hoi"),
        ("ko", "https://b.example/ko"),
        ("vi", "https://kimson.example/le-hoi"),
        ("en", "https://kimson.example/en/le-hoi"),
        ("zh", "https://kimson.example/zh/le-hoi"),
    ]


@pytest.mark.parametrize(
    "header", ["<" * 50_000, "<a>" + "; " * 50_000, "<a>;" + "a" * 50_000, "<a>" + ";a=b" * 50_000 + '"']
)
def test_a_strange_link_header_is_read_quickly(header: str) -> None:
    started = time.perf_counter()
    assert hreflang_alternates(page("", Link=header)) == []
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("seed", range(3))
def test_damaged_bodies_give_addresses_or_an_error_that_is_expected(seed: int) -> None:
    chance = random.Random(seed)
    whole = [
        rss("<item><link>/1.html</link><pubDate>Sun, 22 Nov 2026 08:00:00 +0700</pubDate></item>" * 3),
        urlset("<url><loc>/1.html</loc><lastmod>2026-11-22</lastmod></url>" * 3),
        b"https://kimson.example/1.html\nhttps://kimson.example/2.html\n",
        gzip.compress(urlset("<url><loc>/1.html</loc></url>")),
        LISTING.replace(
            "<base", '<link rel="alternate" hreflang="en" type="application/rss+xml" href="/en"><base'
        ).encode(),
    ]
    read = 0
    for _ in range(300):
        body = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(8)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        response = HtmlResponse(URL, body=bytes(body), headers={"Link": bytes(body)})
        found = [*listing_links(response), *listing_links(response, ".list"), *announced_feeds(response)]
        found += [url for _, url in hreflang_alternates(response)]
        found += robots_sitemaps(response.text, URL)
        with contextlib.suppress(DiscoveryError, ContentEncodingError):
            found += urls(feed_entries(bytes(body), FEED))
        with contextlib.suppress(DiscoveryError, ContentEncodingError):
            found += urls(sitemap_entries(bytes(body), MAP, LIMIT).pages)
        assert [url for url in found if not url.startswith(("http://", "https://"))] == []
        read += bool(found)
    assert read > 100
