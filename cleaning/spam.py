"""Spam: links that somebody else put into a page. Gambling sites do it to hundreds of public portals.

Evidence, never a word alone: news about gambling uses the same names. What counts is a link off the site that readers
cannot see, or that leads to a bare IP address, or that bears a gambling name in its short text, in the line that it
stands in or in its host. Of a sentence no word is taken: what readers see there is the article's.
"""

from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml.html import HtmlElement

from cleaning.concealed import Boxes, is_public, is_stranger, may_be_shown
from cleaning.gambling import is_news_of_gambling, names_gambling, names_gambling_host, reads_as_news
from cleaning.hiding import Hiding, hiding_of
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import Page
from cleaning.sites import is_address, same_site, web_host
from cleaning.style_sheets import StyleSheet
from cleaning.text import shorten, tidy
from model.article import SpamLink
from model.url import host_of

_ANCHOR_CHARS = 60  # a spam link's text is a name and a slogan, a news link's a sentence
_NAME_CHARS = 40
_MOST_CHARS = 400  # a link around more was not closed: what it holds is the page's own
_LINE_CHARS = 100
_SENTENCE_ENDS = (".", "!", "?", "…", ".”", '."')
_OF_STRANGERS = frozenset({"concealed-link", "off-screen-link"})


@dataclass(slots=True, eq=False)
class _Anchor:
    """A link off the site. `text` is what it says, `shown` the same or what its pictures say; `line` is the one it
    stands in, None where it is in several or in none."""

    element: HtmlElement
    url: str
    host: str
    text: str
    shown: str
    line: Line | None
    hiding: Hiding

    @property
    def leads_to_gambling(self) -> bool:
        return names_gambling_host(self.host)

    @property
    def names_gambling(self) -> bool:
        """Whether it bears a gambling name. One is looked for in a short text only: `police break up the W88 ring` is
        news that links to news."""
        return len(self.shown) <= _ANCHOR_CHARS and names_gambling(self.shown) and not reads_as_news(self.shown)

    @property
    def is_in_sentence(self) -> bool:
        """Whether most of its line is a sentence, of which it is some words."""
        line = self.line
        if line is None:
            return False
        return line.prose or (line.link_chars < 0.5 * len(line.text) and line.text.endswith(_SENTENCE_ENDS))


@dataclass(slots=True, eq=False)
class _Found:
    """An anchor that was put into the page, its record, and the element that hides it and nothing else."""

    anchor: _Anchor
    link: SpamLink
    box: HtmlElement | None


def take_spam(page: Page, title: str) -> list[SpamLink]:
    """The injected links of the page, which is headed `title`, in order; they are taken off it, and recorded as
    removals too."""
    search = _Search(page, title)
    found = [one for anchor, href in page.addresses.items() if (one := search.judge(anchor, href))]
    found = [
        one for one in found if one.link.rule not in _OF_STRANGERS or is_stranger(one.link.url, page, search.seen_hosts)
    ]
    injected = {one.anchor.element for one in found}
    for one in found:
        line = one.anchor.line
        if one.box is not None:
            page.ledger.take(_whole(one.box, page.ledger), one.link.rule)
        elif line is not None and not line.gone and one.anchor.text != line.text and _goes_whole(line, injected):
            page.ledger.take_line(line, one.link.rule)
        else:
            page.ledger.take(_whole(one.anchor.element, page.ledger), one.link.rule)
    return [one.link for one in found]


class _Search:
    """What is known of a page while its links are judged; `seen_hosts` are those that it links to openly."""

    def __init__(self, page: Page, title: str) -> None:
        self.seen_hosts: set[str] = set()
        self._page = page
        self._own = "/".join(page.url.split("/", 3)[:3]) + "/"
        self._own_host = host_of(page.url)
        self._is_news = is_news_of_gambling(title)
        self._hiding: dict[HtmlElement, Hiding] = {}
        self._hiding_by_sheet: dict[HtmlElement, Hiding] = {}
        self._sheet = StyleSheet(page.elements.get("style", []), page.elements.get("script", []))
        self._boxes = Boxes(page)

    def judge(self, element: HtmlElement, href: str) -> _Found | None:
        """What is wrong with the link that leads to `href`; None where nothing is, as within the site."""
        anchor = self._read(element, href)
        if anchor is None:
            return None
        box = anchor.hiding.by
        if box is not None and not self._hides_links(anchor, box):
            box = None
        if box is not None or (anchor.hiding.by is not None and not anchor.is_in_sentence):
            rule = _unseen_rule(anchor, box)
        else:
            rule = self._seen_rule(anchor)
            if not rule:
                self.seen_hosts.add(anchor.host)
        if not rule:
            return None
        link = SpamLink(
            text=shorten(anchor.shown, 500),
            url=anchor.url,
            rule=rule,
            hidden=anchor.hiding.by is not None,
            path=self._page.ledger.path(element),
        )
        return _Found(anchor, link, box)

    def _read(self, element: HtmlElement, href: str) -> _Anchor | None:
        """The link, where it leads off the site and may be seen or named."""
        if "//" not in href[:8] or href.startswith(self._own):
            return None
        try:
            url = href if href.startswith("http") else urljoin(self._page.url, href)
        except ValueError:
            return None
        host = web_host("/".join(url.split("/", 3)[:3]))
        if not host or same_site(host, self._own_host):
            return None
        text = tidy(element.text_content())
        shown = text or _picture_text(element)
        if len(text) > _MOST_CHARS or not (shown or names_gambling_host(host) or is_address(host)):
            return None
        lines = self._page.ledger.under(element) if text else []
        line = lines[0] if len(lines) == 1 else None
        anchor = _Anchor(element, url, host, text, shown, line, hiding_of(element, self._hiding))
        if anchor.hiding.by is None and self._may_be_injected(anchor):
            anchor.hiding = hiding_of(element, self._hiding_by_sheet, self._sheet.how)
        return anchor

    def _may_be_injected(self, anchor: _Anchor) -> bool:
        """Whether it matters that readers see the link: style sheets take a while to read."""
        if anchor.is_in_sentence and anchor.line is not None and anchor.line.prose:
            return False
        told = anchor.names_gambling or anchor.leads_to_gambling or is_address(anchor.host)
        return told or is_stranger(anchor.url, self._page, frozenset())

    def _hides_links(self, anchor: _Anchor, box: HtmlElement) -> bool:
        """Whether the element that hides the link holds nothing that is the page's own."""
        if self._boxes.hold_links_only(box):
            return True
        return (anchor.names_gambling or anchor.leads_to_gambling) and self._boxes.sell_gambling(box)

    def _seen_rule(self, anchor: _Anchor) -> str:
        """The rule by which a link that readers see was injected; empty where it was not."""
        line, leads = anchor.line, anchor.leads_to_gambling
        to_address = is_address(anchor.host)
        beside = line is not None and len(anchor.text) < len(line.text) <= _LINE_CHARS and names_gambling(line.text)
        names = anchor.names_gambling
        if not (names or leads or to_address or beside):
            return ""
        if line is not None:
            told = leads or to_address
            if anchor.is_in_sentence and (line.prose or not (told and names_gambling(line.text))):
                return ""
            if reads_as_news(line.text) and not (told and line.linked):
                return ""
        names = names and not self._is_news
        if to_address and (
            names or leads or beside or (anchor.text and _stands_alone(anchor.element, self._page.ledger))
        ):
            return "bare-ip-link"
        if leads or (names and len(anchor.shown) <= _NAME_CHARS):
            return "gambling-link"
        if beside and not self._is_news and _is_written_address(anchor.text) and not is_public(anchor.host):
            return "gambling-link"
        return ""


def _unseen_rule(anchor: _Anchor, box: HtmlElement | None) -> str:
    """The rule by which a link that readers do not see was injected; empty where it was not. `box` is the element that
    hides it, where that holds nothing that is the page's own."""
    if is_address(anchor.host):
        return "bare-ip-link"
    if anchor.names_gambling or anchor.leads_to_gambling:
        return "hidden-link"
    if box is None or not anchor.text:
        return ""
    by_sheet = anchor.hiding.by_sheet
    if anchor.hiding.how != "hidden" and not (by_sheet and may_be_shown(box, by_sheet=True)):
        return "off-screen-link"
    return "" if may_be_shown(box, by_sheet=by_sheet) else "concealed-link"


def _goes_whole(line: Line, injected: Container[HtmlElement]) -> bool:
    """Whether the line was put there with its links: it is short, or made of them, and has no other."""
    return (line.linked or len(line.text) <= _LINE_CHARS) and all(link in injected for link in line.links)


def _is_written_address(text: str) -> bool:
    return "://" in text or ("." in text and " " not in text)


def _picture_text(anchor: HtmlElement) -> str:
    """What the pictures say in a link that has no text: a banner's."""
    return tidy(" ".join(one.get("alt") or one.get("title") or "" for one in anchor.iter("img")))


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


def _stands_alone(anchor: HtmlElement, ledger: Ledger) -> bool:
    """Whether the link is no part of a sentence: its surroundings say nothing but it."""
    parent = anchor.getparent()
    return parent is not None and not ledger.has_text_beside(anchor, parent)
