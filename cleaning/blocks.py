"""Blocks: the article's text as a list of paragraphs, headings, list items and table rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Literal

from lxml.etree import _Element

from cleaning.text import tidy

Kind = Literal["p", "h2", "li", "row", "quote"]

# Elements of trafilatura's result (TEI's names), and of HTML where one of its fallbacks answered.
_KINDS: dict[str, Kind] = {
    "head": "h2", "h1": "h2", "h2": "h2", "h3": "h2", "h4": "h2", "h5": "h2", "h6": "h2",
    "item": "li", "li": "li", "quote": "quote", "blockquote": "quote", "row": "row", "tr": "row",
}  # fmt: skip
_BREAKING = frozenset(
    {
        "p",
        "div",
        "list",
        "ul",
        "ol",
        "table",
        "section",
        "article",
        "body",
        "dl",
        "dt",
        "dd",
        "code",
        "pre",
        "figure",
        *_KINDS,
    }
)
_BULLETS = "-–—•·*▪►●○◦+ "


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `text` is tidy; a row's cells are joined by ` | `."""

    kind: Kind
    text: str


def blocks_of(body: _Element) -> list[Block]:
    """The blocks under `body`, in order; line breaks separate blocks. Blocks without a letter or digit are left out."""
    found: list[Block] = []
    parts: list[str] = []
    cells: list[str] = []
    kinds: list[Kind] = ["p"]
    rows = 0

    def flush() -> None:
        text = tidy("".join(parts))
        parts.clear()
        if not any(char.isalnum() for char in text):
            return
        if rows:
            cells.append(text)
            return
        kind = kinds[-1]
        if kind == "li" and text[:1] in _BULLETS:
            text = text.lstrip(_BULLETS) or text
        found.append(Block(kind, text))

    stack: list[tuple[_Element, bool]] = [(body, False)]
    while stack:  # iterative: fallbacks hand out trees as deep as the page was
        element, closing = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        breaking = tag in _BREAKING or tag in ("cell", "td", "th", "lb", "br")
        if breaking:
            flush()
        if closing:
            if tag in ("row", "tr"):
                rows -= 1
                if cells and not rows:
                    found.append(Block("row" if len(cells) > 1 else "p", " | ".join(cells)))
                    cells.clear()
            elif tag in _KINDS:
                kinds.pop()
            if element is not body and element.tail:
                parts.append(element.tail)
            continue
        if tag in ("row", "tr"):
            rows += 1
        elif tag in _KINDS:
            kinds.append(_KINDS[tag])
        if element.text and tag:
            parts.append(element.text)
        stack.append((element, True))
        stack.extend((child, False) for child in reversed(element))
    flush()
    return found


def text_of(blocks: Iterable[Block]) -> str:
    """The blocks' text, separated by newlines."""
    return "\n".join(block.text for block in blocks)


def html_of(blocks: Sequence[Block]) -> str:
    """The blocks as a fragment of p, h2, ul/li, blockquote and table elements, escaped and without attributes."""
    pieces: list[str] = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        texts = [block.text for block in group]
        if kind == "li":
            pieces.append("<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>")
        elif kind == "row":
            rows = ("".join(f"<td>{escape(cell)}</td>" for cell in text.split(" | ")) for text in texts)
            pieces.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        elif kind == "quote":
            pieces.append("<blockquote>" + "".join(f"<p>{escape(text)}</p>" for text in texts) + "</blockquote>")
        else:
            pieces.extend(f"<{kind}>{escape(text)}</{kind}>" for text in texts)
    return "\n".join(pieces)
