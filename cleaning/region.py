"""Regions: the part of a page that some of its lines stand in, and the links to other articles within."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.links import is_document

_SHARE = 0.9
_HEADLINE_CHARS = 25
_LINK_SHARE = 0.25


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


def leave_out_link_runs(ledger: Ledger, kept: Sequence[Line]) -> None:
    """Leave out headlines of other articles: two or more kept lines in a row that are nothing but links.

    Where these make up much of the text it is a list of links that was meant as one, and stays.
    """
    runs = [list(group) for linked, group in groupby(kept, key=_is_headline) if linked]
    runs = [run for run in runs if len(run) > 1]
    chars = sum(len(line.text) for run in runs for line in run)
    if chars <= _LINK_SHARE * sum(len(line.text) for line in kept):
        for run in runs:
            ledger.leave_out(run, "related-link", run[0].block)


def _is_headline(line: Line) -> bool:
    """Whether the line leads to another page; tables of contents, which lead to this one, and documents do not."""
    if not line.linked or len(line.text) < _HEADLINE_CHARS:
        return False
    targets = [(anchor.get("href") or "").lower() for anchor in line.links]
    return any(target and "#" not in target and not is_document(target) for target in targets)
