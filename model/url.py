"""URLs as identities: one spelling for one page, and the ids made from it."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit

from w3lib.url import canonicalize_url

# Parameters that tell where a reader came from, and never what is read. Longer lists exist (courlan's, AdGuard's), but
# they take `cid` and `source` along, which on a portal may be all that tells two articles apart.
_TRACKING = r"(?:utm|mtm|pk|itm|mc|_hs)_\w+|fbclid|gclid|dclid|yclid|twclid|msclkid|wbraid|gbraid|igshid|zarsrc|_ga|_gl"
# A visit's number, where the name leaves no doubt: of servlets, PHP and classic ASP. A bare `sid` may be a section.
_SESSION = r"jsessionid|phpsessid|aspsessionid[a-z]*"
_IGNORED = re.compile(f"(?:{_TRACKING}|{_SESSION})=[^&]*", re.IGNORECASE)
# ";jsessionid=…" (Servlet 6.0, section 7.1.3), and ASP.NET's "/(S(lit3py55t21z5v55vlm25s55))/", with or without its
# neighbours A, F and X: https://learn.microsoft.com/en-us/previous-versions/dotnet/articles/aa479314(v=msdn.10)
_SESSION_IN_PATH = re.compile(
    r";jsessionid=[^/?;]*|/\((?:[AFX]\([^()/?]*\))*S\([a-z0-5]{24}\)(?:[AFX]\([^()/?]*\))*\)(?=/)", re.IGNORECASE
)
_DEFAULT_PORT = re.compile(r"^(http://[^/?]*):80(?=[/?]|$)|^(https://[^/?]*):443(?=[/?]|$)")

# What w3lib would leave as it is, but for the order of parameters: most addresses are such, and a frontier holds a
# million.
_PAIR = rf"(?!(?i:{_TRACKING}|{_SESSION})=)[A-Za-z0-9._-]+=[A-Za-z0-9._-]*"
_PLAIN = re.compile(
    rf"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:/(?!\.)[A-Za-z0-9._~-]*)+(?:\?(?P<query>{_PAIR}(?:&{_PAIR})*))?"
)
# A letter, which is no digit of an escape, and what is encoded after it: its accents perhaps.
_ACCENTED = re.compile("(?:(?<!%)(?<!%[0-9A-F])[A-Za-z])?(?:%[89A-F][0-9A-F])+")


def normalise_url(url: str) -> str:
    """The one spelling under which a page is known: to compare by, not always one to ask a server for.

    Tracking parameters, session ids and default ports go, percent-encoding and the order of parameters are made
    uniform, accented letters are composed (NFC), the fragment goes. A trailing slash stays: servers tell the two apart.
    What was normalised stays as it is. Raises ValueError where `url` is none.
    """
    found = _PLAIN.fullmatch(url)
    if found is None:
        return _normalised(url)
    query: str | None = found["query"]
    if query is None or "&" not in query:
        return url
    pairs = sorted(pair.partition("=") for pair in query.split("&"))
    return url[: found.start("query")] + "&".join(map("".join, pairs))


@lru_cache(maxsize=65_536)
def _normalised(url: str) -> str:
    plain = canonicalize_url(url.strip())
    composed = _ACCENTED.sub(_composed, plain)
    address, _, query = (plain if composed == plain else canonicalize_url(composed)).partition("?")
    sessionless = _SESSION_IN_PATH.sub("", address).rstrip(";")
    if sessionless != address:
        address = canonicalize_url(sessionless)  # "/..;jsessionid=1" has become "/.."
    address = _DEFAULT_PORT.sub(lambda found: found[1] or found[2], address)
    query = "&".join(pair for pair in query.split("&") if not _IGNORED.fullmatch(pair))
    return f"{address}?{query}" if query else address


def _composed(found: re.Match[str]) -> str:
    """The same characters, composed; what is not UTF-8 as it stands."""
    try:
        return quote(unicodedata.normalize("NFC", unquote_to_bytes(found[0]).decode()))
    except UnicodeDecodeError:
        return found[0]


def article_id(url: str) -> str:
    """16 hexadecimal digits that name the page at `url`, the same under http and https."""
    scheme_less = normalise_url(url).partition("://")[2]
    return hashlib.sha256(scheme_less.encode()).hexdigest()[:16]


def host_of(url: str) -> str:
    """The host name in lower case, without port and credentials; empty where `url` has none."""
    try:
        return ascii_host(urlsplit(url).hostname or "")
    except ValueError:  # e.g. an unclosed IPv6 bracket: fetched pages hold anything
        return ""


def ascii_host(name: str) -> str:
    """A host name as it is asked for (`xn--…`), in lower case: a site's own pages may spell it `báo.vn`."""
    if name.isascii():
        return name.lower()
    try:
        return name.encode("idna").decode().lower()
    except UnicodeError:  # no name at all
        return name.lower()


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
