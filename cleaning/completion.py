"""Completion: sentences of the article that trafilatura left out, known by where they stand.

It takes one container of a page for the article. Some templates cut an article into several, some put lists, quotations
and headings between its paragraphs into boxes of their own. What stands in the same kind of place as kept sentences,
or between them under the same parent, is the article's too.
"""

import re
from collections import Counter
from collections.abc import Container, Sequence, Set
from functools import lru_cache
from itertools import islice, pairwise

from lxml.html import HtmlElement

from cleaning.last_lines import is_sentence
from cleaning.ledger import Ledger
from cleaning.lines import Line, outer_block
from cleaning.sites import same_site, web_host
from cleaning.text import words

_LEAST_ALIKE = 3  # so many kept sentences make a kind of place
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_NUMBERS = re.compile(r"\d+")
_NO_WORDS = re.compile(r"https?:|[{\[]+\"")  # addresses, and what scripts read
_BOXES = frozenset({"div", "aside", "section"})
_OTHERS = frozenset({"form", "fieldset", "nav", "footer", "button", "label"})
_QUOTED = re.compile(r"[\"“«„].{10,400}[\"”»“][.,]?")
_QUOTE_LINES, _QUOTE_CHARS = 3, 500
_ITEM_CHARS = 30
_SEVERAL = 3
_BOXES_AROUND = 2
_SHORT_CHARS = 12


def complete(ledger: Ledger, host: str) -> None:
    """Mark further lines as kept: those that belong to the kept ones by their place. `host` is the page's own."""
    kept = [line for line in ledger.lines if line.kept and not line.gone]
    sentences = [line for line in kept if line.prose]
    if len(sentences) < _LEAST_ALIKE:
        return
    places = _Places()
    alike = Counter(places.of(line.block) for line in sentences)
    usual = {place for place, count in alike.items() if count >= _LEAST_ALIKE}
    seen = {words(line.text) for line in kept}
    first, last = kept[0].index, kept[-1].index
    for line in ledger.lines[first + 1 :]:
        if line.gone or line.kept or line.link_chars > 0.5 * len(line.text) or words(line.text) in seen:
            continue
        if line.prose and places.of(line.block) in usual:
            line.kept = True
            last = max(last, line.index)
    _fill(ledger, ledger.lines[first : last + 1], seen, host)


def _fill(ledger: Ledger, lines: Sequence[Line], seen: set[str], host: str) -> None:
    """Keep the lines between kept ones that stand under the same parent: headings, lists, quotations, paragraphs."""
    parents = Counter(outer_block(line).getparent() for line in lines if line.kept and line.prose and not line.gone)
    homes = {parent for parent, count in parents.items() if count > 1}
    text_lists: dict[HtmlElement, bool] = {}
    for line in _linked_headings(lines, homes, host):
        line.kept = True
    for line in lines:
        if line.gone or line.kept or line.linked or words(line.text) in seen:
            continue
        outer = outer_block(line)
        home, heads = outer.getparent(), outer.tag in _HEADINGS
        box = _box_of(outer, ledger) if home not in homes else outer
        if box.getparent() not in homes:
            if home is not None and home.tag in _BOXES and home.getparent() in homes:
                _keep_quotation(home, ledger, seen)
            continue
        if box is not outer and not heads and _is_said(line.text, seen):
            continue
        if heads:
            line.kept = len(line.text) >= _SHORT_CHARS and not line.link_chars
        elif outer.tag in ("ul", "ol"):
            if outer not in text_lists:
                text_lists[outer] = _is_text_list(outer, ledger)
            line.kept = len(line.text) >= _ITEM_CHARS and text_lists[outer]
        elif line.block.tag == "center" and line.emphasised and not is_sentence(line):
            line.kept = len(line.text) >= _SHORT_CHARS and not line.link_chars
        elif outer.tag in ("p", "blockquote") or line.block.tag == "div":
            line.kept = is_sentence(line) and not line.link_chars and _NO_WORDS.match(line.text) is None


def _linked_headings(lines: Sequence[Line], homes: Container[HtmlElement | None], host: str) -> list[Line]:
    """The headings that are links and head a kept paragraph beside them, where several do: what the article tells of
    has its address there. One or two that lead to other pages of the site may be teasers between paragraphs."""
    found = []
    for line, behind in pairwise(line for line in lines if not line.gone):
        if line.kept or not line.linked or line.block.tag not in _HEADINGS or not (behind.kept and behind.prose):
            continue
        parent = line.block.getparent()
        if parent in homes and outer_block(behind).getparent() is parent:
            found.append(line)
    if len(found) < _SEVERAL and sum(all(_leads_off(link, host) for link in line.links) for line in found) < 2:
        return []
    return found


def _leads_off(link: HtmlElement, host: str) -> bool:
    """Whether the link names another site."""
    other = web_host("/".join((link.get("href") or "").strip().split("/", 3)[:3]))
    return bool(other) and not same_site(other, host)


def _keep_quotation(box: HtmlElement, ledger: Ledger, seen: Set[str]) -> None:
    """Keep what is said in a box between paragraphs, and by whom. Most such boxes repeat words of the text."""
    lines = ledger.under(box)
    said = lines[0].text if lines else ""
    if not _QUOTED.fullmatch(said) or len(lines) > _QUOTE_LINES or ledger.link_chars_under(box):
        return
    if sum(len(line.text) for line in lines) <= _QUOTE_CHARS and not _is_said(said, seen):
        for line in lines:
            line.kept = True


def _is_said(text: str, seen: Set[str]) -> bool:
    """Whether the text of a line is part of another one, as most of what is printed large between paragraphs is."""
    plain = words(text)
    return any(plain in one for one in seen)


def _is_text_list(element: HtmlElement, ledger: Ledger) -> bool:
    lines = ledger.under(element)
    chars = sum(len(line.text) for line in lines)
    return ledger.link_chars_under(element) < 0.2 * chars and chars >= _ITEM_CHARS * len(lines)


def _box_of(block: HtmlElement, ledger: Ledger) -> HtmlElement:
    """The outermost of the few boxes around the block that hold nothing else."""
    found = block
    for box in islice(block.iterancestors(), _BOXES_AROUND):
        if box.tag in _OTHERS or ledger.has_text_beside(found, box):
            break
        found = box
    return found


class _Places:
    """Kinds of places: the path of an element by tags and classes, numbers left aside."""

    def __init__(self) -> None:
        self._known: dict[HtmlElement | None, str] = {None: ""}

    def of(self, element: HtmlElement | None) -> str:
        """The kind of place `element` stands in."""
        waiting: list[HtmlElement] = []
        while element is not None and element not in self._known:
            waiting.append(element)
            element = element.getparent()
        place = self._known[element]
        for one in reversed(waiting):
            classes = one.get("class")
            place = f"{place}/{one.tag}.{_without_numbers(classes)}" if classes else f"{place}/{one.tag}"
            self._known[one] = place
        return place


@lru_cache(maxsize=4_096)
def _without_numbers(classes: str) -> str:
    return _NUMBERS.sub("", classes)
