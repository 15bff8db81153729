"""Furniture: takes off a page what the rules name, and says of each block which rule took it."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from itertools import islice

from cssselect import GenericTranslator
from lxml.etree import XPath
from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import Line, prose_chars
from cleaning.links import is_document
from cleaning.page import Page
from cleaning.rules import COMMENTS, LINE_CHARS, rule_for
from cleaning.selectors import find_elements
from cleaning.text import tidy
from model.source import Source

_ARTICLE_SHARE = 0.3
_ARTICLE_CHARS = 800
_TEXT_SHARE = 0.6
_PROSE_CHARS = 300
_COLUMN_SHARE = 0.5
_MENU_SHARE = 0.8
_MAX_LISTS = 200
_ROW_CHARS = 100
_BETWEEN_BUTTONS = re.compile(r"\s*[|•·]\s*")
_COUNTED = re.compile(r"[(\[]\s*[1-9][\d.,]*\s*[)\]]\W*$")  # `Comments (3)`
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_CONTAINERS = frozenset({"html", "body", "main", "article"})


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
    short = [line for line in ledger.under(page.surroundings) if len(line.text) <= LINE_CHARS]
    layouts = _layouts(page)
    _take_columns(ledger, layouts)
    _take_lists(ledger, short, layouts)
    _take_lines(ledger, short, layouts)
    return misleading


def _take_marked(page: Page) -> list[HtmlElement]:
    ledger = page.ledger
    named = {marks: rule_for("mark", marks) for marks in page.different_marks}
    marked = [(element, rule) for element, marks in page.marks.items() if (rule := named[marks])]
    marked += find_elements(page)
    misleading: list[HtmlElement] = []
    for element, rule in marked:
        if element.tag in _CONTAINERS or not ledger.is_attached(element):
            continue
        if _may_be_article(element, ledger) and not (rule == COMMENTS and _leaves_enough(element, ledger)):
            misleading.append(element)
        else:
            ledger.take(element, rule)
    return misleading


def _layouts(page: Page) -> set[HtmlElement]:
    """The tables that lay out the page: one of their cells holds most of its sentences."""
    ledger = page.ledger
    most = _COLUMN_SHARE * ledger.prose_under(page.body)
    return {
        table
        for table in page.elements.get("table", ())
        if table.tag == "table"  # not taken
        and ledger.prose_under(table) > most
        and ledger.is_attached(table)
        and any(ledger.prose_under(cell) > most for row in _rows(table) for cell in row)
    }


def _take_columns(ledger: Ledger, layouts: Iterable[HtmlElement]) -> None:
    """Take off the menus beside the article in tables that lay out the page: cells of links and no sentence."""
    for cell in [cell for table in layouts for row in _rows(table) for cell in row]:
        chars = len(ledger.text_under(cell))
        if (
            chars
            and not ledger.prose_under(cell)
            and ledger.link_chars_under(cell) >= _MENU_SHARE * chars
            and not any(is_document(anchor.get("href") or "") for anchor in cell.iter("a"))
        ):
            ledger.take(cell, "navigation")


def _rows(table: HtmlElement) -> Iterator[HtmlElement]:
    """The rows of `table` itself, without those of tables within."""
    for part in (table, *table.iterchildren("thead", "tbody", "tfoot")):
        yield from part.iterchildren("tr")


def _take_lists(ledger: Ledger, lines: Iterable[Line], layouts: Set[HtmlElement]) -> None:
    found = 0
    for line in lines:
        if line.gone or (rule := rule_for("heading", line.text)) is None:
            continue
        if line.block.tag == "li" or next(line.block.iterancestors("nav", "li"), None) is not None:
            continue  # an entry of a menu
        counts = rule == COMMENTS and _heads_comments(line, ledger)
        if _in_table_row(line.block, ledger, layouts) or (not counts and _heads_sentences(line, ledger)):
            continue
        found += 1
        if found > _MAX_LISTS:
            ledger.take_line(line, rule)
            continue
        for element in _list_after(line, ledger, rule, to_the_end=counts):
            ledger.take(element, rule)


def _heads_comments(line: Line, ledger: Ledger) -> bool:
    """Whether what follows is what readers wrote: the heading counts them, and most sentences stand before it."""
    if _COUNTED.search(line.text) is None:
        return False
    before = prose_chars(ledger.lines[: line.index])
    return 2 * before > ledger.prose_under(ledger.body)


def _heads_sentences(line: Line, ledger: Ledger) -> bool:
    """Whether a section of the article begins here, that is called *Comment* or *Discussion*: a sentence that is no
    link stands right behind the heading, under the same parent."""
    behind = ledger.lines[line.index + 1 : line.index + 2]
    return (
        line.block.tag in _HEADINGS
        and bool(behind)
        and not behind[0].gone
        and behind[0].prose
        and behind[0].block.getparent() is line.block.getparent()
    )


def _list_after(line: Line, ledger: Ledger, rule: str, *, to_the_end: bool) -> list[HtmlElement]:
    """The heading's element and the list that belongs to it: the box it opens, or what follows it and is links, or a
    list right behind it that holds no sentence; `to_the_end`: all that follows it, but for the article."""
    if line.block is ledger.body or _may_be_article(line.block, ledger):
        ledger.take_line(line, rule)
        return []
    box = line.block
    while (parent := box.getparent()) is not None and parent.tag not in _CONTAINERS:
        if _text_before(box, ledger) or _holds_article(parent, ledger) or _may_be_article(parent, ledger):
            break
        box = parent
    taken = [box]
    if len(ledger.under(box)) > 1:
        return taken
    for sibling in box.itersiblings():
        is_first_list = len(taken) == 1 and sibling.tag in ("ul", "ol") and not ledger.prose_under(sibling)
        belongs = is_first_list or _is_link_list(sibling, ledger) or (to_the_end and not _is_known(sibling, ledger))
        if _may_be_article(sibling, ledger) or not (belongs or to_the_end):
            break
        taken += [sibling] if belongs else []
    return taken


def _is_known(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether each line in `element` is one that a rule of its own takes."""
    return all(rule_for("line", line.text) for line in ledger.under(element))


def _may_be_article(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether `element` holds too much of the page to be taken for furniture: a headline, a good part of the sentences
    or, where hardly any stand outside of it (a poem, a list), most of the text that is no link."""
    prose, whole = ledger.prose_under(element), ledger.prose_under(ledger.body)
    if prose > _ARTICLE_SHARE * whole or element.find(".//h1") is not None:
        return True
    return whole - prose < _PROSE_CHARS and ledger.plain_under(element) > _TEXT_SHARE * ledger.plain_under(ledger.body)


def _leaves_enough(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether `element` holds no headline and an article may stand outside: readers can write more than authors."""
    outside = ledger.prose_under(ledger.body) - ledger.prose_under(element)
    return element.find(".//h1") is None and outside >= _ARTICLE_CHARS


def _text_before(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether the parent shows anything before `element`."""
    parent = element.getparent()
    if ledger.has_text_before(element, parent):
        return True
    return any(not ledger.is_empty(sibling) for sibling in element.itersiblings(preceding=True))


def _holds_article(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether sentences that are no links outweigh the links under `element`."""
    prose = ledger.prose_under(element)
    return prose > _PROSE_CHARS or prose > ledger.link_chars_under(element)


def _is_link_list(element: HtmlElement, ledger: Ledger) -> bool:
    if (element.tail or "").strip():
        return False
    lines = ledger.under(element)
    if not lines:
        return element.find(".//img") is None or element.find(".//a") is not None
    chars = sum(len(line.text) for line in lines)
    linked = sum(line.link_chars for line in lines)
    return linked >= 0.5 * chars or (
        bool(lines[0].linked) and prose_chars(lines) < 300 * sum(1 for x in lines if x.linked)
    )


def _take_lines(ledger: Ledger, lines: Iterable[Line], layouts: Set[HtmlElement]) -> None:
    for line in lines:
        if line.gone:
            continue
        rule = (
            rule_for("line", line.text)
            or (rule_for("linked", line.text) if line.linked or line.link_chars > 20 else None)
            or _row_of_buttons(line)
        )
        if rule and not _in_table_row(line.block, ledger, layouts):
            ledger.take_line(line, rule)


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


def _in_table_row(block: HtmlElement, ledger: Ledger, layouts: Set[HtmlElement]) -> bool:
    """Whether the line is a cell among others that hold text: `Hôm nay` may head a column of the article's table.
    `layouts` are the tables that hold no data."""
    cell = block if block.tag in ("td", "th") else next(block.iterancestors("td", "th"), None)
    if cell is None:
        return False
    row = cell.getparent()
    table = next(cell.iterancestors("table"), None)
    if row is None or table is None or table in layouts or len(list(islice(_rows(table), 2))) < 2:
        return False
    return ledger.has_text_beside(cell, row)


def first_match(page: Page, selectors: Sequence[str]) -> HtmlElement | None:
    """The first element that the first fruitful one of `selectors` finds and that holds text."""
    for selector in selectors:
        for element in compiled(selector)(page.tree):
            if tidy(element.text_content()):
                return element
    return None
