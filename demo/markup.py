"""What the sites' pages have in common: spellings of days, JSON-LD, feeds, and encodings."""

import json
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from email.utils import format_datetime
from html import escape

WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def slashed(day: date) -> str:
    """`20/10/2026`."""
    return f"{day:%d/%m/%Y}"


def weekday(day: date) -> str:
    """`Thứ ba, 20/10/2026`, as Vietnamese sites print the day."""
    return f"{WEEKDAYS[day.weekday()]}, {slashed(day)}"


def attribute(text: str) -> str:
    """`text` for use between double quotes in a tag."""
    return escape(text, quote=True)


def text(value: str) -> str:
    """`value` as text of an element. Quotes stay as they are, so that what is seen can be searched for."""
    return escape(value, quote=False)


def json_ld(values: dict[str, object]) -> str:
    """The script element that states `values` in the terms of schema.org."""
    stated = json.dumps({"@context": "https://schema.org", **values}, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{stated}</script>'


def rss(title: str, home: str, items: Iterable[tuple[str, str, str, datetime]]) -> bytes:
    """An RSS 2.0 feed of `items`: title, address, description, moment."""
    entries = "".join(
        f"<item><title>{text(name)}</title><link>{text(link)}</link>"
        f'<guid isPermaLink="true">{text(link)}</guid>'
        f"<description><![CDATA[{about}]]></description><pubDate>{format_datetime(moment)}</pubDate></item>\n"
        for name, link, about, moment in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{text(title)}</title><link>{text(home)}</link>\n{entries}</channel></rss>\n"
    ).encode()


def encoded(value: str, encoding: str) -> bytes:
    """`value` in `encoding`; for windows-1258 the tones are split off first, for which it has marks of their own
    (https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1258.TXT)."""
    if encoding == "windows-1258":
        value = "".join(char if _fits(char, encoding) else _without_tone(char) for char in value)
    return value.encode(encoding, "xmlcharrefreplace")


def _fits(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _without_tone(char: str) -> str:
    parts = unicodedata.normalize("NFD", char)
    letter = "".join(part for part in parts if part not in TONES)
    return unicodedata.normalize("NFC", letter) + "".join(part for part in parts if part in TONES)
