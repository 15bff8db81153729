"""Pictures: the images of a page, with what it says about them and the address of the largest."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin

from lxml.html import HtmlElement

from cleaning.credits import is_label, split_credit
from cleaning.lines import BLOCKS
from cleaning.text import tidy
from model.article import Image

NEAR = 4
"""So many levels up from a picture and from its caption stands what holds both."""

_MOST_EMPTY = 20  # so many elements that show nothing may stand between them
_STEPS = 30
_LAZY_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_DESCRIPTOR = re.compile(r"(?P<number>\d{1,5}(?:\.\d{1,5})?)(?P<unit>[wx])")
_SMALL_PX = 600  # a set of candidates that are all smaller was made for lists
_TINY_PX = 60
_PIXEL_DIGITS = 6
_MAX_TOKENS = 100


@dataclass(slots=True)
class Picture:
    """An image element with what the page says about it; `element` is still in the tree. `credit` is one that the page
    marks as such; mostly it stands at the end of the caption."""

    element: HtmlElement
    caption: str | None = None
    credit: str | None = None

    @property
    def is_tiny(self) -> bool:
        """Whether it is an icon or a pixel."""
        return any(
            (size := _pixels(self.element, name)) is not None and size < _TINY_PX for name in ("width", "height")
        )

    def describe(self, text: str) -> None:
        """Add a line to its caption, or what the line names to its credit where it says no more."""
        rest, credit = split_credit(text)
        if credit and not rest:
            self.credit = self.credit or credit
        elif not is_label(text):
            self.caption = f"{self.caption} {text}" if self.caption else text

    def image(self, base: str) -> Image | None:
        """The record of it, with an absolute address; None where it shows nothing (a pixel, an icon, inline data)."""
        url = _address(self.element, base)
        if url is None or self.is_tiny:
            return None
        caption, credit = split_credit(self.caption) if self.caption else (None, None)
        return Image(url=url, caption=caption or None, credit=self.credit or credit)


def stands_alone(image: HtmlElement) -> bool:
    """Whether nothing is written before the picture on its line: signs of an emotion and the like stand in one."""
    one = image
    for _ in range(_STEPS):
        previous = one.getprevious()
        if previous is None:
            parent = one.getparent()
            if parent is None or tidy(parent.text or ""):
                return parent is None
            if parent.tag in BLOCKS:
                return True
            one = parent
        elif tidy(previous.tail or ""):
            return False
        elif previous.tag in BLOCKS or previous.tag == "br":
            return True
        elif tidy("".join(previous.itertext())):
            return False
        else:
            one = previous
    return False


def is_right_behind(image: HtmlElement, block: HtmlElement) -> bool:
    """Whether the picture and the line stand in one small part of the page, and no rule is drawn between them."""
    holders = {image, *islice(image.iterancestors(), NEAR)}
    for element in (block, *islice(block.iterancestors(), NEAR)):
        if element in holders:
            return True
        for previous in islice(element.itersiblings(preceding=True), _MOST_EMPTY):
            if previous in holders:
                return True
            if previous.tag == "hr":
                return False
    return False


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
