"""The body: which of a page's text is the article. trafilatura decides, on a tree the furniture has left."""

from collections.abc import Iterable
from copy import deepcopy

from lxml.html import HtmlElement, fromstring
from trafilatura import bare_extraction
from trafilatura.settings import Document

from cleaning.blocks import Block, blocks_of
from cleaning.furniture import compiled
from cleaning.lines import is_empty
from cleaning.page import Page
from model.source import Source

_LEAST_CHARS = 200
_GOOD_SHARE = 0.5
_FAIR_SHARE = 0.22
_AGREEMENT = 0.97


def find_body(page: Page, source: Source, misleading: Iterable[HtmlElement]) -> HtmlElement:
    """The tree to extract from: the page, or a page of nothing but what the source's `clean.body` selects.

    On the page, `misleading` elements lose their id and classes, by which trafilatura would drop them, too.
    """
    for selector in source.clean.body:
        found = [element for element in compiled(selector)(page.tree) if not is_empty(element)]
        outer = [one for one in found if not any(other is not one and other in one.iterancestors() for other in found)]
        if outer:
            root = fromstring("<html><body><article></article></body></html>")
            article = root.find(".//article")
            for element in outer:
                twin = deepcopy(element)
                twin.tail = None
                article.append(twin)
            return root
    for element in misleading:
        for name in ("id", "class"):
            element.attrib.pop(name, None)
    return page.tree


def extract(tree: HtmlElement, prose: int) -> list[Block]:
    """The article's blocks on `tree`, which is left as it is; empty where there is no text to speak of. `prose` is how
    many characters of the tree read like sentences (`lines.prose_chars`).

    Three passes, each asked only where the ones before found little of the page's sentences: trafilatura's strict mode,
    which measures best where it finds the article at all; its balanced mode; and that with its fallbacks (readability,
    justext), which also take whole pages for articles, and are asked last for that reason. The shares were chosen on
    article-extraction-benchmark, Fundus and WCXB pages (bench/extractor.py).
    """
    strict = _blocks(tree, fast=True, favor_precision=True)
    if _is_enough(_chars(strict), prose):
        return strict
    balanced = _blocks(tree, fast=True)
    if _is_enough(_chars(balanced), prose):
        return balanced
    # Two modes that agree on a fair part of the page have found a short article among other things.
    if _chars(strict) >= max(_LEAST_CHARS, _AGREEMENT * _chars(balanced), _FAIR_SHARE * prose):
        return strict
    full = _blocks(tree, fast=False)
    return max((full, balanced, strict), key=_chars)


def _is_enough(chars: int, prose: int) -> bool:
    return chars >= _LEAST_CHARS and chars >= _GOOD_SHARE * prose


def _chars(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _blocks(tree: HtmlElement, *, fast: bool, favor_precision: bool = False) -> list[Block]:
    # Never `deduplicate`: it remembers earlier pages. No metadata: that takes a third of the time, and ours is read.
    document = bare_extraction(
        tree,
        fast=fast,
        favor_precision=favor_precision,
        include_comments=False,
        include_tables=True,
        with_metadata=False,
    )
    return blocks_of(document.body) if isinstance(document, Document) else []
