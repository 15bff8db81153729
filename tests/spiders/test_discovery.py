"""What pages name: links, feeds, themselves in other languages."""

import time

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from spiders.discovery import DiscoveryError, announced_feeds, hreflang_alternates, listing_links
from tests.spiders.documents import damaged

URL = "https://kimson.example/tin-tuc/"


def page(body: str, url: str = "https://kimson.example/tin-tuc/", **headers: str) -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), headers={"Content-Type": "text/html; charset=utf-8", **headers})


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
def test_a_damaged_page_names_web_addresses_only(seed: int) -> None:
    whole = LISTING.replace("<base", '<link rel="alternate" hreflang="en" type="application/rss+xml" href="/en"><base')
    read = 0
    for body in damaged([whole.encode()], seed, 100):
        response = HtmlResponse(URL, body=body, headers={"Link": body})
        found = [*listing_links(response), *listing_links(response, ".list"), *announced_feeds(response)]
        found += [url for _, url in hreflang_alternates(response)]
        assert [url for url in found if not url.startswith(("http://", "https://"))] == []
        read += bool(found)
    assert read > 50
