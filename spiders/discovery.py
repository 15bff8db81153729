"""Finding addresses in feeds, sitemaps, robots.txt and pages: pure functions from a body or response to links.

Whatever is given is hostile: nothing is fetched, nothing is expanded, and every loop has an end. Addresses come out
absolute, http or https, in the order of the document.
"""

import html
import io
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from posixpath import splitext
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.linkextractors import IGNORED_EXTENSIONS
from scrapy.utils.response import get_base_url
from w3lib.url import safe_url_string

from model.url import is_web_address
from storage.content_encoding import decode_body

MAX_SITEMAP_DEPTH = 3
"""An index may name sitemaps (sitemaps.org allows one level); some sites nest a second."""

MAX_SITEMAP_ENTRIES = 100_000
"""Entries read of one sitemap: twice what https://www.sitemaps.org/protocol.html allows. The rest is left."""

MAX_FEED_TAGS = 200_000
"""A feed with more markup is refused: feedparser takes some 25 µs a tag."""

MAX_FEED_NAMESPACES = 100
"""A feed that declares more is refused: feedparser looks through all of them at every tag."""

MAX_ADDRESS = 8_000
"""Characters; RFC 9110 section 4.1 wants that many to be understood. What is longer is no address."""

MAX_LINKS = 10_000
"""Links read of one page."""

# Some feeds escape their entities twice. Named ones are left alone: `&section=` is a parameter, not a paragraph sign.
_TWICE_ESCAPED = re.compile(r"&(?:amp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")

_HTML = re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_NAMESPACE = re.compile(rb"xmlns:[\w.-]{1,40}")
_BARE_AMPERSAND = re.compile(rb"&(?!(?:[a-zA-Z]\w{0,15}|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_WIDE_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding=[\"'](?:utf-?(?:16|32)|ucs)[^>]{0,100}\?>", re.IGNORECASE)
_YEAR_OR_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")

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


@dataclass(frozen=True, slots=True)
class SitemapLinks:
    """What a sitemap names: `pages`, or further `sitemaps` where it is an index."""

    pages: list[Entry]
    sitemaps: list[Entry]


def feed_entries(body: bytes, url: str) -> list[Entry]:
    """The entries of an RSS or Atom feed that have an address. Raises `DiscoveryError`."""
    import feedparser

    _check_feed(body)
    # A stream, never the bytes: feedparser would open a file whose name they are.
    feed = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not feed.get("version") and not feed.entries:
        raise DiscoveryError("expected an RSS or Atom feed")
    return [found for entry in feed.entries if (found := _feed_entry(entry, url))]


def sitemap_entries(body: bytes, url: str, limit: int) -> SitemapLinks:
    """What a sitemap names: XML, RSS or Atom, or plain text with an address a line (sitemaps.org has all three).

    gzip'd files, told by their content, grow to `limit` bytes at most. Of a sitemap that is cut short, what is whole
    counts. Raises `DiscoveryError` and `ContentEncodingError`.
    """
    for _ in range(2):  # some servers compress what is compressed already
        body = decode_body(body, "gzip", limit)
    body = body.strip().removeprefix(b"\xef\xbb\xbf").lstrip()
    if not body.lstrip(b"\xff\xfe\0").startswith(b"<"):
        return _text_sitemap(body)
    reader = _SitemapReader(url)
    parser = etree.XMLParser(
        target=reader, recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    if b"\0" not in body[:100]:  # not in UTF-16
        body = _BARE_AMPERSAND.sub(b"&amp;", _WIDE_DECLARATION.sub(b"", body, count=1))
    try:
        # A line end makes libxml2 hand over the last tag. It is never told that this is all: it would close what is
        # open, and an address cut in two would look whole.
        for start in range(0, len(body), 1 << 16):
            parser.feed(body[start : start + (1 << 16)])
        parser.feed(b"\n")
    except _Enough:
        pass
    except etree.XMLSyntaxError:
        pass  # what came before counts
    reader.finish()
    if reader.is_feed:
        return SitemapLinks(feed_entries(body, url), [])
    if reader.root not in ("urlset", "sitemapindex") and not (reader.pages or reader.sitemaps):
        raise DiscoveryError(f"expected a sitemap, found <{reader.root}>" if reader.root else "expected a sitemap")
    return SitemapLinks(reader.pages, reader.sitemaps)


def robots_sitemaps(text: str, url: str = "") -> list[str]:
    """The sitemaps that a robots.txt names. `url` is its own address, for those that are relative against the rules of
    https://www.sitemaps.org/protocol.html#submit_robots."""
    lines = (line.partition("#")[0].strip() for line in text.removeprefix("\ufeff").splitlines())
    return _unique(url, (line[8:].strip() for line in lines if line[:8].lower() == "sitemap:"), 1_000)


def listing_links(response: Response, selector: str | None = None) -> list[str]:
    """The addresses an HTML page links to, without repeats; where there is a CSS `selector`, those in (or on) what it
    selects. Links to pictures, archives and the like are left out. Raises `DiscoveryError`."""
    if not isinstance(response, HtmlResponse):
        found = (response.headers.get("Content-Type") or b"something that names no type").decode("latin-1")
        raise DiscoveryError(f"expected an HTML page, found {found}")
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
    return _unique(get_base_url(response), feeds, 100)


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


def _check_feed(body: bytes) -> None:
    """Refuses what is no feed, or would keep feedparser busy for minutes, before it reads a byte."""
    if _HTML.match(body, 0, 8_192):
        raise DiscoveryError("expected an RSS or Atom feed, found an HTML page")
    # Markup in a CDATA section is text. `partition` instead of an expression: unclosed sections must not cost.
    first, *others = body.split(b"<![CDATA[")
    outside = (tail if closed else part for part in others for _, closed, tail in [part.partition(b"]]>")])
    if first.count(b"<") + sum(part.count(b"<") for part in outside) > MAX_FEED_TAGS:
        raise DiscoveryError(
            f"expected a feed, found more than {MAX_FEED_TAGS} tags: name it as a sitemap, if it is one"
        )
    if len(set(_NAMESPACE.findall(body))) > MAX_FEED_NAMESPACES:
        raise DiscoveryError(f"expected a feed, found more than {MAX_FEED_NAMESPACES} namespaces")


def _feed_entry(entry: Any, url: str) -> Entry | None:
    links = [link for link in entry.get("links", []) if link.get("rel") == "alternate" and link.get("href")]
    plain = [link["href"] for link in links if not link.get("hreflang")]
    # An `id` is an address only if it looks like one: `tag:…` and bare numbers are common.
    named = entry.get("feedburner_origlink") or (plain[0] if plain else entry.get("link")) or ""
    if not named and is_web_address(entry.get("id", "")):
        named = entry["id"]
    address = absolute(url, named)
    if address is None:
        return None
    # `dict.get`: feedparser's own passes the date of publication off as that of the update.
    dates = [_from_time(dict.get(entry, name)) for name in ("published_parsed", "updated_parsed", "created_parsed")]
    languages = [(primary_language(link.get("hreflang", "")), absolute(url, link["href"])) for link in links]
    alternates = tuple((language, found) for language, found in languages if language and found)
    return Entry(address, max((date for date in dates if date), default=None), alternates)


class _Enough(Exception):
    """The reader has all it wants."""


class _SitemapReader:
    """A target for lxml's parser: no tree is built, so a sitemap's size costs no memory. Elements are known by their
    local names, since namespaces are often wrong or missing."""

    def __init__(self, url: str) -> None:
        self.root = ""
        self.is_feed = False
        self.pages: list[Entry] = []
        self.sitemaps: list[Entry] = []
        self._url = url
        self._names: dict[str, str] = {}
        self._read = 0
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._loc = ""
        self._dates: list[str] = []
        self._alternates: list[tuple[str, str]] = []

    # lxml calls these by their names.
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = self._name(tag)
        if not self.root:
            self.root = name
            self.is_feed = name in ("rss", "rdf", "feed")
            if self.is_feed or name == "html":
                raise _Enough
        self._path.append(name)
        if name in ("url", "sitemap"):
            self._clear()
        elif name in ("loc", "lastmod", "publication_date"):
            self._text = []
        elif name == "link" and attributes.get("hreflang") and attributes.get("href") and len(self._alternates) < 100:
            self._alternates.append((attributes["hreflang"], attributes["href"]))

    def data(self, text: str) -> None:
        if self._text is not None and len(self._text) < 1_000:
            self._text.append(text[:10_000])

    def end(self, tag: str) -> None:
        name = self._name(tag)
        if self._path:
            self._path.pop()
        parent = self._path[-1] if self._path else ""
        if name in ("url", "sitemap"):
            self._entry(name)
            self._read += 1
            if self._read == MAX_SITEMAP_ENTRIES:
                raise _Enough
        elif self._text is not None and name in ("loc", "lastmod", "publication_date"):
            text, self._text = "".join(self._text), None
            if name != "loc" and len(self._dates) < 10:
                self._dates.append(text)
            elif name == "loc" and parent in ("url", "sitemap"):  # a picture has a <loc> of its own
                self._loc = self._loc or text

    def close(self) -> None:
        """lxml asks for it."""

    def finish(self) -> None:
        """Counts the entry that the document's end has cut short, where its address is whole."""
        if self._loc:
            self._entry("sitemap" if self.root == "sitemapindex" else "url")

    def _name(self, tag: str) -> str:
        name = self._names.get(tag)
        if name is None:
            name = tag.rpartition("}")[2].rpartition(":")[2].lower()
            if len(self._names) < 1_000:
                self._names[tag] = name
        return name

    def _clear(self) -> None:
        self._loc, self._dates, self._alternates = "", [], []

    def _entry(self, name: str) -> None:
        if url := absolute(self._url, self._loc):
            dates = [date for text in self._dates if (date := _parse_date(text))]
            tags = ((primary_language(tag), absolute(self._url, href)) for tag, href in self._alternates)
            alternates = tuple((language, found) for language, found in tags if language and found)
            entries = self.pages if name == "url" else self.sitemaps
            entries.append(Entry(url, max(dates, default=None), alternates))
        self._clear()


def _text_sitemap(body: bytes) -> SitemapLinks:
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    lines = body.decode(encoding, "replace").splitlines()
    pages = [Entry(address) for line in lines if (address := absolute("", line))]
    if not pages:
        raise DiscoveryError("expected a sitemap: XML, or text with an address a line")
    return SitemapLinks(pages[:MAX_SITEMAP_ENTRIES], [])


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


def _unique(base: str, links: Iterable[str], limit: int) -> list[str]:
    return list(dict.fromkeys(url for link in links if (url := absolute(base, link))))[:limit]


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


def _parse_date(text: str) -> datetime | None:
    """A date of https://www.w3.org/TR/NOTE-datetime, or the one of RFC 5322 that some write instead."""
    text = text.strip()[:60]
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        if match := _YEAR_OR_MONTH.fullmatch(text):
            text = f"{match[1]}-{match[2] or '01'}-01"
        try:
            date = datetime.fromisoformat(text) if match else parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _from_time(moment: Any) -> datetime | None:
    """feedparser's nine numbers, in UTC."""
    try:
        return datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError, OSError):
        return None
