"""Tails: the lines behind an article's last sentence, and which of them signs it.

A signature is the last short line. Names behind a sentence may as well be those of a list (who was honoured, which
villages won), of a poem or of a reader who comments: a line that cannot be told from these is no signature.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice, takewhile

from lxml.html import HtmlElement

from cleaning.bylines import mark_of_byline
from cleaning.ledger import Ledger
from cleaning.lines import PROSE_CHARS, Line
from cleaning.links import is_document
from cleaning.organisations import is_office
from cleaning.page import attribute_text
from cleaning.signatures import SIGNATURE_CHARS, Signature, begins_with_name, read_signature
from cleaning.text import tidy, words

_SIGNATURE_MARK = re.compile(
    r"(?:^|[\s_-])(?:author|signature|tac-?gia|detail-author|pAuthor|nguoi-?viet|byline)(?:$|[\s_-])", re.IGNORECASE
)
# A line that is signed itself; without full stops in the signature.
_SIGNED_SENTENCE = re.compile(r"(?P<rest>.+[.!?…”\"]) (?P<signed>[^.!?…”\"]{4,60})")
_BODY_END = re.compile(r"/ ?\.$")
_RIGHT = re.compile(r"text-align ?: ?(?:right|end)", re.IGNORECASE)
_CREDIT = re.compile(
    r"[(\[]?(?:ảnh|photos?|foto|clip|video|đồ họa|minh họa)\b(?: minh họa)? ?[:/].{2,60}", re.IGNORECASE
)
_BULLET = re.compile(r"[-–—+*•·▪●○◦]|\d{1,3} ?[.)/]|[a-zđ]\)")
_SENTENCE_ENDS = frozenset('.!?…”"/»。！？」』؟۔।॥។៕')
_FIRST_LINES = 4
_LAST_LINES = 8
_BEYOND_LINES = 5
_TEASER_CHARS = 25
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_OTHERS = frozenset({"related", "related-link", "comments", "poll"})
_ITEMS = frozenset({"li", "dd", "dt"})


class Tail:
    """The lines behind the last sentence of the article, kept or in its region, and what they can be."""

    def __init__(self, ledger: Ledger, region: HtmlElement, outlets: frozenset[str], vietnamese: bool) -> None:
        self._ledger, self._region, self._outlets, self._vietnamese = ledger, region, outlets, vietnamese
        self._sentence, self._lines = lines_at_end(ledger, region, is_sentence)
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

    def signature_in_sentence(self) -> tuple[Line, str, str, Signature] | None:
        """The signature that ends the last sentence's own line, behind `./.`, or in bold or italics behind its full
        stop: the line, the signature, what stands before it, and what it says."""
        line = self._sentence
        if line is None or self._end or (found := _SIGNED_SENTENCE.fullmatch(line.text)) is None:
            return None
        if not _BODY_END.search(found["rest"]) and not _ends_emphatic(line, found["signed"]):
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
        return next((place + 1 for place, line in _reversed(self._lines) if self._is_text(line)), 0)

    def _window(self) -> list[int]:
        """The places where a signature may stand: right behind the sentence, or at the end."""
        end = next((place + 1 for place, line in _reversed(self._lines) if line.kept), 0)
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
        vietnamese = self._vietnamese or line.emphasised
        pen_names = self._vietnamese and right
        found = read_signature(line.text, self._outlets, vietnamese=vietnamese, apart=apart, pen_names=pen_names)
        # Nobody's: only where its place says that it is a signature.
        return found if found is None or found.names or apart or found.explicit else None

    def _is_text(self, line: Line) -> bool:
        """Whether the line is kept and cannot be what stands behind an article."""
        return (
            line.kept
            and not line.gone
            and not line.linked
            and self._signature(line) is None
            and words(line.text) not in self._outlets
            and _CREDIT.fullmatch(line.text) is None
            and not _leads_to_documents(line)
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
        if before is not None and (before.text.endswith(":") or _is_office(before)):
            return False
        return not self._is_one_of_several(place) and not self._shares_box(line)

    def _stands_last(self, place: int) -> bool:
        """The same for a line that nothing distinguishes but that it comes last, right behind a sentence or a list."""
        line, before = self._lines[place], self._before(place)
        if place < self._end or before is None or not self._may_sign(place):
            return False
        behind = self._behind(place)
        if behind is not None and not (line.kept or behind.kept or behind.linked or _CREDIT.fullmatch(behind.text)):
            return False
        return (
            (before is self._sentence and not before.text.endswith(":"))
            or before.linked
            or (before.link_chars > 0 and not before.kept)
            or (self._is_listed(before) and not self._is_listed(line))
            or words(before.text) in self._outlets
            or _CREDIT.fullmatch(before.text) is not None
            or before.gone
        )

    def _is_one_of_several(self, place: int) -> bool:
        line = self._lines[place]
        strength = self._strength(line)
        for other in (self._before(place), self._behind(place)):
            if other is None or other is self._sentence or other.gone or _CREDIT.fullmatch(other.text):
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
            if other is line or _CREDIT.fullmatch(other.text) or _leads_to_documents(other):
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


def lines_at_end(
    ledger: Ledger, region: HtmlElement, is_end: Callable[[Line], bool]
) -> tuple[Line | None, Sequence[Line]]:
    """The last kept line that `is_end` holds for, and those left behind it, kept or in `region`; all where none is."""
    inside = {line.index for line in ledger.under(region)}
    lines = [line for line in ledger.left if line.kept or line.index in inside]
    last = next((place for place, line in _reversed(lines) if line.kept and is_end(line)), -1)
    return (lines[last] if last >= 0 else None), lines[last + 1 :]


def lines_behind(ledger: Ledger, region: HtmlElement, count: int) -> list[Line]:
    """The first `count` lines left behind `region`, before other articles and comments begin."""
    under = ledger.under(region)
    _, end = ledger.span(region)
    start = under[-1].index + 1 if under else len(ledger.lines)
    behind = (line for line in ledger.lines[start:] if line.pieces[0].index >= end)
    own = takewhile(lambda line: not line.gone or line.pieces[0].rule not in _OTHERS, behind)
    return list(islice((line for line in own if not line.gone), count))


def is_right(line: Line) -> bool:
    """Whether the line is set flush right."""
    return any(
        element.get("align") == "right"
        or _RIGHT.search(element.get("style") or "")
        or "text-right" in (element.get("class") or "")
        for element in (line.block, *list(line.block.iterancestors())[:1])
    )


def is_marked(line: Line, mark: re.Pattern[str]) -> bool:
    """Whether `mark` stands in the id or classes of an element of the line."""
    elements = [line.block, *(piece.element for piece in line.pieces if not piece.is_tail)]
    return any(mark.search(attribute_text(element)) for element in elements)


def _leads_to_documents(line: Line) -> bool:
    return any(is_document(anchor.get("href") or "") for anchor in line.links)


def has_bullet(line: Line) -> bool:
    """Whether the line begins as an item of a list does."""
    return _BULLET.match(line.text) is not None


def is_sentence(line: Line) -> bool:
    """Whether the line is as long as a sentence of an article, or ends like one."""
    return len(line.text) >= PROSE_CHARS or ends_sentence(line.text)


def ends_sentence(text: str) -> bool:
    """Whether the last sign of `text` is one that ends sentences."""
    return text[-1:] in _SENTENCE_ENDS


def _reversed(lines: Sequence[Line]) -> Iterator[tuple[int, Line]]:
    """The places and lines, from the last one on."""
    return ((place, lines[place]) for place in range(len(lines) - 1, -1, -1))


def _ends_emphatic(line: Line, text: str) -> bool:
    """Whether the end of the line, `text`, and nothing before it is bold or italic."""
    end = ""
    for piece in reversed(line.pieces):
        if piece.rule or not piece.text.strip():
            continue
        if not piece.emphatic:
            break
        end = piece.text + end
    return tidy(end) == text


def _is_office(line: Line) -> bool:
    """Whether the line is the office of who signed a document: `CHỦ TỊCH`."""
    return len(line.text) <= SIGNATURE_CHARS and line.text[-1] not in _SENTENCE_ENDS and is_office(line.text)
