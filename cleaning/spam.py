"""Spam: links that somebody else put into a page. Gambling sites do it to hundreds of public portals.

Evidence, never a word alone: news about gambling uses the same names. What counts is a link off the site that readers
cannot see, or that leads to a bare IP address, or that bears a gambling name in its short text or its host.
"""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urljoin

from courlan import extract_domain
from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.page import Page
from cleaning.text import fold, shorten, tidy
from model.article import SpamLink
from model.url import host_of

# Names as they stand in link texts, without diacritics. Brands with digits come first: no word looks like them.
_NAMES = re.compile(
    r"\b(?:w88|fb88|789\s?club|789\s?bet|8xbet|kubet(?:88)?|ku\s?casino|bk8|m88|188\s?bet|vn88|sv88|new88|shbet|jun88|f8bet|"
    r"hi88|go88|sunwin|b52\s?club|rikvip|iwin|v9bet|fun88|12bet|dafabet|bong88|nhacai\w*|nha\s?cai|tai\s?xiu|soi\s?(?:cau|keo)|"
    r"keo\s?nha\s?cai|game\s?bai(?:\s?doi\s?thuong)?|doi\s?thuong|lo\s?de(?:\s?online)?|xo\s?so\s?online|ca\s?cuoc|ca\s?do\s?bong\s?da|"
    r"danh\s?bac\s?(?:online|truc\s?tuyen)|no\s?hu|ban\s?ca\s?doi\s?thuong|slot\s?gacor|judi\s?(?:online|bola|slot)|togel|"
    r"situs\s?slot|bandar\s?(?:bola|togel)|online\s?casino|casino\s?(?:online|truc\s?tuyen)|sports?book)\b"
)
_UNSEEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_OFF_SCREEN = re.compile(
    r"(?:text-indent|(?<![\w-])(?:left|top|right)|margin-(?:left|top))\s*:\s*-\s*\d{4,}|font-size\s*:\s*0(?:px|em|pt|%)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_NO_SIZE = re.compile(
    r"(?<![\w-])(?:width|height|opacity)\s*:\s*0(?:\.0*)?(?:px|em|pt|%)?\s*(?:;|!|$)|clip\s*:\s*rect\(\s*0",
    re.IGNORECASE,
)
_ANCHOR_CHARS = 60  # a spam link's text is a name and a slogan, a news link's a sentence

Visibility = tuple[bool, bool]  # whether it is off the screen, whether it is hidden


def take_spam(page: Page) -> list[SpamLink]:
    """The injected links of the page, in order; they are taken off it, and recorded as removals too."""
    found: list[tuple[HtmlElement, SpamLink]] = []
    own = "/".join(page.url.split("/", 3)[:3]) + "/"
    seen: dict[HtmlElement, Visibility] = {}
    for anchor, href in page.addresses.items():
        if "//" in href[:8] and not href.startswith(own) and (link := _judge(anchor, href, page, seen)):
            found.append((anchor, link))
    for anchor, link in found:
        page.ledger.take(_whole(anchor, page.ledger), link.rule)
    return [link for _, link in found]


@lru_cache(maxsize=4_096)
def names_gambling(text: str) -> bool:
    """Whether a gambling brand or one of the trade's catchwords stands in `text`."""
    return _NAMES.search(fold(text)) is not None


def _judge(anchor: HtmlElement, href: str, page: Page, seen: dict[HtmlElement, Visibility]) -> SpamLink | None:
    try:
        url = href if href.startswith("http") else urljoin(page.url, href)
    except ValueError:
        return None
    host = _web_host("/".join(url.split("/", 3)[:3]))
    if not host or _same_site(host, host_of(page.url)):
        return None
    text = tidy(anchor.text_content())
    # A brand is looked for in a short text only: `police break up the W88 ring` is news that links to news.
    names_host = _names_gambling_host(host)
    gambling = names_host or (len(text) <= _ANCHOR_CHARS and names_gambling(text))
    if not gambling and not text and not _is_address(host):
        return None
    off_screen, hidden = _visibility(anchor, seen)
    if _is_address(host) and (gambling or hidden or off_screen or (text and _stands_alone(anchor, page.ledger))):
        rule = "bare-ip-link"
    elif gambling and (hidden or off_screen):
        rule = "hidden-link"
    elif off_screen and text:
        rule = "off-screen-link"
    elif gambling and (len(text) <= 40 or names_host):
        rule = "gambling-link"
    else:
        return None
    return SpamLink(text=shorten(text, 500), url=url, rule=rule, hidden=hidden or off_screen)


@lru_cache(maxsize=4_096)
def _web_host(origin: str) -> str:
    """The host of `origin`, a scheme with a host; empty where there is none. Pages link to the same few."""
    return host_of(origin) if origin.startswith(("http://", "https://")) else ""


@lru_cache(maxsize=4_096)
def _names_gambling_host(host: str) -> bool:
    return names_gambling(re.sub(r"[-.]", " ", host))


def _visibility(anchor: HtmlElement, seen: dict[HtmlElement, Visibility]) -> Visibility:
    """Whether `anchor` is set off the screen (or to no size), and whether it is not shown at all. `seen` has what is
    known of the elements around other links."""
    waiting: list[HtmlElement] = []
    element: HtmlElement | None = anchor
    while element is not None and element not in seen:
        waiting.append(element)
        element = element.getparent()
    off_screen, hidden = (False, False) if element is None else seen[element]
    for one in reversed(waiting):
        if style := one.get("style"):
            off_screen = off_screen or (one.tag != "body" and _OFF_SCREEN.search(style) is not None)
            hidden = hidden or (_UNSEEN_STYLE.search(style) or _NO_SIZE.search(style)) is not None
        hidden = hidden or one.get("hidden") is not None
        seen[one] = off_screen, hidden
    return off_screen, hidden


def _whole(anchor: HtmlElement, ledger: Ledger) -> HtmlElement:
    """The largest element that shows nothing but the link, so that no empty box stays behind."""
    current = anchor
    while (parent := current.getparent()) is not None and parent.tag not in (
        "body",
        "html",
        "main",
        "article",
        "td",
        "form",
    ):
        if ledger.has_text_beside(current, parent) or parent.find(".//img") is not None:
            break
        current = parent
    return current


@lru_cache(maxsize=4_096)
def _is_address(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_global


def _stands_alone(anchor: HtmlElement, ledger: Ledger) -> bool:
    """Whether the link is no part of a sentence: its surroundings say nothing but it."""
    parent = anchor.getparent()
    return parent is not None and not ledger.has_text_beside(anchor, parent)


def _same_site(host: str, other: str) -> bool:
    if host == other or host.endswith("." + other) or other.endswith("." + host):
        return True
    return bool(one := _site_of(host)) and one == _site_of(other)


@lru_cache(maxsize=4_096)
def _site_of(host: str) -> str | None:
    return extract_domain(host, fast=True)
