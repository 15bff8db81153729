"""URLs as identities: one spelling for one page, and the ids made from it."""

import hashlib
import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from w3lib.url import canonicalize_url, url_query_cleaner

# Parameters that tell where a reader came from, and never what is read. Longer lists exist (courlan's, AdGuard's), but
# they take `cid` and `source` along, which on a portal may be all that tells two articles apart.
_TRACKING = re.compile(
    r"(?:utm|mtm|pk|itm|mc|_hs)_\w+|fbclid|gclid|dclid|yclid|twclid|msclkid|wbraid|gbraid|igshid|zarsrc|_ga|_gl",
    re.IGNORECASE,
)
_DEFAULT_PORT = re.compile(r"^(http://[^/?#]*):80(?=[/?#]|$)|^(https://[^/?#]*):443(?=[/?#]|$)")


@lru_cache(maxsize=65_536)
def normalise_url(url: str) -> str:
    """The one spelling under which a page is known.

    Tracking parameters and default ports go, percent-encoding and the order of parameters are made uniform, the
    fragment goes (w3lib). A trailing slash stays: servers tell the two apart. Raises ValueError where `url` is none.
    """
    url = url.strip()
    tracking = [name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True) if _TRACKING.fullmatch(name)]
    if tracking:
        url = url_query_cleaner(url, tracking, remove=True)
    return _DEFAULT_PORT.sub(lambda found: found[1] or found[2], canonicalize_url(url))


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


def is_web_address(url: str) -> bool:
    """Whether `url` is an absolute http(s) address with a host and, if any, a port that can be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def is_home_page(url: str) -> bool:
    """Whether `url` is the root of its host."""
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query
