"""The addresses that a page names: links, feeds, itself in other languages; and what all ways in have in common
(`feeds`, `sitemaps`, `paging`).

Pure functions from a response to links. Whatever is given is hostile: nothing is fetched, nothing is expanded, and
every loop has an end. Addresses come out absolute, http or https, in the order of the document.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from posixpath import splitext
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.linkextractors import IGNORED_EXTENSIONS
from scrapy.utils.response import get_base_url
from w3lib.url import safe_url_string

from model.url import is_web_address

MAX_ADDRESS = 8_000
"""Characters; RFC 9110 section 4.1 wants that many to be understood. What is longer is no address."""

MAX_LINKS = 10_000
"""Links read of one page."""

# Some feeds escape their entities twice. Named ones are left alone: `&section=` is a parameter, not a paragraph sign.
_TWICE_ESCAPED = re.compile(r"&(?:amp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
# What addresses lose, as in https://url.spec.whatwg.org/#concept-basic-url-parser, and invisible spaces.
_AROUND = "".join(map(chr, range(33))) + "\x85\xa0\u200b\ufeff"
_WITHIN = str.maketrans("", "", "\t\r\n")
# What most links in a sitemap look like: for them the rest is a waste of time.
_PLAIN = re.compile(r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*/[!-%'-~]{0,2000}")
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9_-]{1,40})?", re.IGNORECASE)
# Of a header whose white space is single spaces: then neither can be made to try again and again.
_LINK_VALUE = re.compile(r'<([^<>]*)>((?: ?; ?[\w*!-]+(?: ?= ?(?:"[^"]*"|[^ ",;<]+))?)*)')
_LINK_PARAMETER = re.compile(r'; ?([\w*!-]+) ?= ?(?:"([^"]*)"|([^ ",;]+))')
_NO_PAGES = frozenset(f".{extension}" for extension in IGNORED_EXTENSIONS)


class DiscoveryError(ValueError):
    """A body is not the feed, sitemap or listing it was expected to be. Who asked for it knows its address."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed or sitemap names. `dated` is the newest date it gives (a date without an offset is taken for UTC);
    `alternates` are the same page in other languages: (language, address)."""

    url: str
    dated: datetime | None = None
    alternates: tuple[tuple[str, str], ...] = ()


def listing_links(response: Response, selector: str | None = None) -> list[str]:
    """The addresses an HTML page links to, without repeats; where there is a CSS `selector`, those in (or on) what it
    selects. Links to pictures, archives and the like are left out. Raises `DiscoveryError`."""
    if not isinstance(response, HtmlResponse):
        raise unexpected("an HTML page", response)
    regions = [response.selector.root] if selector is None else outermost(response.css(selector))
    return links_in(regions, get_base_url(response), response.encoding)


def links_in(elements: Iterable[Any], base: str, encoding: str = "utf-8") -> list[str]:
    """The addresses in the `href` of `a` and `area` in (or on) lxml `elements`, without repeats. `encoding` is the
    page's: browsers use it for what is not ASCII in a query."""
    links: dict[str, None] = {}
    for element in elements:
        if not isinstance(element, etree._Element):
            continue  # of an empty page, or a selector that ends in text
        for anchor in element.iter("a", "area"):
            href = anchor.get("href")
            if not href or href.startswith("#") or not (url := absolute(base, href)):
                continue
            if may_be_page(url) and (safe := _escaped(url, encoding)):
                links[safe] = None
            if len(links) >= MAX_LINKS:
                return list(links)
    return list(links)


def may_be_page(url: str) -> bool:
    """Whether the path ends like a page's, not like that of a picture, an archive or a document."""
    return splitext(urlsplit(url).path)[1].lower() not in _NO_PAGES


def outermost(selected: Iterable[Any]) -> list[Any]:
    """The selected elements that lie in no other: nested ones would be read again and again."""
    elements = [one.root for one in selected if isinstance(one.root, etree._Element)]
    chosen = set(elements)
    outside: set[Any] = set()  # ancestors that are known to lie in no chosen element
    inside: set[Any] = set()
    outermost = []
    for element in elements:
        path, parent = [], element.getparent()
        while parent is not None and parent not in chosen and parent not in outside and parent not in inside:
            path.append(parent)
            parent = parent.getparent()
        if parent is None or parent in outside:
            outside.update(path)
            outermost.append(element)
        else:
            inside.update(path)
    return outermost


def announced_feeds(response: Response) -> list[str]:
    """The feeds a page names by `<link rel="alternate" type="application/rss+xml">`, or Atom's."""
    if not isinstance(response, TextResponse):
        return []
    feeds = (
        link["href"]
        for link in _alternate_links(response, "type")
        if link["type"].partition(";")[0].strip().lower() in _FEED_TYPES
    )
    base = get_base_url(response)
    return list(dict.fromkeys(url for feed in feeds if (url := absolute(base, feed))))[:100]


def hreflang_alternates(response: Response) -> list[tuple[str, str]]:
    """The page in other languages, (language, address), by `<link rel="alternate" hreflang>` and by the Link header
    (RFC 8288). The language is the primary subtag in lower case; `x-default` is left out.

    Links in the body count as well: libxml2 ends the head at the first thing that does not belong there.
    """
    found: dict[tuple[str, str], None] = {}
    for header in response.headers.getlist("Link"):
        for language, href in _header_alternates(header[:16_384].decode("latin-1")):
            if address := absolute(response.url, href):
                found[language, address] = None
    if isinstance(response, TextResponse):
        base = get_base_url(response)
        for link in _alternate_links(response, "hreflang"):
            tag, target = primary_language(link["hreflang"]), absolute(base, link["href"])
            if tag and target:
                found[tag, target] = None
    return list(found)[:200]


def primary_language(tag: str) -> str | None:
    """`vi` of `vi-VN`; None of `x-default` and of what is no language tag."""
    match = _LANGUAGE.fullmatch(tag.strip())
    return match[1].lower() if match else None


def named_alternates(named: Iterable[tuple[str, str]], base: str) -> tuple[tuple[str, str], ...]:
    """What a feed or sitemap at `base` names as (language tag, address), as in `Entry.alternates`: what is no language
    or leads nowhere is left out."""
    found = ((primary_language(tag), absolute(base, href)) for tag, href in named)
    return tuple((language, url) for language, url in found if language and url)


def absolute(base: str, link: str) -> str | None:
    """The web address that `link` means on a page at `base`; None where it means none. One that cannot be parsed must
    not cost the others."""
    if _PLAIN.fullmatch(link):
        return link
    link = link.strip(_AROUND).translate(_WITHIN)
    if not link or len(link) > MAX_ADDRESS:
        return None
    if "&" in link:
        link = _TWICE_ESCAPED.sub(lambda found: html.unescape(found[0]), link)
    if not link.startswith(("https://", "http://")):
        try:
            link = urljoin(base, link)
        except ValueError:
            return None
    return link if is_web_address(link) else None


def unexpected(wanted: str, response: Response) -> DiscoveryError:
    """What to raise where `response` is not `wanted`: it says which type the answer calls itself."""
    found = (response.headers.get("Content-Type") or b"something that names no type").decode("latin-1")
    return DiscoveryError(f"expected {wanted}, found {found}")


def _alternate_links(response: TextResponse, attribute: str) -> Iterator[Any]:
    """The attributes of the page's `<link rel="alternate" href>` that have `attribute`."""
    for link in response.xpath(f"//link[@href and @{attribute}]")[:1_000]:
        if "alternate" in link.root.get("rel", "").lower().split():
            yield link.root.attrib


def _header_alternates(header: str) -> Iterator[tuple[str, str]]:
    for href, rest in _LINK_VALUE.findall(" ".join(header.split())):
        parameters = [(name.lower(), quoted or bare) for name, quoted, bare in _LINK_PARAMETER.findall(rest)]
        if any(name == "rel" and "alternate" in value.lower().split() for name, value in parameters):
            for name, value in parameters:
                if name == "hreflang" and (language := primary_language(value)):
                    yield language, href


def _escaped(url: str, encoding: str) -> str | None:
    """`url` in ASCII; its query in the page's encoding, or UTF-8 where that lacks a character. None if neither can."""
    for codec in (encoding, "utf-8"):
        try:
            return safe_url_string(url, codec)
        except ValueError:
            continue
    return None
