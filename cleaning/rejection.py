"""Rejection: which pages are no article, and what shows it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cleaning.blocks import Block
from cleaning.head import Head
from cleaning.lines import Line
from cleaning.structured import is_article_thing
from cleaning.text import shorten, words
from model.article import Rejected
from model.url import is_home_page

_ERROR = re.compile(
    r"(?:\W*(?:lỗi|error|http)? ?[:#-]? ?(?:404|403|410|500|502|503)\b.{0,60})"
    r"|.{0,30}không (?:tìm thấy|tồn tại).{0,60}"
    r"|.{0,30}(?:trang|bài viết|nội dung) (?:này )?(?:không có|đã bị (?:xóa|xoá|gỡ)).{0,60}"
    r"|.{0,30}(?:page|article|file|content|url) (?:you requested )?(?:(?:was|is|can(?:no|')t be|could not be) )?"
    r"(?:not (?:found|available)|(?:does not|doesn't) exist|no longer (?:exists|available)).{0,60}"
    r"|.{0,20}\bnot found\b.{0,40}|.{0,20}halaman (?:yang anda cari )?tidak (?:ditemukan|tersedia|ada).{0,40}"
    r"|(?:server|runtime|application) error.{0,60}|service unavailable.{0,30}|bad gateway.{0,20}"
    r"|internal server error.{0,40}",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"just a moment|checking (?:your browser|if the site connection)|attention required!? ?\| ?cloudflare|access denied"
    r"|verify (?:that )?you are (?:a )?human|are you (?:a )?(?:human|robot)|enable javascript and cookies to continue"
    r"|please complete the (?:security check|captcha)|ddos protection by|unusual traffic from"
    r"|request (?:was )?(?:blocked|rejected)"
    r"|xác (?:minh|nhận) (?:bạn )?(?:không phải là (?:robot|người máy)|là con người)"
    r"|truy cập (?:bị )?(?:từ chối|bị chặn)"
    r"|vui lòng nhập mã (?:xác nhận|captcha)|akses (?:ditolak|diblokir)",
    re.IGNORECASE,
)
_LITTLE_PROSE = 600
_TEASER_CHARS = 25
_FEW_TEASERS = 5
_MANY_TEASERS = 60
_SHORT_RUN = 700


@dataclass(frozen=True, slots=True)
class Shape:
    """The page in figures; lengths are in characters.

    `teasers` are links as long as headlines. `linked` of the body's characters are links. A run is body text that no
    teaser interrupts: a list of articles has many short ones, an article one that outweighs the rest.
    """

    body: int
    linked: int
    runs: int
    longest_run: int
    teasers: int
    link_chars: int


def shape_of(lines: Sequence[Line], blocks: Sequence[Block]) -> Shape:
    """The figures of a page with these lines, of which these blocks were extracted."""
    texts = {words(block.text) for block in blocks}
    whole = "\n".join(sorted(texts))
    runs = [0]
    linked = teasers = 0
    for line in lines:
        teaser = line.linked and len(line.text) >= _TEASER_CHARS
        key = words(line.text)
        teasers += teaser
        if teaser and runs[-1]:
            runs.append(0)
        if key and (key in texts or (len(key) >= _TEASER_CHARS and key in whole)):
            linked += min(line.link_chars, len(line.text))
            runs[-1] += 0 if teaser else len(line.text)
    return Shape(
        body=sum(len(block.text) for block in blocks),
        linked=linked,
        runs=sum(1 for run in runs if run),
        longest_run=max(runs),
        teasers=teasers,
        link_chars=sum(line.link_chars for line in lines),
    )


def early_rejection(head: Head, lines: Sequence[Line]) -> Rejected | None:
    """Pages that say themselves that they are none: errors served with status 200, and walls before the content."""
    if not lines:
        return Rejected("empty", "no visible text")
    prose = sum(len(line.text) for line in lines if line.prose)
    if prose > 3 * _LITTLE_PROSE:
        return None
    spoken = [head.title, *(line.text for line in lines[:60] if len(line.text) <= 200)]
    if prose <= _LITTLE_PROSE and (wall := next((text for text in spoken if _BLOCKED.search(text)), None)):
        return Rejected("blocked", shorten(wall, 120))
    headings = [head.title, *(line.text for line in lines if line.block.tag in ("h1", "h2") and len(line.text) <= 120)]
    if not is_article_thing(head.article) and (
        error := next((text for text in headings if _ERROR.fullmatch(text)), None)
    ):
        return Rejected("error-page", shorten(error, 120))
    if prose <= _LITTLE_PROSE and (
        error := next((text for text in spoken[:20] if len(text) <= 120 and _ERROR.fullmatch(text)), None)
    ):
        return Rejected("error-page", shorten(error, 120))
    return None


def listing_rejection(head: Head, shape: Shape, url: str) -> Rejected | None:
    """Pages that lead to articles and are none: front pages, sections, search results.

    A page whose JSON-LD describes an article is one, however many links surround it; `og:type` says `article` on
    many front pages, so it does not count.
    """
    if shape.body == 0:
        return Rejected("empty", "no article text found")
    if is_article_thing(head.article):
        return None
    detail = f"{shape.teasers} teasers, longest text between them {shape.longest_run} of {shape.body} characters"
    if shape.teasers >= _FEW_TEASERS and shape.linked >= 0.5 * shape.body:
        return Rejected("listing", detail)
    if shape.teasers >= _FEW_TEASERS - 2 and shape.runs >= 3 and shape.longest_run < min(_SHORT_RUN, 0.5 * shape.body):
        return Rejected("listing", detail)
    if is_home_page(url):  # where gone articles are redirected to
        return Rejected("listing", f"home page; {detail}")
    if shape.teasers >= _FEW_TEASERS and shape.longest_run < min(_SHORT_RUN, 0.1 * shape.body):
        return Rejected("listing", detail)
    if shape.teasers >= _MANY_TEASERS and shape.body < 0.06 * shape.link_chars:
        return Rejected("listing", detail)
    return None
