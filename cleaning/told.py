"""Told text: the text of an article that a page tells only machines, for scripts to show or behind a wall."""

import html
import json
import re
from collections.abc import Iterator

from lxml.etree import ParserError
from lxml.html import HtmlElement, fragment_fromstring

from cleaning.head import Head
from cleaning.lines import PROSE_CHARS, lines_of
from cleaning.structured import is_article_thing
from cleaning.text import tidy

_TAG = re.compile(r"</?(?:p|br|div|a|b|i|strong|em|span|h[1-6]|ul|li)\b[^<>]*>", re.IGNORECASE)
_MAX_CHARS = 500_000
_LITERAL = re.compile(r'(?<!\\)"((?:[^"\\]|\\.){400,}+)"')  # an escaped quote opens none: linear
_CODE = re.compile(r"[{};]\s*$|=>|function\s*\(|\":")
_NESTED = 3  # a framework's stream holds JSON in a string, and markup in a string of that


def told_text(head: Head) -> str:
    """The whole text of the article as the page's JSON-LD tells it (`articleBody`), a line a paragraph; empty where it
    does not, as is usual."""
    value = head.article.get("articleBody")
    return _plain(value) if isinstance(value, str) and is_article_thing(head.article) else ""


def state_text(head: Head, tree: HtmlElement) -> str:
    """The text of the article where the page holds it for its scripts to show, as single-page applications do: of all
    strings in them the one with most sentences. Empty where the page does not call itself an article.

    For pages that show no sentences themselves.
    """
    if not is_article_thing(head.article) and head.first("og:type") != "article":
        return ""
    told: list[str] = []
    for script in tree.iter("script"):
        if script.get("src") is None and "ld+json" not in (script.get("type") or ""):
            told += [_plain(text) for text in _strings((script.text or "")[: 4 * _MAX_CHARS], _NESTED)]
    return max(told, key=_sentence_chars, default="")


def _strings(code: str, depth: int) -> Iterator[str]:
    """The long strings in `code` that hold no others."""
    for found in _LITERAL.finditer(code):
        try:
            text = json.loads(f'"{found[1]}"', strict=False)
        except ValueError:
            continue
        inner = list(_strings(text, depth - 1)) if depth else []
        yield from inner or [text]


def _sentence_chars(text: str) -> int:
    return sum(len(line) for line in text.split("\n") if len(line) >= PROSE_CHARS and not _CODE.search(line))


def _plain(value: str) -> str:
    """The text in a value that may hold markup, escaped or not: a line a paragraph."""
    text = html.unescape(value)[:_MAX_CHARS]
    if _TAG.search(text):
        try:
            text = "\n".join(line.text for line in lines_of(fragment_fromstring(text, create_parent="div")))
        except (ParserError, ValueError):
            return ""
    return "\n".join(line for part in text.splitlines() if (line := tidy(part)))
