"""Titles: the article's headline, without the site's name."""

import re
from collections.abc import Iterable

from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import Line
from cleaning.page import Page, attribute_text
from cleaning.structured import is_article_thing, string_of
from cleaning.text import tidy, words
from model.source import Source

_SEPARATOR = re.compile(r"\s+[-–—|»·•:]+\s+|\s*\|\s*|\s+::\s+|\s*»\s*")
_TITLE_MARK = re.compile(
    r"(?:^|[\s_-])(?:(?:article|post|entry|news|detail|story|asset|page|content)[\s_-]?(?:title|header|headline|heading)"
    r"|title[\s_-]?(?:detail|news|post|article)|tieu-?de(?:-?\w+)?|headline|ArticleHeader)(?:$|[\s_])",
    re.IGNORECASE,
)
_TITLE_CHARS = 400


def find_title(page: Page, head: Head, source: Source, lines: list[Line]) -> tuple[str, str]:
    """The title and its origin; ("", "") where the page has none."""
    site = site_words(head, source)
    chosen = first_match(page, source.clean.title)
    if chosen is not None and (text := tidy(chosen.text_content())):
        return text, "selector"
    headings = _headings(lines)
    seen = frozenset(words(line.text) for line in lines if len(line.text) <= _TITLE_CHARS)
    for value, origin in _claims(head):
        title = strip_site(value, site, seen)
        if title and words(title) not in site:
            return title, origin
    for heading in headings:
        if words(heading) and words(heading) not in site:
            return heading, "visible"
    return head.title, "meta" if head.title else ""


def site_words(head: Head, source: Source) -> frozenset[str]:
    """The names of the site, as `words`."""
    return frozenset(words(name) for name in (*head.site_names, source.name, *source.clean.outlets)) - {""}


def strip_site(title: str, site: Iterable[str], seen: frozenset[str]) -> str:
    """`title` without the site's name before or behind it.

    A part is the site's where it is one of its names, or where what is left stands alone on the page. `site` and `seen`
    are the site's names and the page's lines, as `words`.
    """
    if words(title) in seen:
        return title
    names = set(site)
    cuts = list(_SEPARATOR.finditer(title))
    for cut in reversed(cuts):  # the longest title first
        if words(title[: cut.start()]) in seen and len(title[: cut.start()]) >= 8:
            return title[: cut.start()].strip()
    for cut in cuts:
        if words(title[cut.end() :]) in seen and len(title[cut.end() :]) >= 8:
            return title[cut.end() :].strip()
    while cuts:
        before, after = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :].strip()
        if not before or not _is_site(after, names):
            break
        title, cuts = before, list(_SEPARATOR.finditer(before))
    if cuts and _is_site(title[: cuts[0].start()], names):
        title = title[cuts[0].end() :].strip()
    return title


def _is_site(part: str, names: set[str]) -> bool:
    found = words(part)
    return (
        not found
        or found in names
        or any(found in name.split(" - ") or (len(found) > 5 and found in name) for name in names)
    )


def _claims(head: Head) -> list[tuple[str, str]]:
    found: list[tuple[str | None, str]] = []
    if is_article_thing(head.article):
        found.append((string_of(head.article.get("headline")) or string_of(head.article.get("name")), "json-ld"))
    found.append((head.first("og:title"), "open-graph"))
    found.append((head.first("twitter:title", "dc.title", "dcterms.title", "headline", "title"), "meta"))
    found.append((head.title, "meta"))
    return [(value, origin) for value, origin in found if value and len(value) <= _TITLE_CHARS]


def _headings(lines: list[Line]) -> list[str]:
    """What stands on the page as a headline: h1 first, then elements marked as title, then other headings."""
    first = [line.text for line in lines if _within(line, ("h1",))]
    marked = [
        line.text for line in lines if len(line.text) <= _TITLE_CHARS and _TITLE_MARK.search(attribute_text(line.block))
    ]
    others = [line.text for line in lines if _within(line, ("h2", "h3"))]
    return [*first, *marked, *others]


def _within(line: Line, tags: tuple[str, ...]) -> bool:
    return line.block.tag in tags
