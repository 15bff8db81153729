"""Markup grown from fragments, and what must hold of the cleaner's answer to any of it."""

import re
import unicodedata
from datetime import timedelta

from lxml import html

from cleaning import clean
from model.article import Article, Rejected
from tests.cleaning.markup import FETCHED_AT, SENTENCES, TITLE, URL, source
from tests.records import capture

ALLOWED = frozenset(
    re.findall(r"\w+", "p h2 h3 h4 ul ol li blockquote table thead tbody tr th td caption br a img figure figcaption")
)
"""The elements that a fragment may have at most."""

_TAGS = re.findall(
    r"[\w:-]+",
    "div p span b i a li ul ol table tr td th h1 h2 h3 blockquote font center br hr img figure figcaption picture "
    "article section main aside header footer nav form time address dl dt dd pre code script style noscript template "
    "iframe svg math select option button label html head body title meta link base o:p amp-img",
)
_ATTRIBUTES = (
    "",
    ' class="article-body"',
    ' class="detail-content"',
    ' class="related-news"',
    ' class="comment-box"',
    ' class="caption"',
    ' class="sapo"',
    ' class="author"',
    ' class="date"',
    ' id="main"',
    ' id="ctl00_divArticleDescription2"',
    ' style="display:none"',
    ' style="position:absolute;left:-9999px"',
    ' style="font-size:0"',
    ' style="font-family:.VnTimeH"',
    ' face="VNI-Times"',
    ' href="/tin/1"',
    ' href="https://139.99.113.80/"',
    ' href="http://["',
    ' href="javascript:x()"',
    ' href="mailto:a@b.example"',
    ' href="/a.pdf"',
    ' rel="canonical" href="//khac.example/x"',
    ' rel="alternate" hreflang="vi" href="/vi"',
    ' rel="author"',
    ' src="/a.jpg" alt="Đua thuyền"',
    ' srcset="a 1x, b 2x,, "',
    ' datetime="2026-11-21T07:30:00+07:00"',
    ' property="article:published_time" content="2026-11-21"',
    ' property="og:title" content="Xã Ví Dụ mở hội đua thuyền mùa thu"',
    ' name="author" content="Diệu Hoa"',
    ' name="keywords" content="a, b,, c"',
    ' http-equiv="refresh" content="0;url=/"',
    ' charset="tcvn"',
    " hidden",
    ' onclick="x()"',
    " =\"'",
    " a=1" * 40,
)
_TEXTS = (
    *SENTENCES,
    TITLE,
    "",
    " ",
    "\u00a0",
    "Diệu Hoa",
    "Hà Thu (tổng hợp)",
    "Theo Báo Ví Dụ",
    "Nguồn: ",
    "Source",
    "Ảnh: Thái Học",
    "Tin liên quan",
    "Bình luận (0)",
    "Lượt truy cập: 1.234",
    "512 lượt xem",
    "Thứ ba, 31/10/2023 271 lượt xem",
    "09:18 12/10",
    "31/02/2024 25:61",
    "Việt NamViệt Nam28/12/2023",
    "W88 nhà cái",
    "./.",
    "(Dân trí) - ",
    "Céng hoµ x· héi chñ nghÜa ViÖt Nam, ®éc lËp tù do h¹nh phóc",
    "Coäng hoøa xaõ hoäi",
    "Viá»‡t Nam Ä‘á»™c láº­p",
    "khuyê\u0301n ho\u0323c",
    "\u200b\u00ad\ufeff\u202e",
    "\x00\x01\x85\x9f",
    "\ud83d",
    "&#xD800;&#0;&#150;&amp;#225;&notit;",
    "<",
    ">",
    "&",
    "]]>",
    "<!--",
    "-->",
    "<![CDATA[",
    "</",
    "日本語の記事です。",
    "สวัสดีชาวโลก",
    "می\u200cروم",
    "x" * 300,
    "từ " * 120,
    '{"@type":"NewsArticle","headline":"Tựa","author":[{"name":"Diệu Hoa"}],"datePublished":"2026-11-21T07:30"}',
    '{"@graph":[{"@type":["Article"],"author":7,"headline":null,"articleBody":[1]}',
    "[" * 80,
    ".x{font-family:.VnTime}",
    "window.location='/'",
)
_CHARSETS = (None, "utf-8", "windows-1252", "utf-16", "x-viet-tcvn5712", "hz", "viscii", "rot13")
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16", "cp1258", "latin-1", "shift_jis")

Grown = tuple[bytes, str | None]
"""A page's bytes, and what its header says of their encoding."""


def grow(data: bytes) -> Grown:
    """The page that `data` stands for: two bytes each open or close an element, or add a text or raw bytes."""
    if len(data) < 4:
        return data, None
    head, pieces, opened = data[:3], [], ["html", "body"]
    for kind, choice in zip(data[3::2], data[4::2], strict=False):
        if kind < 90:
            tag = _TAGS[choice % len(_TAGS)]
            pieces.append(f"<{tag}{_ATTRIBUTES[kind % len(_ATTRIBUTES)]}>")
            opened.append(tag)
        elif kind < 150:
            pieces.append(f"</{opened.pop() if opened else 'div'}>")
        elif kind < 240:
            pieces.append(_TEXTS[choice % len(_TEXTS)])
        elif kind < 248:
            pieces += pieces[-(choice % 16) :] * (choice % 7)  # a bit of it again
        else:
            pieces.append(chr(kind * 256 + choice if kind == 253 else choice))
        if len(pieces) > 4_000:
            break
    start = "<html><head><title>Tựa</title></head><body>" if head[0] & 1 else ""
    encoding = _ENCODINGS[head[1] % len(_ENCODINGS)] if head[1] > 150 else "utf-8"
    body = (start + "".join(pieces)).encode(encoding, "ignore" if head[0] & 2 else "replace")
    return body[: len(body) - head[2] % 7], _CHARSETS[head[2] % len(_CHARSETS)] if head[2] > 100 else None


def check(page: Grown) -> Article | Rejected:
    """Cleans the page twice: an answer comes, the same one, and it can be stored and shown. Raises `AssertionError`."""
    body, charset = page
    asked = capture(url=URL, fetched_at=FETCHED_AT, language=None, charset=charset)
    found = clean(asked, body, source())
    assert found == clean(asked, body, source())
    if isinstance(found, Rejected):
        assert found.kind
        assert found.detail
        return found
    assert found.text.strip()
    assert found.title
    texts = [
        found.title,
        found.text,
        found.html,
        found.lead or "",
        found.author or "",
        found.section or "",
        *found.tags,
    ]
    texts += [one.text for one in (*found.removed, *found.spam)]
    texts += [text or "" for image in found.images for text in (image.url, image.caption, image.credit)]
    for text in texts:
        text.encode("utf-8")
        assert not set(text) & {"\x00", "\ufeff", "\u200b", "\u00ad"}, text
    for text in (found.title, found.text, found.html):
        assert unicodedata.is_normalized("NFC", text)
    for line in found.text.split("\n"):
        assert line.strip(), found.text
        assert all(cell == " ".join(cell.split()) for cell in line.split(" | ")), found.text
    for moment in (found.published_at, found.modified_at):
        assert moment is None or moment <= FETCHED_AT + timedelta(days=2)
    fragment = html.fragment_fromstring(found.html, create_parent="div")
    for element in fragment.iterdescendants():
        assert element.tag in ALLOWED, found.html
        assert set(element.attrib) <= _SHOWN.get(element.tag, set()), found.html
    return found


_SHOWN = {"a": {"href"}, "img": {"src", "alt"}}
"""Attributes that the fragment may have."""
