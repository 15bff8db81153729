"""Last lines: those at an article's end, and what can be told of a line there without the others."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import PROSE_CHARS, Line
from cleaning.links import is_document
from cleaning.page import attribute_text
from cleaning.text import tidy

_RIGHT = re.compile(r"text-align ?: ?(?:right|end)", re.IGNORECASE)
_BULLET = re.compile(r"[-–—+*•·▪●○◦]|\d{1,3} ?[.)/]|[a-zđ]\)")
_SENTENCE_ENDS = frozenset('.!?…”"/»。！？」』؟۔।॥។៕')
_OTHERS = frozenset({"related", "related-link", "comments", "poll"})


def lines_at_end(
    ledger: Ledger, region: HtmlElement, is_end: Callable[[Line], bool]
) -> tuple[Line | None, Sequence[Line]]:
    """The last kept line that `is_end` holds for, and those left behind it, kept or in `region`; all where none is."""
    inside = {line.index for line in ledger.under(region)}
    lines = [line for line in ledger.left if line.kept or line.index in inside]
    last = next((place for place, line in last_first(lines) if line.kept and is_end(line)), -1)
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


def has_bullet(line: Line) -> bool:
    """Whether the line begins as an item of a list does."""
    return _BULLET.match(line.text) is not None


def is_sentence(line: Line) -> bool:
    """Whether the line is as long as a sentence of an article, or ends like one."""
    return len(line.text) >= PROSE_CHARS or ends_sentence(line.text)


def ends_sentence(text: str) -> bool:
    """Whether the last sign of `text` is one that ends sentences."""
    return text[-1:] in _SENTENCE_ENDS


def last_first(lines: Sequence[Line]) -> Iterator[tuple[int, Line]]:
    """The places and lines, from the last one on."""
    return ((place, lines[place]) for place in range(len(lines) - 1, -1, -1))


def leads_to_documents(line: Line) -> bool:
    """Whether a link in the line leads to a document."""
    return any(is_document(anchor.get("href") or "") for anchor in line.links)


def ends_emphatic(line: Line, text: str) -> bool:
    """Whether the end of the line, `text`, and nothing before it is bold or italic."""
    end = ""
    for piece in reversed(line.pieces):
        if piece.rule or not piece.text.strip():
            continue
        if not piece.emphatic:
            break
        end = piece.text + end
    return tidy(end) == text
