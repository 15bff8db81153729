"""Counters: tables that say how many visit the site, which stand at the foot of old pages like tables of data."""

import re

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.page import Page
from cleaning.rules import rule_for
from cleaning.tables import CELLS, row_groups

_COUNTER = "counter"
_NUMBER = re.compile(r"\d[\d.,\s]*")
_MOST_ROWS = 30
_MOST_PIECES = 20
_LABEL_CHARS = 40


def take_counter_tables(page: Page) -> None:
    """Take off the tables that hold nothing but counters and their numbers, and such rows of tables that hold
    sentences.

    One of the labels, or the line before the table, must speak of visits: `Hôm nay | 1.234` may be an article's. A
    table with a head (`Chỉ tiêu | Số lượng`) is data, whatever it counts.
    """
    ledger = page.ledger
    for table in page.elements.get("table", ()):
        if table.tag != "table" or not ledger.has_text(table) or not ledger.is_attached(table):  # gone, or soon
            continue
        rows = [row for group in row_groups(table) for row in group if ledger.has_text(row)]
        if ledger.prose_under(table):
            counting = [row for row in rows[-_MOST_ROWS:] if _counts(row, ledger)]
            for row in counting if any(_speaks_of_visits(row, ledger) for row in counting) else ():
                ledger.take(row, _COUNTER)
        elif (
            0 < len(rows) <= _MOST_ROWS
            and all(_counts(row, ledger) for row in rows)
            and (any(_speaks_of_visits(row, ledger) for row in rows) or _is_headed(table, ledger))
        ):
            ledger.take(table, _COUNTER)


def _counts(row: HtmlElement, ledger: Ledger) -> bool:
    """Whether the row is a counter's label and numbers, or a label alone."""
    start, end = ledger.span(row)
    if end - start > _MOST_PIECES or ledger.prose_under(row):
        return False
    label, *numbers = _texts(row, ledger)
    if len(label) > _LABEL_CHARS or not all(map(_NUMBER.fullmatch, numbers)):
        return False
    if not numbers:
        return rule_for("line", label) == _COUNTER
    return _speaks_of_visits(row, ledger) or rule_for("line", f"{label.rstrip(' :')}: {numbers[0]}") == _COUNTER


def _speaks_of_visits(row: HtmlElement, ledger: Ledger) -> bool:
    label = _texts(row, ledger)[0].rstrip(" :")
    return len(label) <= _LABEL_CHARS and rule_for("line", label) == _COUNTER


def _is_headed(table: HtmlElement, ledger: Ledger) -> bool:
    """Whether the line before the table heads a counter."""
    first = ledger.under(table)[0].index
    return first > 0 and rule_for("line", ledger.lines[first - 1].text) == _COUNTER


def _texts(row: HtmlElement, ledger: Ledger) -> list[str]:
    """What the cells of a row say, without those that say nothing."""
    return [text for cell in row.iterchildren(*CELLS) if (text := ledger.text_under(cell))] or [""]
