"""The region: which part of the page the article's text came from. Pictures and documents count only there."""

from collections.abc import Iterable, Sequence

from lxml.html import HtmlElement

from cleaning.blocks import Block
from cleaning.lines import Line
from cleaning.text import words

_SHARE = 0.9


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


def lines_within(lines: Sequence[Line], region: HtmlElement) -> list[Line]:
    """The lines that stand in `region`."""
    inside = set(region.iter())
    return [line for line in lines if line.block in inside]
