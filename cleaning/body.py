"""The body: which of a page's text is the article. trafilatura decides, on what the furniture has left."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from itertools import islice

from lxml.etree import XPath, strip_elements
from lxml.html import HtmlElement, fromstring
from trafilatura.settings import MANUALLY_CLEANED

from cleaning.completion import complete
from cleaning.furniture import compiled
from cleaning.ledger import Ledger
from cleaning.lines import Line, Piece, prose_chars
from cleaning.page import Page
from cleaning.paragraphs import merge_empty_elements, wrap_loose_text
from cleaning.reasons import UNCLASSIFIED
from cleaning.region import core_of, smallest_around
from cleaning.selection import balanced, strict, write_marks
from model.source import Source
from model.url import host_of

_LEAST_CHARS = 200
_GOOD_SHARE = 0.5
_FAIR_SHARE = 0.22
_AGREEMENT = 0.97
_FLOOD = 1_000
_BORDERED = XPath("descendant-or-self::*[contains(@style, 'border')]")
_BOXES = frozenset({"div", "section", "td", "center", "font", "form", "span"})
_SMALL = sorted({*MANUALLY_CLEANED} - {"form", "figure"})  # these it looks into


def keep_body(page: Page, source: Source, misleading: Iterable[HtmlElement]) -> None:
    """Mark the lines that are the article's as kept: those in what the source's `clean.body` selects, or on the page.

    Parts of a kept line that trafilatura left out are recorded as such. It sees `misleading` elements without their id
    and classes, by which it would drop them.
    """
    ledger = page.ledger
    roots = _selected(page, source) or [core_of(ledger)]
    lines = [line for root in roots for line in ledger.under(root)]
    for root in roots:
        write_marks(ledger.pieces_under(root))

    main = _main_part(roots, lines, ledger)

    def part() -> HtmlElement:
        with _without_marks(misleading), _named_main(main):
            tree = _without_floods(_page_of(roots))
        _hide_borders(tree)
        merge_empty_elements(tree)
        wrap_loose_text(tree)
        return tree

    def whole() -> HtmlElement:
        tree = _without_floods(_page_of([ledger.body]))
        _hide_borders(tree)
        return tree

    kept = extract(part, ledger, prose_chars(lines))
    if not kept and roots[0] is not ledger.body:  # its sentences were another's: comments, a notice
        write_marks(ledger.pieces)
        kept = extract(whole, ledger, prose_chars(ledger.left))
    _settle(ledger, kept)
    complete(ledger, host_of(page.url))


def _main_part(roots: Sequence[HtmlElement], lines: Iterable[Line], ledger: Ledger) -> HtmlElement | None:
    """The element that holds the sentences among `lines`: the root, where it is not the whole body; None where several
    are selected. Of a short article in a table, other cells that show something may hold a part."""
    if len(roots) > 1:
        return None
    if roots[0] is not ledger.body:
        return roots[0]
    found = smallest_around([line for line in lines if line.prose], ledger.body)
    tables = [one for one in (found, *found.iterancestors()) if one.tag == "table"]
    return tables[-1].getparent() if tables and ledger.has_text_beside(found, tables[-1]) else found


def extract(copied: Callable[[], HtmlElement], ledger: Ledger, prose: int) -> set[int]:
    """The indexes of the pieces that are the article, on the trees that `copied` makes, all alike; empty where there is
    no text to speak of. `prose` is how many characters of the tree read like sentences (`lines.prose_chars`).

    Three passes, each asked only where the ones before found little of the page's sentences: trafilatura's strict mode,
    which measures best where it finds the article at all; its balanced mode; and that with its fallbacks (readability,
    justext), which also take whole pages for articles, and are asked last for that reason. The shares were chosen on
    article-extraction-benchmark, Fundus and WCXB pages (bench/extractor.py).
    """

    def chars(kept: set[int]) -> int:
        return sum(len(ledger.pieces[index].text.strip()) for index in kept)

    count = len(ledger.pieces)
    precise = strict(copied, count)
    if _is_enough(chars(precise), prose):
        return precise
    tree = copied()
    wide = balanced(tree, count, fallbacks=False)
    if _is_enough(chars(wide), prose):
        return wide
    # Two modes that agree on a fair part of the page have found a short article among other things.
    if chars(precise) >= max(_LEAST_CHARS, _AGREEMENT * chars(wide), _FAIR_SHARE * prose):
        return precise
    return max((balanced(tree, count, fallbacks=True), wide, precise), key=chars)


def _is_enough(chars: int, prose: int) -> bool:
    return chars >= _LEAST_CHARS and chars >= _GOOD_SHARE * prose


def _settle(ledger: Ledger, kept: set[int]) -> None:
    """Mark the lines whose pieces were kept; of a line kept in part, the rest is left out, though never part of a
    word."""
    for line in ledger.left:
        pieces = line.pieces
        if not any(piece.index in kept for piece in pieces if not piece.rule):
            continue
        line.kept = True
        rest = [
            piece
            for place, piece in enumerate(pieces)
            if not piece.rule and piece.index not in kept and not _is_glued(pieces, place)
        ]
        if any(piece.text.strip() for piece in rest):
            ledger.leave_out_pieces(line, rest, UNCLASSIFIED)


def _is_glued(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a word reaches over the beginning or the end of the piece at `place` among the `pieces` of a line."""
    piece = pieces[place]
    before = pieces[place - 1].text[-1:] if place else ""
    after = pieces[place + 1].text[:1] if place + 1 < len(pieces) else ""
    return (before.isalnum() and piece.text[:1].isalnum()) or (after.isalnum() and piece.text[-1:].isalnum())


def _selected(page: Page, source: Source) -> list[HtmlElement]:
    """What the first fruitful of the source's selectors for the body finds, outermost elements only."""
    for selector in source.clean.body:
        found = [element for element in compiled(selector)(page.tree) if page.ledger.has_text(element)]
        outer = [one for one in found if not any(other is not one and other in one.iterancestors() for other in found)]
        if outer:
            return outer
    return []


def _page_of(elements: Sequence[HtmlElement]) -> HtmlElement:
    """A page of copies of `elements`, in a document of its own, where trafilatura looks from the root on: within the
    elements they stand in, if it is one, or else in an article."""
    if len(elements) > 1:
        root = fromstring("<html><body><article></article></body></html>")
        root.find(".//article").extend(_twin(element) for element in elements)
        return root
    twin = _twin(elements[0])
    *around, outermost = [*elements[0].iterancestors()] or [None]
    if outermost is None:
        return twin
    root = deepcopy(_shell(outermost))
    home = root
    for element in reversed(around):
        home.append(_shell(element))
        home = home[0]
    home.append(twin)
    return root


def _without_floods(tree: HtmlElement) -> HtmlElement:
    """`tree` without small elements that trafilatura would take out one by one, where there are thousands of them: it
    joins the text around each, in time quadratic in their number."""
    if sum(1 for _ in islice(tree.iter(*_SMALL), _FLOOD)) < _FLOOD:
        return tree
    flooding = [tag for tag in _SMALL if sum(1 for _ in islice(tree.iter(tag), _FLOOD)) == _FLOOD]
    if flooding:
        strip_elements(tree, *flooding, with_tail=False)
    return tree


def _hide_borders(tree: HtmlElement) -> None:
    """Take borders out of styles: trafilatura's strict mode drops what has one, for boxes of links. But papers set
    parts of an article in boxes, and a paragraph pasted from Word says that it has no border."""
    for element in _BORDERED(tree):
        element.set("style", element.get("style").replace("border", ""))


def _shell(element: HtmlElement) -> HtmlElement:
    """`element` without what is in it, by the attributes that trafilatura looks at: others may have names by which
    nobody but a parser can make one (`@click`)."""
    said = {name: element.get(name) for name in ("id", "class", "role", "itemprop", "itemtype") if element.get(name)}
    return element.makeelement(element.tag, said)


def _twin(element: HtmlElement) -> HtmlElement:
    twin = deepcopy(element)
    twin.tail = None
    return twin


@contextmanager
def _without_marks(elements: Iterable[HtmlElement]) -> Iterator[None]:
    """Takes id and classes off `elements` for a while."""
    held = [
        (element, name, element.attrib.pop(name))
        for element in elements
        for name in ("id", "class")
        if name in element.attrib
    ]
    try:
        yield
    finally:
        for element, name, value in held:
            element.set(name, value)


@contextmanager
def _named_main(element: HtmlElement | None) -> Iterator[None]:
    """Calls `element` the page's main part for a while: trafilatura looks for that where it finds no other name that it
    knows. Where it finds none at all it takes paragraphs from all over the page, and neither lists nor headings."""
    if element is None or element.tag not in _BOXES:
        yield
        return
    tag, role = element.tag, element.get("role")
    element.tag = "div"
    element.set("role", "main")
    try:
        yield
    finally:
        element.tag = tag
        if role is None:
            del element.attrib["role"]
        else:
            element.set("role", role)
