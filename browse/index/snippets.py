"""Where a query's words stand in a title or text, and the piece of the text that shows them best.

Words are found in the text as it stands, by the rules that the index was made with, so every mark fits the original.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from browse.index.seam import Marked
from browse.query import AllOf, AnyOf, Clause, Not, Query, Terms
from browse.words import Word, find_words, fold

SNIPPET = 240
"""So many characters a snippet has, a little more or less: it begins and ends with whole words."""

_BEFORE = 60
"""So many of them stand before the first mark."""

_MOST_LOOKED_AT = 20_000
"""So many words of a text are looked at."""


class Mark(NamedTuple):
    """A range of a text that the query's clause number `clause` has found."""

    start: int
    end: int
    clause: int


class Marker:
    """Marks what a query asks for."""

    def __init__(self, query: Query) -> None:
        self._terms = list(dict.fromkeys(_terms(query.clauses)))
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._beginnings: list[int] = []
        for number, terms in enumerate(self._terms):
            if terms.prefix and len(terms.words) == 1:
                self._beginnings.append(number)
            else:
                self._by_word[fold(terms.words[0])].append(number)

    def title(self, title: str) -> Marked:
        """The whole title."""
        return Marked(title, 0, _apart(self._marks(_words(title), in_title=True)))

    def snippet(self, text: str) -> Marked | None:
        """The piece of the text where most of the query stands; its beginning, where nothing of it does."""
        words = _words(text)
        if not words:
            return None
        marks = self._marks(words, in_title=False)
        start, end = _window(text, words, _densest(marks))
        return Marked(text[start:end], start, _apart([one for one in marks if start <= one.start and one.end <= end]))

    def _marks(self, words: Sequence[Word], in_title: bool) -> list[Mark]:
        return [
            Mark(word.start, words[place + len(self._terms[number].words) - 1].end, number)
            for place, word in enumerate(words)
            for number in (*self._by_word.get(word.folded, ()), *self._beginnings)
            if (in_title or self._terms[number].field is None) and _stands(self._terms[number], words, place)
        ]


def _stands(terms: Terms, words: Sequence[Word], place: int) -> bool:
    """Whether the terms stand at a place among the words."""
    if place + len(terms.words) > len(words):
        return False
    last = len(terms.words) - 1
    for offset, wanted in enumerate(terms.words):
        found = words[place + offset]
        there, asked = (found.spelt, wanted) if terms.exact else (found.folded, fold(wanted))
        if not (there.startswith(asked) if terms.prefix and offset == last else there == asked):
            return False
    return True


def _words(text: str) -> list[Word]:
    return list(islice(find_words(text), _MOST_LOOKED_AT))


def _densest(marks: Sequence[Mark]) -> int:
    """Where the snippet's worth of text begins that holds most of the clauses, and of these most marks."""
    best, best_start, first = (0, 0), 0, 0
    for last, mark in enumerate(marks):
        while mark.end - marks[first].start > SNIPPET - _BEFORE and first < last:
            first += 1
        held = marks[first : last + 1]
        value = len({one.clause for one in held}), len(held)
        if value > best:
            best, best_start = value, held[0].start
    return best_start


def _window(text: str, words: Sequence[Word], around: int) -> tuple[int, int]:
    """A piece of the text that holds what stands from `around` on, of whole words where these are not too long."""
    if len(text) <= SNIPPET:
        return 0, len(text)
    latest = max(0, min(around - _BEFORE, len(text) - SNIPPET))
    start = next((word.start for word in words if latest <= word.start <= around), around)
    start = 0 if latest == 0 else start
    limit = start + SNIPPET
    if limit >= len(text):
        return start, len(text)
    inside = [word.end for word in words if start < word.end <= limit]
    return start, max(inside, default=limit) if inside and inside[-1] > start + SNIPPET // 2 else limit


def _apart(marks: Sequence[Mark]) -> tuple[tuple[int, int], ...]:
    """The ranges of marks in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end, _ in sorted(marks):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)


def _terms(clauses: Sequence[Clause]) -> Iterator[Terms]:
    for clause in clauses:
        match clause:
            case AnyOf(inner) | AllOf(inner):
                yield from _terms(inner)
            case Terms():
                yield clause
            case Not():
                pass
