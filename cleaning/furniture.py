"""Furniture: takes off a page what the rules name, and says of each block which rule took it."""

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache

from cssselect import GenericTranslator
from lxml.etree import XPath
from lxml.html import HtmlElement

from cleaning.headed import heads_section, take_lists
from cleaning.last_lines import leads_to_documents
from cleaning.layouts import in_table_row, layouts_of, take_columns
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import HEADINGS, Page, leads_to_place
from cleaning.region import CONTAINERS, leaves_enough, may_be_article
from cleaning.rules import COMMENTS, LINE_CHARS, rule_for
from cleaning.selectors import find_elements
from cleaning.text import tidy
from model.source import Source

_ROW_CHARS = 100
_BEHIND_LINK_CHARS = 15  # `tại đây.`
_ALSO_SECTIONS = frozenset({"weather", "portal-box", "menu"})  # so a part of an article may be called, too
_BETWEEN_BUTTONS = re.compile(r"\s*[|•·]\s*")


@lru_cache(maxsize=512)
def compiled(selector: str) -> XPath:
    """The XPath of a CSS selector, for use on an element and what is under it."""
    return XPath(GenericTranslator().css_to_xpath(selector, prefix="descendant-or-self::"))


def take_source_furniture(page: Page, source: Source) -> None:
    """Take off what the source's own `clean.remove` names."""
    ledger = page.ledger
    for custom in source.clean.remove:
        if custom.selector is not None:
            for element in compiled(custom.selector)(page.tree):
                if ledger.is_attached(element) and element.tag not in ("html", "body"):
                    ledger.take(element, custom.rule)
        if custom.text is not None:
            pattern = re.compile(custom.text)
            for line in ledger.left:
                if pattern.fullmatch(line.text):
                    ledger.take_line(line, custom.rule)


def take_furniture(page: Page) -> list[HtmlElement]:
    """Take off what the rules of `cleaning.rules` name.

    Gives the elements that are marked as furniture and hold the article all the same: themes put `rating` or
    `comments` on anything.
    """
    ledger = page.ledger
    misleading = _take_marked(page)
    _take_permalinks(page)
    short = [line for line in ledger.under(page.surroundings) if len(line.text) <= LINE_CHARS]
    layouts = layouts_of(page)
    take_columns(ledger, layouts)
    take_lists(ledger, short, layouts)
    _take_lines(ledger, short, layouts)
    return misleading


def _take_marked(page: Page) -> list[HtmlElement]:
    ledger = page.ledger
    named = {marks: rule_for("mark", marks) for marks in page.different_marks}
    marked = [
        (element, rule)
        for element, marks in page.marks.items()
        if (rule := named[marks]) and not (element.tag in HEADINGS and _is_named_by_words(element))
    ]
    marked += find_elements(page)
    misleading: list[HtmlElement] = []
    for element, rule in marked:
        if element.tag in CONTAINERS or not ledger.is_attached(element):
            continue
        if may_be_article(element, ledger) and not (rule == COMMENTS and leaves_enough(element, ledger)):
            misleading.append(element)
        else:
            ledger.take(element, rule)
    return misleading


def _is_named_by_words(heading: HtmlElement) -> bool:
    """Whether the mark of the heading is its id alone: that is made of its words, for links to it."""
    return not rule_for("mark", heading.get("class") or "")


def _take_permalinks(page: Page) -> None:
    """Take the sign beside a heading that leads to it: `#`, `¶`."""
    for heading in (one for tag in HEADINGS for one in page.elements.get(tag, ())):
        for link in heading.iterchildren("a"):
            if leads_to_place(link) and page.ledger.is_attached(link):
                text = link.text_content()
                if text.strip() and not any(map(str.isalnum, text)):
                    page.ledger.take(link, "permalink")


def _take_lines(ledger: Ledger, lines: Iterable[Line], layouts: Set[HtmlElement]) -> None:
    for line in lines:
        if line.gone:
            continue
        rule = (
            rule_for("line", line.text)
            or (rule_for("linked", line.text) if _is_mostly_link(line) and not leads_to_documents(line) else None)
            or _row_of_buttons(line)
        )
        if rule in _ALSO_SECTIONS and heads_section(line, ledger):
            continue
        if rule and not in_table_row(line.block, ledger, layouts):
            ledger.take_line(line, rule)


def _is_mostly_link(line: Line) -> bool:
    """Whether the line is a link and a label before it. Where a sentence goes on behind its last link, it is one of the
    article's that happens to begin as such lines do."""
    if line.linked:
        return True
    if line.link_chars <= 20:
        return False
    behind = ""
    for piece in reversed(line.pieces):
        if piece.link is not None:
            break
        behind = piece.text + behind
    return len(tidy(behind)) <= _BEHIND_LINK_CHARS


def _row_of_buttons(line: Line) -> str | None:
    """The rule that takes each of several labels which stand in one line: `In bài | Chia sẻ | Lên đầu`."""
    if len(line.text) > _ROW_CHARS or (len(line.pieces) == 1 and "|" not in line.text):
        return None
    texts = (piece.text for piece in line.pieces if not piece.rule)
    labels = (tidy(label) for text in texts for label in _BETWEEN_BUTTONS.split(text))
    rules: list[str] = []
    for label in filter(None, labels):
        if (rule := rule_for("line", label)) is None:
            return None
        rules.append(rule)
    return rules[0] if len(rules) > 1 else None


def first_match(page: Page, selectors: Sequence[str]) -> HtmlElement | None:
    """The first element that the first fruitful one of `selectors` finds and that holds text."""
    for selector in selectors:
        for element in compiled(selector)(page.tree):
            if tidy(element.text_content()):
                return element
    return None
