"""Told text: the text of an article that a page tells only machines, for scripts to show or behind a wall."""

import html
import re

from lxml.html import fragment_fromstring

from cleaning.lines import lines_of
from cleaning.structured import Thing, is_article_thing
from cleaning.text import tidy

_TAG = re.compile(r"</?(?:p|br|div|a|b|i|strong|em|span|h[1-6]|ul|li)\b[^<>]*>", re.IGNORECASE)
_MAX_CHARS = 500_000


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
