"""Subjects: the section an article stands in, and its tags."""

import re
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import Line, lines_of
from cleaning.page import Page, attribute_text
from cleaning.rules import rule_for
from cleaning.structured import is_article_thing, names_of, string_of, types_of
from cleaning.text import tidy, words
from cleaning.title import title_index
from model.source import Source

_MAX_TAGS = 50
_MAX_CLAIMED = 500
_TAG_CHARS = 80
_SECTION_CHARS = 60
_HEADLINE_CHARS = 25
_TAG_LIST_MARK = re.compile(
    r"(?:^|[\s_-])(?:(?:post|article|entry|news|detail|list|box|block)[_-]?tags?|tags?[_-]?(?:list|links?|cloud|box|detail|news|article|post"
    r"|wrap\w*|item)?|tags"
    r"|(?:article|news|detail)?-?keywords?|tu-khoa|list-tag|hashtags?)(?:$|\s)",
    re.IGNORECASE,
)
_CRUMB_MARK = re.compile(r"bread-?_?crumb|(?:^|[\s_-])(?:crumbs?|duong-dan|you-?are-?here)(?:$|[\s_-])", re.IGNORECASE)
_LINES_TO_TITLE = 25  # how far above the title its breadcrumbs stand, a line each
_DEPTH = 5
_BETWEEN_TAGS = re.compile(r"[:：,;|#•·、，]+")
_HOME = re.compile(
    r"(?:trang chủ|trang nhất|home(?: ?page)?|beranda|start(?:seite)?|accueil|inicio|início|home page|главная"
    r"|strona główna|首页|首頁"
    r"|ホーム|トップ|홈|หน้าแรก|news|tin tức|you are here:?|breadcrumbs?(?: navigation)?:?|bạn đang ở(?: đây)?:?"
    r"|[\W\d_]*)",
    re.IGNORECASE,
)
# What systems keep among the tags for themselves.
_CODE = re.compile(r"[\W\d_]*|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{20,}|(?:NLP )?(?:Category|Entity Tokens): .*|[a-z][\w-]*: .*")
_NO_SECTION = re.compile(
    r"\w+_\w+|(?:uncategori[sz]ed|chưa phân loại|allgemein|sin categoría|non classé|default|none|null|article|other)",
    re.IGNORECASE,
)


def section_and_crumbs(
    page: Page, head: Head, source: Source, lines: Sequence[Line], title: str = ""
) -> tuple[str | None, str, HtmlElement | None]:
    """The section, its origin, and the element that prints the way to it, whether or not the section was taken from
    there."""
    crumbs = find_crumbs(lines, title)
    chosen = first_match(page, source.clean.section)
    if chosen is not None and (text := tidy(chosen.text_content())):
        return text, "selector", crumbs
    claims: list[tuple[str | None, str]] = []
    if is_article_thing(head.article):
        claims.append((string_of(head.article.get("articleSection")), "json-ld"))
    claims.append((head.first("article:section", "og:article:section", "og:section"), "open-graph"))
    claims.append(
        (head.first("articlesection", "parsely-section", "cxenseparse:section", "section", "dc.subject"), "meta")
    )
    for name, origin in claims:
        if name and len(name) <= _SECTION_CHARS and not _NO_SECTION.fullmatch(name):
            return name, origin, crumbs
    own = words(title or head.first("og:title") or head.title)
    for names, origin in ((_listed(head), "json-ld"), (_printed(crumbs), "visible")):
        kept = [name for name in names if not (_HOME.fullmatch(name) or _NO_SECTION.fullmatch(name))]
        kept = [name for name in kept if not _is_article(name, own)]
        if kept and len(kept[-1]) <= _SECTION_CHARS and len(names) >= 2:
            return kept[-1], origin, crumbs
    above = _above_title(lines, title)
    return above, "visible" if above else "", crumbs


def _above_title(lines: Sequence[Line], title: str) -> str | None:
    """The lone link right above the title, where the page has it a second time, as a menu does."""
    at = title_index(lines, title) or 0
    line = lines[at - 1] if at else None
    if line is None or not line.linked or len(line.links) != 1 or len(line.text) > _SECTION_CHARS:
        return None
    if _HOME.fullmatch(line.text) or _NO_SECTION.fullmatch(line.text) or line.block.tag == "li":
        return None
    if at > 1 and lines[at - 2].linked and len(lines[at - 2].text) < _HEADLINE_CHARS:  # the end of a menu
        return None
    own, name = line.links[0], words(line.text)
    again = (one for other in lines for one in other.links if one is not own and one.get("href") == own.get("href"))
    return line.text if any(words(one.text_content()) == name for one in again) else None


def find_tags(head: Head, lines: Sequence[Line]) -> list[str]:
    """The article's tags, in order: `article:tag`, the JSON-LD's keywords, `news_keywords`, links and lists marked as
    tags."""
    found = head.all("article:tag", "og:article:tag")
    if not found and is_article_thing(head.article):
        found = [part for text in names_of(head.article.get("keywords")) for part in re.split("[,;]", text)]
    if not found:
        found = [part for text in head.all("news_keywords", "parsely-tags")[:1] for part in text.split(",")]
    if not found:
        found = [
            anchor.text_content()
            for line in lines
            for anchor in line.links
            if "tag" in (anchor.get("rel") or "").lower().split()
        ]
    if not found:
        found = _tags_printed(lines) or _tags_labelled(lines) or _tags_written(lines)
    if len(found) == 1:
        found = found[0].split(",")
    tidied = [tidy(tag).lstrip("#").strip() for tag in found[:_MAX_CLAIMED]]
    distinct = {words(tag): tag for tag in reversed(tidied) if len(tag) <= _TAG_CHARS and not _CODE.fullmatch(tag)}
    return list(reversed(distinct.values()))[:_MAX_TAGS]


def _tags_printed(lines: Sequence[Line]) -> list[str]:
    """The links in the first list that is marked as the article's tags: a heading such as `Tags:` may stand in it."""
    seen: set[HtmlElement] = set()
    for line in lines:
        if not line.links or len(line.text) > 400 or not any(_leads_to_tag(anchor) for anchor in line.links):
            continue
        for element in _around(line, 3):
            if element in seen:
                break
            seen.add(element)
            if (marks := attribute_text(element)) and _TAG_LIST_MARK.search(marks) and (tags := _tags_in(element)):
                return tags
    return []


def _tags_labelled(lines: Sequence[Line]) -> list[str]:
    """The links that lead to tags in the first line that is one of tags by its words: `Tags: harvest, bridge`."""
    labelled = (line for line in lines if line.links and (":" in line.text or "：" in line.text))
    for line in labelled:
        if any(_leads_to_tag(one) for one in line.links) and rule_for("linked", line.text) == "tags":
            return [text for one in line.links if _leads_to_tag(one) and (text := tidy(one.text_content()))]
    return []


def _tags_written(lines: Sequence[Line]) -> list[str]:
    """What stands behind the colon of the first line that is one of tags by its words, though it leads nowhere."""
    labelled = (line for line in lines if not line.linked and (":" in line.text or "：" in line.text))
    text = next((line.text for line in labelled if rule_for("line", line.text) == "tags"), "")
    return [part for part in _BETWEEN_TAGS.split(text)[1:] if part.strip()]


def _leads_to_tag(anchor: HtmlElement) -> bool:
    href = anchor.get("href") or ""
    return "tag" in href or "keyword" in href or "tu-khoa" in href or "topic" in href or "chu-de" in href


def _tags_in(element: HtmlElement) -> list[str]:
    """The texts of the links in `element`, where it is little else."""
    anchors = list(element.iter("a"))[: _MAX_TAGS + 1]
    texts = [text for anchor in anchors if (text := tidy(anchor.text_content()))]
    if not texts or len(texts) > _MAX_TAGS or any(len(text) > _SECTION_CHARS for text in texts):
        return []
    return texts if sum(map(len, texts)) >= 0.6 * len(tidy(element.text_content())) else []


def _around(line: Line, depth: int) -> list[HtmlElement]:
    """The block of a line and the elements around it."""
    found: list[HtmlElement] = []
    current: HtmlElement | None = line.block
    while current is not None and len(found) <= depth and current.tag not in ("body", "html"):
        found.append(current)
        current = current.getparent()
    return found


def _listed(head: Head) -> list[str]:
    """The names of the breadcrumbs in the page's JSON-LD."""
    for thing in head.things:
        if "breadcrumblist" not in types_of(thing) or not isinstance(thing.get("itemListElement"), list):
            continue
        names: list[str] = []
        for one in thing["itemListElement"][:20]:
            if isinstance(one, dict):
                names += names_of(one.get("name"))[:1] or names_of(one.get("item"))[:1]
        if len(names) >= 2:
            return names
    return []


def find_crumbs(lines: Sequence[Line], title: str) -> HtmlElement | None:
    """The element that prints the way from the home page to the article, near its title."""
    start = title_index(lines, title)
    first, last = (0, 60) if start is None else (max(0, start - _LINES_TO_TITLE), start + 6)
    seen: set[HtmlElement] = set()
    for line in lines[first:last]:
        for element in _around(line, _DEPTH):
            if element in seen:
                break
            seen.add(element)
            said = f"{attribute_text(element)} {element.get('aria-label') or ''} {element.get('itemtype') or ''}"
            if _CRUMB_MARK.search(said) and len(element.text_content()) <= 600:
                return _outermost(element)
    return None


def _outermost(element: HtmlElement) -> HtmlElement:
    """The whole list of crumbs: each of them is marked too."""
    for ancestor in islice(element.iterancestors(), 3):
        if not _CRUMB_MARK.search(attribute_text(ancestor)) or len(ancestor.text_content()) > 600:
            break
        element = ancestor
    return element


def _printed(crumbs: HtmlElement | None) -> list[str]:
    if crumbs is None:
        return []
    named = [tidy(one.text_content()) for one in crumbs.iter("a", "li", "span") if one.get("itemprop") == "name"]
    texts = named or [tidy(anchor.text_content()) for anchor in crumbs.iter("a")]
    if len(texts) < 2:
        texts = [line.text for line in lines_of(crumbs)]
    texts = [text for text in dict.fromkeys(text.strip(" ›»>/|•-") for text in texts) if text]
    return texts if len(texts) <= 8 else []


def _is_article(name: str, title: str) -> bool:
    """Whether a crumb is the article's own."""
    plain = words(name)
    return bool(title) and len(plain) >= 20 and (title.startswith(plain[:40]) or plain.startswith(title[:40]))
