"""The words of a text in any language: as the index has them, and as queries ask for them.

Each word has two forms. *Spelt* it keeps its accents, but one spelling stands for all that readers take for the same:
composed (NFKC), in small letters, with the tone marks of `hoà` and `hòa` in one place, `1.500.000` as `1500000`, digits
of any script as 0–9. *Folded* it has no accents either, `đ` is `d`, `ß` is `ss`. Scripts that set no spaces between
words (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean, whose particles cling to them, give each character for
a word, so that any part of a sentence is found as words in a row.

Apostrophes and hyphens part words. Whatever a text is cut into, it is cut word by word and never changed as a whole, so
every word knows where it stands in the original.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import islice
from operator import itemgetter
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 64
"""Words are told apart by so many characters."""

_MOST_REMEMBERED = 60_000

# Marks that change a letter's accent or tone, by canonical combining class (Unicode Standard, table 4-3): Hebrew,
# Arabic and Syriac points, Thai and Lao tones, and all that stands above or below. Vowel signs, the virama, and the
# marks that make a Japanese kana another one have other classes, and stay.
_ACCENT_CLASSES = frozenset([1, *range(10, 37), 107, 122, *range(200, 241)])
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th"}
)
_IGNORED = "\u00ad\u200c\u200d\u2060\ufeff"
"""Soft hyphens and joiners: they stand inside words and are not seen."""


def _class(fits: Callable[[str], bool]) -> str:
    """The characters below U+10000 that fit, as the inside of a regular expression's class. Such a class, without
    categories like `\\w` and with few ranges beyond, is a table to Python's matcher: a tenth of the time."""
    chosen = [False, *(fits(chr(code)) for code in range(1, 0xFFFF)), False]
    edges = [code for code in range(1, 0x10000) if chosen[code] != chosen[code - 1]]
    return "".join(f"{chr(begin)}-{chr(end - 1)}" for begin, end in zip(edges[::2], edges[1::2], strict=True))


# Han, kana and their marks, Hangul, Thai, Lao, Burmese, Khmer; jamo, which Hangul decomposes into.
_BY_CHARACTER = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u309d-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\U00020000-\U0003ffff]"
)
_NO_LETTERS = "\u02bb\u02bc\uff9e\uff9f"
"""To Unicode they are letters; but the first two people type any apostrophe for, and the others are marks of kana."""

_BEYOND = "\U00010000-\U0001efff"  # old and rare scripts, with few symbols among them; emoji come after
_LETTER = _class(lambda one: one.isalnum() and one not in _NO_LETTERS and not _BY_CHARACTER.match(one)) + _BEYOND
_ALONE = _class(lambda one: one.isalnum() and one not in _NO_LETTERS and _BY_CHARACTER.match(one) is not None)
_MARK = _class(lambda one: unicodedata.category(one)[0] == "M" or one in _IGNORED) + _NO_LETTERS[2:]
_WORD = re.compile(
    r"\d{1,3}(?:[.,]\d{3})+(?!\w)"
    rf"|[{_LETTER}][{_LETTER}{_MARK}]*"
    r"|[\u1100-\u115f\ua960-\ua97c][\u1160-\u11ff\ud7b0-\ud7fb]*"
    rf"|[{_ALONE}\U00020000-\U0003ffff][{_MARK}]*"
)
_GROUPED = re.compile(r"\d[\d.,]*")
# Tone marks on the first of two vowels (hòa, khỏe, thúy), where new spelling has them on the second (hoà, khoẻ, thuý).
_TONE_FIRST = re.compile(
    "(?:(?<=o)([\u0300\u0301\u0303\u0309\u0323])([ae])|(?<=u)([\u0300\u0301\u0303\u0309\u0323])(y))(?![\u0300-\u036f])"
)


Forms = tuple[str, str]
"""A word spelt, and folded."""

Made = TypeVar("Made")


class _Remembered(dict[str, Made]):
    """What `make` gives of pieces of text: those of a text are mostly those of the last ones. Where there are too many,
    those that are not asked for again are forgotten."""

    def __init__(self, make: Callable[[str], Made]) -> None:
        self._make = make
        self._before: dict[str, Made] = {}

    def __missing__(self, piece: str) -> Made:
        found = self._before.get(piece)
        made = self._make(piece) if found is None else found
        if len(piece) <= LONGEST:
            if len(self) >= _MOST_REMEMBERED:
                self._before = self.copy()
                self.clear()
            self[piece] = made
        return made


def _forms(word: str) -> Forms:
    spelt = _spelt(word)
    return spelt, fold(spelt)


_forms_of = _Remembered(_forms).__getitem__  # called from C, by `map`, it takes half the time of a subscript


def find_words(text: str, most: int | None = None) -> tuple[list[re.Match[str]], list[Forms]]:
    """Where the words of `text` stand, the first `most` of them, and their forms."""
    found = list(islice(_WORD.finditer(text), most))
    return found, list(map(_forms_of, map(itemgetter(0), found)))


def spell(text: str) -> tuple[str, ...]:
    """The words of `text`, spelt."""
    return tuple([forms[0] for forms in map(_forms_of, _WORD.findall(text))])


def spell_and_fold(text: str) -> tuple[list[str], list[str]]:
    """The words of `text` spelt, and the same folded."""
    forms = list(map(_forms_of, _WORD.findall(text)))
    return [one[0] for one in forms], [one[1] for one in forms]


def _part(part: str) -> tuple[str, str, int]:
    spelt, folded = spell_and_fold(part)
    return " ".join(spelt), " ".join(folded), len(spelt)


_part_of = _Remembered(_part).__getitem__
"""What `spell_and_fold_texts` gives of what stands between two spaces: mostly one word, with or without a comma."""


def spell_and_fold_texts(texts: Sequence[str]) -> list[tuple[str, str, int]]:
    """The words of each text spelt, the same folded, both parted by spaces, and how many they are. No word reaches
    across a space, so this is what `spell_and_fold` gives; but each piece that the texts share is looked up once, which
    for some hundred texts is half the work. All together they have less than 2 GB."""
    split = pc.ascii_split_whitespace(pa.array(texts, pa.string()))
    pieces = split.flatten().dictionary_encode()
    parts = [_part_of(piece) for piece in pieces.dictionary.to_pylist()]
    spelt, folded, counts = zip(("", "", 0), *parts, strict=True)
    places = np.asarray(pieces.indices) + 1
    words = np.array(counts)[places]
    begins, so_many = (np.append(0, np.cumsum(one))[np.asarray(split.offsets)] for one in (words > 0, words))
    joined = [
        pc.binary_join(pa.ListArray.from_arrays(begins.astype(np.int32), pa.array(forms).take(places[words > 0])), " ")
        for forms in (spelt, folded)
    ]
    return list(zip(*(one.to_pylist() for one in joined), np.diff(so_many).tolist(), strict=True))


def fold(spelt: str) -> str:
    """The folded form of a word that is spelt as the index does."""
    if spelt.isascii():
        return spelt
    bare = "".join(
        one for one in unicodedata.normalize("NFD", spelt) if unicodedata.combining(one) not in _ACCENT_CLASSES
    )
    return unicodedata.normalize("NFC", bare).translate(_LETTERS) or spelt


def stands_alone(word: str) -> bool:
    """Whether a word is one character of a script that sets no spaces."""
    return _BY_CHARACTER.match(word) is not None


def _spelt(word: str) -> str:
    if _GROUPED.fullmatch(word):
        word = word.replace(".", "").replace(",", "")
    if word.isascii():
        return word.lower()[:LONGEST]
    small = unicodedata.normalize("NFKC", word.translate(dict.fromkeys(map(ord, _IGNORED)))).casefold()
    parted = _TONE_FIRST.sub(r"\2\1\4\3", unicodedata.normalize("NFKD", small))
    composed = "".join(unicodedata.normalize("NFKC", parted).split())
    return "".join(str(unicodedata.decimal(one, one)) for one in composed)[:LONGEST] or word[:LONGEST]
