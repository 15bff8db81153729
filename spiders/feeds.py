"""The entries of RSS and Atom feeds, which feedparser reads; what would keep it busy for minutes is refused first."""

import io
import re
from calendar import timegm
from datetime import UTC, datetime
from typing import Any

from model.url import is_web_address
from spiders.discovery import DiscoveryError, Entry, absolute, named_alternates

MAX_FEED_TAGS = 200_000
"""A feed with more markup is refused: feedparser takes some 25 µs a tag."""

MAX_FEED_NAMESPACES = 100
"""A feed that declares more is refused: feedparser looks through all of them at every tag."""

_HTML = re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_NAMESPACE = re.compile(rb"xmlns:[\w.-]{1,40}")


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
    alternates = named_alternates([(link.get("hreflang", ""), link["href"]) for link in links], url)
    return Entry(address, max((date for date in dates if date), default=None), alternates)


def _from_time(moment: Any) -> datetime | None:
    """feedparser's nine numbers, in UTC."""
    try:
        return datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError, OSError):
        return None
