"""What sitemaps name, in every form that they come in.

A sitemap is as large as its author likes: it is read as a stream, and to an end that is fixed here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from spiders.discovery import DiscoveryError, Entry, absolute, named_alternates
from spiders.feeds import feed_entries
from storage.content_encoding import decode_body

MAX_SITEMAP_DEPTH = 3
"""An index may name sitemaps (sitemaps.org allows one level); some sites nest a second."""

MAX_SITEMAP_ENTRIES = 100_000
"""Entries read of one sitemap: twice what https://www.sitemaps.org/protocol.html allows. The rest is left."""

_BARE_AMPERSAND = re.compile(rb"&(?!(?:[a-zA-Z]\w{0,15}|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_WIDE_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding=[\"'](?:utf-?(?:16|32)|ucs)[^>]{0,100}\?>", re.IGNORECASE)
_YEAR_OR_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class SitemapLinks:
    """What a sitemap names: `pages`, or further `sitemaps` where it is an index."""

    pages: list[Entry]
    sitemaps: list[Entry]


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
            entries = self.pages if name == "url" else self.sitemaps
            entries.append(Entry(url, max(dates, default=None), named_alternates(self._alternates, self._url)))
        self._clear()


def _text_sitemap(body: bytes) -> SitemapLinks:
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    lines = body.decode(encoding, "replace").splitlines()
    pages = [Entry(address) for line in lines if (address := absolute("", line))]
    if not pages:
        raise DiscoveryError("expected a sitemap: XML, or text with an address a line")
    return SitemapLinks(pages[:MAX_SITEMAP_ENTRIES], [])


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
