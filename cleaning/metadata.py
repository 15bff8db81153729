"""Metadata that a page prints: lines that gave a value, or say it again, are no text."""

from lxml.html import HtmlElement

from cleaning.bylines import Byline, is_byline
from cleaning.page import Page
from cleaning.publication import Publication


def take_metadata(page: Page, publication: Publication, byline: Byline | None, crumbs: HtmlElement | None) -> None:
    """Take off the page the way to its section, its dates near the title and its byline."""
    ledger = page.ledger
    if crumbs is not None and ledger.is_attached(crumbs) and not ledger.prose_under(crumbs):
        ledger.take(crumbs, "breadcrumb")
    for line in publication.lines:
        if not line.gone and not line.prose:
            ledger.take_line(line, "dateline")
    for line in byline.lines if byline else ():
        if not line.gone and is_byline(line, byline.names if byline else ()):
            ledger.take_line(line, "byline")
