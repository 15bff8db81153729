"""Which pages are no article, and which are one in spite of what surrounds it."""

import pytest

from model.article import Rejected
from tests.cleaning.markup import SENTENCES, cleaned, outcome, page, paragraphs

TEASERS = [
    f"Hội nghị số {number} bàn về nước sạch, trường học và đường sá của xã trong quý tới" for number in range(40)
]


def shell(title: str, body: str) -> str:
    return f"<html><head><meta charset=utf-8><title>{title}</title></head><body>{body}</body></html>"


def teaser(text: str) -> str:
    return f'<div class="item"><h3><a href="/tin/{abs(hash(text))}">{text}</a></h3><p>{SENTENCES[0]}</p></div>'


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
        (b"PK\x03\x04" + bytes(range(256)), "ZIP, or an office document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "JPEG image"),
        (bytes(range(32)) * 200, "binary data"),
        ('{"items": [{"title": "Tin mới"}]}'.encode(), "JSON"),
        (b'<?xml version="1.0"?><rss version="2.0"><channel></channel></rss>', "XML (rss)"),
        (b'<?xml version="1.0"?><urlset><url><loc>x</loc></url></urlset>', "XML (urlset)"),
        ("Chỉ là một dòng chữ, không có thẻ nào.".encode(), "plain text"),
    ],
)
def test_not_html_whatever_the_server_says(body, detail):
    assert outcome(body, content_type="text/html") == Rejected("not-html", detail)


@pytest.mark.parametrize(
    "body", [b"", b" \r\n ", b"\x00" * 99, b"<html><body></body></html>", b"<script>1</script><br>"]
)
def test_empty(body):
    assert outcome(body).kind == "empty"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Không tìm thấy trang", "Trang bạn tìm không tồn tại hoặc đã bị xóa."),
        ("404", "Về trang chủ"),
        ("Lỗi 404 - Cổng thông tin", "Xin lỗi"),
        ("Page not found", "Sorry, the page you requested was not found."),
        ("Halaman tidak ditemukan", "Silakan kembali ke beranda."),
        ("Runtime Error", "Server Error in '/' Application."),
        ("Cổng thông tin xã Ví Dụ", "Bài viết không tồn tại hoặc đã bị xóa."),
    ],
)
def test_errors_served_as_pages(title, text):
    assert outcome(shell(title, f"<h1>{title}</h1><p>{text}</p><a href='/'>Trang chủ</a>")).kind == "error-page"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Just a moment...", "Checking your browser before accessing xa-vi-du.example."),
        ("Attention Required! | Cloudflare", "Please complete the security check"),
        ("Access Denied", "You don't have permission to access this server."),
        ("Xác thực", "Vui lòng nhập mã captcha để tiếp tục."),
    ],
)
def test_walls(title, text):
    assert outcome(shell(title, f"<h1>{title}</h1><p>{text}</p>")).kind == "blocked"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("".join(map(teaser, TEASERS[:12])), id="headlines with excerpts"),
        pytest.param("".join(f'<li><a href="/{n}">{t}</a></li>' for n, t in enumerate(TEASERS)), id="headlines alone"),
        pytest.param(
            "".join(f'<a href="/{n}"><b>{t}</b><p>{SENTENCES[1]}</p></a>' for n, t in enumerate(TEASERS[:12])),
            id="excerpts within the links",
        ),
    ],
)
def test_lists_of_articles(body):
    assert outcome(shell("Tin tức sự kiện", f"<h1>Tin tức</h1>{body}")).kind == "listing"


def test_a_home_page_is_no_article_wherever_the_address_led_before():
    found = outcome(page(), final_url="https://xa-vi-du.example/")
    assert found.kind == "listing"


def test_an_article_among_many_related_links_stays():
    related = "".join(f'<li><a href="/{n}">{text}</a></li>' for n, text in enumerate(TEASERS))
    article = cleaned(page(before=f"<ul>{related}</ul>", after=f"<h4>Các tin khác</h4><ul>{related}</ul>"))
    assert article.text.split("\n") == list(SENTENCES)


def test_a_short_article_with_teasers_in_the_sidebar_stays():
    sidebar = "".join(map(teaser, TEASERS[:6]))
    article = cleaned(page(paragraphs(), after=f'<div class="side">{sidebar}</div>'))
    assert SENTENCES[0] in article.text


def test_an_article_about_an_error_page_stays():
    title = "Vì sao trang báo lỗi 404 lại nổi tiếng"
    assert cleaned(page(title=title)).title == title
