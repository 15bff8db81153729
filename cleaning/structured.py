"""Structured data: what a page's JSON-LD says about its article."""

import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

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
_NEWS_TYPES = frozenset(one for one in _ARTICLE_TYPES if one.endswith("newsarticle"))
_WEAK_TYPES = frozenset({"webpage"})
_ORGANISATIONS = frozenset(
    {"organization", "newsmediaorganization", "corporation", "website", "governmentorganization", "brand", "project"}
)
_CONTROL = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_PLAIN_TYPE = re.compile(r'"@type"\s*:\s*"([A-Za-z]+)"')
_PLAIN_FIELD = re.compile(
    # No headline: where quotation marks stand as they are, nobody can tell where a text ends.
    r'"(datePublished|dateModified|dateCreated|articleSection)"\s*:\s*"([^"\\]{1,80})"'
)
_PLAIN_AUTHORS = re.compile(r'"author"\s*:\s*(?:\[[^\[\]]{0,3000}\]|\{[^{}]{0,1000}\})')
_PLAIN_NAME = re.compile(r'"name"\s*:\s*"([^"\\]{1,100})"')
_SALVAGED_CHARS = 50_000
_MAX_CHARS = 2_000_000
_MAX_OBJECTS = 500

Thing = dict[str, Any]


def things_of(blocks: Iterable[str]) -> list[Thing]:
    """The objects of JSON-LD blocks, those within `@graph` and lists included; broken blocks are skipped."""
    found: list[Thing] = []
    for block in blocks:
        for thing in _walk(_loaded(block)):
            found.append(thing)
            if len(found) >= _MAX_OBJECTS:
                return found
    return found


def article_thing(things: list[Thing]) -> Thing:
    """The object that describes the article: the first of an article's type that has a headline, else the first of such
    a type, else a web page's, else {}."""
    articles = [thing for thing in things if types_of(thing) & _ARTICLE_TYPES]
    headed = [thing for thing in articles if thing.get("headline")]
    pages = [thing for thing in things if types_of(thing) & _WEAK_TYPES]
    return next(iter(headed or articles or pages), {})


def is_article_thing(thing: Thing) -> bool:
    """Whether `thing` is of an article's type, not merely a web page."""
    return bool(types_of(thing) & _ARTICLE_TYPES)


def is_news_thing(thing: Thing) -> bool:
    """Whether `thing` is of a type that newsrooms use: `NewsArticle` and what is below it."""
    return bool(types_of(thing) & _NEWS_TYPES)


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
    found: list[str] = []
    for one in value[:50] if isinstance(value, list) else [value]:
        named = (one.get("name") or one.get("@value")) if isinstance(one, dict) else one
        for said in named[:50] if isinstance(named, list) else [named]:
            text = said.get("@value") if isinstance(said, dict) else said
            if isinstance(text, str) and (plain := tidy(html.unescape(html.unescape(text)))):  # some escape twice
                found.append(plain)
    return found


@dataclass(frozen=True, slots=True)
class Lookup:
    """The objects of a page by their `@id`, for values that only refer to one."""

    by_id: dict[str, Thing]

    def named(self, value: Any) -> list[tuple[str, bool]]:
        """The names in a field for persons or organisations, each with whether it is an organisation's. References are
        followed, and given and family name joined."""
        found: list[tuple[str, bool]] = []
        for one in (value if isinstance(value, list) else [value])[:50]:
            if not isinstance(one, dict):
                found += [(name, False) for name in names_of(one)] if isinstance(one, str) else []
                continue
            referred = one if one.get("name") else self._referred(one)
            names = names_of(referred.get("name") or referred.get("@value")) or _parts_of_name(referred)
            found += [(name, bool(types_of(referred) & _ORGANISATIONS)) for name in names]
        return found

    def is_person(self, value: Any) -> bool:
        """Whether `value` is, or refers to, what is said to be a person."""
        return isinstance(value, dict) and "person" in types_of(self._referred(value)) | types_of(value)

    def _referred(self, thing: Thing) -> Thing:
        target = thing.get("@id")
        return self.by_id.get(target, thing) if isinstance(target, str) else thing


def lookup(things: Iterable[Thing]) -> Lookup:
    """The index of `things` by their `@id`; of several with one, the first that has a name."""
    found: dict[str, Thing] = {}
    for thing in things:
        target = thing.get("@id")
        if isinstance(target, str) and (target not in found or not found[target].get("name")):
            found[target] = thing
    return Lookup(found)


def _parts_of_name(thing: Thing) -> list[str]:
    parts = [name for key in ("givenName", "additionalName", "familyName") for name in names_of(thing.get(key))[:1]]
    return [" ".join(parts)] if len(parts) >= 2 else []


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
    return _salvaged(text)


def _salvaged(text: str) -> Thing | None:
    """What the beginning of a block says plainly, where the block as a whole cannot be read: it was cut, or a template
    left a quotation mark in a text as it was. None where it is no article's."""
    start = text[:_SALVAGED_CHARS]
    kinds = [found[1] for found in _PLAIN_TYPE.finditer(start)]
    kind = next((kind for kind in kinds if kind.lower() in _ARTICLE_TYPES), None)
    if kind is None:
        return None
    thing: Thing = {"@type": kind}
    for found in _PLAIN_FIELD.finditer(start):
        if found[1] not in thing:
            thing[found[1]] = found[2]
    authors = _PLAIN_AUTHORS.search(start)
    if authors is not None:
        thing["author"] = [{"name": found[1]} for found in _PLAIN_NAME.finditer(authors[0])]
    return thing if len(thing) > 1 else None


def _repaired(text: str) -> str:
    """`text` with the usual mistakes mended: raw line breaks, commas before a bracket, a stray semicolon."""
    return _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text)).strip().rstrip(";")


def _walk(value: Any) -> Iterator[Thing]:
    """The objects of a block that may be the article: at its top, in lists, in `@graph` and `mainEntity`. Iterative."""
    waiting = deque([value])
    seen = 0
    while waiting and seen < _MAX_OBJECTS:
        current = waiting.popleft()
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
