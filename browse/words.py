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
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

LONGEST = 64
"""Words are told apart by so many characters."""

_MOST_REMEMBERED = 100_000

# Marks that change a letter's accent or tone, by canonical combining class (Unicode Standard, table 4-3): Hebrew,
# Arabic and Syriac points, Thai and Lao tones, and all that stands above or below. Vowel signs, the virama, and the
# marks that make a Japanese kana another one have other classes, and stay.
_ACCENT_CLASSES = frozenset([1, *range(10, 37), 107, 122, *range(200, 241)])
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th"}
)
_IGNORED = dict.fromkeys(map(ord, "\u00ad\u200c\u200d\u2060\ufeff"))
"""Soft hyphens and joiners: they stand inside words and are not seen."""


def _ranges(fits: Callable[[str], bool], last: int = 0x1FFFF) -> str:
    """The characters that fit, as the inside of a regular expression's class."""
    chosen = [fits(chr(code)) for code in range(last + 1)]
    edges = [code for code in range(1, last + 1) if chosen[code] != chosen[code - 1]]
    return "".join(f"{chr(begin)}-{chr(end - 1)}" for begin, end in zip(edges[::2], edges[1::2], strict=True))


# Han, kana and their marks, Hangul, Thai, Lao, Burmese, Khmer. Jamo are what Hangul decomposes into.
_ALONE = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u309d-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_JAMO = "\u1100-\u115f\ua960-\ua97c"
_APOSTROPHES = "\u02bb\u02bc"  # letters to Unicode, but people type any apostrophe for them
_MARK = _ranges(lambda one: unicodedata.category(one)[0] == "M") + "".join(map(chr, _IGNORED)) + "\uff9e\uff9f"
_LETTER = rf"[^\W_{_APOSTROPHES}{_ALONE}{_JAMO}]"
_WORD = re.compile(
    r"\d{1,3}(?:[.,]\d{3})+(?!\w)"
    rf"|{_LETTER}+(?:[{_MARK}]+{_LETTER}*)*"
    rf"|(?=\w)[{_ALONE}][{_MARK}]*"
    rf"|[{_JAMO}][\u1160-\u11ff\ud7b0-\ud7fb]*"
)
_GROUPED = re.compile(r"\d[\d.,]*")
_IS_ALONE = re.compile(f"[{_ALONE}{_JAMO}]")
# Tone marks on the first of two vowels (hòa, khỏe, thúy), where new spelling has them on the second (hoà, khoẻ, thuý).
_TONE_FIRST = re.compile(
    "(?:(?<=o)([\u0300\u0301\u0303\u0309\u0323])([ae])|(?<=u)([\u0300\u0301\u0303\u0309\u0323])(y))(?![\u0300-\u036f])"
)


class Word(NamedTuple):
    """A word: where it stands in its text, in code points, and its two forms."""

    start: int
    end: int
    spelt: str
    folded: str


class _Forms(dict[str, tuple[str, str]]):
    """The two forms of words as they stand in texts, remembered: a text's words are mostly those of the last ones."""

    def __missing__(self, word: str) -> tuple[str, str]:
        spelt = _spelt(word)
        forms = spelt, fold(spelt)
        if len(word) <= LONGEST:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[sys.intern(word)] = forms
        return forms


_FORMS = _Forms()


def find_words(text: str) -> Iterator[Word]:
    """The words of `text`, in order."""
    for found in _WORD.finditer(text):
        yield Word(found.start(), found.end(), *_FORMS[found[0]])


def spell(text: str) -> tuple[str, ...]:
    """The words of `text`, spelt."""
    return tuple(_FORMS[word][0] for word in _WORD.findall(text))


def both_forms(text: str) -> tuple[str, str, int]:
    """All words of `text` spelt, all of them folded, with spaces between; and how many there are."""
    forms = [_FORMS[word] for word in _WORD.findall(text)]
    return " ".join([one[0] for one in forms]), " ".join([one[1] for one in forms]), len(forms)


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
    return _IS_ALONE.match(word) is not None


def _spelt(word: str) -> str:
    if _GROUPED.fullmatch(word):
        word = word.replace(".", "").replace(",", "")
    if word.isascii():
        return word.lower()[:LONGEST]
    small = unicodedata.normalize("NFKC", word.translate(_IGNORED)).casefold()
    parted = _TONE_FIRST.sub(r"\2\1\4\3", unicodedata.normalize("NFKD", small))
    composed = "".join(unicodedata.normalize("NFKC", parted).split())
    return "".join(str(unicodedata.decimal(one, one)) for one in composed)[:LONGEST] or word[:LONGEST]
