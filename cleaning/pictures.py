"""Pictures: the images of a page, and their captions, which belong to them and not to the text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin

from lxml.html import HtmlElement

from cleaning.credits import is_credit, speaks_of_picture, split_credit
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import Page
from cleaning.text import tidy, words
from model.article import Image

_CAPTION_MARK = re.compile(
    r"[\s_-](?:(?:image|img|photo|pic\w*|figure?|media|wp|thumb)[\s_-]?(?:caption|desc(?:ription)?|title|text)(?:-text)?"
    r"|caption(?:[\s_-]?text)?|figcaption|pcaption|PhotoCMS_Caption|chu-?thich(?:-?anh)?|ImageCaption)[\s_]",
    re.IGNORECASE,
)
_LAZY_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_DESCRIPTOR = re.compile(r"(?P<number>\d{1,5}(?:\.\d{1,5})?)(?P<unit>[wx])")
_SMALL_PX = 600  # a set of candidates that are all smaller was made for lists
_CENTRED = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
_CAPTION_TAGS = frozenset({
    "figcaption", "td", "div", "p", "span", "em", "figure", "a", "h2", "h3", "h6", "center",
})  # fmt: skip
_CAPTION_CHARS = 400
_MOST_EMPTY = 20  # so many elements that show nothing may stand between a picture and its caption
_TINY_PX = 60
_PIXEL_DIGITS = 6
_MAX_TOKENS = 100


@dataclass(slots=True)
class Picture:
    """An image element with what the page says about it; `element` is still in the tree."""

    element: HtmlElement
    caption: str | None = None

    def image(self, base: str) -> Image | None:
        """The record of it, with an absolute address; None where it shows nothing (a pixel, an icon, inline data)."""
        url = _address(self.element, base)
        if url is None or _is_tiny(self.element):
            return None
        caption, credit = split_credit(self.caption) if self.caption else (None, None)
        return Image(url=url, caption=caption or None, credit=credit)


def take_captions(page: Page) -> list[Picture]:
    """The pictures around the text in order; their captions, and alternative texts printed again, are taken off the
    page."""
    pictures = [Picture(element) for element in page.surroundings.iter("img")]
    by_element = {picture.element: picture for picture in pictures}
    _take_marked(page, by_element)
    _take_frames(page, by_element)
    _take_lines(page, by_element)
    return pictures


def _take_marked(page: Page, by_element: dict[HtmlElement, Picture]) -> None:
    captions = page.marks_with(_CAPTION_MARK)
    marked = [element for element, marks in page.marks.items() if marks in captions and element.tag in _CAPTION_TAGS]
    marked += [element for element in page.surroundings.iter("figcaption") if page.marks.get(element) not in captions]
    for element in marked:
        if element.find(".//img") is not None:
            continue
        text = page.ledger.text_under(element)
        if not text or len(text) > 2 * _CAPTION_CHARS or element.getparent() is None:
            continue
        picture = _picture_near(element, by_element, page.ledger)
        if picture is None and element.tag != "figcaption":
            continue
        if picture is not None and words(text) != words(picture.element.get("alt") or ""):
            picture.caption = picture.caption or text
            page.ledger.take(element, "caption")
        else:
            if picture is not None and element.tag == "figcaption":
                picture.caption = picture.caption or text
            page.ledger.take(element, "caption" if element.tag == "figcaption" else "alt-text")


def _picture_near(element: HtmlElement, by_element: dict[HtmlElement, Picture], ledger: Ledger) -> Picture | None:
    """The picture an element marked as caption belongs to: in the same frame, or right before it."""
    frame = element
    for _ in range(4):
        near = islice(frame.itersiblings(preceding=True), _MOST_EMPTY)
        previous = next((one for one in near if one.tag == "img" or not ledger.is_empty(one)), None)
        if previous is not None:
            images = [previous] if previous.tag == "img" else list(previous.iter("img"))
            return by_element.get(images[-1]) if images else None
        parent = frame.getparent()
        if parent is None or parent.tag in ("body", "html", "article", "main"):
            return None
        frame = parent
    return None


def _take_frames(page: Page, by_element: dict[HtmlElement, Picture]) -> None:
    """Tables that only frame a picture: the text in them is its caption."""
    ledger = page.ledger
    for table in list(page.surroundings.iter("table")):
        images = list(table.iter("img"))
        if not images or len(images) > 2 or table.find(".//table") is not None:
            continue
        lines = ledger.under(table)
        if not lines or len(lines) > 3 or sum(len(line.text) for line in lines) > _CAPTION_CHARS:
            continue
        cells = [cell for cell in table.iter("td", "th") if not ledger.is_empty(cell)]
        if len(cells) > 4 or sum(1 for _ in table.iter("tr")) > 4:
            continue
        picture = by_element[images[-1]]
        picture.caption = picture.caption or " ".join(line.text for line in lines)
        for line in lines:
            ledger.take_line(line, "caption")


def _take_lines(page: Page, by_element: dict[HtmlElement, Picture]) -> None:
    """Lines right behind a picture that are set as captions, or repeat its alternative text."""
    picture: Picture | None = None
    open_caption = True
    ledger = page.ledger
    for line in ledger.under(page.surroundings):
        if line.gone:
            continue
        if line.image is not None:
            picture, open_caption = by_element.get(line.image), True
        if picture is None:
            continue
        if len(line.text) > _CAPTION_CHARS or line.block.tag in ("h1", "h2", "li"):
            picture = None
        elif _repeats(line, picture.element):
            ledger.take_line(line, "alt-text")
        elif open_caption and _set_as_caption(line):
            picture.caption = (
                f"{picture.caption} {line.text}" if is_credit(line.text) and picture.caption else line.text
            )
            open_caption = not speaks_of_picture(line.text)  # the credit ends it
            ledger.take_line(line, "caption")
        else:
            picture = None


def _repeats(line: Line, image: HtmlElement) -> bool:
    text = words(line.text)
    return (
        bool(text)
        and line.block.tag not in ("h1", "h2", "h3")
        and text in (words(image.get("alt") or ""), words(image.get("title") or ""))
    )


def _set_as_caption(line: Line) -> bool:
    if line.linked:
        return False
    if len(line.text) <= 250 and speaks_of_picture(line.text):
        return True
    return ((line.italic or line.emphasised or _emphatic_block(line)) and _centred(line.block)) or (
        line.italic and _wraps_image(line)
    )


def _emphatic_block(line: Line) -> bool:
    return "font-style" in (line.block.get("style") or "").lower()


def _wraps_image(line: Line) -> bool:
    """Whether the line shares its block with the picture."""
    return line.block.tag not in ("div", "body", "td", "article") and line.block.find(".//img") is not None


def _centred(block: HtmlElement) -> bool:
    return any(
        element.tag == "center" or element.get("align") == "center" or _CENTRED.search(element.get("style") or "")
        for element in (block, *list(block.iterancestors())[:1])
    )


def _address(element: HtmlElement, base: str) -> str | None:
    """The address of the picture as large as the page has it."""
    lazy = [element.get(name) for name in _LAZY_SOURCES if element.get(name)]
    deferred = any(element.get(name) for name in _LAZY_SETS)
    # Where loading waits for a script, `src` holds a place for what comes.
    plain = _first_url([*lazy, None if deferred else element.get("src")], base)
    sets = [element.get(name) for name in (*_LAZY_SETS, "srcset")]
    if plain is None and (around := next(element.iterancestors("picture"), None)) is not None:
        sets += [one.get(name) for one in around.iter("source") for name in (*_LAZY_SETS, "srcset")]
    width = _pixels(element, "width") or _SMALL_PX
    candidates = [candidate for value in sets if value for candidate in _candidates(value, width)]
    if plain and all(px < width for px, _ in candidates):
        return plain
    largest = [url for _, url in sorted(candidates, key=lambda one: -one[0])]
    return _first_url([*largest, plain, element.get("src")], base)


def _candidates(srcset: str, width: int) -> Iterator[tuple[float, str]]:
    """The candidates of the `srcset` of a picture that is shown `width` pixels wide: how wide each is, and its address.
    https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute"""
    url, size = "", float(width)
    for token in srcset.split()[:_MAX_TOKENS]:
        if not url:
            url = token.lstrip(",")
        elif found := _DESCRIPTOR.match(token):
            size = float(found["number"]) * (1 if found["unit"] == "w" else width)
        if url and token.endswith(","):
            yield size, url.rstrip(",")
            url, size = "", float(width)
    if url:
        yield size, url


def _first_url(values: Iterable[str | None], base: str) -> str | None:
    """The first of `values` that is an address of its own, made absolute."""
    for value in values:
        address = tidy(value or "")
        if address and not address.startswith(("data:", "blob:", "javascript:", "about:")):
            try:
                url = urljoin(base, address)
            except ValueError:
                continue
            if url.startswith(("http://", "https://")):
                return url
    return None


def _pixels(element: HtmlElement, name: str) -> int | None:
    value = (element.get(name) or "").removesuffix("px").strip()
    return int(value) if value.isdecimal() and len(value) < _PIXEL_DIGITS else None


def _is_tiny(element: HtmlElement) -> bool:
    return any((size := _pixels(element, name)) is not None and size < _TINY_PX for name in ("width", "height"))
