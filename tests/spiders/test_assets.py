"""What hangs on an article: given this page, these are the pictures and documents that go with it."""

import random
import time
from datetime import date

import pytest

from demo import portal, webforms
from demo.exchange import Request
from model.source import Assets
from spiders.assets import asset_links, same_site

URL = "http://portal.gov.vn/tin-tuc/bai-1.html"
ALL = Assets()
DOCUMENTS = ("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "rtf", "zip", "rar", "7z")
LINE = "Ủy ban nhân dân xã cho biết công trình sẽ được bàn giao trước mùa mưa năm nay, sớm hơn kế hoạch hai tháng. "
TEXT = "".join(f"<p>{LINE}</p>" for _ in range(4))


def page(content, *, around="", head=""):
    main = f'<div id="main"><div class="content">{content}</div></div>'
    return f"<html><head>{head}</head><body>{around}{main}</body></html>"


def links(content, *, assets=ALL, selectors=(), **parts):
    return asset_links(page(content, **parts), URL, assets, selectors)


# Which part of the page


def test_pictures_of_the_text_are_taken_and_those_beside_it_are_not():
    beside = '<div class="side"><img src="/quang-cao.jpg"><p><a href="/x">Một tin khác có tiêu đề dài</a></p></div>'
    assert links(f'{TEXT}<p><img src="/anh/cong-trinh.jpg"></p>', around=beside) == [
        "http://portal.gov.vn/anh/cong-trinh.jpg"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "".join(f"<div><span>{LINE}</span></div>" for _ in range(4)),
        f"{LINE}<br><br>{LINE}<br><br>{LINE}",
        f"{LINE}<figure></figure>{LINE}<div>x</div>{LINE}",
        f"<ul><li>{LINE}</li><li>{LINE}</li></ul><p>{LINE}</p>",
        "".join(f"<div><p>{LINE}</p><p>{LINE}</p></div>" for _ in range(4)),
    ],
)
def test_paragraphs_are_known_by_their_text_whatever_they_are_made_of(content):
    beside = f'<div class="side"><p>{LINE}</p><img src="/b.jpg"></div>'
    assert links(f'{content}<img src="/a.jpg">', around=beside) == ["http://portal.gov.vn/a.jpg"]


def test_a_long_list_of_links_is_no_article():
    related = "".join(f'<p><a href="/{n}">{LINE}{LINE}</a></p>' for n in range(30))
    assert links(f'{TEXT}<img src="/a.jpg">', around=f'<div>{related}<img src="/b.jpg"></div>') == [
        "http://portal.gov.vn/a.jpg"
    ]


def test_attachments_are_also_looked_for_under_the_text_but_not_in_menus():
    under = '<ul class="files"><li><a href="/u/qd.pdf">QĐ</a></li></ul><img src="/b.jpg">'
    menu = '<nav><a href="/huong-dan.pdf">Hướng dẫn</a></nav><footer><p><a href="/bao-mat.doc">Bảo mật</a></p></footer>'
    body = f"<body><div>{menu}<div>{TEXT}</div>{under}</div><div><a href='/far.pdf'>xa</a></div></body>"
    assert asset_links(body, URL, ALL) == ["http://portal.gov.vn/u/qd.pdf"]


def test_the_first_selector_that_finds_something_names_the_region():
    content = f'{TEXT}<img src="/a.jpg">'
    beside = '<div class="gallery"><img src="/g1.jpg"></div><div class="gallery"><img src="/g2.jpg"></div>'
    chosen = links(content, around=beside, selectors=[".none", ".gallery", ".content"])
    assert chosen == ["http://portal.gov.vn/g1.jpg", "http://portal.gov.vn/g2.jpg"]
    assert links(content, around=beside, selectors=[".none"]) == ["http://portal.gov.vn/a.jpg"]


# Images


@pytest.mark.parametrize(
    ("image", "link"),
    [
        ('<img src="a.jpg">', "/tin-tuc/a.jpg"),
        ('<img src="data:image/gif;base64,R0lG" data-src="/a.jpg">', "/a.jpg"),
        ('<img src="/blank.gif" data-original="/a.jpg">', "/a.jpg"),
        ('<img src="/s.jpg" srcset="/s.jpg 320w, /l.jpg 1280w,/m.jpg 640w">', "/l.jpg"),
        ('<img src="/s.jpg" srcset="/s.jpg, /l.jpg 2x">', "/l.jpg"),
        ('<img src="/s.jpg" srcset="/w_1,h_2/s.jpg 1x, /w_9,h_9/l.jpg 1.5x">', "/w_9,h_9/l.jpg"),
        ('<img src="/s.jpg" srcset="data:image/gif;base64,R0lG 9w">', "/s.jpg"),
        ('<picture><source srcset="/l.webp 2x"><img src="data:,"></picture>', "/l.webp"),
        ('<picture><source srcset="/l.webp 2x"><img src="/s.jpg"></picture>', "/s.jpg"),
        ('<img src="//portal.gov.vn/a.jpg#x">', "/a.jpg"),
        ("<img src=' \n/anh\\2026\\a b.jpg '>", "/anh/2026/a%20b.jpg"),
        ('<img src="/ảnh.jpg">', "/%E1%BA%A3nh.jpg"),
        ('<img src="/image.ashx?id=5&amp;w=900" width="900" style="max-width: 40px">', "/image.ashx?id=5&w=900"),
        ('<img src="/nhiem-vu-iconic.jpg" width="49">', "/nhiem-vu-iconic.jpg"),
    ],
)
def test_an_image_is_taken_in_its_full_size(image, link):
    assert links(TEXT + image) == [f"http://portal.gov.vn{link}"]


@pytest.mark.parametrize(
    "image",
    [
        '<img src="/p.gif" width="1" height="1">',
        '<img src="/p.png" width="48px">',
        '<img src="/p.png" style="border: 0;height:16px">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="/img/sprite.svg#print">',
        '<img src="/img/all.svg#print">',
        '<img src="/icons/pdf.png">',
        '<img src="/img/logo-moi.png">',
        '<img src="/img/share_button.png">',
        '<img src="/avatar/12.jpg">',
        '<img class="emoji wp-smiley" src="/e/1f600.png">',
        '<img src="">',
        "<img>",
        '<img src="#">',
        '<img src="javascript:alert(1)">',
        '<img src="file:///etc/passwd">',
        '<img src="ftp://portal.gov.vn/a.jpg">',
        '<img src="http://user:secret@portal.gov.vn/a.jpg">',
        '<img src="http://[::1/a.jpg">',
        '<img src="http://portal.gov.vn:99999/a.jpg">',
        f'<img src="/{"a" * 3000}.jpg">',
    ],
)
def test_furniture_and_what_is_no_address_is_left(image):
    assert links(TEXT + image) == []


# Documents


@pytest.mark.parametrize(
    "link",
    [
        *(f"/u/f.{ending}" for ending in DOCUMENTS),
        "/u/QD-118.PDF",
        "/download.aspx?file=qd-118.pdf",
        "/tai.aspx?id=3&ten=qd.DOC&x=1",
        "/tai.aspx?file=cong%20van%2Edocx",
        "/documents/20182/0/qd.pdf/0f8fad5b-d9cb-469f-a165-70867728950e?t=1",
        "/u/qd.pdf;jsessionid=0A1B",
    ],
)
def test_a_link_to_a_document_is_known_by_its_ending(link):
    assert links(f'{TEXT}<a href="{link}">tải về</a>') == [f"http://portal.gov.vn{link}"]


@pytest.mark.parametrize(
    "link",
    [
        "/bai-2.html",
        "/pdf",
        "/tep.pdf.html",
        "/x?f=pdf",
        "/doc/",
        "/bai-2.html#tep.pdf",
        "javascript:open('a.pdf')",
        "",
    ],
)
def test_other_links_are_none(link):
    assert links(f'{TEXT}<a href="{link}">đọc</a>') == []


def test_a_link_that_says_download_and_a_page_that_shows_a_document_count_too():
    content = (
        f'{TEXT}<a href="/tai/118" download>Tải về</a><a href="#" download>x</a><iframe src="/u/qd.pdf"></iframe>'
        '<iframe src="https://docs.example/viewer?url=http://x/y.pdf"></iframe><object data="/u/pl.pdf"></object>'
    )
    expected = ["/tai/118", "/u/qd.pdf", "/u/pl.pdf"]
    assert links(content) == [f"http://portal.gov.vn{link}" for link in expected]


# All of them


def test_documents_come_first_each_address_once_and_no_more_than_allowed():
    content = f'<img src="/1.jpg"><img src="/1.jpg?utm_source=x"><img src="/2.jpg">{TEXT}<a href="/q.pdf">Q</a>'
    expected = [f"http://portal.gov.vn/{name}" for name in ("q.pdf", "1.jpg", "2.jpg")]
    assert links(content) == expected
    for most in (0, 1, 2):
        assert links(content, assets=Assets(max_per_page=most)) == expected[:most]
    assert links(content, assets=Assets(images=False)) == expected[:1]
    assert links(content, assets=Assets(documents=False)) == expected[1:]
    assert links(content, assets=Assets(images=False, documents=False)) == []


def test_the_base_of_the_page_counts():
    content = f'{TEXT}<img src="a.jpg">'
    assert links(content, head='<base href="/goc/">') == ["http://portal.gov.vn/goc/a.jpg"]
    assert links(content, head='<base href="https://cdn.vn/">') == ["https://cdn.vn/a.jpg"]
    assert links(content, head='<base href="javascript:x">') == ["http://portal.gov.vn/tin-tuc/a.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1258"])
def test_bytes_are_read_in_their_encoding(encoding):
    said = f'<meta charset="{encoding}">' if encoding != "utf-8" else ""
    body = page(f'{"<p>Ban quan ly du an</p>" * 9}<img src="/Đương.jpg">', head=said)
    assert asset_links(body.encode(encoding), URL, ALL) == ["http://portal.gov.vn/%C4%90%C6%B0%C6%A1ng.jpg"]


def asked(site, path):
    request = Request(host=site.HOST, target=path, headers={}, number=1, seen=0, today=date(2026, 11, 22))
    return asset_links(site.answer(request).body, request.url, ALL)


@pytest.mark.parametrize(("path", "story"), portal.articles().items())
def test_on_the_portal_they_lie_in_tables_within_the_text(path, story):
    files = [f"http://portal.example/uploads/{document.file}" for document in story.documents]
    pictures = [f"http://portal.example/media/{picture.name}.png" for picture in story.pictures]
    assert asked(portal, path) == files + pictures


@pytest.mark.parametrize("path", webforms.articles())
def test_on_webforms_the_files_are_listed_under_the_text(path):
    *files, picture = asked(webforms, path)
    assert tuple(files) == webforms.attachments(path)
    assert picture.startswith("http://webforms.example/media/")
    assert "logo" not in picture


# Hostile pages


@pytest.mark.parametrize(
    "body",
    [
        b"",
        "",
        b"\0" * 1000,
        b"%PDF-1.4 \xff\xfe\x00",
        random.Random(0).randbytes(100_000),
        "<p>\ud800 <img src='/\ud800.jpg'>",
        "<?xml version='1.0' encoding='utf-7'?><html><meta charset=nonsense><p>x</p></html>",
        b"<!--",
        b"<",
        "<svg><img src=/a.svg><math><p>",
        "<frameset><frame src=a.pdf></frameset>",
        "<base href='http://['><img src=a.jpg>",
    ],
)
def test_whatever_the_page_is_nothing_is_raised(body):
    assert isinstance(asset_links(body, URL, ALL, [".content"]), list)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 300_000,
        "<p>" * 300_000,
        "<a href=/x>" * 300_000,
        "<nav>" * 20_000 + "<a href=/x.pdf>" * 20_000,
        "<div class=content><img srcset='" + "a " * 5_000_000 + "'>",
        "<img width=1 src=/a.jpg>" * 300_000,
        "<div class=content>" * 2_000 + "<a href=/x>" * 50_000,
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
        + "".join(f"<!ENTITY a{n} '&a;&a;'>" for n in range(30))
        + "]><p>&a29;</p>",
    ],
)
def test_huge_pages_are_bounded(body):
    began = time.monotonic()
    assert len(asset_links(body, URL, ALL, [".content"])) <= ALL.max_per_page
    assert time.monotonic() - began < 5


def test_a_usual_page_takes_milliseconds():
    item = '<li class="item"><a href="/tin/{n}.html"><span>Tiêu đề của bài số {n}</span></a> <i>(22/11/2026)</i></li>'
    around = "<ul>" + "".join(item.format(n=n) for n in range(700)) + "</ul>"
    body = page(TEXT * 10 + '<img src="/a.jpg">', around=around).encode()
    assert 80_000 < len(body) < 150_000
    times = []
    for _ in range(5):
        began = time.perf_counter()
        assert asset_links(body, URL, ALL) == ["http://portal.gov.vn/a.jpg"]
        times.append(time.perf_counter() - began)
    assert min(times) < 0.1  # about 0.01 s on an idle machine


# Sites


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://cdn.ninhbinh.gov.vn/a.jpg", "https://kimson.ninhbinh.gov.vn/", True),
        ("http://ninhbinh.gov.vn/a.jpg", "http://namdinh.gov.vn/", False),
        ("http://www.Bao.com.vn./a.jpg", "http://bao.com.vn/", True),
        ("http://gov.vn/", "http://gov.vn:8080/", True),
        ("http://gov.vn/", "http://ninhbinh.gov.vn/", False),
        ("http://one.blogspot.com/", "http://two.blogspot.com/", False),
        ("http://127.0.0.1/a", "http://127.0.0.1:81/", True),
        ("http://127.0.0.1/", "http://126.0.0.1/", False),
        ("http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", True),
        ("http://1.0.0.1/", "http://2.0.0.1/", False),
        ("http://media.portal.example/", "http://portal.example/", True),
        ("http://casino.example/", "http://portal.example/", False),
        ("http://localhost/", "http://localhost/", True),
        ("mailto:a@ninhbinh.gov.vn", "http://ninhbinh.gov.vn/", False),
        ("http://[", "http://[", False),
    ],
)
def test_a_site_is_what_was_registered(one, other, same):
    assert same_site(one, other) is same_site(other, one) is same
