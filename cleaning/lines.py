"""Lines: what a reader sees as a line of a page, and where in the tree it comes from.

Furniture stands in leaf elements on one site and between `<br>` on the next. A `Line` is either: a run of text and
phrasing elements that no block boundary and no `<br>` interrupts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from cleaning.page import drop
from cleaning.text import tidy

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "marquee",
        "menu",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "textarea", "math", "select"}
)
_EMPHASIS = frozenset({"em", "i", "strong", "b", "cite"})
_ITALIC = frozenset({"em", "i", "cite"})
_MEDIA = frozenset({"img", "picture", "video", "audio", "iframe", "object", "svg", "embed", "input", "table", "form"})
_BOUNDARIES = BLOCKS | {"br"}
PROSE_CHARS = 80  # from this length on a line that is no link reads as a sentence of an article


@dataclass(slots=True)
class Line:
    """One line. `text` is tidy; `block` is the nearest block element around it; `pieces` are the places its text
    comes from, as (element, whether it is the element's tail); `link_chars` of the text are within links,
    `emphasis_chars` within bold or italic and `italic_chars` within italic elements; `image` is the picture before it.
    A line stays true while furniture is taken off the page; `erased` tells that it was taken itself."""

    text: str
    block: HtmlElement
    pieces: list[tuple[HtmlElement, bool]]
    link_chars: int = 0
    emphasis_chars: int = 0
    italic_chars: int = 0
    links: list[HtmlElement] = field(default_factory=list)
    image: HtmlElement | None = None
    erased: bool = False

    @property
    def linked(self) -> bool:
        """Whether most of the line is a link."""
        return self.link_chars >= 0.6 * len(self.text)

    @property
    def emphasised(self) -> bool:
        """Whether the whole line is bold or italic."""
        return self.emphasis_chars >= 0.9 * len(self.text)

    @property
    def italic(self) -> bool:
        """Whether the whole line is italic."""
        return self.italic_chars >= 0.9 * len(self.text)

    @property
    def prose(self) -> bool:
        """Whether it reads like a sentence: long, and not a link."""
        return len(self.text) >= PROSE_CHARS and self.link_chars < 0.5 * len(self.text)


@dataclass(slots=True)
class _Reader:
    """Collects the pieces of the line being read: (element, is tail, text, in link, in emphasis, in italic)."""

    lines: list[Line] = field(default_factory=list)
    blocks: list[HtmlElement] = field(default_factory=list)
    parts: list[tuple[HtmlElement, bool, str, int, int, int]] = field(default_factory=list)
    links: list[HtmlElement] = field(default_factory=list)
    image: HtmlElement | None = None
    link: int = 0
    emphasis: int = 0
    italic: int = 0

    def flush(self) -> None:
        """End the line."""
        text = tidy("".join(part[2] for part in self.parts))
        if text:
            line = Line(
                text, self.blocks[-1], [(part[0], part[1]) for part in self.parts], links=self.links, image=self.image
            )
            for _, _, piece, link, emphasis, italic in self.parts:
                if link or emphasis:
                    length = len(piece.strip())
                    line.link_chars += length * (link > 0)
                    line.emphasis_chars += length * (emphasis > 0)
                    line.italic_chars += length * (italic > 0)
            self.lines.append(line)
            self.links, self.image = [], None
        self.parts = []


def lines_of(root: HtmlElement) -> list[Line]:
    """The lines under `root`, in the page's order; without scripts, frames and form values."""
    reader = _Reader(blocks=[root])
    walk = iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        boundary = tag in _BOUNDARIES
        if boundary and reader.parts:
            reader.flush()
        if event == "start":
            if tag in _UNSEEN:
                walk.skip_subtree()
                continue
            if boundary:
                if tag != "br":
                    reader.blocks.append(element)
            elif tag == "a":
                reader.link += 1
                reader.links.append(element)
            elif tag in _EMPHASIS:
                reader.emphasis += 1
                reader.italic += tag in _ITALIC
            elif tag == "img":
                if reader.parts:
                    reader.flush()
                reader.image = element
            text = element.text
        else:
            if boundary:
                if tag != "br" and tag not in _UNSEEN:
                    reader.blocks.pop()
            elif tag == "a":
                reader.link -= 1
            elif tag in _EMPHASIS:
                reader.emphasis -= 1
                reader.italic -= tag in _ITALIC
            if element is root:
                break
            text = element.tail
        if text and (reader.parts or not text.isspace()):
            reader.parts.append((element, event == "end", text, reader.link, reader.emphasis, reader.italic))
    if reader.parts:
        reader.flush()
    return reader.lines


def erase(line: Line) -> None:
    """Take a line's text out of the tree, and the elements that are empty without it."""
    line.erased = True
    for element, is_tail in line.pieces:
        if is_tail:
            element.tail = None
        else:
            element.text = None
    for element, is_tail in line.pieces:
        current = element.getparent() if is_tail else element
        while current is not None and current.tag not in ("body", "html", "td", "th") and is_empty(current):
            parent = current.getparent()
            drop(current)
            current = parent


def is_empty(element: HtmlElement) -> bool:
    """Whether nothing can be seen of `element`: no text, no picture, no frame, no form field."""
    if element.tag in _MEDIA or (element.text and tidy(element.text)):
        return False
    return all(
        child.tag not in _MEDIA and not (child.text and tidy(child.text)) and not (child.tail and tidy(child.tail))
        for child in element.iterdescendants()
    )


def text_under(element: HtmlElement) -> str:
    """The lines under `element`, separated by newlines."""
    return "\n".join(line.text for line in lines_of(element))


def prose_chars(lines: Iterable[Line]) -> int:
    """How many characters of `lines` read like sentences of an article."""
    return sum(len(line.text) for line in lines if line.prose)


def is_within(line: Line, root: HtmlElement) -> bool:
    """Whether `line` still stands under `root`: a box around it may have been taken."""
    return not line.erased and (line.block is root or any(ancestor is root for ancestor in line.block.iterancestors()))
