"""Finding addresses in feeds, sitemaps and listings: pure functions from a body to links."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from scrapy.http import HtmlResponse, Response
from scrapy.linkextractors import LinkExtractor
from scrapy.utils.sitemap import Sitemap

from storage.content_encoding import decode_body

MAX_SITEMAP_DEPTH = 3
"""An index may name sitemaps (sitemaps.org allows one level); some sites nest a second."""

# Some feeds escape their entities twice. Named ones are left alone: `&section=` is a parameter, not a paragraph sign.
_TWICE_ESCAPED = re.compile(r"&(?:amp|#\d+|#x[0-9a-fA-F]+);")

_LINKS = LinkExtractor(canonicalize=False, unique=True, strip=True)


class DiscoveryError(ValueError):
    """A body is not the feed, sitemap or listing it was expected to be. Who asked for it knows its address."""


@dataclass(frozen=True, slots=True)
class SitemapLinks:
    """What a sitemap names: `pages`, or further `sitemaps` where it is an index."""

    pages: list[str]
    sitemaps: list[str]


def feed_links(body: bytes, url: str) -> list[str]:
    """The entries' addresses in an RSS or Atom feed, absolute, in its order. Raises `DiscoveryError`."""
    import feedparser

    feed = feedparser.parse(body, response_headers={"content-location": url})
    if not feed.version and not feed.entries:
        raise DiscoveryError("expected an RSS or Atom feed")
    links = [entry.get("link") or entry.get("id") or "" for entry in feed.entries]
    return _absolute(url, (_TWICE_ESCAPED.sub(lambda found: html.unescape(found[0]), link) for link in links))


def sitemap_links(body: bytes, url: str, limit: int) -> SitemapLinks:
    """What a sitemap or sitemap index names; gzip'd files grow to `limit` bytes at most.

    Raises `DiscoveryError` and `ContentEncodingError`.
    """
    try:
        sitemap = Sitemap(decode_body(body, "gzip", limit))
        locations = _absolute(url, (entry.get("loc") or "" for entry in sitemap))
    except (StopIteration, SyntaxError, ValueError) as err:
        raise DiscoveryError(f"expected a sitemap: {err}") from err
    if sitemap.type == "sitemapindex":
        return SitemapLinks([], locations)
    if sitemap.type == "urlset":
        return SitemapLinks(locations, [])
    raise DiscoveryError(f"expected a sitemap, found <{sitemap.type}>")


def listing_links(response: Response) -> list[str]:
    """The addresses a page links to, absolute, without repeats. Raises `DiscoveryError`."""
    if not isinstance(response, HtmlResponse):
        found = (response.headers.get("Content-Type") or b"something that names no type").decode("latin-1")
        raise DiscoveryError(f"expected an HTML page, found {found}")
    return [link.url for link in _LINKS.extract_links(response)]


def _absolute(base: str, links: Iterable[str]) -> list[str]:
    """The links that are addresses; one that cannot be parsed must not cost the others."""
    found = []
    for link in links:
        try:
            found.append(urljoin(base, link.strip()))
        except ValueError:
            continue
    return found
