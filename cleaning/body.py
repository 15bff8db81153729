"""The body: which of a page's text is the article. trafilatura decides, on a tree the furniture has left."""

from copy import deepcopy

from lxml.html import HtmlElement, fromstring
from trafilatura import bare_extraction

from cleaning.blocks import Block, blocks_of
from cleaning.furniture import compiled, prose_chars
from cleaning.lines import is_empty, lines_of
from cleaning.page import Page
from model.source import Source

# Below these a first, strict extraction is held against a second one that also asks trafilatura's fallbacks.
_ENOUGH_CHARS = 500
_ENOUGH_SHARE = 0.5


def find_body(page: Page, source: Source) -> HtmlElement:
    """The tree to extract from: the page, or a page of nothing but what the source's `clean.body` selects."""
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
    return page.tree


def extract(tree: HtmlElement) -> list[Block]:
    """The article's blocks on `tree`, which is left as it is; empty where there is no text to speak of.

    The strict mode comes first, without fallbacks: it measures best where it finds the article, and is fast. Where it
    finds little, or little of the page's sentences, trafilatura's default cascade is asked, and the longer answer counts.
    """
    strict = _blocks(tree, fast=True, favor_precision=True)
    chars = sum(len(block.text) for block in strict)
    prose = prose_chars(lines_of(tree))
    if chars >= _ENOUGH_CHARS and chars >= _ENOUGH_SHARE * prose:
        return strict
    full = _blocks(tree, fast=False, favor_precision=False)
    return full if sum(len(block.text) for block in full) > chars else strict


def _blocks(tree: HtmlElement, *, fast: bool, favor_precision: bool) -> list[Block]:
    # Never `deduplicate`: it remembers earlier pages. No metadata: ours comes from elsewhere and costs a third of the time.
    document = bare_extraction(
        tree, fast=fast, favor_precision=favor_precision, include_comments=False, include_tables=True, with_metadata=False
    )
    return [] if document is None else blocks_of(document.body)
