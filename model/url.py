"""URLs as identities: one spelling for one page, and the ids made from it."""

import hashlib
from functools import lru_cache
from urllib.parse import urlsplit

from courlan import normalize_url
from w3lib.url import canonicalize_url


@lru_cache(maxsize=65_536)
def normalise_url(url: str) -> str:
    """The one spelling under which a page is known.

    Tracking parameters and default ports go (courlan), percent-encoding and the order of parameters are made
    uniform and the fragment goes (w3lib). A trailing slash stays: servers tell the two apart.
    """
    return canonicalize_url(normalize_url(url.strip()))


def article_id(url: str) -> str:
    """16 hexadecimal digits that name the page at `url`, the same under http and https."""
    scheme_less = normalise_url(url).partition("://")[2]
    return hashlib.sha256(scheme_less.encode()).hexdigest()[:16]


def host_of(url: str) -> str:
    """The host name in lower case, without port and credentials; empty where `url` has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # e.g. an unclosed IPv6 bracket: fetched pages hold anything
        return ""


def is_home_page(url: str) -> bool:
    """Whether `url` is the root of its host."""
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query
