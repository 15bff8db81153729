"""Which pages are no article, and which are one in spite of what surrounds it."""

import pytest

from model.article import Rejected
from tests.cleaning.markup import SENTENCES, TITLE, cleaned, outcome, page, paragraphs

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
        ("Cổng thông tin xã Ví Dụ", "Trang bạn yêu cầu không tồn tại"),
        ("Cổng thông tin xã Ví Dụ", "Rất tiếc, nội dung bạn đang tìm kiếm không còn tồn tại."),
        ("Cổng thông tin xã Ví Dụ", "Không tìm thấy tài nguyên yêu cầu."),
        ("Cổng thông tin xã Ví Dụ", "Đường dẫn không hợp lệ hoặc đã hết hạn"),
        ("Cổng thông tin xã Ví Dụ", "Tin bài này đã bị gỡ"),
        ("Cổng thông tin xã Ví Dụ", "Hệ thống đang bảo trì, vui lòng quay lại sau."),
        ("Cổng thông tin xã Ví Dụ", "Đã xảy ra lỗi trong khi xử lý yêu cầu"),
        ("Cổng thông tin xã Ví Dụ", "Object reference not set to an instance of an object."),
        ("The resource cannot be found.", "Description: HTTP 404."),
        ("IIS 10.0 Detailed Error - 404.0 - Not Found", "Module: IIS Web Core"),
        ("HTTP Status 500 – Internal Server Error", "Type: Exception Report"),
        ("403 Forbidden", "nginx"),
        ("Service Unavailable", "HTTP Error 503. The service is unavailable."),
        ("Error establishing a database connection", ""),
        ("IIS Windows Server", ""),
        ("Index of /upload", "Parent Directory"),
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
        ("Request Rejected", "The requested URL was rejected. Please consult with your administrator."),
        ("Web Page Blocked!", "Attack ID: 20000051"),
        ("Cổng thông tin xã Ví Dụ", "IP của bạn đã bị chặn do truy cập bất thường"),
        ("Cổng thông tin xã Ví Dụ", "Yêu cầu của quý khách đã bị từ chối"),
        ("Cổng thông tin xã Ví Dụ", "Bạn truy cập quá nhanh, vui lòng thử lại sau."),
        ("Cổng thông tin xã Ví Dụ", "Bạn không có quyền truy cập trang này."),
        ("Chờ một chút", "Đang xác minh bạn là con người. Quá trình này có thể mất vài giây."),
        ("Chờ một chút", "Hệ thống đang kiểm tra trình duyệt của bạn"),
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


MENU = "".join(f'<li><a href="/{n}">{text}</a></li>' for n, text in enumerate(("Trang chủ", "Giới thiệu", "Văn bản")))
FOOTER = (
    '<div class="footer"><p>Cổng thông tin điện tử xã Ví Dụ, địa chỉ: thôn Thượng, xã Ví Dụ; điện thoại: 0123 456 789.'
    "</p><p>Chịu trách nhiệm: ông Nguyễn Văn A, Chủ tịch xã. Ghi rõ nguồn khi phát hành lại thông tin từ cổng."
    "</p></div>"
)


def template(content: str) -> str:
    """A portal's page with `content` in its middle."""
    return shell("Cổng thông tin xã Ví Dụ", f"<ul>{MENU}</ul><div id='main'>{content}</div>{FOOTER}")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<span>Trang bạn yêu cầu không tồn tại</span>", "error-page"),
        ("<h2>Hội đua thuyền mùa thu</h2>", "empty"),
        ("<h2>Hội đua thuyền mùa thu</h2><p>Nội dung đang được cập nhật...</p>", "empty"),
        ("", "empty"),
    ],
)
def test_a_template_around_nothing(content, kind):
    assert outcome(template(content)).kind == kind


def test_a_short_notice_in_a_template_is_an_article():
    article = cleaned(template("<h1>Lịch cắt điện</h1><p>Thôn Hạ mất điện sáng thứ bảy.</p>"))
    assert "Thôn Hạ mất điện sáng thứ bảy." in article.text


def test_a_page_that_only_leads_to_a_document_is_an_article():
    notice = "<h1>Kế hoạch năm 2026</h1><p><a href='/tep/ke-hoach.pdf'>Kế hoạch của xã</a></p>"
    assert cleaned(template(notice)).attachments


@pytest.mark.parametrize(
    ("markup", "kind", "detail"),
    [
        ("<script>window.location.href = '/';</script>", "error-page", "a script leads on to /"),
        (
            "<script>location.replace('/trang-chu')</script>Đang chuyển…",
            "error-page",
            "a script leads on to another page",
        ),
        ("<meta http-equiv=Refresh content='0; url=/'><p>Đang chuyển…</p>", "error-page", "leads on to /"),
        (
            '<script>document.cookie="D1N=ab; path=/";window.location.reload(true);</script>',
            "blocked",
            "a script sets a cookie and loads the page again",
        ),
    ],
)
def test_pages_that_only_lead_on(markup, kind, detail):
    assert outcome(f"<html><body>{markup}</body></html>") == Rejected(kind, detail)


def test_a_short_notice_that_loads_itself_anew_now_and_then_stays():
    notice = '<meta http-equiv="refresh" content="300; url=/tin"><p>Thôn Hạ mất điện sáng thứ bảy.</p>'
    assert cleaned(f"<html><body>{notice}</body></html>").text == "Thôn Hạ mất điện sáng thứ bảy."


def test_an_article_whose_scripts_set_cookies_and_lead_on_stays():
    script = "<script>if (top != self) { top.location.href = '/'; } document.cookie = 'xem=1';</script>"
    refresh = '<meta http-equiv="refresh" content="300; url=/">'
    assert cleaned(page(before=script, head=refresh)).title


@pytest.mark.parametrize(
    "title",
    [
        "Không tìm thấy nạn nhân thứ ba trong vụ sạt lở",
        "Vẫn không tìm thấy tàu cá mất tích",
        "500 hộ dân xã Ví Dụ được cấp nước sạch",
        "404 học sinh nhận quà ngày khai giảng",
        "Người dân bị từ chối truy cập dịch vụ công vì nhập sai mã",
        "Bạn trẻ xã Ví Dụ lập trang web bị chặn nhầm",
        "Nội dung không đúng sự thật về xã Ví Dụ bị xử lý",
        "Bài viết bị gỡ vì bịa chuyện hội đua thuyền",
        "Không tìm thấy địa chỉ người nhận, bưu tá trả lại quà",
        "Lỗi hệ thống làm chậm việc trả hồ sơ",
        "Tin tặc tấn công, cổng thông tin phải tạm dừng",
    ],
)
def test_articles_about_such_things_stay(title):
    assert cleaned(page(title=title)).title == title


def test_a_form_is_no_article():
    labels = ("Họ và tên", "Ngày sinh", "Dân tộc", "Quốc tịch", "Số căn cước", "Nơi cấp", "Điện thoại", "Nghề nghiệp")
    fields = "".join(f"<tr><td>{label}: * <input name='o{at}'></td></tr>" for at, label in enumerate(labels))
    form = f"<h1>Giấy đề nghị đăng ký hộ kinh doanh</h1><form><table>{fields}</table></form>"
    assert outcome(template(form)) == Rejected("empty", "a form to fill in")


def test_an_article_within_a_form_stays():
    search = "".join(f"<div>Thôn {name}: <input name='{name}'></div>" for name in "abcdefghi")
    assert cleaned(f'<html><body><form action="."><h1>{TITLE}</h1>{search}{paragraphs() * 3}</form></body></html>')


def test_an_article_below_a_link_to_another_stays():
    link = f'<a href="/tin/5">{TEASERS[0]}</a>'
    assert SENTENCES[1] in cleaned(page(f"{link}<p>{SENTENCES[0]}..</p><p>{SENTENCES[1]}</p>")).text


def test_an_article_with_a_form_for_comments_stays():
    form = (
        "<form><label>Vui lòng nhập mã xác nhận</label><input name=ma><span>Tôi không phải là người máy</span></form>"
    )
    assert cleaned(page(after=form)).title
