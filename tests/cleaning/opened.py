"""A page opened as far as its metadata needs it: parsed, its head and its lines read."""

from dataclasses import dataclass

from cleaning.head import Head, read_head
from cleaning.lines import Line, lines_of
from cleaning.page import Page, parse
from cleaning.title import find_title
from model.source import Source
from tests.cleaning.markup import URL, source


@dataclass(frozen=True, slots=True)
class Opened:
    """What the finders of metadata ask for."""

    page: Page
    head: Head
    lines: list[Line]
    source: Source
    title: str


def opened(markup: str, *, url: str = URL, of: Source | None = None) -> Opened:
    """The page in `markup`."""
    page = parse(markup, url)
    assert isinstance(page, Page)
    head, lines = read_head(page), lines_of(page.body)
    site = of or source()
    return Opened(page, head, lines, site, find_title(page, head, site, lines)[0])
