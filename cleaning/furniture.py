"""Furniture: takes off a page what the rules name, and says of each block which rule took it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cssselect import GenericTranslator
from lxml.etree import XPath
from lxml.html import HtmlElement

from cleaning.lines import Line, erase, is_empty, is_within, lines_of, prose_chars, text_under
from cleaning.page import Page, attribute_text, drop, path_of
from cleaning.rules import RULES, Takes
from cleaning.text import shorten
from model.article import Removal
from model.source import Source

_REMOVAL_CHARS = 2_000
_ARTICLE_SHARE = 0.3
_LINE_CHARS = 260  # no furniture rule takes a longer line
_CONTAINERS = frozenset({"html", "body", "main", "article"})


@dataclass(frozen=True, slots=True)
class _Matcher:
    """Rules of one kind as a single alternation, so that a page's thousands of lines are each tried once."""

    pattern: re.Pattern[str]
    names: tuple[str, ...]

    def match(self, text: str) -> str | None:
        """The name of the rule that takes the whole of `text`."""
        found = self.pattern.fullmatch(text)
        return self.names[found.lastindex - 1] if found and found.lastindex else None

    def search(self, text: str) -> str | None:
        """The name of the rule that is found in `text`."""
        found = self.pattern.search(text)
        return self.names[found.lastindex - 1] if found and found.lastindex else None


@lru_cache(maxsize=8)
def _matcher(takes: Takes) -> _Matcher:
    rules = [rule for rule in RULES if rule.takes == takes]
    alternation = "|".join(f"({rule.pattern})" for rule in rules)
    return _Matcher(re.compile(alternation, re.IGNORECASE), tuple(rule.name for rule in rules))


def rule_for(takes: Takes, text: str) -> str | None:
    """The name of the rule of kind `takes` that applies to `text`, a line or an element's marks; else None."""
    matcher = _matcher(takes)
    return matcher.search(text) if takes == "mark" else matcher.match(text)


@lru_cache(maxsize=512)
def compiled(selector: str) -> XPath:
    """The XPath of a CSS selector, for use on an element and what is under it."""
    return XPath(GenericTranslator().css_to_xpath(selector, prefix="descendant-or-self::"))


def removal(element: HtmlElement, rule: str) -> Removal:
    """The record of `element` being taken by `rule`; its text is cut at 2,000 characters."""
    return Removal(text=shorten(text_under(element), _REMOVAL_CHARS), rule=rule, path=path_of(element))


def take_line(page: Page, line: Line, rule: str) -> None:
    """Take `line` off the page and record it."""
    page.removed.append(Removal(text=shorten(line.text, _REMOVAL_CHARS), rule=rule, path=path_of(line.block)))
    erase(line)


def take_element(page: Page, element: HtmlElement, rule: str) -> None:
    """Take `element` off the page; recorded where it held text."""
    record = removal(element, rule)
    if record.text:
        page.removed.append(record)
    drop(element)


def take_source_furniture(page: Page, source: Source) -> None:
    """Take off what the source's own `clean.remove` names."""
    for custom in source.clean.remove:
        if custom.selector is not None:
            for element in compiled(custom.selector)(page.tree):
                if _attached(element, page) and element.tag not in ("html", "body"):
                    take_element(page, element, custom.rule)
        if custom.text is not None:
            pattern = re.compile(custom.text)
            for line in lines_of(page.body):
                if pattern.fullmatch(line.text):
                    take_line(page, line, custom.rule)


def take_furniture(page: Page, lines: Sequence[Line]) -> list[HtmlElement]:
    """Take off what the rules of `cleaning.rules` name. `lines` are the page's.

    Gives the elements that are marked as furniture and hold the article all the same: themes put `rating` or
    `comments` on anything.
    """
    misleading = _take_marked(page, prose_chars(lines))
    short = [line for line in lines if len(line.text) <= _LINE_CHARS]
    _take_lists(page, short)
    _take_lines(page, short)
    return misleading


def _take_marked(page: Page, whole: int) -> list[HtmlElement]:
    marked: list[tuple[HtmlElement, str]] = []
    for element in page.body.iterdescendants():
        if isinstance(element.tag, str) and (marks := attribute_text(element)) and (rule := rule_for("mark", marks)):
            marked.append((element, rule))
    misleading: list[HtmlElement] = []
    for element, rule in marked:
        if not _attached(element, page) or element.tag in _CONTAINERS:
            continue
        if element.find(".//h1") is not None or prose_chars(lines_of(element)) > _ARTICLE_SHARE * whole:
            misleading.append(element)
        else:
            take_element(page, element, rule)
    return misleading


def _take_lists(page: Page, lines: Iterable[Line]) -> None:
    for line in lines:
        if (rule := rule_for("heading", line.text)) is None:
            continue
        if line.block.tag == "li" or next(line.block.iterancestors("nav", "li"), None) is not None:
            continue  # an entry of a menu
        if not is_within(line, page.body) or _in_table_row(line.block):
            continue
        for element in _list_after(line, page):
            take_element(page, element, rule)


def _list_after(line: Line, page: Page) -> list[HtmlElement]:
    """The heading's element and the list that belongs to it: the box it opens, or what follows it and is links."""
    if line.block in (page.tree, page.body):
        erase(line)
        return []
    box = line.block
    while (parent := box.getparent()) is not None and parent.tag not in _CONTAINERS:
        if _text_before(box) or _holds_article(parent):
            break
        box = parent
    taken = [box]
    if len(lines_of(box)) > 1:
        return taken
    for sibling in box.itersiblings():
        if not _is_link_list(sibling):
            break
        taken.append(sibling)
    return taken


def _text_before(element: HtmlElement) -> bool:
    parent = element.getparent()
    if parent.text and not parent.text.isspace():
        return True
    return any(
        not is_empty(sibling) or (sibling.tail or "").strip() for sibling in element.itersiblings(preceding=True)
    )


def _holds_article(element: HtmlElement) -> bool:
    """Whether sentences that are no links outweigh the links under `element`."""
    lines = lines_of(element)
    prose = prose_chars(lines)
    return prose > 300 or prose > sum(line.link_chars for line in lines)


def _is_link_list(element: HtmlElement) -> bool:
    if (element.tail or "").strip():
        return False
    lines = lines_of(element)
    if not lines:
        return element.find(".//img") is None or element.find(".//a") is not None
    chars = sum(len(line.text) for line in lines)
    linked = sum(line.link_chars for line in lines)
    return linked >= 0.5 * chars or (
        bool(lines[0].linked) and prose_chars(lines) < 300 * sum(1 for x in lines if x.linked)
    )


def _take_lines(page: Page, lines: Iterable[Line]) -> None:
    for line in lines:
        rule = rule_for("line", line.text) or (
            rule_for("linked", line.text) if line.linked or line.link_chars > 20 else None
        )
        if rule and is_within(line, page.body) and not _in_table_row(line.block):
            take_line(page, line, rule)


def _in_table_row(block: HtmlElement) -> bool:
    """Whether the line is a cell among others that hold text: `Hôm nay` may head a column of the article's table."""
    cell = block if block.tag in ("td", "th") else next(block.iterancestors("td", "th"), None)
    if cell is None:
        return False
    row = cell.getparent()
    table = next(cell.iterancestors("table"), None)
    rows = [] if table is None else [one for one in table.iter("tr") if next(one.iterancestors("table")) is table]
    return row is not None and len(rows) > 1 and sum(1 for other in row if not is_empty(other)) > 1


def _attached(element: HtmlElement, page: Page) -> bool:
    """Whether `element` is still part of the page: a step before may have taken a box around it."""
    return element is page.tree or any(ancestor is page.tree for ancestor in element.iterancestors())


def first_match(page: Page, selectors: Sequence[str]) -> HtmlElement | None:
    """The first element that the first fruitful one of `selectors` finds and that holds text."""
    for selector in selectors:
        for element in compiled(selector)(page.tree):
            if not is_empty(element):
                return element
    return None
