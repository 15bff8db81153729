"""Links: where else a page is, which of them are documents, and who published it first."""

import re
from collections.abc import Set
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from courlan import extract_domain

from cleaning.head import Head, read_head
from cleaning.page import Page
from cleaning.structured import lookup, string_of
from cleaning.text import tidy, words
from model.article import Alternate
from model.source import Source
from model.url import host_of, is_home_page, normalise_url

_DOCUMENT = r"\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|rtf|zip|rar|7z|csv)"
_MAY_NAME_DOCUMENT = re.compile(_DOCUMENT, re.IGNORECASE)
_ENDS_IN_DOCUMENT = re.compile(rf"{_DOCUMENT}$", re.IGNORECASE)
# Liferay puts the file's number behind its name: /documents/10182/12345/ke-hoach.pdf/0b5a…?t=1731900000000
_IN_LIBRARY = re.compile(rf"/documents/.*{_DOCUMENT}/[\w-]+$", re.IGNORECASE)
_HANDLER = re.compile(
    r"(?:download|attach|file|tai-?(?:ve|file))[^/]*$", re.IGNORECASE
)  # Download.ashx?file=ke-hoach.pdf
_MAX_LINKS = 200
_MAX_FIELDS = 20


def absolute(base: str, href: str | None) -> str | None:
    """The absolute http(s) address of `href`; None where it is none."""
    if not href:
        return None
    try:
        written = tidy(href)
        url = written if written.startswith(("https://", "http://")) else urljoin(base, written)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one registrable site: one name under a public suffix, or one below the other."""
    if one == other or one.endswith("." + other) or other.endswith("." + one):
        return bool(one and other)
    first, second = extract_domain(f"http://{one}/"), extract_domain(f"http://{other}/")
    return bool(first) and first == second


def is_document(url: str) -> bool:
    """Whether `url` names an office document, a PDF or an archive: by its path, or as the file that a script hands
    out."""
    if _MAY_NAME_DOCUMENT.search(url) is None and "%" not in url:
        return False
    try:
        parts = urlsplit(url)
        path = unquote(parts.path)
        if _ENDS_IN_DOCUMENT.search(path) or _IN_LIBRARY.search(path):
            return True
        return _HANDLER.search(path) is not None and any(
            _ENDS_IN_DOCUMENT.search(value) for _, value in parse_qsl(parts.query, max_num_fields=_MAX_FIELDS)
        )
    except ValueError:
        return False


def find_canonical(page: Page, head: Head) -> tuple[str | None, str]:
    """The page's own name for itself, and the origin. Trusted only within the page's site, and never its home page:
    templates print the home page's address on every page."""
    claims: list[tuple[str | None, str]] = [(href, "link") for href in _canonicals(head)[:1]]
    claims += [(head.first("og:url"), "open-graph"), (string_of(head.article.get("url")), "json-ld")]
    base = _base(page, head)
    for href, origin in claims:
        url = absolute(base, href)
        if url and same_site(host_of(url), host_of(page.url)) and (not is_home_page(url) or is_home_page(page.url)):
            try:
                return normalise_url(url), origin
            except ValueError:  # a port that is none, for example
                continue
    return None, ""


def find_via(page: Page, head: Head, source: Source | None = None) -> tuple[str | None, str | None, str]:
    """Who published the article first, by the page's head: name, address and origin; (None, None, "") where it names
    nobody but itself.

    `original-source` and `syndication-source` were made for this (Google News, 2010); a canonical link, `isBasedOn` or
    `copyrightHolder` says the same where it leads to, or names, somebody else. Other hosts of `source` are its own.
    """
    base = _base(page, head)
    hosts = {host_of(page.url), *(source.all_hosts if source else ())}
    article = head.article
    said = [(value, "meta") for value in head.all("original-source", "syndication-source")]
    said += [(href, "link") for href in _canonicals(head)[:1]]
    said += [(href, "json-ld") for key in ("isBasedOn", "isBasedOnUrl") for href in _addresses(article.get(key))]
    name = _first_publisher(head, {words(one) for one in (source.name, *source.clean.outlets)} if source else set())
    for href, origin in said:
        url = absolute(base, href) if "/" in href else None
        if url is None or is_home_page(url) or any(same_site(host_of(url), host) for host in hosts):
            continue
        try:
            return name, normalise_url(url), origin
        except ValueError:
            continue
    return (name, None, "json-ld") if name else (None, None, "")


def _first_publisher(head: Head, outlets: Set[str]) -> str | None:
    """The organisation that holds the article's rights, where the page names another as its publisher; none of the
    source's own `outlets`."""
    index = lookup(head.things)
    own = {words(name) for name, _ in index.named(head.article.get("publisher"))}
    site = words(head.first("og:site_name") or "")
    for key in ("sourceOrganization", "copyrightHolder"):
        for name, organisation in index.named(head.article.get(key))[:1]:
            if organisation and own and words(name) not in own | {site} | outlets:
                return name
    return None


def _addresses(value: Any) -> list[str]:
    """The addresses in a field that refers to other works."""
    works = (value if isinstance(value, list) else [value])[:10]
    found = [(work.get("url") or work.get("@id")) if isinstance(work, dict) else work for work in works]
    return [address for address in found if isinstance(address, str)]


def _base(page: Page, head: Head) -> str:
    """What `page.base` is, without another walk through the page."""
    base = absolute(page.url, head.base_href)
    return base or page.url


def _canonicals(head: Head) -> list[str]:
    return [link.href for link in head.links if "canonical" in link.rel]


def find_alternates(page: Page, head: Head | None = None) -> list[Alternate]:
    """The page in other languages, as `hreflang` links announce it, in the page's order. `head` is read where it is not
    given."""
    found: dict[tuple[str, str], Alternate] = {}
    head = head or read_head(page)
    links = [link for link in head.links if link.hreflang and link.hreflang != "x-default" and "alternate" in link.rel]
    base = _base(page, head)
    for link in links:
        if url := absolute(base, link.href):
            found.setdefault((link.hreflang, url), Alternate(language=link.hreflang, url=url))
    return list(found.values())[:_MAX_LINKS]
