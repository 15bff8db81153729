"""Subjects: the section an article stands in, and its tags."""

from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.page import Page
from cleaning.structured import is_article_thing, names_of, string_of, types_of
from cleaning.text import tidy, words
from model.source import Source

_MAX_TAGS = 50
_TAG_CHARS = 80


def find_section(page: Page, head: Head, source: Source) -> tuple[str | None, str]:
    """The section's name and its origin; (None, "") where the page names none."""
    chosen = first_match(page, source.clean.section)
    if chosen is not None and (text := tidy(chosen.text_content())):
        return text, "selector"
    if is_article_thing(head.article) and (name := string_of(head.article.get("articleSection"))):
        return name, "json-ld"
    if name := head.first("article:section", "og:article:section"):
        return name, "open-graph"
    return _crumb(head, words(head.title))


def find_tags(page: Page, head: Head) -> list[str]:
    """The article's tags, in order: `article:tag`, the JSON-LD's keywords, `news_keywords`, links marked as tags."""
    found = head.all("article:tag", "og:article:tag")
    if not found and is_article_thing(head.article):
        found = [part for text in names_of(head.article.get("keywords")) for part in text.split(",")]
    if not found:
        found = [part for text in head.all("news_keywords")[:1] for part in text.split(",")]
    if not found:
        found = [
            anchor.text_content()
            for anchor in page.tree.iter("a")
            if "tag" in (anchor.get("rel") or "").lower().split()
        ]
    if len(found) == 1:
        found = found[0].split(",")
    tidied = [tidy(tag).lstrip("#") for tag in found]
    distinct = {words(tag): tag for tag in reversed(tidied) if words(tag) and len(tag) <= _TAG_CHARS}
    return list(reversed(distinct.values()))[:_MAX_TAGS]


def _crumb(head: Head, title: str) -> tuple[str | None, str]:
    """The last breadcrumb before the article's own."""
    for thing in head.things:
        if "breadcrumblist" not in types_of(thing) or not isinstance(thing.get("itemListElement"), list):
            continue
        names: list[str] = []
        for one in thing["itemListElement"][:20]:
            if isinstance(one, dict):
                names += names_of(one.get("name"))[:1] or names_of(one.get("item"))[:1]
        names = [name for name in names if not title.startswith(words(name)[:40]) or len(words(name)) < 20]
        if len(names) >= 2:
            return names[-1], "json-ld"
    return None, ""
