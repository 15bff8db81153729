"""Paragraphs: those that editors made with line breaks instead of elements, put into elements.

trafilatura loses text that stands loose in a container between `<br>` and paragraphs.
"""

from itertools import takewhile

from lxml.html import HtmlElement
from lxml.html.builder import E

from cleaning.lines import BLOCKS, PROSE_CHARS

_CONTAINERS = ("div", "section", "article", "main", "td", "center", "body", "span", "form", "font")
_MERGED = ("span", "i", "b", "em", "strong", "a", "u", "font", "sup", "sub", "small", "q", "label", "ins", "del")
_PLAIN = ("div", "section")
_LOOKS = frozenset({"style", "align", "dir", "lang"})
_LOOSE_CHARS = 200


def merge_empty_elements(root: HtmlElement) -> None:
    """Take out elements that hold nothing and join the text behind them to what is before.

    trafilatura's strict mode drops an empty element together with the text behind it (`<i class="icon"></i>Text`).
    """
    for element in list(root.iter(*_MERGED)):
        parent = element.getparent()
        if parent is None or not _holds_nothing(element):
            continue
        # All of a row at once: text that grows by each of them would take time quadratic in their number.
        row = [element, *takewhile(_holds_nothing, element.itersiblings())]
        tails = "".join(one.tail for one in row)
        previous = element.getprevious()
        if previous is None:
            parent.text = (parent.text or "") + tails
        else:
            previous.tail = (previous.tail or "") + tails
        for one in row:
            one.tail = None
            parent.remove(one)


def _holds_nothing(element: HtmlElement) -> bool:
    """Whether `element` is empty and text stands behind it."""
    return element.tag in _MERGED and bool(element.tail) and not len(element) and not element.text


def wrap_loose_text(root: HtmlElement) -> None:
    """Put runs of loose text into a `p`: those that line breaks set off, in containers that hold an article's worth,
    and those beside paragraphs. Plain `div` elements beside paragraphs become `p`, too."""
    containers = list(root.iter(*_CONTAINERS))
    if any(sum(map(_is_paragraph, container.iterchildren(*_PLAIN))) > 1 for container in containers):
        _name_paragraphs(root)
    for container in containers:
        tags = {child.tag for child in container}
        beside = "p" in tags and any(map(_is_prose, container.iterchildren("p")))
        if not beside and "br" not in tags:
            continue
        for child in container.iterchildren(*_PLAIN) if beside else ():
            if _is_paragraph(child):
                child.tag = "p"
        if _loose_chars(container) < (PROSE_CHARS if beside else _LOOSE_CHARS):
            continue
        if container.tag in ("span", "font"):
            container.tag = "div"
        _wrap(container)


def _is_paragraph(element: HtmlElement) -> bool:
    """Whether a box without a name is a paragraph in all but its tag."""
    return _LOOKS.issuperset(element.keys()) and _is_prose(element) and not _holds_block(element)


def _name_paragraphs(root: HtmlElement) -> None:
    """Make a `p` of each box that is one in all but its tag, and of the short ones beside."""
    paragraphs = [one for one in root.iter(*_PLAIN) if _is_paragraph(one)]
    for home in {one.getparent(): None for one in paragraphs}:
        for child in home.iterchildren(*_PLAIN):
            if _LOOKS.issuperset(child.keys()) and not _holds_block(child) and child.text_content().strip():
                child.tag = "p"


def _is_prose(element: HtmlElement) -> bool:
    return len(element.text_content()) >= PROSE_CHARS


def _loose_chars(container: HtmlElement) -> int:
    return len((container.text or "").strip()) + sum(len((child.tail or "").strip()) for child in container)


def _wrap(container: HtmlElement) -> None:
    children = list(container)
    paragraph = E.p()
    paragraph.text = container.text
    container.text = None
    for child in children:
        container.remove(child)
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br" or child.tag in BLOCKS or _holds_block(child):
            _close(container, paragraph)
            if child.tag != "br":
                container.append(child)
            paragraph = E.p()
            paragraph.text = tail
        else:
            paragraph.append(child)
            child.tail = tail
    _close(container, paragraph)


def _close(container: HtmlElement, paragraph: HtmlElement) -> None:
    if len(paragraph) or (paragraph.text or "").strip():
        container.append(paragraph)


def _holds_block(element: HtmlElement) -> bool:
    return any(child.tag in BLOCKS for child in element.iterdescendants())
