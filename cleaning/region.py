"""Regions: the part of a page that some of its lines stand in."""

from collections.abc import Iterable

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.rules import COMMENTS, rule_for

CONTAINERS = frozenset({"html", "body", "main", "article"})
"""Elements that hold a page or its article, whatever they are marked as."""

_SHARE = 0.9
_CORE_CHARS = 500
_ARTICLE_SHARE = 0.3
_ARTICLE_CHARS = 800
_TEXT_SHARE = 0.6
_PROSE_CHARS = 300


def smallest_around(lines: Iterable[Line], body: HtmlElement) -> HtmlElement:
    """The smallest element that holds nine tenths of the text of `lines`; `body` where there are none."""
    weight: dict[HtmlElement, int] = {}
    beside: dict[HtmlElement, int] = {}  # by parent: most paragraphs have one in common
    for line in lines:
        weight[line.block] = weight.get(line.block, 0) + len(line.text)
    total = sum(weight.values())
    for block, chars in weight.items():
        if (parent := block.getparent()) is not None:
            beside[parent] = beside.get(parent, 0) + chars
    for parent, chars in beside.items():
        for element in (parent, *parent.iterancestors()):
            weight[element] = weight.get(element, 0) + chars
    best, depth = body, -1
    for element, chars in weight.items():
        if chars >= _SHARE * total:
            level = sum(1 for _ in element.iterancestors())
            if level > depth:
                best, depth = element, level
    return best


def core_of(ledger: Ledger) -> HtmlElement:
    """The smallest element that holds nearly all sentences of the page: what is around it costs time and says little.

    Readers' comments do not count, where there is enough besides. The whole body where there are few sentences.
    """
    sentences = [line for line in ledger.lines if line.prose and not line.gone]
    own = _without_comments(sentences)
    if sum(line.weight for line in own) >= _CORE_CHARS:
        return smallest_around(own, ledger.body)
    if sum(line.weight for line in sentences) >= _CORE_CHARS:
        return smallest_around(sentences, ledger.body)
    return ledger.body


def may_be_article(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether `element` holds too much of the page to be taken for furniture: a headline, a good part of the sentences
    or, where hardly any stand outside of it (a poem, a list), most of the text that is no link."""
    prose, whole = ledger.prose_under(element), ledger.prose_under(ledger.body)
    if prose > _ARTICLE_SHARE * whole or element.find(".//h1") is not None:
        return True
    return whole - prose < _PROSE_CHARS and ledger.plain_under(element) > _TEXT_SHARE * ledger.plain_under(ledger.body)


def leaves_enough(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether `element` holds no headline and an article may stand outside: readers can write more than authors."""
    outside = ledger.prose_under(ledger.body) - ledger.prose_under(element)
    return element.find(".//h1") is None and outside >= _ARTICLE_CHARS


def _without_comments(lines: Iterable[Line]) -> list[Line]:
    """The lines that stand in nothing marked as readers' comments."""
    known: dict[HtmlElement, bool] = {}
    kept: list[Line] = []
    for line in lines:
        waiting: list[HtmlElement] = []
        element: HtmlElement | None = line.block
        while element is not None and element not in known:
            waiting.append(element)
            element = element.getparent()
        within = element is not None and known[element]
        for one in reversed(waiting):
            within = within or rule_for("mark", f"{one.get('id') or ''} {one.get('class') or ''}") == COMMENTS
            known[one] = within
        if not within:
            kept.append(line)
    return kept
