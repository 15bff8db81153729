"""Publication: when an article was published and last changed, by what the page itself says."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from itertools import islice
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from cleaning.datelines import Dateline, find_datelines, last_change, lone_dateline
from cleaning.dates import Moment, is_ambiguous, order_shown, parse_machine, parse_visible
from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import Line
from cleaning.page import Page
from cleaning.structured import Thing, names_of, types_of
from cleaning.teasers import is_headline
from cleaning.text import tidy
from cleaning.title import title_index
from model.source import Source
from model.url import host_of

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
    "dcterms.issued",
    "date_published",
    "date.created",
    "publication_date",
    "publish_time",
    "citation_publication_date",
    "article.published",
    "originalpublicationdate",
    "dc.date.created",
)
_DOUBTFUL = ("date", "dc.date", "dcterms.date", "pub_date")  # some print the day of the visit in them
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
_URL_DAY = re.compile(r"/(?P<y>(?:19|20)\d\d)[/-](?P<m>0?[1-9]|1[0-2])[/-](?P<d>0?[1-9]|[12]\d|3[01])(?:/|-|\.|$)")
_EARLIEST = date(1990, 1, 1)
_FIRST_ZONE = timezone(timedelta(hours=14))  # where each day begins
_CLOCKS_APART = timedelta(minutes=15)
_BOXES_AROUND, _BOX_CHARS = 2, 300
_OTHERS = ("li", "aside", "nav", "footer", "a")
_COUNTRY = re.compile(r"\.(?!us$)[a-z]{2}$")

Claim = tuple[Moment | None, str]  # a date and who says it


@dataclass(frozen=True, slots=True)
class Publication:
    """What a page says of its dates; `origin` of each is empty where it says nothing. `lines` are those below the title
    that print these days and little else."""

    published: Moment | None
    published_origin: str
    modified: Moment | None
    modified_origin: str
    lines: tuple[Line, ...] = ()


def find_publication(
    page: Page, head: Head, source: Source, lines: Sequence[Line], title: str, fetched_at: datetime
) -> Publication:
    """The dates of the page. A day that has begun nowhere yet at `fetched_at` is an error of the page and is passed
    over; of a time still to come only its day counts."""
    zone = ZoneInfo(source.timezone)
    latest = fetched_at.astimezone(_FIRST_ZONE).date()
    month_first = _Order(page, head, source, lines)

    def sound(moment: Moment | None) -> Moment | None:
        if moment is None or not _EARLIEST <= moment.day <= latest:
            return None
        is_to_come = moment.instant is not None and moment.instant > fetched_at + _CLOCKS_APART
        return replace(moment, instant=None) if is_to_come else moment

    def read(value: str) -> Moment | None:
        return parse_machine(value, zone, month_first=is_ambiguous(value) and month_first())

    start = title_index(lines, title)
    near = [] if start is None else find_datelines(lines, start, zone, fetched_at.astimezone(zone).date())
    if any(is_ambiguous(one.line.text) for one in near) and month_first():
        near = find_datelines(lines, start or 0, zone, fetched_at.astimezone(zone).date(), month_first=True)
    near = [replace(one, moment=moment) for one in near if (moment := sound(one.moment))]

    claims: list[Claim] = []
    chosen = first_match(page, source.clean.published)
    if chosen is not None:
        claims.append((_of_element(chosen, zone), "selector"))
    for key in ("datePublished", "dateCreated", "uploadDate"):
        claims += [(read(value), "json-ld") for thing in _things(head) for value in names_of(thing.get(key))]
    claims += _said(head, _PUBLISHED, read)
    published, origin = _first(claims, sound)
    if published is not None:
        published = _as_seen(published, near, zone)
    else:
        visible: list[Claim] = [(one.moment, "visible") for one in near]
        visible = visible or [(_of_times(page, zone), "visible")]
        published, origin = _first(visible, sound)
    if published is None:
        published, origin = _first(_said(head, _DOUBTFUL, read), sound)
    if published is None and (lone := lone_dateline(lines, zone)):
        if is_ambiguous(lone.line.text) and month_first():
            lone = lone_dateline(lines, zone, month_first=True) or lone
        published, origin = _first([(lone.moment, "visible")], sound)
    if published is None:
        published, origin = _first([(_in_url(page.url), "url")], sound)
    if published is not None and published.instant is None:
        published = next(
            (one.moment for one in near if one.says != "modified" and _adds_time(one, published)), published
        )

    changes: list[Claim] = [
        (read(value), "json-ld") for thing in _things(head) for value in names_of(thing.get("dateModified"))
    ]
    changes += _said(head, _MODIFIED, read)
    changes += [(one.moment, "visible") for one in near if one.says == "modified" and one.moment != published]
    if published is not None and not changes:
        last = last_change(lines, zone, fetched_at.astimezone(zone).date())
        changes += [(last.moment, "visible")] if last and last.moment.day > published.day else []
    modified, modified_origin = _first(changes, sound)
    if modified is not None and published is not None and modified.day < published.day:
        modified, modified_origin = None, ""
    days = {moment.day for moment in (published, modified) if moment}
    printed = dict.fromkeys(one.line for one in near if one.plain and one.moment.day in days)
    return Publication(published, origin, modified, modified_origin, tuple(printed))


class _Order:
    """Whether numeric dates of a page begin with the month: found out once, and only where a date needs it."""

    def __init__(self, page: Page, head: Head, source: Source, lines: Sequence[Line]) -> None:
        self._page, self._head, self._source, self._lines = page, head, source, lines
        self._answer: bool | None = None

    def __call__(self) -> bool:
        if self._answer is None:
            self._answer = self._found()
        return self._answer

    def _found(self) -> bool:
        """By the dates of the page that can be read in one way only; else by its locale, which many sites outside the
        United States leave at their system's default."""
        if "en" not in self._source.languages or self._source.language_of(self._page.url) not in (None, "en"):
            return False
        shown = next((order for line in self._lines if len(line.text) <= 140 and (order := order_shown(line.text))), "")
        if shown:
            return shown == "month"
        return self._head.locale == "en-us" and not _COUNTRY.search(host_of(self._page.url))


def _things(head: Head) -> list[Thing]:
    """The article's object, and the others that may tell its dates: further articles' only where it has none."""
    pages = [thing for thing in head.things if "webpage" in types_of(thing) and thing is not head.article]
    return [head.article, *pages[:1]]


def _said(head: Head, names: Sequence[str], read: Callable[[str], Moment | None]) -> list[Claim]:
    return [
        (read(value), "open-graph" if ":" in name else "meta")
        for name in names
        for value in head.meta.get(name, [])[:1]
    ]


def _first(claims: Iterable[Claim], sound: Callable[[Moment | None], Moment | None]) -> tuple[Moment | None, str]:
    return next(((moment, origin) for claim, origin in claims if (moment := sound(claim)) is not None), (None, ""))


def _as_seen(published: Moment, near: Sequence[Dateline], zone: ZoneInfo) -> Moment:
    """`published` on the day that readers see, where the page stores its time in UTC and prints its own zone's."""
    if published.instant is None or not published.in_utc or any(one.moment.day == published.day for one in near):
        return published
    own = published.instant.astimezone(zone).date()
    for one in near:
        if one.says == "modified" or not one.plain or abs(one.moment.day - published.day) != timedelta(days=1):
            continue
        apart = None if one.moment.instant is None else one.moment.instant - published.instant
        # Zones are whole quarters of an hour apart: another minute is another event.
        if one.moment.day == own or (one.says if apart is None else apart.seconds // 60 % 15 == 0):
            return replace(published, day=one.moment.day)
    return published


def _adds_time(one: Dateline, published: Moment) -> bool:
    return one.moment.day == published.day and one.moment.instant is not None


def _of_element(element: HtmlElement, zone: ZoneInfo) -> Moment | None:
    for name in ("datetime", "content"):
        if (value := element.get(name)) and (moment := parse_machine(value, zone)):
            return moment
    return parse_visible(tidy(element.text_content()), zone)


def _of_times(page: Page, zone: ZoneInfo) -> Moment | None:
    """What the page's `time` elements say: the one marked as the article's own, or the only day they give. Those of
    entries of lists are other articles', and so are those beside a headline that leads elsewhere."""
    elements = [
        one
        for one in islice(page.body.iter("time"), 100)
        if next(one.iterancestors(*_OTHERS), None) is None and not _is_teasers(one, page)
    ]
    marked = [
        one
        for one in elements
        if one.get("pubdate") is not None or "datepublished" in (one.get("itemprop") or "").lower()
    ]
    days = [moment for one in marked[:1] or elements if (moment := _of_element(one, zone))]
    return days[0] if len({moment.day for moment in days}) == 1 else None


def _is_teasers(time: HtmlElement, page: Page) -> bool:
    """Whether the box around a `time` element holds a headline of another article, and no sentence."""
    for box in islice(time.iterancestors(), _BOXES_AROUND):
        if box is page.body or page.ledger.prose_under(box) or page.ledger.plain_under(box) > _BOX_CHARS:
            return False
        lines = page.ledger.under(box)
        if any(is_headline(line) for line in lines):
            return True
    return False


def _in_url(url: str) -> Moment | None:
    try:
        found = _URL_DAY.search(urlsplit(url).path)
        return Moment(date(int(found["y"]), int(found["m"]), int(found["d"]))) if found else None
    except ValueError:
        return None
