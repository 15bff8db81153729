"""Authors: who signed an article. An outlet is none, and nobody is better than somebody made up."""

import re
from collections.abc import Iterable, Sequence

from cleaning.bylines import Byline, find_byline
from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import Line
from cleaning.names import distinct, is_agency, is_company, is_desk, is_name, is_vietnamese_name, person, split_names
from cleaning.page import Page
from cleaning.structured import is_article_thing, lookup
from cleaning.text import fold, tidy, words
from cleaning.title import title_index
from model.source import Source
from model.url import host_of

__all__ = ["author_and_byline", "is_name", "is_vietnamese_name", "outlet_words", "person"]

_META = re.compile(r"(?:.*[.:_#-])?(?:article)?-?(?:author|byl|creator)s?(?:[._-]?name)?", re.IGNORECASE)
_NOT_META = re.compile(
    r"(?:twitter|fediverse|book|music|video|pdf|itunes)[:.]|.*(?:\bid|url|email|image)$", re.IGNORECASE
)
_OPEN_GRAPH = ("article:author", "og:article:author", "og:author")


def author_and_byline(
    page: Page, head: Head, source: Source, lines: Sequence[Line], title: str = ""
) -> tuple[str | None, str, Byline | None]:
    """The author, the origin, and the byline the page prints, whether or not the author was taken from it.

    `lines` are the page's. A byline below the title is what readers see: it comes before the page's structured data
    where the two name different persons.
    """
    outlets = outlet_words(head, source)
    byline = find_byline(lines, title_index(lines, title), outlets)
    chosen = first_match(page, source.clean.author)
    if chosen is not None and (name := joined([tidy(chosen.text_content())], outlets)):
        return name, "selector", byline
    bodies: list[str] = []
    from_where = ""
    for names, origin in _claims(head, outlets, bodies):
        persons = [name for name in names if not is_agency(name)]
        if not persons:
            bodies += names
            from_where = from_where or origin
            continue
        if byline and byline.sure and not _agree(persons, byline.names):
            break
        return "; ".join(persons), origin, byline
    if byline:
        return "; ".join(byline.names), "visible", byline
    if bodies:
        return "; ".join(distinct(bodies)), from_where or "json-ld", byline
    return None, "", byline


def outlet_words(head: Head, source: Source) -> frozenset[str]:
    """Names under which the site signs as a whole, as `words`: never authors. A site that bears a person's name, as
    blogs do, is no outlet."""
    host = host_of(source.url).removeprefix("www.")
    own = {name for name in head.site_names if not _is_persons(name, head)}
    found = {words(name) for name in (source.name, *source.clean.outlets, *own)}
    persons = {name for name in (*head.site_names, *head.all("author")[:2]) if _is_persons(name, head)} - own
    theirs = {_squashed(name) for name in persons}
    called = {words(name) for name in (host, host.split(".")[0]) if _squashed(name) not in theirs}
    return frozenset(found | called | {_squashed(name) for name in found | called}) - {""}


def _squashed(name: str) -> str:
    return fold(words(name)).replace(" ", "")


def joined(names: Iterable[str], outlets: frozenset[str]) -> str | None:
    """The persons among `names`, separated by semicolons; None where there is none."""
    return "; ".join(distinct(name for raw in names for name in split_names(raw, outlets))) or None


def _is_persons(name: str, head: Head) -> bool:
    """Whether the site called `name` is a person's own, and not an organisation that is called like one."""
    return (
        words(name) not in head.organisations
        and len(name.split()) in (2, 3)
        and is_name(name)
        and not is_vietnamese_name(name)
        and not is_company(name)
    )


def _claims(head: Head, outlets: frozenset[str], bodies: list[str]) -> Iterable[tuple[list[str], str]]:
    """The persons that the head names, from the most trusted place on. Agencies and newsrooms are appended
    to `bodies`."""
    index = lookup(head.things)
    things = [head.article, *(thing for thing in head.things if thing is not head.article and is_article_thing(thing))]
    for key in ("author", "creator"):
        for thing in things[:3]:
            names: list[str] = []
            for raw, organisation in index.named(thing.get(key)):
                if not organisation:
                    names += split_names(raw, outlets)
                elif (is_agency(raw) or is_desk(raw)) and (name := person(raw, outlets)):
                    bodies.append(name)
            if names:
                yield distinct(names), "json-ld"
                break
    for key in sorted(head.meta, key=lambda key: key not in _OPEN_GRAPH):
        if _META.fullmatch(key) and not _NOT_META.match(key):
            names = [name for raw in head.meta[key][:10] for name in split_names(raw, outlets)]
            if names:
                yield distinct(names), "open-graph" if key in _OPEN_GRAPH else "meta"


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two lists of persons share one, as a name within another (`Dr. Ann Ex`, `Ann Ex`)."""
    return any(
        set(first) <= set(second) or set(second) <= set(first)
        for first in (fold(words(name)).split() for name in one)
        for second in (fold(words(name)).split() for name in other)
    )
