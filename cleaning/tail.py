"""Tails: the lines behind an article's last sentence, and which of them signs it.

A signature is the last short line. Names behind a sentence may as well be those of a list (who was honoured, which
villages won), of a poem or of a reader who comments: a line that cannot be told from these is no signature.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from lxml.html import HtmlElement

from cleaning.bylines import mark_of_byline
from cleaning.last_lines import (
    ends_emphatic,
    has_bullet,
    is_marked,
    is_right,
    is_sentence,
    last_first,
    leads_to_documents,
    lines_at_end,
    lines_behind,
)
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.signatures import (
    SIGNATURE_CHARS,
    Signature,
    begins_with_name,
    credits_helpers,
    is_spelt_vietnamese,
    read_signature,
    signs_as_office,
)
from cleaning.text import words

_SIGNATURE_MARK = re.compile(
    r"(?:^|[\s_-])(?:author|signature|(?:pnl?|lbl|div|sp|txt)?tac-?gia|detail-author|pAuthor|nguoi-?viet|byline)(?:$|[\s_-])",
    re.IGNORECASE,
)
# A line that is signed itself; without full stops in the signature.
_SIGNED_SENTENCE = re.compile(r"(?P<rest>.+[.!?…”\"]) (?P<signed>[^.!?…”\"]{4,60})")
_BODY_END = re.compile(r"/ ?\.$")
_CREDIT = re.compile(
    r"[(\[]?(?:ảnh|photos?|foto|clip|video|đồ họa|minh họa)\b(?: minh họa)? ?[:/].{2,60}", re.IGNORECASE
)
_NAME_CHARS = 40
_FIRST_LINES = 4
_LAST_LINES = 8
_BEYOND_LINES = 5
_TEASER_CHARS = 25
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ITEMS = frozenset({"li", "dd", "dt"})


class Tail:
    """The lines behind the last sentence of the article, kept or in its region, and what they can be."""

    def __init__(self, ledger: Ledger, region: HtmlElement, outlets: frozenset[str], vietnamese: bool) -> None:
        self._ledger, self._region, self._outlets, self._vietnamese = ledger, region, outlets, vietnamese
        self._sentence, self._lines = lines_at_end(ledger, region, self._is_sentence)
        self._read: dict[Line, Signature | None] = {}
        self._tables: dict[HtmlElement, bool] = {}

    def outlet_lines(self) -> Iterator[Line]:
        """The lines at the end that are the outlet's name and nothing else."""
        for place, line in enumerate(self._lines[self._end :]):
            if (line.kept or place < _FIRST_LINES) and not line.gone and words(line.text) in self._outlets:
                yield line

    def signatures(self) -> list[tuple[Line, Signature]]:
        """The line that signs the article; of those marked as an author's, all that follow one another."""
        lines = self._lines
        found: list[tuple[Line, Signature]] = []
        for place in self._window():
            line = lines[place]
            if line.gone or (signature := self._signature(line)) is None:
                if found:
                    break
                continue
            if not self._signs(place):
                continue
            found.append((line, signature))
            if self._strength(line) != "marked":
                break
        return found

    def helpers(self) -> list[Line]:
        """The lines behind the article's last sentence that say who edited it or took its pictures. Behind anything but
        a sentence or a signature they may be the entries of a list."""
        if self._sentence is None or self._sentence.text.endswith(":"):
            return []
        behind = self._lines[self._end :]
        if self._end and not any(line.gone and line.pieces[0].rule == "signature" for line in behind):
            return []
        return [
            line
            for line in behind
            if line.kept and not line.gone and not self._is_item(line) and credits_helpers(line.text, self._outlets)
        ]

    def signature_in_sentence(self) -> tuple[Line, str, str, Signature] | None:
        """The signature that ends the last sentence's own line, behind `./.`, or in bold or italics behind its full
        stop: the line, the signature, what stands before it, and what it says."""
        line = self._sentence
        if line is None or self._end or (found := _SIGNED_SENTENCE.fullmatch(line.text)) is None:
            return None
        if not _BODY_END.search(found["rest"]) and not ends_emphatic(line, found["signed"]):
            return None
        signature = read_signature(found["signed"], self._outlets, vietnamese=self._vietnamese, apart=False)
        return None if signature is None else (line, found["signed"], found["rest"], signature)

    def behind_region(self) -> list[tuple[Line, Signature]]:
        """The line right behind the article's own part of the page that signs it: marked as an author's, or on the
        right."""
        first = True
        for line in lines_behind(self._ledger, self._region, _BEYOND_LINES):
            if line.prose or line.block.tag in _HEADINGS or (line.linked and len(line.text) >= _TEASER_CHARS):
                break
            mark = mark_of_byline(line.block, self._box(line))
            if mark == "author" or (not mark and first and is_right(line) and line.emphasised):
                signature = read_signature(line.text, self._outlets, vietnamese=self._vietnamese, apart=True)
                if signature is not None and not self._is_item(line) and not self._shares_box(line):
                    return [(line, signature)]
            first = first and line.linked
        return []

    @cached_property
    def _end(self) -> int:
        """The place in the tail from which on the article has ended: no line from there on is both kept and text."""
        return next((place + 1 for place, line in last_first(self._lines) if self._is_text(line)), 0)

    def _window(self) -> list[int]:
        """The places where a signature may stand: right behind the sentence, or at the end."""
        end = next((place + 1 for place, line in last_first(self._lines) if line.kept), 0)
        first = range(min(_FIRST_LINES, len(self._lines)))
        last = range(max(end - _LAST_LINES, 0), min(end + _FIRST_LINES, len(self._lines)))
        return sorted({*first, *last})

    def _signature(self, line: Line) -> Signature | None:
        if line not in self._read:
            self._read[line] = self._read_signature(line)
        return self._read[line]

    def _read_signature(self, line: Line) -> Signature | None:
        marked = is_marked(line, _SIGNATURE_MARK)
        if len(line.text) > SIGNATURE_CHARS or line.text[-1] in ":?!" or (line.linked and not marked):
            return None
        if not marked and self._is_item(line):
            return None
        right = is_right(line)
        apart = marked or right
        # Translations are signed as the original was: `Hà Trang` below an Indonesian text.
        vietnamese = self._vietnamese or line.emphasised or is_spelt_vietnamese(line.text)
        pen_names = self._vietnamese and right
        found = read_signature(line.text, self._outlets, vietnamese=vietnamese, apart=apart, pen_names=pen_names)
        # Nobody's: only where its place says that it is a signature.
        return found if found is None or found.names or apart or found.explicit else None

    def _is_sentence(self, line: Line) -> bool:
        """Whether the line reads like a sentence, and is no name before the end's own sign: `Hà Thu./.`"""
        if not is_sentence(line) or len(line.text) > _NAME_CHARS or not _BODY_END.search(line.text):
            return is_sentence(line)
        return read_signature(line.text, self._outlets, vietnamese=self._vietnamese, apart=False) is None

    def _credits(self, line: Line) -> bool:
        return _CREDIT.fullmatch(line.text) is not None or credits_helpers(line.text, self._outlets)

    def _is_text(self, line: Line) -> bool:
        """Whether the line is kept and cannot be what stands behind an article."""
        return (
            line.kept
            and not line.gone
            and not line.linked
            and self._signature(line) is None
            and words(line.text) not in self._outlets
            and not self._credits(line)
            and not leads_to_documents(line)
        )

    def _strength(self, line: Line) -> str:
        """What says that the line is a signature: its mark, its place on the right, its form, or (`weak`) nothing but
        that it is a name and comes last."""
        if is_marked(line, _SIGNATURE_MARK):
            return "marked"
        if is_right(line):
            return "right"
        signature = self._signature(line)
        return "explicit" if signature and signature.explicit else "weak"

    def _signs(self, place: int) -> bool:
        strength = self._strength(self._lines[place])
        if strength == "weak":
            return self._stands_last(place)
        return self._may_sign(place) and (strength != "explicit" or place >= self._end)

    def _may_sign(self, place: int) -> bool:
        """Whether the line is none of several alike, nor what a colon announces, nor the signatory of a document, nor
        part of a box."""
        line = self._lines[place]
        before = self._before(place)
        strength = self._strength(line)
        if strength == "marked":
            return not self._shares_box(line)
        if before is not None and (self._announces(before, line) or signs_as_office(before.text)):
            return False
        return not self._is_one_of_several(place) and not self._shares_box(line)

    def _stands_last(self, place: int) -> bool:
        """The same for a line that nothing distinguishes but that it comes last, right behind a sentence or a list."""
        line, before = self._lines[place], self._before(place)
        if place < self._end or before is None or not self._may_sign(place):
            return False
        behind = self._behind(place)
        if behind is not None and not (line.kept or behind.kept or behind.linked or self._credits(behind)):
            return False
        return (
            (before is self._sentence and not self._announces(before, line))
            or before.linked
            or (before.link_chars > 0 and not before.kept)
            or (self._is_listed(before) and not self._is_listed(line))
            or words(before.text) in self._outlets
            or self._credits(before)
            or before.gone
        )

    def _announces(self, before: Line, line: Line) -> bool:
        """Whether the line is what the colon at the end of the one before it announces; pictures between are that."""
        between = self._ledger.lines[before.index + 1 : line.index + 1]
        return before.text.endswith(":") and all(one.image is None for one in between)

    def _is_one_of_several(self, place: int) -> bool:
        line = self._lines[place]
        strength = self._strength(line)
        for other in (self._before(place), self._behind(place)):
            if other is None or other is self._sentence or other.gone or self._credits(other):
                continue
            if self._is_listed(other) != self._is_listed(line):
                continue
            if (
                self._strength(other) == strength
                and len(other.text) <= SIGNATURE_CHARS
                and begins_with_name(other.text)
            ):
                return True
        return False

    def _before(self, place: int) -> Line | None:
        return self._lines[place - 1] if place else self._sentence

    def _behind(self, place: int) -> Line | None:
        return next((line for line in self._lines[place + 1 :] if not line.gone), None)

    def _shares_box(self, line: Line) -> bool:
        """Whether the line stands in a box with other text behind it, or with a link to another article: a reader's
        comment, what the author does, a teaser."""
        box = self._box(line)
        if box is None:
            return False
        for other in self._ledger.under(box):
            if other is line or self._credits(other) or leads_to_documents(other):
                continue
            if other.linked:
                if len(other.text) >= _TEASER_CHARS:
                    return True
            elif other.index > line.index and self._signature(other) is None:
                return True
        return False

    def _box(self, line: Line) -> HtmlElement | None:
        """The outermost element around the line that holds nothing of the article's sentences."""
        around = {self._region, *self._region.iterancestors()}
        if self._sentence is not None:
            around.update((self._sentence.block, *self._sentence.block.iterancestors()))
        box = None
        for element in (line.block, *line.block.iterancestors()):
            if element in around:
                break
            box = element
        return box

    def _is_item(self, line: Line) -> bool:
        """Whether the line stands in a list, or in a table of the article's own."""
        for element in (line.block, *line.block.iterancestors()):
            if element is self._region:
                return False
            if element.tag in _ITEMS:
                return True
            if element.tag == "table":
                if element not in self._tables:
                    holds = self._sentence is not None and element in self._sentence.block.iterancestors()
                    self._tables[element] = not holds and len(self._ledger.under(element)) > 1
                return self._tables[element]
        return False

    def _is_listed(self, line: Line) -> bool:
        return has_bullet(line) or self._is_item(line)
