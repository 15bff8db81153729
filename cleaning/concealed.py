"""Concealed links: what tells links that somebody hid on a page from what honest templates hide.

Menus, dialogs, answers that open and buttons of networks are hidden, too, and lead off the site. They can be found by
an id or class, hold links within the site or text, or lead to whom the page links openly as well.
"""

import re
from collections.abc import Set

from lxml.html import HtmlElement

from cleaning.gambling import sells_gambling
from cleaning.page import Page, attribute_text
from cleaning.sites import same_site, site_of
from model.url import host_of

_SAID_CHARS = 60  # so much may be written around hidden links
_PUBLIC = re.compile(r"(?:^|\.)(?:gov|edu|mil|ac)(?:\.[a-z]{2})?$")
_STAFF = re.compile(r"/(?:wp-admin|wp-login|admin|login|signin|account)\b|[?&]action=edit")
# Whom templates link to where nobody sees it: social networks, shops for apps, advertisers, makers of software.
_USUAL_NAMES = frozenset({
    "facebook", "twitter", "youtube", "instagram", "linkedin", "pinterest", "tiktok", "zalo", "telegram", "whatsapp",
    "viber", "reddit", "tumblr", "flipboard", "stumbleupon", "snapchat", "google", "microsoft", "amazon", "spotify",
    "soundcloud", "wordpress", "gravatar", "disqus", "creativecommons", "adobe", "mozilla", "github", "doubleclick",
    "googlesyndication", "outbrain", "taboola", "mgid", "addtoany", "addthis", "sharethis", "feedburner", "wikipedia",
    "cloudflare", "statcounter", "histats",
})  # fmt: skip
_USUAL_SITES = frozenset({
    "x.com", "t.co", "t.me", "fb.com", "fb.me", "wa.me", "youtu.be", "goo.gl", "threads.net", "bsky.app", "vk.com",
    "line.me", "apple.com", "w3.org", "schema.org", "mixi.media",
})  # fmt: skip
# What opens and closes, by the marks around it.
_OPENED = re.compile(
    r"(?:^|[\s_-])(?:menu|nav|dropdown|modal|popup|popover|dialog|drawer|offcanvas|accordion|collaps|tabs?\b|toggle|share|"
    r"social|cookie|consent|banner|login|lang|tooltip|slide|carousel|lien-?ket|links?\b)",
    re.IGNORECASE,
)
_TEMPLATE_TAGS = frozenset({"nav", "dialog", "menu", "header", "form", "details", "select"})
_CONTROLS = ("form", "input", "button", "select", "nav")
_SURROUNDINGS = 4


class Boxes:
    """The hidden elements of a page that hold links, and what is known of each."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._own_host = host_of(page.url)
        self._plain: dict[HtmlElement, int | None] = {}
        self._linked: dict[HtmlElement, int] = {}

    def hold_links_only(self, box: HtmlElement) -> bool:
        """Whether a hidden element holds links off the site and little else, as no menu, dialog or answer does."""
        plain = self._look_into(box)
        return plain is not None and plain <= max(_SAID_CHARS, self._linked[box])

    def sell_gambling(self, box: HtmlElement) -> bool:
        """Whether a hidden element holds an advertisement for gambling, written out, and no link within the site."""
        return self._look_into(box) is not None and sells_gambling(self._page.ledger.all_text_under(box))

    def _look_into(self, box: HtmlElement) -> int | None:
        """How many characters of the element are no links; None where some lead within the site, or it is a form."""
        if box not in self._plain:
            self._plain[box] = self._count(box)
        return self._plain[box]

    def _count(self, box: HtmlElement) -> int | None:
        if any(next(box.iter(tag), None) is not None for tag in _CONTROLS):
            return None
        plain = linked = 0
        for piece in self._page.ledger.pieces_under(box):
            length = len(piece.text.strip())
            if piece.link is None:
                plain += length
            elif length:
                linked += length
                href = self._page.addresses.get(piece.link, "")
                if "//" not in href[:8] or same_site(host_of(href), self._own_host):
                    return None
        self._linked[box] = linked
        return plain


def may_be_shown(box: HtmlElement, *, by_sheet: bool = False) -> bool:
    """Whether a script or a style sheet may show the hidden element again, as part of the page's own template: it can
    be found by its id, class or the like, or it stands in a menu or the like. `by_sheet`: it is hidden by a class or id
    that the page speaks of nowhere else."""
    found_by = ("role", "name") if by_sheet else ("id", "class", "role", "name")
    if by_sheet and _OPENED.search(attribute_text(box)):
        return True
    if any(name in found_by or name.startswith(("aria-", "data-", "on")) for name in map(str, box.attrib)):
        return True
    for number, one in enumerate((box, *box.iterancestors())):
        if one.tag in _TEMPLATE_TAGS or (one.tag == "li" and number):
            return True
        if 0 < number <= _SURROUNDINGS and _OPENED.search(attribute_text(one)):
            return True
    return False


def is_stranger(url: str, page: Page, seen_hosts: Set[str]) -> bool:
    """Whether the page has nothing to do with whom it links to unseen: it does so nowhere else (`seen_hosts` are the
    hosts that it links to openly), and neither do other pages."""
    host = host_of(url)
    if host in seen_hosts or is_public(host) or _STAFF.search(url):
        return False
    site = site_of(host) or host
    if site in _USUAL_SITES or site.split(".")[0] in _USUAL_NAMES:
        return False
    named = (one.get("href") or "" for one in page.elements.get("link", ()) if one.get("rel") == "canonical")
    return not any(same_site(host, host_of(href)) for href in named if href.startswith("http"))


def is_public(host: str) -> bool:
    """Whether the host belongs to an authority or a school."""
    return _PUBLIC.search(host) is not None
