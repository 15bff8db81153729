"""Lines: what a reader sees as a line of a page, and where in the tree it comes from.

Furniture stands in leaf elements on one site and between `<br>` on the next. A `Line` is either: a run of text and
phrasing elements that no block boundary and no `<br>` interrupts. Its `Piece`s are the text nodes it is made of.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from cleaning.text import tidy

BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "main", "marquee", "menu", "nav", "ol", "option", "p", "pre", "section", "select",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
UNSEEN = frozenset({
    "script", "style", "noscript", "noembed", "noframes", "template", "head", "iframe", "object", "svg", "textarea",
    "select",
})  # fmt: skip
"""Elements whose text no reader sees as text of the page."""

_EMPHASIS = frozenset({"em", "i", "strong", "b", "cite"})
_ITALIC = frozenset({"em", "i", "cite"})
_ROLES = {
    "a": "a",
    "br": "br",
    "img": "img",
    **dict.fromkeys(_EMPHASIS, "emphasis"),
    **dict.fromkeys(BLOCKS - UNSEEN, "block"),
    **dict.fromkeys(UNSEEN - BLOCKS, "unseen"),
    **dict.fromkeys(UNSEEN & BLOCKS, "unseen block"),
}
"""What elements do to lines, by tag; most tags do nothing."""
_ENDS_LINES = frozenset({"block", "br", "img", "unseen block"})
_SKIPPED = frozenset({"unseen", "unseen block"})
BLANK = "blank"
"""The rule of pieces that show nothing. They are in no line."""

_DENSE = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # say twice as much each
_PARAGRAPHS = frozenset({"li", "p", "h2", "h3", "h4", "h5", "h6"})
PROSE_CHARS = 80  # from this length on a line that is no link reads as a sentence of an article


@dataclass(slots=True, eq=False)
class Piece:
    """A text node: the text of `element`, or its tail. `index` counts the page's pieces; `link` is the `a` element that
    it stands in. `rule` is the name of the rule that took it; None: nobody did."""

    index: int
    element: HtmlElement
    is_tail: bool
    text: str
    link: HtmlElement | None
    emphatic: bool
    italic: bool
    rule: str | None = None

    @property
    def parent(self) -> HtmlElement:
        """The element that the text is a child of."""
        return self.element.getparent() if self.is_tail else self.element


@dataclass(slots=True, eq=False)
class Line:
    """One line. `index` counts the page's lines; `text` is tidy, `weight` its length in Latin letters, since others say
    more; `block` is the nearest block element around it; `link_chars` of the text are within links, `emphasis_chars`
    within bold or italic and `italic_chars` within italic elements; `image` is the picture before it. Where a rule has
    taken some of its pieces, `text` and the counts are those of the rest; a line that was taken whole is `gone` and
    keeps the text it had. `kept`: it belongs to the article. `linked`: most of it is a link; `prose`: it reads like a
    sentence, long, and not a link."""

    index: int
    pieces: list[Piece]
    block: HtmlElement
    links: list[HtmlElement]
    image: HtmlElement | None
    text: str = ""
    weight: int = 0
    link_chars: int = 0
    emphasis_chars: int = 0
    italic_chars: int = 0
    linked: bool = False
    prose: bool = False
    gone: bool = False
    kept: bool = False

    def measure(self) -> None:
        """Read text and counts off the pieces that nobody has taken; without any, the line is gone."""
        if len(self.pieces) == 1:
            piece = self.pieces[0]
            text = "" if piece.rule else tidy(piece.text)
        else:
            text = joined(self.pieces)
        if not text:
            self.gone = True
            return
        self.text = text
        self.weight = len(text) if text.isascii() else len(text) + len(_DENSE.findall(text))
        self.link_chars = self.emphasis_chars = self.italic_chars = 0
        for piece in self.pieces:
            if (piece.link is not None or piece.emphatic) and not piece.rule:
                length = len(piece.text.strip())
                self.link_chars += length * (piece.link is not None)
                self.emphasis_chars += length * piece.emphatic
                self.italic_chars += length * piece.italic
        self.judge()

    def judge(self) -> None:
        """Tell by text and counts what the line is."""
        chars = len(self.text)
        self.linked = self.link_chars >= 0.6 * chars
        self.prose = self.weight >= PROSE_CHARS and self.link_chars < 0.5 * chars

    @property
    def emphasised(self) -> bool:
        """Whether the whole line is bold or italic."""
        return self.emphasis_chars >= 0.9 * len(self.text)

    @property
    def italic(self) -> bool:
        """Whether the whole line is italic."""
        return self.italic_chars >= 0.9 * len(self.text)


@dataclass(slots=True)
class Reading:
    """All lines under an element in the page's order, their `pieces` in the same order, the index of each piece's line
    (of one that is in none: of the next line), and which pieces each element holds: those from the first index of its
    `spans` up to the second."""

    lines: list[Line] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    line_of: list[int] = field(default_factory=list)
    spans: dict[HtmlElement, tuple[int, int]] = field(default_factory=dict)


def read(root: HtmlElement) -> Reading:
    """The lines under `root`; without scripts, frames and form values."""
    reading = Reading()
    pieces, spans = reading.pieces, reading.spans
    open_line: list[Piece] = []
    blocks = [root]
    starts: list[int] = []
    links: list[HtmlElement] = []
    link: HtmlElement | None = None
    image: HtmlElement | None = None
    position = emphasis = italic = 0
    role_of = _ROLES.get
    walk = iterwalk(root, events=("start", "end"))
    for event, element in walk:
        role = role_of(element.tag)
        if role is not None and open_line and role in _ENDS_LINES:
            if _close(reading, open_line, blocks[-1], links, image):
                links, image = [], None
            open_line = []
        if event == "start":
            starts.append(position)
            if role is not None:
                if role in _SKIPPED:
                    walk.skip_subtree()
                    continue
                if role == "block":
                    blocks.append(element)
                elif role == "a":
                    link = element
                    links.append(element)
                elif role == "emphasis":
                    emphasis += 1
                    italic += element.tag in _ITALIC
                elif role == "img":
                    image = element
            text, is_tail = element.text, False
        else:
            spans[element] = (starts.pop(), position)
            if role == "block":
                blocks.pop()
            elif role == "a":
                link = None  # links do not nest
            elif role == "emphasis":
                emphasis -= 1
                italic -= element.tag in _ITALIC
            if element is root:
                break
            text, is_tail = element.tail, True
        if text and (open_line or not text.isspace()):
            piece = Piece(position, element, is_tail, text, link, emphasis > 0, italic > 0)
            position += 1
            open_line.append(piece)
            pieces.append(piece)
    if open_line:
        _close(reading, open_line, blocks[-1], links, image)
    return reading


def _close(
    reading: Reading, pieces: list[Piece], block: HtmlElement, links: list[HtmlElement], image: HtmlElement | None
) -> bool:
    """End a line made of `pieces`. False where they show nothing: then there is none."""
    count = len(reading.lines)
    if (around := pieces[0].link) is not None and around not in links:
        links.insert(0, around)  # begun in a line before: a link around blocks
    line = Line(count, pieces, block, links, image)
    line.measure()
    if line.gone:
        for piece in pieces:
            piece.rule = BLANK
        reading.line_of.extend([count] * len(pieces))
        return False
    reading.line_of.extend([count] * len(pieces))
    reading.lines.append(line)
    return True


def joined(pieces: Iterable[Piece]) -> str:
    """The text of those of `pieces` that nobody has taken, tidy. Where one link follows another a word ends."""
    parts: list[str] = []
    last: HtmlElement | None = None
    for piece in pieces:
        if piece.rule:
            parts.append(" ")
        elif piece.link is not None and last is not None and piece.link is not last:
            parts += (" ", piece.text)
        else:
            parts.append(piece.text)
        last = piece.link
    return tidy("".join(parts))


def lines_of(root: HtmlElement) -> list[Line]:
    """The lines under `root`, as they stand in the tree."""
    return read(root).lines


def outer_block(line: Line) -> HtmlElement:
    """The outermost element around the line that is a paragraph, heading, list or quotation."""
    found = line.block
    for element in line.block.iterancestors():
        if element.tag in ("ul", "ol", "blockquote"):
            found = element
        elif element.tag not in _PARAGRAPHS:
            break
    return found


def prose_chars(lines: Iterable[Line]) -> int:
    """How many characters of `lines` read like sentences of an article."""
    return sum(len(line.text) for line in lines if line.prose)
