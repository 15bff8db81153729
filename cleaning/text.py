"""Text: one spelling for the strings of a page, and the forms used to compare them."""

import re
import unicodedata
from functools import lru_cache
from html import unescape
from html.entities import html5

_ZERO_WIDTH = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_USUAL_SPACES = "\n\t\r\u00a0"
_SPACES = (
    "\t\n\x0b\x0c\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def _cp1252(code: int) -> str | None:
    try:
        return bytes([code]).decode("cp1252")
    except UnicodeDecodeError:
        return None


# C1 controls come from numeric references of old editors (`&#150;`): HTML reads them as windows-1252.
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(range(0x20), None),
    0x7F: None,
    **{code: _cp1252(code) for code in range(0x80, 0xA0)},
    **dict.fromkeys(range(0xD800, 0xE000), None),
    **dict.fromkeys(map(ord, _ZERO_WIDTH), None),
    **dict.fromkeys(map(ord, _SPACES), " "),
    0xFFFE: None,
    0xFFFF: None,
}
# Joiners shape Persian and Indic words and emoji; between Latin letters they are leftovers of an editor.
_LATIN_JOINER = re.compile(
    r"(?<=[\u0000-\u024f\u1e00-\u1eff])[\u200c\u200d]+|[\u200c\u200d]+(?=[\u0000-\u024f\u1e00-\u1eff])"
)
# What is still a reference after parsing was escaped twice: systems do that to titles and feeds, and readers see it.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def _marks() -> str:
    """The signs within words of the scripts from Latin to Myanmar and of Khmer: vowels of Thai, Lao, Hindi …, which to
    Python's \\w are no part of a word."""
    codes = [*range(0x300, 0x10A0), *range(0x1780, 0x1800)]
    return "".join(chr(code) for code in codes if unicodedata.category(chr(code)) in ("Mn", "Mc"))


_WORD = re.compile(rf"\w[\w{_marks()}]*")


def tidy(text: str) -> str:
    """`text` in NFC on one line: single spaces, no zero-width characters, no controls, no lone surrogates, and no
    character references that were escaped twice."""
    if "&" in text:
        text = _REFERENCE.sub(_referred, text)
    # Printable text holds nothing of the table, and no space but the plain one.
    if not text.isprintable():
        for space in _USUAL_SPACES:
            text = text.replace(space, " ")
        if not text.isprintable():
            return _cleared(text)
    text = " ".join(text.split()) if "  " in text else text.strip(" ")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _cleared(text: str) -> str:
    """`tidy` for texts with characters that are not shown."""
    text = text.translate(_TABLE)
    if "\u200c" in text or "\u200d" in text:
        text = _LATIN_JOINER.sub("", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _referred(reference: re.Match[str]) -> str:
    text = reference.group()
    return unescape(text) if text[1] == "#" or text[1:] in html5 else text


@lru_cache(maxsize=4096)
def words(text: str) -> str:
    """The words of `text` in lower case, single-spaced: two strings are the same heading where these are equal."""
    return " ".join(_WORD.findall(text.casefold()))


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """`text` in lower case without diacritics; `đ`, which does not decompose, becomes `d`."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(char for char in plain if not unicodedata.combining(char))


def shorten(text: str, limit: int) -> str:
    """`text`, cut with an ellipsis where it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
