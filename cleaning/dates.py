"""Dates as pages print them: from a string to a day and, where a time is given, an instant.

Nothing here guesses: a string without a year gives nothing, and neither does a day the calendar lacks.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from cleaning.text import fold, tidy

_ISO = re.compile(
    r"(?P<y>(?:19|20)\d\d)-?(?P<m>\d\d)-?(?P<d>\d\d)"
    r"(?:(?:T|\s+|T\s*)(?P<H>\d{1,2}):?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,]\d+)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?(?!\d)",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januari ene enero janvier januar gennaio",
            "february feb februari febrero fevrier februar febbraio",
            "march mar maret marzo mars marz mrz",
            "april apr abril avril aprile",
            "may mei mayo mai maggio",
            "june jun juni junio juin giugno",
            "july jul juli julio juillet luglio",
            "august aug agustus agu agt agosto aout",
            "september sep sept septiembre septembre settembre",
            "october oct okt oktober octubre octobre ottobre",
            "november nov nopember noviembre novembre",
            "december dec des desember diciembre dezember decembre dez dicembre",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=lambda name: (-len(name), name)))
_NUMERIC = re.compile(r"(?<![\d/.-])(?P<d>\d{1,2})\s?[/.-]\s?(?P<m>\d{1,2})\s?[/.-]\s?(?P<y>(?:19|20)\d\d)(?![\d/-])")
_YEAR_FIRST = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)\s?[/.-]\s?(?P<m>\d{1,2})\s?[/.-]\s?(?P<d>\d{1,2})(?!\d)")
_VIETNAMESE = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})\s*(?:,\s*)?thang\s*(?P<m>\d{1,2})\s*(?:,|nam|/|-)?\s*(?:nam\s*)?(?P<y>(?:19|20)\d\d)(?!\d)"
)
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.|o)?\s*(?:de\s+|of\s+|-|/)?(?P<name>{_MONTH})\b\.?,?\s*(?:de\s+|-|/)?(?P<y>(?:19|20)\d\d)(?!\d)"
)
_MONTH_DAY = re.compile(
    rf"\b(?P<name>{_MONTH})\b\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y>(?:19|20)\d\d)(?!\d)"
)
_CJK = re.compile(r"(?P<y>(?:19|20)\d\d)\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日일]")
_TIME = re.compile(
    r"(?<![\d:.+-])(?P<H>[01]?\d|2[0-3])\s?(?::|h|gi[oờ]|g)\s?(?P<M>[0-5]\d)?(?::(?P<S>[0-5]\d))?(?!\d)\s*(?P<half>[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"(?:GMT|UTC)\s*(?P<sign>[+-])\s*(?P<h>\d{1,2})(?::?(?P<m>\d\d))?|\b(?P<name>WIB|WITA|WIT|GMT|UTC)\b", re.IGNORECASE
)
_NAMED_ZONES = {"wib": 7, "wita": 8, "wit": 9, "gmt": 0, "utc": 0}


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of a page: `day` in the page's own offset, `instant` in UTC where a time was given."""

    day: date
    instant: datetime | None = None


def parse_machine(value: str, zone: tzinfo) -> Moment | None:
    """The moment in a value meant for machines: ISO 8601 in its variants, or RFC 2822; `zone` where it names none."""
    text = tidy(value[:200])
    if found := _ISO.match(text):
        return _moment(_day(found), _clock(found), _offset(found["zone"]) or zone)
    try:
        stamp = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return parse_visible(text, zone) if len(text) <= 80 else None
    return _aware(stamp if stamp.tzinfo else stamp.replace(tzinfo=zone))


def parse_visible(text: str, zone: tzinfo) -> Moment | None:
    """The moment in a text meant for people, in any of the forms Vietnamese, Indonesian and English pages print.

    A day without its year gives None. 03/07/2026 is the third of July, as everywhere but in the United States.
    """
    plain = fold(text)
    for pattern in (_VIETNAMESE, _CJK, _YEAR_FIRST, _NUMERIC, _DAY_MONTH, _MONTH_DAY):
        for found in pattern.finditer(plain):
            day = _day(found)
            if day is None:
                continue
            rest = plain[: found.start()] + " # " + plain[found.end() :]
            return _moment(day, _clock_near(rest), _zone_in(rest) or zone)
    return None


def has_date(text: str) -> bool:
    """Whether `text` holds a full date in one of the forms `parse_visible` reads."""
    return parse_visible(text, UTC) is not None


def _day(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    month = _MONTHS[parts["name"]] if parts.get("name") else int(parts["m"])
    number = int(parts["d"])
    if month > 12 >= number:  # it can only be meant the other way
        month, number = number, month
    try:
        return date(int(parts["y"]), month, number)
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
        if found["M"] is None and not found["half"]:
            continue
        hour = int(found["H"])
        half = (found["half"] or "").lower().replace(".", "")
        if half == "pm" and hour < 12:  # `15:30 PM` is printed too
            hour += 12
        elif half == "am" and hour == 12 and found["M"] is not None and int(found["H"]) == 12:
            hour = 0
        return time(hour, int(found["M"] or 0), int(found["S"] or 0))
    return None


def _offset(value: str | None) -> tzinfo | None:
    if not value:
        return None
    if value.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = value[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return _fixed(-minutes if value[0] == "-" else minutes)


def _zone_in(text: str) -> tzinfo | None:
    found = _ZONE.search(text)
    if not found:
        return None
    if found["name"]:
        return _fixed(_NAMED_ZONES[found["name"].lower()] * 60)
    minutes = int(found["h"]) * 60 + int(found["m"] or 0)
    return _fixed(-minutes if found["sign"] == "-" else minutes)


def _fixed(minutes: int) -> tzinfo | None:
    return timezone(timedelta(minutes=minutes)) if abs(minutes) < 24 * 60 else None


def _moment(day: date | None, clock: time | None, zone: tzinfo) -> Moment | None:
    if day is None:
        return None
    if clock is None:
        return Moment(day)
    try:
        return Moment(day, datetime.combine(day, clock, zone).astimezone(UTC))
    except OverflowError:
        return Moment(day)


def _aware(stamp: datetime) -> Moment | None:
    try:
        return Moment(stamp.date(), stamp.astimezone(UTC))
    except (OverflowError, ValueError):
        return None
