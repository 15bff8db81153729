"""Structured data: what a page's JSON-LD says about its article."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement, fragment_fromstring

from cleaning.lines import lines_of
from cleaning.text import tidy

_ARTICLE_TYPES = frozenset(
    [
        "article",
        "newsarticle",
        "reportagenewsarticle",
        "analysisnewsarticle",
        "opinionnewsarticle",
        "backgroundnewsarticle",
        "reviewnewsarticle",
        "advertisercontentarticle",
        "satiricalarticle",
        "blogposting",
        "liveblogposting",
        "techarticle",
        "scholarlyarticle",
        "socialmediaposting",
        "report",
    ]
)
_WEAK_TYPES = frozenset({"webpage"})
_ORGANISATIONS = frozenset(
    {"organization", "newsmediaorganization", "corporation", "website", "governmentorganization"}
)
_CONTROL = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_TAG = re.compile(r"</?(?:p|br|div|a|b|i|strong|em|span|h[1-6]|ul|li)\b[^<>]*>", re.IGNORECASE)
_MAX_CHARS = 500_000
_MAX_OBJECTS = 500

Thing = dict[str, Any]


def things_in(tree: HtmlElement) -> list[Thing]:
    """The objects of the page's JSON-LD blocks, those within `@graph` and lists included; broken blocks are skipped."""
    found: list[Thing] = []
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        for thing in _walk(_loaded(script.text)):
            found.append(thing)
            if len(found) >= _MAX_OBJECTS:
                return found
    return found


def article_thing(things: list[Thing]) -> Thing:
    """The object that describes the article: the first of an article's type, else a web page's, else {}."""
    articles = [thing for thing in things if types_of(thing) & _ARTICLE_TYPES]
    pages = [thing for thing in things if types_of(thing) & _WEAK_TYPES]
    return next(iter(articles), next(iter(pages), {}))


def is_article_thing(thing: Thing) -> bool:
    """Whether `thing` is of an article's type, not merely a web page."""
    return bool(types_of(thing) & _ARTICLE_TYPES)


def types_of(thing: Thing) -> frozenset[str]:
    """The types of `thing` in lower case, without the vocabulary's address."""
    value = thing.get("@type")
    values = value if isinstance(value, list) else [value]
    return frozenset(one.rsplit("/", 1)[-1].lower() for one in values if isinstance(one, str))


def string_of(value: Any) -> str | None:
    """The first text in `value`, which may be a text, a list of them, or an object with a name."""
    return next(iter(names_of(value)), None)


def names_of(value: Any) -> list[str]:
    """The texts or names in `value`, which may be a text, an object with a name, or a list of these."""
    if isinstance(value, str):
        text = tidy(html.unescape(html.unescape(value)))  # some templates escape twice
        return [text] if text else []
    if isinstance(value, dict):
        return names_of(value.get("name") or value.get("@value"))
    if isinstance(value, list):
        return [name for one in value[:50] if not isinstance(one, list) for name in names_of(one)]
    return []


def told_text(thing: Thing) -> str:
    """The whole text of the article that `thing` describes (`articleBody`), a line a paragraph; empty where there is
    none, as is usual, or where `thing` is no article."""
    value = thing.get("articleBody")
    if not isinstance(value, str) or not is_article_thing(thing):
        return ""
    text = html.unescape(value)[:_MAX_CHARS]
    if _TAG.search(text):
        text = "\n".join(line.text for line in lines_of(fragment_fromstring(text, create_parent="div")))
    return "\n".join(line for part in text.splitlines() if (line := tidy(part)))


def people_of(value: Any) -> list[str]:
    """The names in an `author` field that are not organisations'."""
    values = value if isinstance(value, list) else [value]
    return [
        name
        for one in values[:50]
        if not (isinstance(one, dict) and types_of(one) & _ORGANISATIONS)
        for name in (names_of(one) if not isinstance(one, list) else [])
    ]


def _loaded(text: str) -> Any:
    text = (
        text[:_MAX_CHARS]
        .strip()
        .removeprefix("<!--")
        .removesuffix("-->")
        .strip()
        .removeprefix("//<![CDATA[")
        .removesuffix("//]]>")
    )
    for attempt in (text, _repaired(text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _repaired(text: str) -> str:
    """`text` with the usual mistakes mended: raw line breaks, commas before a bracket, a stray semicolon."""
    return _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text)).strip().rstrip(";")


def _walk(value: Any) -> Iterator[Thing]:
    """The objects of a block that may be the article: at its top, in lists, in `@graph` and `mainEntity`. Iterative."""
    waiting = [value]
    seen = 0
    while waiting and seen < _MAX_OBJECTS:
        current = waiting.pop(0)
        seen += 1
        if isinstance(current, list):
            waiting.extend(current[:_MAX_OBJECTS])
        elif isinstance(current, dict):
            yield current
            waiting.extend(
                current[key]
                for key in ("@graph", "mainEntity", "mainEntityOfPage")
                if isinstance(current.get(key), dict | list)
            )
