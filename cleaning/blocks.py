"""Blocks: the article's lines as plain text and as a fragment of HTML, with the structure they had on the page."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from lxml.html import HtmlElement

from cleaning.lines import Line
from cleaning.tables import CELLS, DataTables, table_of

_HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6"}
_LISTS = frozenset({"ul", "ol"})
_FRAMES = frozenset({"ul", "ol", "li", "blockquote", "table", "tr", "td", "th"})
_TABLE_PARTS = frozenset({"table", "tr", *CELLS})
_INLINE_FRAMES = frozenset({"li", "td", "th"})
_BULLETS = re.compile(r"(?:[•·*▪►●○◦ ]|[-–—+](?!\d))+")  # -5 °C and +84 … are no bullets

Frame = tuple[str, object]
"""An element around a line: its tag, and itself, by which it is known."""


@dataclass(frozen=True, slots=True)
class Block:
    """One line of the article. `heading` is the name of the heading element it stood in, if any; `frames` are the
    elements around it that make structure, outermost first: lists and their items, quotes, parts of tables."""

    text: str
    heading: str = ""
    frames: tuple[Frame, ...] = ()


def blocks_of(lines: Sequence[Line], tables: DataTables) -> list[Block]:
    """The lines as blocks, in order; what is gone is left aside. Cells of data `tables` that say nothing are blocks
    without text."""
    found: list[Block] = []
    for line in lines:
        text, heading = line.text, ""
        frames: list[tuple[str, HtmlElement]] = []
        for element in (line.block, *line.block.iterancestors()):
            tag = element.tag
            heading = heading or _HEADINGS.get(tag, "")
            if tag in _FRAMES and (tag not in _TABLE_PARTS or table_of(element) in tables.tables):
                frames.append((tag, element))
        if frames and frames[0][0] == "li":
            text = _without_bullets(text)
        if not line.gone:
            found.append(Block(text, heading, tuple(_sound(frames[::-1]))))
    return list(_with_empty_cells(found, tables)) if tables.rows else found


def text_of(blocks: Iterable[Block]) -> str:
    """The blocks' text: a line each; a table's row is one line, its cells separated by ` | `. An empty cell is nothing
    between two of them, or before the first or behind the last: each value stays in its column."""
    lines: list[str] = []
    for row, group in groupby(blocks, key=lambda block: _frame(block, "tr")):
        if row is None:
            lines.extend(block.text for block in group)
        else:
            cells = groupby(group, key=lambda block: _frame(block, *CELLS))
            lines.append(" | ".join(" ".join(block.text for block in cell) for _, cell in cells))
    return "\n".join(lines)


def html_of(blocks: Iterable[Block]) -> str:
    """The blocks as a fragment of p, h2–h6, ul, ol, li, br, blockquote and table elements, escaped and without
    attributes."""
    pieces: list[str] = []
    opened: list[Frame] = []
    follows = False  # whether text stands before, in the innermost element
    for block in blocks:
        common = 0
        while common < min(len(opened), len(block.frames)) and opened[common] == block.frames[common]:
            common += 1
        follows = follows and common == len(opened) == len(block.frames)
        pieces += [f"</{tag}>" for tag, _ in reversed(opened[common:])]
        if not common and pieces:
            pieces.append("\n")
        pieces += [f"<{tag}>" for tag, _ in block.frames[common:]]
        opened = list(block.frames)
        if opened and opened[-1][0] in _INLINE_FRAMES:
            pieces.append("<br>" * follows + escape(block.text))
            follows = True
        else:
            tag = block.heading or "p"
            pieces.append(f"<{tag}>{escape(block.text)}</{tag}>")
    pieces += [f"</{tag}>" for tag, _ in reversed(opened)]
    return "".join(pieces)


def _without_bullets(text: str) -> str:
    bullets = _BULLETS.match(text)
    return text if bullets is None else text[bullets.end() :] or text


def _with_empty_cells(blocks: Iterable[Block], tables: DataTables) -> Iterator[Block]:
    """The blocks, and one without text for each place in the rows of data tables where none stands."""
    for row, group in groupby(blocks, key=lambda block: _frame(block, "tr")):
        slots = tables.rows.get(row) if isinstance(row, HtmlElement) else None
        if slots is None:
            yield from group
            continue
        said = {cell: list(part) for cell, part in groupby(group, key=lambda block: _frame(block, *CELLS))}
        around = next(iter(said.values()))[0].frames
        around = around[: [tag for tag, _ in around].index("tr") + 1]
        for slot in slots:
            if slot is not None and slot in said:
                yield from said.pop(slot)
            else:
                yield Block("", frames=(*around, ("td", object()) if slot is None else (str(slot.tag), slot)))
        for part in said.values():
            yield from part


def _frame(block: Block, *tags: str) -> object | None:
    return next((element for tag, element in reversed(block.frames) if tag in tags), None)


def _sound(frames: Sequence[tuple[str, HtmlElement]]) -> list[Frame]:
    """The frames as HTML allows them: items within lists, cells within rows within tables."""
    sound: list[Frame] = []
    for tag, element in frames:
        parent = sound[-1][0] if sound else ""
        if tag == "li" and parent not in _LISTS:
            sound.append(("ul", element.getparent() if element.getparent() is not None else element))
        if (
            (tag in _LISTS and parent in (*_LISTS, "table", "tr"))
            or (tag in ("blockquote", "table") and parent in (*_LISTS, "table", "tr"))
            or (tag == "tr" and parent != "table")
            or (tag in ("td", "th") and parent != "tr")
        ):
            continue
        sound.append((tag, element))
    while sound and sound[-1][0] in ("ul", "ol", "table", "tr"):
        sound.pop()
    return sound
