"""Links: where else a page is, what it hangs on, and who published it first."""

from urllib.parse import unquote, urljoin, urlsplit

from courlan import extract_domain
from lxml.html import HtmlElement

from cleaning.head import Head
from cleaning.page import Page
from cleaning.structured import string_of
from cleaning.text import shorten, tidy
from model.article import Alternate, Attachment
from model.url import host_of, is_home_page, normalise_url

_DOCUMENTS = (
    ".pdf",
    ".doc",
    ".docx",
    ".xls",
    ".xlsx",
    ".ppt",
    ".pptx",
    ".odt",
    ".ods",
    ".rtf",
    ".zip",
    ".rar",
    ".7z",
    ".csv",
)
_MAX_LINKS = 200


def absolute(base: str, href: str | None) -> str | None:
    """The absolute http(s) address of `href`; None where it is none."""
    try:
        url = urljoin(base, tidy(href or ""))
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc and href else None


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one registrable site: one name under a public suffix, or one below the other."""
    if one == other or one.endswith("." + other) or other.endswith("." + one):
        return bool(one and other)
    first, second = extract_domain(f"http://{one}/"), extract_domain(f"http://{other}/")
    return bool(first) and first == second


def is_document(url: str) -> bool:
    """Whether `url` names an office document, a PDF or an archive."""
    try:
        return unquote(urlsplit(url).path).lower().endswith(_DOCUMENTS)
    except ValueError:
        return False


def find_canonical(page: Page, head: Head) -> tuple[str | None, str]:
    """The page's own name for itself, and the origin. Trusted only within the page's site, and never its home page:
    templates print the home page's address on every page."""
    links = [
        link.get("href") for link in page.tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()
    ]
    claims = [(href, "link") for href in links[:1]]
    claims += [(head.first("og:url"), "open-graph"), (string_of(head.article.get("url")), "json-ld")]
    for href, origin in claims:
        url = absolute(page.base, href)
        if url and same_site(host_of(url), host_of(page.url)) and (not is_home_page(url) or is_home_page(page.url)):
            try:
                return normalise_url(url), origin
            except ValueError:  # a port that is none, for example
                continue
    return None, ""


def find_alternates(page: Page) -> list[Alternate]:
    """The page in other languages, as `hreflang` links announce it, in the page's order."""
    found: dict[tuple[str, str], Alternate] = {}
    base = page.base
    for link in page.tree.iter("link"):
        language = (link.get("hreflang") or "").strip().lower()
        url = absolute(base, link.get("href"))
        if url and language and language != "x-default" and "alternate" in (link.get("rel") or "").lower().split():
            found.setdefault((language, url), Alternate(language=language, url=url))
    return list(found.values())[:_MAX_LINKS]


def find_attachments(page: Page, container: HtmlElement) -> list[Attachment]:
    """The documents that the article's own part of the page, `container`, links to."""
    base = page.base
    found: dict[str, Attachment] = {}
    for anchor in container.iter("a"):
        url = absolute(base, anchor.get("href"))
        if url is None:
            continue
        if is_document(url):
            path = unquote(urlsplit(url).path)
            name = page.ledger.all_text_under(anchor) or tidy(anchor.get("title") or "") or path.rsplit("/", 1)[-1]
            found.setdefault(url, Attachment(url=url, name=shorten(name, 300)))
    return list(found.values())[:_MAX_LINKS]
