"""Selection: which text nodes trafilatura takes for the article.

Each text node goes to trafilatura with its number before it, written in variation selectors: characters that show
nothing and are no part of words, but printable to Python, so that they come back where the text was kept. So what is
kept is known by node, however trafilatura joined and rearranged the texts.
"""

import re
from collections.abc import Callable, Sequence
from itertools import islice, product

from lxml.etree import XPath, _Element, strip_elements
from lxml.html import HtmlElement
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.settings import Document, Extractor

from cleaning.engine import REMOVE_COMMENTS, bare_extraction, extract_content, main_pass
from cleaning.lines import Piece

_DIGITS = [chr(code) for code in range(0xE0100, 0xE01F0)]  # variation selectors 17 to 256
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_MARK_DIGITS = 3  # 13.8 million numbers
_MARK = re.compile(f"[{_DIGITS[0]}-{_DIGITS[-1]}]{{{_MARK_DIGITS}}}")
_USUAL_MARKS = ["".join(digits) for digits in islice(product(_DIGITS, repeat=_MARK_DIGITS), 4_096)]
_USUAL = {mark: number for number, mark in enumerate(_USUAL_MARKS)}
_TEXT = XPath("string()", smart_strings=False)
_SELECTOR = re.compile(f"[{_DIGITS[0]}-{_DIGITS[-1]}]")
# Never `dedup`: it remembers earlier pages. No metadata: that takes a third of the time, and ours is read.
_STRICT = Extractor(output_format="python", fast=True, precision=True, comments=False, tables=True)
_WIDE = Extractor(output_format="python", fast=True, comments=False, tables=True)
_WIDEST = Extractor(output_format="python", fast=False, comments=False, tables=True)


def write_marks(pieces: Sequence[Piece]) -> None:
    """Write the number of each piece that nobody has taken into the tree it stands in."""
    for piece in pieces:
        if piece.rule:
            continue
        text = piece.text if piece.text.isascii() else _SELECTOR.sub("", piece.text)
        mark = _USUAL_MARKS[piece.index] if piece.index < len(_USUAL_MARKS) else _mark(piece.index)
        if piece.is_tail:
            piece.element.tail = mark + text
        else:
            piece.element.text = mark + text


def strict(copied: Callable[[], HtmlElement], count: int) -> set[int]:
    """The numbers, below `count`, of the pieces that trafilatura's main extractor keeps where it favours precision, on
    the trees that `copied` makes, all alike.

    By the extractor's own steps instead of `bare_extraction`: that prunes and copies the page again and again in case
    the fallbacks are asked, which took a third of the time. Its second look, for which it copies the page beforehand,
    is asked for where the first one found too little for it, or a piece twice.
    """
    try:
        body, text, _ = main_pass(_converted(copied()), _STRICT)
        if len(body) and len(text) >= _STRICT.min_extracted_size:
            strip_elements(body, "done")
            numbers = _numbers(body, count)
            if len(numbers) == len(set(numbers)):
                return set(numbers)
        body, _ = extract_content(_converted(copied()), _STRICT)
    except (TypeError, ValueError):  # as `bare_extraction` does with trees it cannot rebuild
        return set()
    return set(_numbers(body, count))


def _converted(tree: HtmlElement) -> HtmlElement:
    """`tree` as the extractor wants it."""
    return convert_tags(tree_cleaning(prune_unwanted_nodes(tree, REMOVE_COMMENTS), _STRICT), _STRICT)


def balanced(tree: HtmlElement, count: int, *, fallbacks: bool) -> set[int]:
    """The numbers, below `count`, of the pieces that trafilatura keeps in its balanced mode. `tree` is left as it is;
    with `fallbacks` also readability and justext are asked."""
    document = bare_extraction(tree, options=_WIDEST if fallbacks else _WIDE)
    return set(_numbers(document.body, count)) if isinstance(document, Document) else set()


def _numbers(body: _Element, count: int) -> list[int]:
    # A page may hold marks of its own, in elements that are no text and that the fallbacks read all the same.
    numbers = [_USUAL.get(mark) or _number(mark) for mark in _MARK.findall(_TEXT(body))]
    return [number for number in numbers if number < count]


def _mark(number: int) -> str:
    rest, low = divmod(number, len(_DIGITS))
    high, middle = divmod(rest, len(_DIGITS))
    return _DIGITS[high] + _DIGITS[middle] + _DIGITS[low]


def _number(mark: str) -> int:
    high, middle, low = (_VALUES[digit] for digit in mark)
    return (high * len(_DIGITS) + middle) * len(_DIGITS) + low
