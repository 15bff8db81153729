"""Lines: what a reader sees as a line of a page, and where in the tree it comes from.

Furniture stands in leaf elements on one site and between `<br>` on the next. A `Line` is either: a run of text and
phrasing elements that no block boundary and no `<br>` interrupts.
"""

from dataclasses import dataclass, field

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from cleaning.page import drop
from cleaning.text import tidy

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html legend li main marquee nav ol p pre section summary table tbody td tfoot th thead "
    "tr ul option select menu".split()
)
_UNSEEN = frozenset({"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "textarea", "math", "select"})
_EMPHASIS = frozenset({"em", "i", "strong", "b", "cite"})
_ITALIC = frozenset({"em", "i", "cite"})
_MEDIA = frozenset({"img", "picture", "video", "audio", "iframe", "object", "svg", "embed", "input", "table", "form"})
PROSE_CHARS = 80  # from this length on a line that is no link reads as a sentence of an article


@dataclass(slots=True)
class Line:
    """One line. `text` is tidy; `block` is the nearest block element around it; `pieces` are the places its text
    comes from, as (element, whether it is the element's tail); `link_chars` of the text are within links,
    `emphasis_chars` within bold or italic and `italic_chars` within italic elements. `image` is the picture right before it."""

    text: str
    block: HtmlElement
    pieces: list[tuple[HtmlElement, bool]]
    link_chars: int = 0
    emphasis_chars: int = 0
    italic_chars: int = 0
    links: list[HtmlElement] = field(default_factory=list)
    image: HtmlElement | None = None

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


class _Reader:
    """Collects the pieces of the line being read."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.blocks: list[HtmlElement] = []
        self.parts: list[tuple[HtmlElement, bool, str, bool, bool, bool]] = []
        self.links: list[HtmlElement] = []
        self.image: HtmlElement | None = None
        self.link = self.emphasis = self.italic = 0

    def add(self, element: HtmlElement, is_tail: bool) -> None:
        text = element.tail if is_tail else element.text
        if text and not text.isspace():
            self.parts.append((element, is_tail, text, self.link > 0, self.emphasis > 0, self.italic > 0))
        elif text:
            self.parts.append((element, is_tail, " ", False, False, False))

    def flush(self) -> None:
        if not self.parts:
            return
        text = tidy("".join(part[2] for part in self.parts))
        if text:
            line = Line(text, self.blocks[-1], [(part[0], part[1]) for part in self.parts], links=self.links, image=self.image)
            for _, _, piece, link, emphasis, italic in self.parts:
                length = len(tidy(piece))
                line.link_chars += length * link
                line.emphasis_chars += length * emphasis
                line.italic_chars += length * italic
            self.lines.append(line)
            self.links, self.image = [], None
        self.parts = []


def lines_of(root: HtmlElement) -> list[Line]:
    """The lines under `root`, in the page's order; without scripts, frames and form values."""
    reader = _Reader()
    reader.blocks.append(root)
    walk = iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        is_block = tag in BLOCKS or tag == "br"
        if event == "start":
            if is_block:
                reader.flush()
                if tag != "br":
                    reader.blocks.append(element)
            if tag in _UNSEEN:
                walk.skip_subtree()
                continue
            reader.link += tag == "a"
            if tag == "a":
                reader.links.append(element)
            reader.emphasis += tag in _EMPHASIS
            reader.italic += tag in _ITALIC
            if tag == "img":
                reader.flush()
                reader.image = element
            reader.add(element, is_tail=False)
            continue
        if is_block:
            reader.flush()
            if tag != "br":
                reader.blocks.pop()
        if tag not in _UNSEEN:
            reader.link -= tag == "a"
            reader.emphasis -= tag in _EMPHASIS
            reader.italic -= tag in _ITALIC
        if element is not root:
            reader.add(element, is_tail=True)
    reader.flush()
    return reader.lines


def erase(line: Line) -> None:
    """Take a line's text out of the tree, and the elements that are empty without it."""
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
