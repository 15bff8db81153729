"""portal.example: the portal of a Vietnamese district, as a province's platform of about 2015 builds it.

Tables and ASP.NET form fields, no feed, no sitemap, no ETag; today's date, counters and the number of views make every
answer differ from the one before. Somebody has put gambling links into it, and one item of the list leads to a page
that is gone and says so with status 200.
"""

from functools import lru_cache

from demo import media
from demo.exchange import Answer, Request, not_found, page, robots
from demo.markup import attribute, slashed, text, weekday
from demo.stories import Bullets, Document, Heading, Paragraph, Picture, Story, stories

HOST = "portal.example"
NAME = "Trang thông tin điện tử huyện Mộc Giang"
LISTING = "/tin-tuc/"
PER_PAGE = 3

SOFT_404 = "/ket-qua-boc-tham-cho-thue-ki-ot-cho-ben-gao-2090"
"""The address of an article that is no more: the portal answers it with status 200."""

DISALLOWED = "/quan-tri/xem-truoc-bai-viet-2109"
"""An address that looks like an article's and that robots.txt closes. The list links to it all the same."""

VISIBLE_SPAM = "http://203.0.113.45/"  # an address for documentation (RFC 5737): it leads nowhere
HIDDEN_SPAM = "https://tai-xiu-vip.invalid/dang-ky"
HACKED = 2104
"""The number of the article that has the hidden link."""

MENU = ("Trang chủ", "Giới thiệu chung", "Tin tức sự kiện", "Văn bản điều hành", "Thủ tục hành chính", "Hỏi đáp")
GREETING = f"Chào mừng quý bạn đọc đến với {NAME}"
RATING = ("Đánh giá cho bài viết:", "0 điểm ( 0 đánh giá )")
COUNTERS = ("Lượt truy cập:", "Trực tuyến:", "Hôm nay:")
QUESTION = "Bạn đánh giá thế nào về giao diện của trang này?"
ADDRESS = "Cơ quan chủ quản: Ủy ban nhân dân huyện Mộc Giang - Giấy phép số 45/GP-TTĐT"
SPAM_TEXT = "789club 203.0.113 - http://203.0.113.45/"
HIDDEN_SPAM_TEXT = "nhà cái tài xỉu uy tín nhất"

STYLE = """
body{font:14px Arial,sans-serif;background:#dfe7ef;margin:0} a{color:#0b4f8a;text-decoration:none}
table.frame{width:1000px;margin:0 auto;background:#fff;border-collapse:collapse} td{vertical-align:top}
#banner td{background:#b3191f;color:#ffe98a;padding:18px;font-size:22px;text-transform:uppercase}
#menu{background:#0b4f8a;margin:0;padding:0;list-style:none} #menu li{display:inline-block;padding:9px 14px}
#menu a{color:#fff} .today,marquee{padding:6px 14px;color:#555} #left{padding:14px;width:700px} #right{padding:14px}
.ArticleHeader{font-size:21px;font-weight:bold;color:#0b4f8a;margin-bottom:6px} .ArticleInfo{color:#777;font-size:12px}
.ArticleSummary{font-weight:bold;margin:10px 0} .ArticleContent div{text-align:justify;margin:8px 0;line-height:1.5}
.rating{padding-left:18px} .tplCaption{margin:8px auto;width:520px} .tplCaption img{width:520px}
.tplCaption td{text-align:center;font-style:italic;color:#555} .box{border:1px solid #c5d3e0;margin-bottom:12px}
.box h4{background:#0b4f8a;color:#fff;margin:0;padding:6px} .box p,.box a{margin:6px;display:block}
.item{border-bottom:1px dotted #bbb;padding:8px 0} #footer td{background:#eee;padding:12px;font-size:12px}
"""


def answer(request: Request) -> Answer:
    """The portal's answer."""
    if story := articles().get(request.path):
        return page(_frame(request, story.title, _article(request, story)))
    match request.path:
        case "/" | "/tin-tuc/":
            return page(_frame(request, "Tin tức sự kiện", _listing(request)))
        case "/robots.txt":
            return robots("/quan-tri/")
        case path if path == SOFT_404:
            gone = '<div class="notice">Không tìm thấy nội dung bạn yêu cầu hoặc nội dung đã bị gỡ bỏ.</div>'
            return page(_frame(request, "Thông báo", gone))
        case path if path == DISALLOWED:
            return page(_frame(request, "Xem trước", "<p>Bản xem trước dành cho biên tập viên của huyện.</p>"))
    return media.file(request.path) or not_found(request)


@lru_cache
def articles() -> dict[str, Story]:
    """The portal's articles by path, newest first."""
    return {f"/{story.slug}-{story.number}": story for story in stories("portal")}


def furniture(story: Story) -> tuple[str, ...]:
    """The lines of `story`'s page that are no part of it, but for those that differ from day to day."""
    others = tuple(other.title for _, other in _related(story))
    repeated = tuple(picture.alt for picture in story.pictures if picture.alt)
    signature = (story.author,) if story.author else ()
    boxes = ("Thống kê truy cập", "Bình chọn", QUESTION, "Văn bản mới", "Xem thêm", "Một cửa điện tử")
    fixed = (GREETING, *RATING, *COUNTERS, *boxes, "Tin cùng chuyên mục", "In bài viết", ADDRESS, SPAM_TEXT)
    return (*fixed, *MENU, *others, *repeated, *signature)


def spam(story: Story) -> tuple[str, ...]:
    """The targets of the links somebody else put into `story`'s page."""
    return (VISIBLE_SPAM, HIDDEN_SPAM) if story.number == HACKED else (VISIBLE_SPAM,)


def _article(request: Request, story: Story) -> str:
    related = "".join(f'<li><a href="{path}">{text(other.title)}</a></li>' for path, other in _related(story))
    return f"""<div class="ArticleHeader">{text(story.title)}</div>
<div class="ArticleInfo"><span class="PostDate">{weekday(story.published_on)}</span>
<span class="ViewCount">{280 + request.number} lượt xem</span>
<ul class="rating"><li>{RATING[0]}</li><li>{RATING[1]}</li></ul></div>
<div class="ArticleSummary">{text(story.lead)}</div>
<div class="ArticleContent">{_body(story)}
<p style="text-align: right;"><strong>&nbsp;&nbsp;&nbsp;{text(story.author or "")}</strong></p><p>&nbsp;</p></div>
<div class="ArticleTools"><a href="javascript:window.print()">In bài viết</a></div>
<div class="OtherNews"><b>Tin cùng chuyên mục</b><ul>{related}</ul></div>"""


def _body(story: Story) -> str:
    out = []
    for block in story.blocks:
        match block:
            case Paragraph(line):
                out.append(f'<div><span style="font-size:16px;">{text(line)}</span></div>')
            case Heading(line):
                out.append(f'<div><span style="font-size:16px;"><strong>{text(line)}</strong></span></div>')
            case Bullets(items):
                out.append("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")
            case Picture(name, caption, _, alt):
                # Where an editor filled in the image's title, the platform prints it above the caption.
                title = f'<tr><td class="ImageTitle">{text(alt)}</td></tr>' if alt else ""
                image = f'<img src="/media/{name}.png" alt="{attribute(alt or caption)}" />'
                out.append(
                    f'<table class="tplCaption"><tbody><tr><td>{image}</td></tr>{title}'
                    f'<tr><td class="Image">{text(caption)}</td></tr></tbody></table>'
                )
            case Document(file, name):
                out.append(f'<div class="Attach"><a href="/uploads/{file}">{text(name)}</a></div>')
    if story.number == HACKED:
        out.insert(2, f'<div style="display:none"><a href="{HIDDEN_SPAM}">{HIDDEN_SPAM_TEXT}</a></div>')
    return "\n".join(out)


def _related(story: Story) -> list[tuple[str, Story]]:
    return [(path, other) for path, other in articles().items() if other != story][:3]


def _listing(request: Request) -> str:
    """One page of the list: three articles; the first also leads to what is gone and to what is closed."""
    query = request.target.partition("?page=")[2]
    number = int(query) if query.isdecimal() else 1
    shown = list(articles().items())[(number - 1) * PER_PAGE : number * PER_PAGE] if number else []
    items = [
        f'<div class="item"><a href="{path}">{text(story.title)}</a> <i>({slashed(story.published_on)})</i>'
        f"<div>{text(story.lead)}</div></div>"
        for path, story in shown
    ]
    if number == 1:
        items.append(f'<div class="item"><a href="{SOFT_404}">Kết quả bốc thăm cho thuê ki-ốt chợ Bến Gạo</a></div>')
        items.append(f'<div class="item"><a href="{DISALLOWED}">[Bản nháp] Lịch tiếp công dân tháng bảy</a></div>')
    pages = " ".join(f'<a href="{LISTING}?page={n}">{n}</a>' for n in (1, 2, 3))
    body = "".join(items) or '<div class="item">Chưa có bài viết trong mục này.</div>'
    return f'<div class="UIListNews_Default">{body}</div><div class="paging">Trang: {pages}</div>'


def _frame(request: Request, title: str, main: str) -> str:
    """A whole page around `main`."""
    menu = "".join(f'<li><a href="{LISTING if "Tin tức" in label else "/"}">{label}</a></li>' for label in MENU)
    counts = (1_204_417 + 3 * request.number, 12 + request.number % 41, 600 + request.number)
    counted = "".join(f"<p>{label} <b>{count}</b></p>" for label, count in zip(COUNTERS, counts, strict=True))
    choices = "".join(f'<p><input type="radio" name="v" /> {label}</p>' for label in ("Đẹp", "Bình thường", "Cần sửa"))
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{text(title)} - {NAME}</title><style type="text/css">{STYLE}</style></head>
<body><form method="post" action="./" id="aspnetForm">
<input type="hidden" name="__VIEWSTATE" value="/wEPDwULLTE0MDk=" />
<table class="frame"><tr id="banner"><td colspan="2">{NAME}</td></tr>
<tr><td colspan="2"><ul id="menu">{menu}</ul><div class="today">{weekday(request.today)}</div>
<marquee>{GREETING}</marquee></td></tr>
<tr><td id="left">{main}</td>
<td id="right"><div class="box"><a href="/">Một cửa điện tử</a></div>
<div class="box"><h4>Văn bản mới</h4><a href="/">Quyết định 118/QĐ-UBND</a><a href="/">Xem thêm</a></div>
<div class="box poll"><h4>Bình chọn</h4><p>{QUESTION}</p>{choices}</div>
<div class="box counter"><h4>Thống kê truy cập</h4>{counted}</div></td></tr>
<tr id="footer"><td colspan="2">{ADDRESS}<br /><a href="{VISIBLE_SPAM}">{SPAM_TEXT}</a></td></tr></table>
</form></body></html>
"""
