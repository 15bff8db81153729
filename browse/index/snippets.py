"""Where a query's words stand in a title or text, and the piece of the text that shows them best.

Words are found in the text as it stands, by the rules that the index was made with, so every mark fits the original.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from browse.index.seam import Marked
from browse.query import AllOf, AnyOf, Clause, Query, Terms
from browse.words import Forms, find_words, fold

SNIPPET = 240
"""So many characters a snippet has, a little more or less: it begins and ends with whole words."""

_BEFORE = 60
"""So many of them stand before the first mark."""

_MOST_LOOKED_AT = 20_000
"""So many words of a text are looked at."""


_SENTENCE = re.compile(r"[.!?…]\s+|\n+")


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
        self._beginnings: list[tuple[str, int]] = []
        for number, terms in enumerate(self._terms):
            first = fold(terms.words[0])
            if terms.prefix and len(terms.words) == 1:
                self._beginnings.append((first, number))
            else:
                self._by_word[first].append(number)

    def title(self, title: str) -> Marked:
        """The whole title."""
        return Marked(title, 0, _apart(self._marks(title, in_title=True)))

    def snippet(self, text: str) -> Marked | None:
        """The piece of the text where most of the query stands; its beginning, where nothing of it does."""
        if not text.strip():
            return None
        marks = self._marks(text, in_title=False)
        start, end = _window(text, _densest(marks))
        return Marked(text[start:end], start, _apart([one for one in marks if start <= one.start and one.end <= end]))

    def _marks(self, text: str, in_title: bool) -> list[Mark]:
        if not self._terms:
            return []
        places, forms = find_words(text, _MOST_LOOKED_AT)
        beginning = [
            (place, number)
            for place, (_, folded) in enumerate(forms)
            if folded in self._by_word
            for number in self._by_word[folded]
        ]
        for start, number in self._beginnings:
            beginning += [(place, number) for place, (_, folded) in enumerate(forms) if folded.startswith(start)]
        return sorted(
            Mark(places[place].start(), places[place + len(self._terms[number].words) - 1].end(), number)
            for place, number in beginning
            if (in_title or self._terms[number].field is None) and _stands(self._terms[number], forms, place)
        )


def _stands(terms: Terms, forms: Sequence[Forms], place: int) -> bool:
    """Whether the terms stand at a place among the words."""
    last = len(terms.words) - 1
    if place + last >= len(forms):
        return False
    for offset, wanted in enumerate(terms.words):
        spelt, folded = forms[place + offset]
        there, asked = (spelt, wanted) if terms.exact else (folded, fold(wanted))
        if not (there.startswith(asked) if terms.prefix and offset == last else there == asked):
            return False
    return True


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


def _window(text: str, around: int) -> tuple[int, int]:
    """A piece of the text that holds what stands from `around` on. It begins with a sentence where one begins shortly
    before, else with a word, and ends with one."""
    earliest = max(0, around - _BEFORE)
    if earliest == 0:
        start = 0
    else:
        before = text[earliest:around]
        begins = [found.end() for found in _SENTENCE.finditer(before)] or [before.find(" ") + 1]
        start = earliest + begins[0]
    limit = start + SNIPPET
    if limit >= len(text):
        return start, len(text)
    space = max(text.rfind(" ", around, limit + 1), text.rfind("\n", around, limit + 1))
    return start, space if space > start + SNIPPET // 2 else limit


def _apart(marks: Sequence[Mark]) -> tuple[tuple[int, int], ...]:
    """The ranges of marks in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end, _ in marks:
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
            case _:
                pass
