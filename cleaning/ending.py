"""Endings: what stands behind an article's last sentence and is not text: who wrote it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cleaning.author import is_name, is_vietnamese_name, person
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import attribute_text
from cleaning.text import words

_SIGNATURE_MARK = re.compile(
    r"(?:^|[\s_-])(?:author|signature|tac-?gia|detail-author|pAuthor|nguoi-?viet|byline)(?:$|[\s_-])", re.IGNORECASE
)
# How officials end what they write: `…/.`, mostly behind the sentence's own full stop.
_BODY_END = re.compile(r"(?P<stop> ?\.)?(?P<end> ?/ ?\.)$")
_RIGHT = re.compile(r"text-align ?: ?(?:right|end)", re.IGNORECASE)
_SIGNATURE_CHARS = 60
_TAIL_LINES = 4


@dataclass(frozen=True, slots=True)
class Ending:
    """What an article's end says: `author` signed it, `via_name` and `via_url` published it first."""

    author: str | None = None
    via_name: str | None = None
    via_url: str | None = None


def leave_out_signature(ledger: Ledger, tail: Sequence[Line], outlets: frozenset[str], vietnamese: bool) -> str | None:
    """Leave out the signature behind the article's last sentence; who signed.

    `tail` are the lines behind that sentence in the article's part of the page.
    """
    author = None
    for line in tail[:_TAIL_LINES]:
        if len(line.text) > _SIGNATURE_CHARS or line.text[-1] in ":?!":
            break
        if words(line.text) in outlets:
            ledger.leave_out([line], "outlet", line.block)
        elif author is None and (name := _signature(line, outlets, vietnamese)):
            author = name
            ledger.leave_out([line], "signature", line.block)
        elif not line.linked:  # links to documents stand between the text and its signature
            break
    return author


def cut_body_end(ledger: Ledger, line: Line) -> None:
    """Cut the `/.` that ends a body off `line`, the article's last; a sentence keeps its full stop."""
    if found := _BODY_END.search(line.text):
        rest = line.text[: found.start()] + (found["stop"] or "").strip()
        ledger.cut(line, found["end"].strip(), rest, "body-end")


def _signature(line: Line, outlets: frozenset[str], vietnamese: bool) -> str | None:
    """The name, where the line is a signature: a name that stands apart (right, bold, italic, or marked as such)."""
    if line.linked and not _is_marked(line):
        return None
    name = person(line.text, outlets)
    if name is None:
        return None
    parts = [part for part in re.split(r" ?(?:,|-|–|;|/|&) ?", name) if part]
    apart = _is_right(line) or line.emphasised or _is_marked(line)
    if all(is_vietnamese_name(part) for part in parts) and len(parts) <= 4 and (vietnamese or apart):
        return "; ".join(parts)
    if (_is_right(line) or _is_marked(line)) and all(is_name(part) for part in parts) and len(parts) <= 4:
        return "; ".join(parts)
    # A pen name of one word: only where it stands on the right.
    return (
        name
        if vietnamese and _is_right(line) and len(name.split()) == 1 and name[0].isupper() and name.isalpha()
        else None
    )


def _is_right(line: Line) -> bool:
    return any(
        element.get("align") == "right"
        or _RIGHT.search(element.get("style") or "")
        or "text-right" in (element.get("class") or "")
        for element in (line.block, *list(line.block.iterancestors())[:1])
    )


def _is_marked(line: Line, mark: re.Pattern[str] = _SIGNATURE_MARK) -> bool:
    elements = [line.block, *(piece.element for piece in line.pieces if not piece.is_tail)]
    return any(mark.search(attribute_text(element)) for element in elements)
