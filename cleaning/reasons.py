"""Reasons: why what was left out is not the article. They take nothing: they name what trafilatura left out."""

from itertools import groupby

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.text import words

UNCLASSIFIED = "unclassified"


def say_why(ledger: Ledger, title: str) -> None:
    """Record the lines that are neither kept nor taken, neighbours with one reason together."""
    wanted = words(title)
    for (reason, element), group in groupby(_left_out(ledger), key=lambda line: _reason(line, wanted)):
        ledger.leave_out(group, reason, element)


def _left_out(ledger: Ledger) -> list[Line]:
    return [line for line in ledger.lines if not line.kept and not line.gone]


def _reason(line: Line, title: str) -> tuple[str, HtmlElement]:
    if title and words(line.text) == title:
        return "headline", line.block
    return UNCLASSIFIED, line.block
