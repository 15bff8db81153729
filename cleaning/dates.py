"""Dates as pages print them: from a string to a day and, where a time is given, an instant.

Nothing here guesses: a string without a year gives nothing, and neither does a day the calendar lacks.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from cleaning.text import fold, tidy

_ISO = re.compile(
    r"(?P<y>(?:19|20)\d\d)-?(?P<m>\d\d)-?(?P<d>\d\d)"
    r"(?:(?:T|\s+|T\s*)?(?P<H>\d{1,2}):?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,]\d+)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?(?!\d)",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
# English, Indonesian, Spanish, French, German, Italian, Portuguese, Dutch, Polish, Czech, Russian, Ukrainian, Turkish,
# Scandinavian, Thai, Lao, Khmer, Greek; a line or two a month.
_MONTH_NAMES = """
    january jan januari ene enero janvier janv januar jaenner janner gennaio gen janeiro stycznia sty leden
    ledna января янв січня ocak oca มกราคม ιανουαριου ม.ค ມັງກອນ មករា;
    february feb februari febrero fevrier fevr februar febbraio fevereiro fev lutego lut unor unora февраля фев
    лютого subat sub กุมภาพันธ์ φεβρουαριου ก.พ ກຸມພາ កុម្ភៈ កុម្ភះ;
    march mar maret marzo mars marz mrz marco maart mrt marca brezen brezna марта мар березня mart มีนาคม
    μαρτιου มี.ค ມີນາ មីនា;
    april apr abril abr avril avr aprile kwietnia kwi duben dubna апреля апр квітня nisan nis เมษายน απριλιου
    เม.ย ເມສາ មេសា;
    may mei mayo mai maggio mag maio maja maj kveten kvetna mayıs мая май травня พฤษภาคม μαιου พ.ค ພຶດສະພາ ឧសភា;
    june jun juni junio juin giugno giu junho czerwca cze cerven cervna haziran haz июня июн червня มิถุนายน
    ιουνιου มิ.ย ມິຖຸນາ មិថុនា;
    july jul juli julio juillet juil luglio lug julho lipca lip cervenec cervence temmuz tem июля июл липня
    กรกฎาคม ιουλιου ก.ค ກໍລະກົດ កក្កដា;
    august aug agustus agu agt agosto ago aout augustus sierpnia sie srpen srpna agustos августа авг серпня
    สิงหาคม αυγουστου ส.ค ສິງຫາ សីហា;
    september sep sept septiembre septembre settembre set setembro wrzesnia wrz zari eylul eyl сентября сен сент
    вересня กันยายน σεπτεμβριου ก.ย ກັນຍາ កញ្ញា;
    october oct okt oktober octubre octobre ottobre ott outubro out pazdziernika paz rijen rijna ekim eki
    октября окт жовтня ตุลาคม οκτωβριου ต.ค ຕຸລາ តុលា;
    november nov nopember noviembre novembre novembro listopada lis listopad listopadu kasım kas ноября ноя
    листопада พฤศจิกายน νοεμβριου พ.ย ພະຈິກ វិច្ឆិកា;
    december dec des desember diciembre dic dezember decembre dez dezembro dicembre grudnia gru prosinec
    prosince aralık ara декабря дек грудня ธันวาคม δεκεμβριου ธ.ค ທັນວາ ធ្នូ;
"""
_MONTHS = {fold(name): number for number, names in enumerate(_MONTH_NAMES.split(";")[:12], 1) for name in names.split()}
_MONTH = "|".join(map(re.escape, sorted(_MONTHS, key=lambda name: (-len(name), name))))
# What stands before the month and before the year: `28 ខែធ្នូ ឆ្នាំ2023`.
_MONTH_WORD = rf"(?:de\s+|of\s+|(?:{fold('ខែ')}|{fold('ເດືອນ')}|{fold('เดือน')})\s*|-|/|\s)"
_YEAR_WORD = rf"(?:del?\s+|-|/|'|(?:พ\.ศ\.|{fold('ឆ្នាំ')}|{fold('ປີ')})\s*)"
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_NUMERIC = re.compile(rf"(?<![\d/.-])(?P<d>\d{{1,2}})\s?(?P<sep>[/.-])\s?(?P<m>\d{{1,2}})\s?[/.-]\s?{_YEAR}(?![\d/-])")
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}\s?[/.-]\s?(?P<m>\d{{1,2}})\s?[/.-]\s?(?P<d>\d{{1,2}})(?!\d)")
_VIETNAMESE = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})\s*(?:,\s*)?thang\s*(?P<m>\d{{1,2}})\s*(?:,|nam|/|-)?\s*(?:nam\s*)?{_YEAR}(?!\d)"
)
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|o|º|°|ª)?\s*{_MONTH_WORD}?(?P<name>{_MONTH})(?!\w)\.?,?\s*"
    rf"{_YEAR_WORD}?(?P<y>(?:19|20|25)\d\d)(?!\d)"
)
_MONTH_DAY = re.compile(rf"\b(?P<name>{_MONTH})(?!\w)\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+{_YEAR}(?!\d)")
_CJK = re.compile(rf"{_YEAR}\s*[年년]\s*(?P<m>\d{{1,2}})\s*[月월]\s*(?P<d>\d{{1,2}})\s*[日일]")
_PATTERNS = (_VIETNAMESE, _CJK, _YEAR_FIRST, _NUMERIC, _DAY_MONTH, _MONTH_DAY)
_HAS_YEAR = re.compile(r"(?<!\d)(?:19|20|25)\d\d(?!\d)")
_TIME = re.compile(
    r"(?P<early>(?:오전|上午|午前)\s?)?(?P<late>(?:오후|下午|午後)\s?)?"
    r"(?<![\d:.+-])(?P<H>[01]?\d|2[0-3])\s?(?::|h|gi[oờ]|g|时|時|点|點|시)\s?(?P<M>[0-5]\d)?(?::(?P<S>[0-5]\d))?(?!\d)\s*"
    r"(?P<half>[ap]\.?m\b\.?|(?:sa|ch|sang|trua|chieu|toi|pagi|siang|sore|malam)\b)?",
    re.IGNORECASE,
)
_MORNING = frozenset({"am", "sa", "sang", "pagi"})  # ASP.NET writes SA and CH in Vietnamese
_NOON = frozenset({"trua", "siang"})
_AFTERNOON = frozenset({"pm", "ch", "chieu", "toi", "sore", "malam"})
_LATE_MORNING = 10
# A full stop between hours and minutes is a time where a word says so.
_DOTTED = re.compile(
    r"(?:\b(?:pukul|pkl\.?|jam|ore|alle|klo|kl\.?|kello|um|às|as)\s)(?P<H>[01]?\d|2[0-3])\.(?P<M>[0-5]\d)(?!\d)"
    r"|(?<![\d.:])(?P<H2>[01]?\d|2[0-3])\.(?P<M2>[0-5]\d)\s?(?:uhr|wib|wita|wit|u\.)\b"
)
_ZONE = re.compile(
    r"(?:GMT|UTC)\s*(?P<sign>[+-])\s*(?P<h>\d{1,2})(?::?(?P<m>\d\d))?"
    r"|\b(?P<name>WIB|WITA|WIT|GMT|UTC|ICT|CEST|CET|BST|EEST|EET|MSK|JST|KST|EST|EDT|CST|CDT|MST|MDT|PST|PDT)\b",
)
_ZONE_AND_OFFSET = re.compile(r"(?:GMT|UTC)\s*[+-]\d")
_NAMED_ZONES = {
    name: hours
    for hours, names in (
        (-8, "PST"),
        (-7, "MST PDT"),
        (-6, "CST MDT"),
        (-5, "EST CDT"),
        (-4, "EDT"),
        (0, "GMT UTC"),
        (1, "BST CET"),
        (2, "CEST EET"),
        (3, "EEST MSK"),
        (7, "WIB ICT"),
        (8, "WITA"),
        (9, "WIT JST KST"),
    )
    for name in names.split()
}
_BUDDHIST = 543  # Thai pages count the years from the Buddha's death


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of a page: `day` in the page's own offset, `instant` in UTC where a time was given; `in_utc`: the offset
    it was given in is none, which is what systems store rather than what readers see."""

    day: date
    instant: datetime | None = None
    in_utc: bool = False


def parse_machine(value: str, zone: tzinfo, *, month_first: bool = False) -> Moment | None:
    """The moment in a value meant for machines: ISO 8601 in its variants, RFC 2822, or seconds since 1970; `zone` where
    it names none."""
    text = tidy(value[:200])
    if found := _ISO.match(text):
        return _moment(_day(found), _clock(found), _offset(found["zone"]) or zone, in_utc=_offset(found["zone"]) is UTC)
    if _EPOCH.fullmatch(text):
        stamp = datetime.fromtimestamp(int(text[:10]), UTC)
        return Moment(stamp.astimezone(zone).date(), stamp)
    try:
        if _ZONE_AND_OFFSET.search(text):  # of JavaScript: the standard library reads GMT and leaves the offset
            raise ValueError
        stamp = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return parse_visible(text, zone, month_first=month_first) if len(text) <= 80 else None
    return _aware(stamp if stamp.tzinfo else stamp.replace(tzinfo=zone))


def parse_visible(text: str, zone: tzinfo, *, month_first: bool = False) -> Moment | None:
    """The moment in a text meant for people, in any of the forms that pages print.

    A day without its year gives None. 03/07/2026 is the third of July, as everywhere but in the United States; with
    `month_first` it is the seventh of March.
    """
    read = read_date(text, zone, month_first=month_first)
    return read[0] if read else None


def read_date(text: str, zone: tzinfo, *, month_first: bool = False) -> tuple[Moment, str] | None:
    """The moment in a text meant for people, and what is left of the text without its day, folded."""
    if not has_year(text):
        return None
    plain = unicodedata.normalize("NFC", fold(text))  # folding takes Korean syllables apart
    for pattern in _PATTERNS:
        for found in pattern.finditer(plain):
            day = _day(found, month_first=month_first and pattern is _NUMERIC and found["sep"] != ".")
            if day is None:
                continue
            rest = plain[: found.start()] + " # " + plain[found.end() :]
            moment = _moment(day, _clock_near(rest), _zone_in(text) or zone)
            return (moment, rest) if moment else None
    return None


def order_shown(text: str) -> str:
    """`month` or `day`, by which comes first in a numeric date in `text` that can be read in one way only; empty where
    there is none."""
    for found in _NUMERIC.finditer(text):
        first, second = int(found["d"]), int(found["m"])
        if first <= 12 < second <= 31:
            return "month"
        if second <= 12 < first <= 31:
            return "day"
    return ""


def is_ambiguous(text: str) -> bool:
    """Whether `text` holds a numeric date whose day could be its month."""
    return any(int(found["d"]) <= 12 and int(found["m"]) <= 12 for found in _NUMERIC.finditer(text))


def is_month(word: str) -> bool:
    """Whether `word` names a month."""
    return fold(word) in _MONTHS


def has_year(text: str) -> bool:
    """Whether `text` holds a year, without which nothing in it is a date."""
    return _HAS_YEAR.search(text) is not None


def has_date(text: str) -> bool:
    """Whether `text` holds a full date in one of the forms `parse_visible` reads."""
    return parse_visible(text, UTC) is not None


def _day(found: re.Match[str], *, month_first: bool = False) -> date | None:
    parts = found.groupdict()
    month = _MONTHS[parts["name"]] if parts.get("name") else int(parts["m"])
    number = int(parts["d"])
    year = int(parts["y"])
    if month_first and number <= 12:
        month, number = number, month
    if month > 12 >= number:  # it can only be meant the other way
        month, number = number, month
    try:
        return date(year - _BUDDHIST if year >= 2500 else year, month, number)
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> time | None:
    if found["H"] is None:
        return None
    try:
        return time(int(found["H"]), int(found["M"] or 0), int(found["S"] or 0))
    except ValueError:
        return None


def _clock_near(text: str) -> time | None:
    for found in _TIME.finditer(text):
        if found["M"] is None and not found["half"] and not found["late"]:
            continue
        hour = int(found["H"])
        half = (found["half"] or "").lower().replace(".", "")
        is_late = half in _AFTERNOON or found["late"] or (half in _NOON and hour < _LATE_MORNING)
        if is_late and hour < 12:  # `15:30 PM` is printed too
            hour += 12
        elif (half in _MORNING or found["early"]) and hour == 12 and found["M"] is not None:
            hour = 0
        return time(hour, int(found["M"] or 0), int(found["S"] or 0))
    if dotted := _DOTTED.search(text):
        return time(int(dotted["H"] or dotted["H2"]), int(dotted["M"] or dotted["M2"]))
    return None


def _offset(value: str | None) -> tzinfo | None:
    if not value:
        return None
    if value.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = value[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return UTC if minutes == 0 else _fixed(-minutes if value[0] == "-" else minutes)


def _zone_in(text: str) -> tzinfo | None:
    found = _ZONE.search(text)
    if not found:
        return None
    if found["name"]:
        return _fixed(_NAMED_ZONES[found["name"]] * 60)
    minutes = int(found["h"]) * 60 + int(found["m"] or 0)
    return _fixed(-minutes if found["sign"] == "-" else minutes)


def _fixed(minutes: int) -> tzinfo | None:
    return timezone(timedelta(minutes=minutes)) if abs(minutes) < 24 * 60 else None


def _moment(day: date | None, clock: time | None, zone: tzinfo, *, in_utc: bool = False) -> Moment | None:
    if day is None:
        return None
    if clock is None:
        return Moment(day)
    try:
        return Moment(day, datetime.combine(day, clock, zone).astimezone(UTC), in_utc)
    except OverflowError:
        return Moment(day)


def _aware(stamp: datetime) -> Moment | None:
    try:
        return Moment(stamp.date(), stamp.astimezone(UTC), in_utc=stamp.utcoffset() == timedelta(0))
    except (OverflowError, ValueError):
        return None
