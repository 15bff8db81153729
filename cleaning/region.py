"""Regions: the part of a page that some of its lines stand in."""

from collections.abc import Iterable

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import Line

_SHARE = 0.9
_CORE_CHARS = 500


def smallest_around(lines: Iterable[Line], body: HtmlElement) -> HtmlElement:
    """The smallest element that holds nine tenths of the text of `lines`; `body` where there are none."""
    total = 0
    weight: dict[HtmlElement, int] = {}
    for line in lines:
        total += len(line.text)
        for element in (line.block, *line.block.iterancestors()):
            weight[element] = weight.get(element, 0) + len(line.text)
    best, depth = body, -1
    for element, chars in weight.items():
        if chars >= _SHARE * total:
            level = sum(1 for _ in element.iterancestors())
            if level > depth:
                best, depth = element, level
    return best


def core_of(ledger: Ledger) -> HtmlElement:
    """The smallest element that holds nearly all sentences of the page: what is around it costs time and says little.

    The whole body where there are few sentences.
    """
    sentences = [line for line in ledger.lines if line.prose and not line.gone]
    if sum(len(line.text) for line in sentences) < _CORE_CHARS:
        return ledger.body
    return smallest_around(sentences, ledger.body)
