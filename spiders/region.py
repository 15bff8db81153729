"""Where on a page its article is: what hangs on the article is looked for there, and not in menus and margins."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

import lxml.html
from lxml import etree
from lxml.cssselect import CSSSelector

MAX_PAGE_BYTES = 2_000_000
"""Of a longer page only the beginning is read: an article's text is a hundredth of that."""

MAX_ELEMENTS = 30_000
"""How many elements of a page are looked at."""

MAX_REGIONS = 100

_FRAMES = frozenset(("div", "section", "article", "main", "td", "form", "center", "body"))
"""Elements that may be the article's region."""

_PARTS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "pre", "blockquote", "figure", "table", "tr")
APART = ("nav", "header", "footer", "aside")
"""Elements that stand beside an article."""

_BLOCKS = frozenset((*_FRAMES, *_PARTS, *APART))

_SILENT = frozenset(("a", "script", "style", "noscript", "select", "textarea", "button", "title", "head", "template"))
"""Elements whose text is not a paragraph's."""


def article_regions(root: lxml.html.HtmlElement, selectors: Iterable[str]) -> list[lxml.html.HtmlElement]:
    """The elements that hold the article: what the first of the CSS `selectors` finds that finds anything, else the
    one whose own paragraphs hold most text."""
    return _selected(root, selectors) or [_densest(root)]


def parsed(body: bytes | str) -> lxml.html.HtmlElement | None:
    """The page's tree; None where there is none to be had."""
    if isinstance(body, str):
        body = body[:MAX_PAGE_BYTES].encode("utf-8", "replace")
    body = body[:MAX_PAGE_BYTES]
    if not body.startswith((b"\xff\xfe", b"\xfe\xff")):  # in UTF-16 every other byte may be zero
        body = body.replace(b"\0", b" ")
    parser = lxml.html.HTMLParser(encoding=_encoding(body), remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(body, parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    return root if isinstance(root, lxml.html.HtmlElement) else None


def _encoding(body: bytes) -> str | None:
    """UTF-8, where `body` is that (but for its last character, which may be cut); else what the page says."""
    try:
        body[:-3].decode()
    except UnicodeDecodeError as err:
        return "utf-8" if err.end >= len(body) - 6 and err.reason == "unexpected end of data" else None
    return "utf-8"


def _selected(root: lxml.html.HtmlElement, selectors: Iterable[str]) -> list[lxml.html.HtmlElement]:
    for selector in selectors:
        found: list[lxml.html.HtmlElement] = _selector(selector)(root)
        if found:
            return found[:MAX_REGIONS]
    return []


@lru_cache(maxsize=1_000)
def _selector(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def _densest(root: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    """The element whose own paragraphs hold most text.

    A block's text, without that of links and of blocks within it, counts for the frame around it, and half for the
    frame around that, so that an article in several parts is found whole. Text between line breaks or blocks is several
    paragraphs and counts for the block that it stands in. What is mostly links counts for nothing.
    """
    top = _Block(root, ())
    blocks = [top]
    # Where an element's text goes: a block, and whether as its own (0), as a link's (1), or nowhere (2).
    places: dict[lxml.html.HtmlElement, tuple[_Block, int]] = {}
    for element in islice(root.iter(etree.Element), MAX_ELEMENTS):
        tag, outer = element.tag, places.get(element.getparent(), (top, 0))
        inner = outer
        if tag in _BLOCKS:
            outer[0].parts += 1
            if outer[1] == 0:
                inner = (_Block(element, outer[0].frames), 0)
                blocks.append(inner[0])
        elif tag in _SILENT:
            inner = (outer[0], max(outer[1], 1 if tag == "a" else 2))
        elif tag == "br":
            outer[0].parts += 1
        places[element] = inner
        if text := element.text:
            inner[0].chars[inner[1]] += len(text.strip())
        if text := element.tail:
            outer[0].chars[outer[1]] += len(text.strip())
    scores: dict[lxml.html.HtmlElement, float] = {root: 0}
    for block in blocks:
        own, linked, _ = block.chars
        if own > linked:
            for frame, share in zip(block.frames if block.parts > 1 else block.outer_frames, (1, 0.5), strict=False):
                scores[frame] = scores.get(frame, 0) + share * own
    return max(scores, key=lambda element: scores[element])


class _Block:
    """A block of the page: how many characters it has of its own, of links and of neither, how many parts, and the
    frames it stands in, from itself on and from without: the nearest two of each."""

    __slots__ = ("chars", "frames", "outer_frames", "parts")

    def __init__(self, element: lxml.html.HtmlElement, outer_frames: tuple[lxml.html.HtmlElement, ...]) -> None:
        self.chars = [0, 0, 0]
        self.parts = 0
        self.outer_frames = outer_frames
        self.frames = (element, *outer_frames[:1]) if element.tag in _FRAMES else outer_frames
