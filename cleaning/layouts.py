"""Layouts: tables that lay out a page, and what stands in their cells: the article in one, menus in others."""

from collections.abc import Iterable, Iterator, Set
from itertools import islice

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.links import is_document
from cleaning.page import Page

_COLUMN_SHARE = 0.5
_MENU_SHARE = 0.8


def layouts_of(page: Page) -> set[HtmlElement]:
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


def take_columns(ledger: Ledger, layouts: Iterable[HtmlElement]) -> None:
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


def in_table_row(block: HtmlElement, ledger: Ledger, layouts: Set[HtmlElement]) -> bool:
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


def _rows(table: HtmlElement) -> Iterator[HtmlElement]:
    """The rows of `table` itself, without those of tables within."""
    for part in (table, *table.iterchildren("thead", "tbody", "tfoot")):
        yield from part.iterchildren("tr")
