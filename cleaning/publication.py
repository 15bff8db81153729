"""Publication: when an article was published and last changed, by what the page itself says."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from cleaning.dates import Moment, parse_machine, parse_visible
from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import Line
from cleaning.page import Page, attribute_text
from cleaning.structured import names_of
from cleaning.text import tidy, words
from model.source import Source

_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "published_date",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "date",
    "date_published",
    "article.published",
    "originalpublicationdate",
    "dc.date.created",
)
_MODIFIED = (
    "article:modified_time",
    "og:article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
    "lastmod",
    "dcterms.modified",
    "article.updated",
)
_DATE_MARK = re.compile(
    r"(?:^|[\s_-])(?:\w*date\w*|time|timer|timestamp|pub(?:lish)?(?:ed)?\w*|post(?:ed)?-?(?:on|time|meta|info)|ngay\w*|thoi-?gian\w*|meta|article-?info|byline|_pnhide)(?:$|[\s_-])|date|time|publish",
    re.IGNORECASE,
)
_CLOCK_MARK = re.compile(
    r"(?:^|[\s_-])(?:today|now|clock|current|server|header|top-?bar|footer|copyright|weather|lich|calendar|comment\w*|related|sidebar|event)(?:$|[\s_-])|^today|now$",
    re.IGNORECASE,
)
_SAYS_PUBLISHED = re.compile(
    r"\b(?:ngày\s+đăng|đăng\s+(?:ngày|lúc)|ngày\s+xuất\s+bản|xuất\s+bản|published|posted|diterbitkan|diposting|publish\w*)\b",
    re.IGNORECASE,
)
_SAYS_MODIFIED = re.compile(r"\b(?:cập\s+nhật|updated|last\s+modified|diperbarui|sửa\s+đổi)\b", re.IGNORECASE)
_URL_DAY = re.compile(r"/(?P<y>(?:19|20)\d\d)[/-](?P<m>0?[1-9]|1[0-2])[/-](?P<d>0?[1-9]|[12]\d|3[01])(?:/|-|\.|$)")
_NEAR_LINES = 12  # how many lines from the title on a date still belongs to it
_DATE_LINE_CHARS = 140
_EARLIEST = date(1990, 1, 1)


Claim = tuple[Moment | None, str]  # a date and who says it


@dataclass(frozen=True, slots=True)
class Publication:
    """What a page says of its dates; `origin` of each is empty where it says nothing."""

    published: Moment | None
    published_origin: str
    modified: Moment | None
    modified_origin: str


def find_publication(
    page: Page, head: Head, source: Source, lines: list[Line], title: str, fetched_at: datetime
) -> Publication:
    """The dates of the page. A day later than the one after `fetched_at` is an error of the page and is passed over."""
    zone = ZoneInfo(source.timezone)
    latest = (fetched_at + timedelta(days=1)).astimezone(zone).date()

    def sound(moment: Moment | None) -> Moment | None:
        return moment if moment is not None and _EARLIEST <= moment.day <= latest else None

    claims: list[Claim] = []
    chosen = first_match(page, source.clean.published)
    if chosen is not None:
        claims.append((_of_element(chosen, zone), "selector"))
    for key in ("datePublished", "dateCreated", "uploadDate"):
        claims += [(parse_machine(value, zone), "json-ld") for value in names_of(head.article.get(key))]
    for key in _PUBLISHED:
        claims += [(parse_machine(value, zone), "open-graph" if ":" in key else "meta") for value in head.all(key)[:1]]
    published, origin = _first(claims, sound)
    if published is None:
        published, origin = _first(((m, "visible") for m in _visible(page, lines, title, zone)), sound)
    if published is None:
        published, origin = _first([(_in_url(page.url), "url")], sound)
    if published is not None and published.instant is None:
        published = _with_time(published, lines, title, zone)

    changes = [(parse_machine(value, zone), "json-ld") for value in names_of(head.article.get("dateModified"))]
    for key in _MODIFIED:
        changes += [(parse_machine(value, zone), "open-graph" if ":" in key else "meta") for value in head.all(key)[:1]]
    modified, modified_origin = _first(changes, sound)
    if modified is not None and published is not None and modified.day < published.day:
        modified, modified_origin = None, ""
    return Publication(published, origin, modified, modified_origin)


def _first(claims: Iterable[Claim], sound: Callable[[Moment | None], Moment | None]) -> tuple[Moment | None, str]:
    return next(((moment, origin) for claim, origin in claims if (moment := sound(claim)) is not None), (None, ""))


def _of_element(element: HtmlElement, zone: ZoneInfo) -> Moment | None:
    for name in ("datetime", "content"):
        if (value := element.get(name)) and (moment := parse_machine(value, zone)):
            return moment
    return parse_visible(tidy(element.text_content()), zone)


def _visible(page: Page, lines: list[Line], title: str, zone: ZoneInfo) -> list[Moment]:
    """Dates near the title, best first: those in elements marked as dates before bare lines, near ones before far."""
    start = _title_line(lines, title)
    if start is None:
        return _time_elements(page, zone)
    found: list[tuple[int, int, Moment]] = []
    for index, line in enumerate(lines):
        distance = index - start
        if not -6 <= distance <= _NEAR_LINES or len(line.text) > _DATE_LINE_CHARS or line.linked:
            continue
        marks = " ".join(attribute_text(element) for element in _elements(line))
        if _CLOCK_MARK.search(marks):
            continue
        machine = next(
            (value for element in _elements(line) if element.tag == "time" and (value := element.get("datetime"))), None
        )
        moment = (parse_machine(machine, zone) if machine else None) or parse_visible(line.text, zone)
        if moment is None:
            continue
        marked = machine is not None or _DATE_MARK.search(marks) is not None
        if not marked and (distance < 0 or not _is_mostly_date(line.text)):
            continue
        doubt = (0 if _SAYS_PUBLISHED.search(line.text) else 2 if _SAYS_MODIFIED.search(line.text) else 1) + (
            0 if marked else 1
        )
        found.append((doubt + (distance < 0), abs(distance), moment))
    return [moment for _, _, moment in sorted(found, key=lambda one: one[:2])] or _time_elements(page, zone)


def _time_elements(page: Page, zone: ZoneInfo) -> list[Moment]:
    """The page's only `time` element, or the ones an article marks as its own date."""
    marked = [
        e
        for e in page.body.iter("time", "span", "div", "meta", "abbr")
        if e.get("pubdate") is not None or "datepublished" in (e.get("itemprop") or "").lower()
    ]
    every = marked or list(page.body.iter("time"))
    days = [moment for element in every if (moment := _of_element(element, zone))]
    return days[:1] if marked or len({moment.day for moment in days}) == 1 else []


def _elements(line: Line) -> list[HtmlElement]:
    """The elements the line's text stands in, up to the block around its block."""
    found: dict[HtmlElement, None] = {}
    for piece in line.pieces[:6]:
        current = piece.element.getparent() if piece.is_tail else piece.element
        for _ in range(4):
            if current is None or current.tag in ("body", "html", "article", "main"):
                break
            found[current] = None
            if current is line.block:
                break
            current = current.getparent()
    return list(found)


def _is_mostly_date(text: str) -> bool:
    """Whether the line says little beside a date: a weekday, a time, a view count, a short label."""
    return len(text) <= 70 and sum(char.isdigit() for char in text) >= 6


def _title_line(lines: list[Line], title: str) -> int | None:
    wanted = words(title)
    at = [index for index, line in enumerate(lines) if wanted and words(line.text) == wanted]
    headings = [index for index in at if lines[index].block.tag == "h1"]
    plain = [index for index in at if not lines[index].linked]
    if at:
        return next(iter(headings or plain or at))
    return next((index for index, line in enumerate(lines) if line.block.tag == "h1"), None)


def _with_time(published: Moment, lines: list[Line], title: str, zone: ZoneInfo) -> Moment:
    """The same day with the time that stands near the title beside it, where one does."""
    start = _title_line(lines, title)
    if start is None:
        return published
    for line in lines[max(0, start - 6) : start + _NEAR_LINES]:
        if len(line.text) <= _DATE_LINE_CHARS and not _SAYS_MODIFIED.search(line.text):
            moment = parse_visible(line.text, zone)
            if moment is not None and moment.day == published.day and moment.instant is not None:
                return moment
    return published


def _in_url(url: str) -> Moment | None:
    try:
        found = _URL_DAY.search(urlsplit(url).path)
        return Moment(date(int(found["y"]), int(found["m"]), int(found["d"]))) if found else None
    except ValueError:
        return None
