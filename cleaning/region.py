"""The region: which part of the page the article's text came from. Pictures and documents count only there."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from lxml.html import HtmlElement

from cleaning.blocks import Block
from cleaning.lines import Line
from cleaning.links import is_document
from cleaning.page import path_of
from cleaning.text import words
from model.article import Removal

_SHARE = 0.9
_HEADLINE_CHARS = 25
_LINK_SHARE = 0.25
_PLACED_CHARS = 2_000
_MAX_UNCLASSIFIED = 100


def match_lines(lines: Sequence[Line], blocks: Iterable[Block]) -> list[int]:
    """The indexes of the lines that are blocks of the article, or stand in one."""
    texts = {words(block.text) for block in blocks}
    longer = "\n".join(sorted(texts))
    return [
        index
        for index, line in enumerate(lines)
        if (key := words(line.text)) and (key in texts or (len(key) >= 40 and key in longer))
    ]


def find_region(lines: Sequence[Line], matched: Iterable[int]) -> HtmlElement | None:
    """The smallest element that holds nine tenths of the article's text; None where nothing was matched."""
    weight: dict[HtmlElement, int] = {}
    total = 0
    for index in matched:
        line = lines[index]
        total += len(line.text)
        for element in (line.block, *line.block.iterancestors()):
            weight[element] = weight.get(element, 0) + len(line.text)
    best: HtmlElement | None = None
    depth = -1
    for element, chars in weight.items():
        if chars >= _SHARE * total:
            level = sum(1 for _ in element.iterancestors())
            if level > depth:
                best, depth = element, level
    return best


def without_link_runs(blocks: Sequence[Block], lines: Sequence[Line]) -> tuple[list[Block], list[Removal]]:
    """The blocks without headlines of other articles: two or more blocks in a row that are nothing but links.

    Where these make up much of the text it is a list of links that was meant as one, and stays.
    """
    links = {words(line.text): line for line in lines if _is_headline(line)}
    runs = [list(group) for linked, group in groupby(blocks, key=lambda block: words(block.text) in links) if linked]
    taken = {words(block.text) for run in runs if len(run) > 1 for block in run}
    chars = sum(len(block.text) for block in blocks if words(block.text) in taken)
    if not taken or chars > _LINK_SHARE * sum(len(block.text) for block in blocks):
        return list(blocks), []
    removed = [
        Removal(text=block.text, rule="related-link", path=path_of(links[words(block.text)].block))
        for block in blocks
        if words(block.text) in taken
    ]
    return [block for block in blocks if words(block.text) not in taken], removed


def _is_headline(line: Line) -> bool:
    """Whether the line leads to another page; tables of contents, which lead to this one, and documents do not."""
    if not line.linked or len(line.text) < _HEADLINE_CHARS:
        return False
    targets = [(anchor.get("href") or "").lower() for anchor in line.links]
    return any(target and "#" not in target and not is_document(target) for target in targets)


def places_of(lines: Iterable[Line]) -> dict[str, HtmlElement]:
    """The element each line stands in, by the line's `words`; of equal lines the last."""
    return {words(line.text): line.block for line in lines if len(line.text) <= _PLACED_CHARS}


def unclassified(lines: Iterable[Line], blocks: Sequence[Block], title: str) -> list[Removal]:
    """The lines of the region that no rule took and that trafilatura left out: nobody said why."""
    texts = {words(block.text) for block in blocks} | {words(title), ""}
    whole = "\n".join(sorted(texts))
    left = [line for line in lines if not line.erased and (key := words(line.text)) not in texts and key not in whole]
    return [Removal(text=line.text, rule="unclassified", path=path_of(line.block)) for line in left[:_MAX_UNCLASSIFIED]]


def lines_within(lines: Sequence[Line], region: HtmlElement) -> list[Line]:
    """The lines that stand in `region`."""
    inside = set(region.iter())
    return [line for line in lines if line.block in inside]
