"""Selectors: the rules of kind `element`, held against all elements of a page at once.

A traversal for each of their half hundred selectors would cost more than all other rules together. So few elements are
looked at closely: those of rare tags or with a rare attribute, and links whose address holds a word of a rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from cssselect import GenericTranslator, parse
from lxml.etree import XPath
from lxml.html import HtmlElement

from cleaning.errors import RuleError
from cleaning.page import Page
from cleaning.rules import RULES

_TAG = re.compile(r"[a-z][\w-]*")
_HREF = re.compile(r"""\[href([*^$]?)=["']([^"']+)["']\]""")
_ATTRIBUTE = re.compile(r"\[([a-z-]+)")
_COMMON = frozenset({"class", "id", "href", "src", "rel"})


@dataclass(frozen=True, slots=True)
class _Sieve:
    """What lets an element through to the `tests`, which tell its rule; `any` tells whether one of them does."""

    tags: tuple[str, ...]
    attributes: frozenset[str]
    address_words: re.Pattern[str]
    address_ends: tuple[str, ...]
    any: XPath
    tests: tuple[tuple[str, XPath], ...]

    def lets_through(self, href: str, own: str) -> bool:
        """Whether a link's address may be one that a rule selects. `own` is where the site's addresses begin."""
        if href.endswith(self.address_ends):
            return True
        return ":" in href and not href.startswith(own) and self.address_words.search(href) is not None


def find_elements(page: Page) -> Iterator[tuple[HtmlElement, str]]:
    """The elements around the text, and links anywhere, that a rule selects; each with the name of the first such."""
    own = "/".join(page.url.split("/", 3)[:3]) + "/"
    sieve = _sieve()
    rare = sieve.attributes
    near = page.surroundings
    candidates = dict.fromkeys(one for one in near.iterdescendants("*") if not rare.isdisjoint(one.keys()))
    candidates |= dict.fromkeys(near.iter(*sieve.tags))
    candidates |= dict.fromkeys(link for link, href in page.addresses.items() if sieve.lets_through(href, own))
    for element in candidates:
        if sieve.any(element) and (name := next((name for name, test in sieve.tests if test(element)), None)):
            yield element, name


@cache
def _sieve() -> _Sieve:
    tags: dict[str, None] = {}
    attributes: dict[str, None] = {}
    address_words: list[str] = []
    address_ends: list[str] = []
    tests: list[tuple[str, XPath]] = []
    every: list[str] = []
    for rule in RULES:
        if rule.takes != "element":
            continue
        steps: list[str] = []
        for selector in parse(rule.selector):
            step = GenericTranslator().xpath(selector.parsed_tree)
            if step.path:
                raise RuleError("expected selectors of one element each", rule.file, rule.name, "selector")
            steps.append(f"self::{step.element}[{step.condition or 'true()'}]")
            text = selector.canonical()
            tag, named = _TAG.match(text), set(_ATTRIBUTE.findall(text)) - _COMMON
            if found := _HREF.search(text):
                (address_ends if found[1] == "$" else address_words).append(found[2])
            elif named:
                attributes |= dict.fromkeys(sorted(named))
            elif tag:
                tags[tag.group()] = None
            else:
                message = f"{text}: expected a tag, or an attribute that few elements have"
                raise RuleError(message, rule.file, rule.name, "selector")
        every += steps
        tests.append((rule.name, XPath(f"boolean({' | '.join(steps)})")))
    return _Sieve(
        tuple(tags),
        frozenset(attributes),
        re.compile("|".join(map(re.escape, address_words)) or r"(?!)"),
        tuple(address_ends),
        XPath(f"boolean({' or '.join(every) or 'false()'})"),
        tuple(tests),
    )
