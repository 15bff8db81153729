"""Line styles: how lines are set: centred, in italics, in bold. By this captions and body paragraphs differ."""

import re
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from cleaning.lines import Line

_ALIGNED = re.compile(r"text-align\s*:\s*(?:-\w+-)?(\w+)", re.IGNORECASE)
_ALIGNED_CLASS = re.compile(
    r"(?:^|\s)(?:(?:has-|ql-|wysiwyg-)?(?:text|txt|align|rte|ta|t)[_-]?(?:align[_-]?)?)?(cent(?:er|re)d?|left|right|justify)(?:\s|$)",
    re.IGNORECASE,
)
_ITALIC = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
_CELLS = frozenset({"td", "th"})
_LEVELS = 4  # what is farther around a line lays out the page


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set as a whole. `emphatic`: in bold or italics."""

    centred: bool
    italic: bool
    emphatic: bool


class Styles:
    """The styles of a page's lines; what is known of a block is kept."""

    def __init__(self) -> None:
        self._alignments: dict[HtmlElement, str] = {}

    def of(self, line: Line) -> Style:
        """How `line` is set. On the right signatures stand, whatever their letters: that is no style of a caption."""
        alignment = self._alignment(line.block)
        italic = line.italic or _is_italic(line)
        return Style(alignment == "center", italic and alignment != "right", italic or line.emphasised)

    def _alignment(self, block: HtmlElement) -> str:
        """How the block is aligned: `left` where nothing near says so."""
        if block not in self._alignments:
            around = islice(block.iterancestors(), _LEVELS - 1) if block.tag not in _CELLS else ()
            found = _aligned(block)
            for element in around:
                if found or element.tag in ("table", "body"):
                    break
                found = _aligned(element)
                if element.tag in _CELLS:
                    break
            self._alignments[block] = found or "left"
        return self._alignments[block]


def _aligned(element: HtmlElement) -> str:
    """What the element itself says of its alignment."""
    if element.tag == "center":
        return "center"
    found = _ALIGNED.search(element.get("style") or "") or _ALIGNED_CLASS.search(element.get("class") or "")
    said = (found[1] if found else element.get("align") or "").strip().lower()
    return {"middle": "center", "end": "right"}.get(said, "center" if said.startswith("cent") else said)


def _is_italic(line: Line) -> bool:
    """Whether style attributes set the whole line in italics."""
    return all(_is_slanted(piece.parent, line.block) for piece in (line.pieces[0], line.pieces[-1]))


def _is_slanted(element: HtmlElement, block: HtmlElement) -> bool:
    for one in (element, *islice(element.iterancestors(), _LEVELS)):
        if (style := one.get("style")) and "font-style" in style.lower():
            return _ITALIC.search(style) is not None
        if one is block:
            return False
    return False
