"""Rejection: which pages are no article, and what shows it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from cleaning.head import Head
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import attribute_text
from cleaning.reasons import Sayings
from cleaning.structured import is_article_thing
from cleaning.text import shorten, words
from cleaning.told import state_text, told_text
from model.article import Rejected
from model.url import is_home_page

_THING = (
    r"(?:trang|bài(?: viết| báo)?|tin(?: bài| tức)?|bản tin|nội dung|chuyên mục|đường dẫn|liên kết|địa chỉ|tài nguyên)"
)
_ASKED = (  # words that may stand between the thing and what is said of it
    r"(?:\s(?:web|chủ|thông tin|này|mà|bạn|quý (?:vị|khách)|người dùng|được|đang|đã|cần|muốn|yêu cầu"
    r"|tìm(?: kiếm)?|truy cập|xem|hiện(?: tại)?|có thể|trên|nào|phù hợp)){0,9}"
)
_REST = r"(?:\s*[^\w\s].{0,80}|\s+(?:hoặc|hay|khỏi|bỏ|bởi|trên|vui lòng)\b.{0,60})?"
_SORRY = r"(?:(?:rất tiếc|xin lỗi|thông báo|lỗi|oops|404)\W{1,3}){0,2}"
_CODE = r"(?:40[0134]|410|50[0234])(?:\.\d+)?"
_SERVER_WORD = r"(?:(?:iis|detailed|http|error|status|lỗi|mã|server|code|\d+)\b|\W){0,16}"
# What a page that is none says of itself: the whole of its title, its heading or a line. News about lost things and
# about sums of money begins likewise ("Không tìm thấy …", "500 hộ dân …"), so what is missing must be a page.
_ERROR = re.compile(
    rf"{_SORRY}(?:không (?:còn )?(?:tìm thấy|tồn tại)(?: {_THING}{_ASKED})?{_REST}"
    rf"|{_THING}{_ASKED} (?:không (?:còn )?(?:tồn tại|tìm thấy|hợp lệ|đúng|khả dụng|có)"
    rf"|(?:đã )?bị (?:xóa|xoá|gỡ)|đã hết hạn|chưa được (?:xuất bản|duyệt)){_REST})"
    rf"|\W*{_CODE}(?:\s*[-–—|:!.](?!\s*\d).{{0,60}}"
    r"|\s+(?:not|error|forbidden|page|bad|service|gone|internal|trang|lỗi|không).{0,60})?"
    rf"|\W*(?:iis [\d.]+ detailed|lỗi|mã lỗi|error|http|server)\b{_SERVER_WORD}\b{_CODE}\b.{{0,60}}"
    rf"|{_SERVER_WORD}not found\b(?:\s*[^\w\s].{{0,40}})?"
    r"|.{0,30}(?:page|article|file|content|url|resource) (?:you (?:requested|are looking for) )?"
    r"(?:(?:was|is|can(?:no|')t be|could not be|cannot be) )?"
    r"(?:not (?:be )?(?:found|available)|found\.?$|(?:does not|doesn't) exist|no longer (?:exists|available)).{0,60}"
    r"|.{0,20}halaman (?:yang anda cari )?tidak (?:ditemukan|tersedia|ada).{0,40}"
    r"|(?:server|runtime|application|database) error.{0,60}|(?:the )?service (?:is )?unavailable.{0,30}"
    r"|bad (?:gateway|request).{0,20}|forbidden|internal server error.{0,40}"
    r"|error establishing a database connection|object reference not set to an instance of an object.{0,20}"
    r"|object moved|iis windows server|index of /.{0,80}|welcome to nginx!?|apache2? .{0,20}default page.{0,20}"
    r"|(?:this )?account (?:has been )?suspended.{0,40}"
    rf"|{_SORRY}đã (?:có lỗi xảy ra|xảy ra lỗi).{{0,60}}|lỗi kết nối (?:cơ sở dữ liệu|máy chủ).{{0,60}}"
    r"|(?:web(?:site)?|trang web|cổng thông tin(?: điện tử)?|hệ thống) (?:hiện )?đang (?:được )?"
    r"(?:bảo trì|nâng cấp|tạm dừng).{0,60}",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"just a moment|checking (?:your browser|if the site connection)|attention required!? ?\| ?cloudflare|access denied"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human|are you (?:a )?(?:human|robot)"
    r"|enable javascript and cookies to continue"
    r"|please complete the (?:security check|captcha)|ddos protection by|unusual traffic from|too many requests"
    r"|request(?:ed url)? (?:was )?(?:blocked|rejected)|web ?page blocked|(?:attack|incident) id\b\W{0,3}\d{4}"
    r"|sucuri website firewall|fortiguard"
    r"|your (?:ip|access|request)(?: address)? (?:has been|was|is) (?:\w+ )?(?:blocked|denied|banned)"
    r"|xác (?:minh|nhận) (?:rằng )?(?:bạn )?(?:không phải là (?:robot|người máy)|là con người)"
    r"|(?:kiểm tra|xác minh) (?:trình duyệt|kết nối) của bạn"
    r"|truy cập (?:bị )?(?:từ chối|bị chặn)|(?:vui lòng|hãy) (?:bật|kích hoạt) (?:javascript|cookie)"
    r"|(?:ip|yêu cầu|truy cập) của (?:bạn|quý khách|quý vị) (?:đã |đang |tạm thời )*bị (?:chặn|khóa|khoá|cấm|từ chối)"
    r"|(?:bạn|quý khách|quý vị) (?:đã |đang )?(?:truy cập|thao tác|gửi yêu cầu) quá (?:nhanh|nhiều)"
    r"|(?:bạn|quý khách|quý vị) không (?:có|đủ) quyền (?:truy cập|xem)"
    r"|akses (?:ditolak|diblokir)",
    re.IGNORECASE,
)
# Comment forms say so too, below articles.
_CAPTCHA = re.compile(
    r"vui lòng nhập mã (?:xác nhận|bảo vệ|captcha)|tôi không phải là (?:robot|người máy)", re.IGNORECASE
)
_UNFINISHED = re.compile(
    r"(?:nội dung|bài viết|dữ liệu|thông tin)(?: (?:này|bài viết|trang))? đang (?:được )?cập nhật\W{0,5}"
    r"|(?:hiện )?chưa có (?:nội dung|bài viết|dữ liệu)(?: nào)?\W{0,5}",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\s*\d(?!\d)")  # within ten seconds
_COOKIE_SET = re.compile(r"document\s*\.\s*cookie\s*=")
_LEADS_ON = re.compile(
    r"location(?:\s*\.\s*href)?\s*=(?!=)\s*[\"']?([^\"';\s]{0,200})|location\s*\.\s*(?:reload|replace|assign)\s*\("
)
_FOOTER = re.compile(
    r"(?:^|\s)(?:(?:site|page|main|wrapper|box)[-_])?(?:footer|chan-?trang|copyright)(?:[-_]\w[\w-]*)?(?:$|\s)",
    re.IGNORECASE,
)
# How the first words of a text end that stands elsewhere.
_CUT = re.compile(r"(?:\.\.\.|…)\W*(?:(?:xem|đọc) (?:thêm|tiếp)|(?:xem )?chi tiết|read more|more)?\W*$", re.IGNORECASE)
_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar)(?:$|[?#])", re.IGNORECASE)
_TITLES = frozenset({"h1", "h2", "h3"})
_BUTTONS = frozenset({"hidden", "submit", "button", "image", "reset", "search"})
_BOXES = frozenset({"footer", "navigation", "popup", "login", "cookie-consent", "newsletter"})
_BESIDE = frozenset({"related", "related-link"})  # a few of them stand between an article's paragraphs
_HARDLY_ANY_PROSE = 150
_LITTLE_PROSE = 600
_HOLLOW_CHARS = 1_500
_TEASER_CHARS = 25
_FEW_TEASERS = 5
_MANY_TEASERS = 60
_SHORT_RUN = 700
_NEAR_LINES = 3  # between a headline and the text below it stand a date and a counter
_SENTENCE_CHARS = 40
_MANY_QUESTIONS = 8
_QUESTION_CHARS = 120
_FEW_LINES = 5
_MANY_LINES = 120
_SCRIPT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Shape:
    """The page in figures; lengths are in characters.

    `teasers` are links as long as headlines. `linked` of the body's characters are links. A run is body text that no
    teaser interrupts, unless it is known as a related one: a list of articles has many short ones, an article one that
    outweighs the rest. `begun` lines of the body are the first words of a text that the headline above them leads to,
    and `own` of its characters stand in other sentences. `hollow`: the body is nothing but menus, headings and a
    footer. `asks`: it is a form, its lines the labels of fields.
    """

    body: int
    linked: int
    runs: int
    longest_run: int
    teasers: int
    link_chars: int
    begun: int = 0
    own: int = 0
    hollow: bool = False
    asks: bool = False


def shape_of(ledger: Ledger) -> Shape:
    """The figures of a page, some of whose lines are kept."""
    lines, says = ledger.lines, Sayings(ledger.body)
    size = sum(len(line.text) for line in lines if line.kept)
    runs = [0]
    linked = teasers = begun = own = 0
    headline: Line | None = None
    for line in lines:
        teaser = line.linked and len(line.text) >= _TEASER_CHARS
        teasers += teaser
        if teaser and runs[-1] and line.pieces[0].rule not in _BESIDE:
            runs.append(0)
        if teaser and line.block.tag != "h1":
            headline = line
        elif line.kept and not line.linked:
            begins = headline is not None and _begins(line, headline)
            begun += begins
            own += 0 if begins or len(line.text) < _SENTENCE_CHARS or line.block.tag in _TITLES else len(line.text)
        if line.kept:
            linked += min(line.link_chars, len(line.text))
            runs[-1] += 0 if teaser else len(line.text)
    return Shape(
        body=size,
        linked=linked,
        runs=sum(1 for run in runs if run),
        longest_run=max(runs),
        teasers=teasers,
        link_chars=sum(line.link_chars for line in lines),
        begun=begun,
        own=own,
        hollow=size <= _HOLLOW_CHARS and not any(_is_content(line, says) for line in lines if line.kept),
        asks=_is_form(ledger),
    )


def _begins(line: Line, headline: Line) -> bool:
    """Whether `line` shows the first words of the text that `headline`, a link, leads to."""
    if line.index - headline.index > _NEAR_LINES:
        return False
    return _CUT.search(line.text) is not None or words(line.text) == words(headline.text)


def _is_form(ledger: Ledger) -> bool:
    """Whether most blocks of the body are labels, each with a field to fill in."""
    blocks = {line.block for line in ledger.lines if line.kept}
    asking = sum(1 for block in blocks if _is_question(block, ledger))
    return asking >= max(_MANY_QUESTIONS, 0.5 * len(blocks))


def _is_question(block: HtmlElement, ledger: Ledger) -> bool:
    fields = (one for one in block.iter("input", "select", "textarea") if one.get("type") not in _BUTTONS)
    return next(fields, None) is not None and len(ledger.all_text_under(block)) <= _QUESTION_CHARS


def _is_content(line: Line, says: Sayings) -> bool:
    """Whether `line` is what somebody wrote for this page, or leads to a document: no menu, heading, footer or box."""
    if any(_DOCUMENT.search(link.get("href") or "") for link in line.links):
        return True
    if line.linked or line.block.tag in _TITLES:
        return False
    boxes = [element for rule, element in says.all_of(line.block) if rule in _BOXES]
    return not _in_footer(line) and all(box.find(".//h1") is not None for box in boxes)


def _in_footer(line: Line) -> bool:
    """Whether `line` stands in the page's footer or navigation."""
    for one in (line.block, *line.block.iterancestors()):
        if one.tag in ("body", "html"):
            return False
        if one.tag in ("footer", "nav") or (_FOOTER.search(attribute_text(one)) and one.find(".//h1") is None):
            return True
    return False


def early_rejection(head: Head, lines: Sequence[Line], tree: HtmlElement) -> Rejected | None:
    """Pages that say themselves that they are none: errors served with status 200, walls before the content, and
    scripts that lead elsewhere. `lines` are those of `tree`."""
    prose = sum(len(line.text) for line in lines if line.prose)
    if prose <= _HARDLY_ANY_PROSE and len(lines) <= _FEW_LINES and (moved := _leads_on(tree)):
        return moved
    if told_text(head) or (not prose and state_text(head, tree)):
        return None
    if not lines:
        return Rejected("empty", "no visible text")
    if prose > 3 * _LITTLE_PROSE:
        return None
    prose = sum(len(line.text) for line in lines if line.prose and not _in_footer(line))
    short = [line for line in lines[:_MANY_LINES] if len(line.text) <= 200]
    spoken = [head.title, *(line.text for line in short[:60])]
    if prose <= _LITTLE_PROSE and (wall := next((text for text in spoken if _BLOCKED.search(text)), None)):
        return Rejected("blocked", shorten(wall, 120))
    if prose <= _HARDLY_ANY_PROSE and (wall := next((text for text in spoken if _CAPTCHA.search(text)), None)):
        return Rejected("blocked", shorten(wall, 120))
    headings = [
        head.title[:200],
        *(line.text for line in lines if line.block.tag in ("h1", "h2") and len(line.text) <= 120),
    ]
    if is_article_thing(head.article):
        headings = []
    said = [line.text for line in short if prose <= _LITTLE_PROSE and not line.linked and len(line.text) <= 120]
    if error := next((text for text in (*headings, *said) if _ERROR.fullmatch(text)), None):
        return Rejected("error-page", shorten(error, 120))
    if prose <= _HARDLY_ANY_PROSE and (nothing := next((text for text in said if _UNFINISHED.fullmatch(text)), None)):
        return Rejected("empty", shorten(nothing, 120))
    return None


def _leads_on(tree: HtmlElement) -> Rejected | None:
    """What a page without content does instead: sets a cookie and loads itself again, or leads elsewhere."""
    for element in tree.iter("meta"):
        if (element.get("http-equiv") or "").strip().lower() == "refresh":
            wait, _, target = (element.get("content") or "").partition("=")
            if target and _AT_ONCE.match(wait):
                target = target.strip(" '\"")
                return Rejected("error-page", shorten(f"leads on to {target}", 120))
    script = "\n".join((element.text or "")[:_SCRIPT_CHARS] for element in tree.iter("script"))[:_SCRIPT_CHARS]
    found = _LEADS_ON.search(script)
    if found is None:
        return None
    if _COOKIE_SET.search(script):
        return Rejected("blocked", "a script sets a cookie and loads the page again")
    return Rejected("error-page", shorten(f"a script leads on to {found.group(1) or 'another page'}", 120))


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
    if shape.begun and not shape.own:
        return Rejected("listing", f"no text but the first words of others below their headlines: {shape.begun}")
    if is_home_page(url):  # where gone articles are redirected to
        return Rejected("listing", f"home page; {detail}")
    if shape.teasers >= _FEW_TEASERS and shape.longest_run < min(_SHORT_RUN, 0.1 * shape.body):
        return Rejected("listing", detail)
    if shape.teasers >= _MANY_TEASERS and shape.body < 0.06 * shape.link_chars:
        return Rejected("listing", detail)
    if shape.hollow:
        return Rejected("empty", "no text besides menus, headings and a footer")
    if shape.asks:
        return Rejected("empty", "a form to fill in")
    return None
