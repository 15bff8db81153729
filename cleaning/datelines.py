"""Datelines: the lines of a page that say when its article was published or changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta, tzinfo

from lxml.html import HtmlElement

from cleaning.dates import Moment, has_year, parse_machine, parse_visible, read_date
from cleaning.lines import Line
from cleaning.names import PREFIX
from cleaning.page import attribute_text
from cleaning.text import fold

_DATE_MARK = re.compile(
    r"(?:^|[\s_-])(?:\w*date\w*|time|timer|timestamp|pub(?:lish)?(?:ed)?\w*|post(?:ed)?-?(?:on|time|meta|info)"
    r"|ngay\w*"
    r"|thoi-?gian\w*|meta|article-?info|byline|pnhide)(?:$|[\s_-])|date|time|publish",
    re.IGNORECASE,
)
# Templates name the article's own date so, wherever they put it.
_OWN_DATE_MARK = re.compile(
    r"(?:^|[\s_-])(?:(?:post|entry|article|single|news|story|blog)[\s_-]?(?:post[\s_-]?)?(?:date|time|published)"
    r"|(?:date[\s_-]?)?published(?:[\s_-]?(?:date|time|on))?|publish(?:ing)?[\s_-]?(?:date|time)|post-?date"
    r"|date-posted)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_CLOCK_MARK = re.compile(
    r"(?:^|[\s_-])(?:today|now|clock|current|server|footer|copyright|weather|lich|calendar|comment\w*|related|sidebar"
    r"|event"
    r"|widget|teaser|recent|popular)(?:$|[\s_-])|^today|now$",
    re.IGNORECASE,
)
_HEADER_MARK = re.compile(
    r"(?:^|\s)(?:site-?|page-?|main-?|masthead)?(?:header|top-?bar|masthead)(?:$|\s|[-_](?!date|time|meta))|(?:^"
    r"|\s)top(?:$|\s)",
    re.IGNORECASE,
)
_SAYS_PUBLISHED = re.compile(
    r"\b(?:ngày\s+đăng|đăng\s+(?:ngày|lúc)|ngày\s+xuất\s+bản|xuất\s+bản|published|posted|diterbitkan|diposting"
    r"|publish\w*"
    r"|veröffentlicht|erschienen|erstellt|publié\w*|publicad[oa]|pubblicat[oa]|gepubliceerd|opublikowano|опубликовано"
    r"|lagt ut|publicerad|publisert|udgivet|yayınlanma|yayın tarihi)\b|公開|公开|发布|發布|掲載|配信|입력|등록",
    re.IGNORECASE,
)
_SAYS_MODIFIED = re.compile(
    r"\b(?:cập\s+nhật|updated?|last\s+modified|modified|diperbarui|sửa\s+đổi|aktualisiert|stand(?=:)|mis à jour"
    r"|actualizad[oa]"
    r"|atualizad[oa]|aggiornat[oa]|bijgewerkt|aktualizacja|обновлено|uppdaterad|oppdatert|opdateret|güncelle\w*)\b"
    r"|更新|수정",
    re.IGNORECASE,
)
_OTHER_DAY = re.compile(
    r"\b(?:ngày sinh|sinh ngày|sinh năm|born|geboren|née? le|nacid[oa]|nat[oa] il|lahir|khai mạc|bế mạc|hạn (?:nộp"
    r"|cuối|chót)"
    r"|deadline|expires?|valid|hết hạn|hiệu lực|ban hành|ngày ký|copyright|wann|when|event|termin|datum der|eröffnung"
    r"|starts?|ends?"
    r"|died|gestorben|founded|gegründet|effective|release date|due)\b|©",
    re.IGNORECASE,
)
# When something takes place: `Thời gian: 7h30, 20/11/2026`, `20/11/2026: khai mạc`.
_APPOINTMENT = re.compile(
    r"\W*(?:thời (?:gian(?! (?:đăng|cập nhật|xuất bản))|hạn|điểm)|bắt đầu|kết thúc|từ ngày|trước ngày|date and time"
    r"|waktu|cuándo|quand)\b",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"\d ?[:：] ?[^\W\d]{2}")
_TODAY = re.compile(r"(?:hôm nay|bây giờ|today|hari ini)\b", re.IGNORECASE)
# What goes with a date and says nothing else.
_NOISE = re.compile(
    r"\d+ (?:luot xem|views?|comments?|binh luan|shares?|min(?:ute)?s?(?: read)?|aufrufe|kommentare)"
    r"|\b(?:thu (?:hai|ba|tu|nam|sau|bay)|chu nhat|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat"
    r"|sun"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi"
    r"|dimanche"
    r"|lunes|martes|miercoles|jueves|viernes|sabado|domingo|senin|selasa|rabu|kamis|jumat|sabtu|minggu"
    r"|at|on|um|uhr|à|a|h|alle|ore|luc|ngay|gio|gmt|utc|wib|wita|wit|am|pm|pukul|est|edt|et|cet|cest|min|read|the|den"
    r"|kl)\b"
    r"|[\W\d_]+",
    re.IGNORECASE,
)
# Counts behind their label, and the buttons for the size of letters and for printing, in a folded line.
_COUNTS = re.compile(
    r"(?:\b(?:so )?(?:luot|lan) (?:xem|doc|truy cap)|\b(?:da xem|luot|view(?: count|s)?|hits|reads|dilihat|dibaca"
    r"|aufrufe|comments?|binh luan|komentar))\s?:\s?\d[\d.,]*"
    r"|\bco chu\b(?: ?:?(?: ?a ?[+-]{0,2}(?!\w)){0,4})|\bin (?:trang|bai(?: viet)?)\b|\bbinh luan\b"
)
_BETWEEN = re.compile(r" ?[|•·] ?| [-–] ")
_LABEL = re.compile(r"[^\W\d]{2,}\s?:")
_BEFORE_TITLE, _BEHIND_TITLE = 6, 20
_BESIDE_TITLE = 3
_PROSE_LINES = 2
_DATELINE_CHARS = 140
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Dateline:
    """A line that gives a date. `doubt` orders the lines of a page, the best first; `says` is `published`, `modified`
    or nothing; `plain`: the line is the date and little else."""

    moment: Moment
    line: Line
    doubt: int
    says: str = ""
    plain: bool = True


def find_datelines(
    lines: Sequence[Line], start: int, zone: tzinfo, fetched_on: date, *, month_first: bool = False
) -> list[Dateline]:
    """The dates around the line `start`, which prints the title, best first: those in elements marked as dates before
    bare lines, near ones before far ones.

    A date before the title that no element marks is the article's only beside the title; the day of the visit, which
    headers print, only where it is both marked and beside it.
    """
    found: list[tuple[int, int, Dateline]] = []
    prose = 0
    for index in range(max(0, start - _BEFORE_TITLE), min(len(lines), start + _BEHIND_TITLE + 1)):
        line, distance = lines[index], index - start
        prose += distance > 0 and line.prose
        if prose > _PROSE_LINES:
            break
        if len(line.text) > _DATELINE_CHARS:
            continue
        elements = _elements(line)
        moment, rest, machine = _read(line, elements, zone, month_first)
        if moment is None or says_other_day(line.text):
            continue
        marks = " ".join(attribute_text(element) for element in elements)
        todays = moment.day >= fetched_on - timedelta(days=1)
        if _CLOCK_MARK.search(marks) or (distance < 0 and _HEADER_MARK.search(marks)):
            continue
        if todays and not machine and (_TODAY.match(line.text) or _is_in_header(line, lines[start])):
            continue
        marked = machine or _DATE_MARK.search(marks) is not None
        if line.linked and (not marked or line.block.tag in ("h2", "h3", "h4") or distance > 6):
            continue
        plain = bool(rest) and _is_mostly_date(line.text, rest) and not heads_entry(line.text)
        if distance < 0 and not machine:
            beside = start - index <= _BESIDE_TITLE and _share_box(lines[index], lines[start])
            if (todays and not (marked and beside)) or not (marked or (plain and beside)):
                continue
        elif not (marked or plain) or (prose == _PROSE_LINES and not (marked or _says_when(line.text))):
            continue  # behind two sentences a bare day heads what happened on it
        says = _says_when(line.text)
        doubt = {"published": 0, "": 1, "modified": 2}[says] + (not marked) + (distance < 0)
        found.append((doubt, abs(distance), Dateline(moment, line, doubt, says, plain)))
        if says == "published" and (changed := _changed(line.text, zone, month_first)):
            found.append((doubt + 2, abs(distance), Dateline(changed, line, doubt + 2, "modified", plain)))
    return [dateline for _, _, dateline in sorted(found, key=lambda one: one[:2])]


def lone_dateline(lines: Sequence[Line], zone: tzinfo, *, month_first: bool = False) -> Dateline | None:
    """The one day that lines say to be the publication's, by their words or their elements' names, wherever they stand;
    None where they disagree."""
    found: list[Dateline] = []
    for line in lines:
        if len(line.text) > _SHORT or not has_year(line.text) or line.linked:
            continue
        moment = parse_visible(line.text, zone, month_first=month_first)
        if moment is None or says_other_day(line.text):
            continue
        marks = " ".join(attribute_text(element) for element in _elements(line))
        if not _CLOCK_MARK.search(marks.replace("sidebar", "")) and (
            _SAYS_PUBLISHED.search(line.text) or _OWN_DATE_MARK.search(marks)
        ):
            found.append(Dateline(moment, line, 3))
    return found[0] if len({one.moment.day for one in found}) == 1 else None


def last_change(lines: Sequence[Line], zone: tzinfo, fetched_on: date) -> Dateline | None:
    """The one day before `fetched_on` that lines say to be the last change's, wherever they stand but in a footer; None
    where they disagree."""
    found: list[Dateline] = []
    for line in lines:
        if len(line.text) > _SHORT or line.linked or not has_year(line.text) or not _SAYS_MODIFIED.match(line.text):
            continue
        moment = parse_visible(line.text, zone)
        if moment is None or moment.day >= fetched_on or next(line.block.iterancestors("footer"), None) is not None:
            continue
        if not _CLOCK_MARK.search(" ".join(map(attribute_text, _elements(line)))):
            found.append(Dateline(moment, line, 3, "modified"))
    return found[0] if len({one.moment.day for one in found}) == 1 else None


def _changed(text: str, zone: tzinfo, month_first: bool) -> Moment | None:
    """When a line that says when the article was published says that it was changed."""
    published, modified = _SAYS_PUBLISHED.search(text), _SAYS_MODIFIED.search(text)
    if published is None or modified is None:
        return None
    end = published.start() if published.start() > modified.start() else len(text)
    return parse_visible(text[modified.start() : end], zone, month_first=month_first)


def _is_in_header(line: Line, title: Line) -> bool:
    """Whether the line stands in the page's header, and the title does not."""
    around = [line.block, *line.block.iterancestors()]
    headers = [one for one in around if one.tag not in ("body", "html") and _HEADER_MARK.search(attribute_text(one))]
    return any(one is not title.block and one not in title.block.iterancestors() for one in headers)


def _read(
    line: Line, elements: Sequence[HtmlElement], zone: tzinfo, month_first: bool
) -> tuple[Moment | None, str, bool]:
    """The moment of a line, what its text says beside it (empty: it prints no day), and whether an attribute gave it.
    The day is the one that readers see, where an attribute gives it in UTC."""
    text = line.text
    if not has_year(text) and not any(
        element.tag in ("time", "abbr") or element.get("content") for element in elements
    ):
        return None, "", False
    published, modified = _SAYS_PUBLISHED.search(text), _SAYS_MODIFIED.search(text)
    if published and modified:  # `Published … | Updated …` in either order
        begin = published.start()
        text = text[begin : modified.start()] if modified.start() > begin else text[begin:]
    seen = read_date(text, zone, month_first=month_first)
    for element in elements:
        if element.tag == "time" or element.get("itemprop") or element.tag == "abbr":
            value = (
                element.get("datetime") or element.get("content") or (element.tag == "abbr" and element.get("title"))
            )
            if value and (moment := parse_machine(value, zone)):
                if seen and moment.in_utc and abs(seen[0].day - moment.day) == timedelta(days=1):
                    moment = replace(moment, day=seen[0].day)
                return moment, seen[1] if seen else "", True
    return (seen[0], seen[1], False) if seen else (None, "", False)


def _is_mostly_date(text: str, rest: str) -> bool:
    """Whether a line, of which `rest` is what is no day, says little beside it: a weekday, a time, a count of views,
    who wrote it, or that it was published then."""
    rest = _COUNTS.sub(" ", rest)
    said = _NOISE.sub("", rest)
    if len(said) <= 3:
        return True
    if _SAYS_PUBLISHED.search(text) or _SAYS_MODIFIED.search(text) or any(map(PREFIX.match, _BETWEEN.split(text))):
        return len(said) <= 60
    return len(text) <= _SHORT and len(said) <= 25 and not _LABEL.search(rest)


def _says_when(text: str) -> str:
    """What the line says of its day: `published`, `modified` or nothing."""
    return "published" if _SAYS_PUBLISHED.search(text) else "modified" if _SAYS_MODIFIED.search(text) else ""


def says_other_day(text: str) -> bool:
    """Whether the day in a line is none of the article's publication: that of an event, a birth, a law."""
    return _OTHER_DAY.search(text) is not None or _APPOINTMENT.match(text) is not None


def heads_entry(text: str) -> bool:
    """Whether words stand behind a day and a colon, as in a programme: `20/11/2026: khai mạc`."""
    return _ENTRY.search(text) is not None


def is_day_alone(text: str) -> bool:
    """Whether a line is a day, with its weekday and the time perhaps, and nothing else."""
    if len(text) > _SHORT or not has_year(text):
        return False
    seen = read_date(text, UTC)
    return seen is not None and not _NOISE.sub("", fold(seen[1]))


def _share_box(one: Line, other: Line) -> bool:
    """Whether two lines stand in one small box."""
    around = [other.block, *list(other.block.iterancestors())[:3]]
    own = [one.block, *list(one.block.iterancestors())[:3]]
    return any(element in around and element.tag not in ("body", "html") for element in own)


def _elements(line: Line) -> list[HtmlElement]:
    """The elements the line's text stands in, up to the block around it."""
    found: dict[HtmlElement, None] = {}
    for piece in line.pieces[:6]:
        current: HtmlElement | None = piece.parent
        for _ in range(4):
            if current is None or current.tag in ("body", "html", "article", "main"):
                break
            found[current] = None
            if current is line.block:
                break
            current = current.getparent()
    return list(found)
