"""Kinds: trafilatura's searches for parts of a page, asked once for each kind of element.

Most of its XPaths look at an element's own tag and attributes and at nothing else, by several regular expressions of a
hundred words, and a page has few kinds of elements: those of one tag with the same id, classes and style. Most kinds
hold none of the words. To ask for each element took a tenth of the time that a page takes.
"""

import re
from collections.abc import Callable, Iterable
from itertools import chain, compress

from lxml.etree import Element, SubElement, XPath, _Element
from lxml.html import HtmlElement

Search = Callable[[HtmlElement], list[HtmlElement]]

_LITERAL = re.compile(r"'[^']*'")
_TAGS = re.compile(r"\s*\.//\*\[((?:\s*self::\w+(?:\s+or)?)+)\s*\](?=\[)|\s*\.//\*(?=\[)")
# One thing that such an XPath asks of an attribute.
_TEST = re.compile(
    r"""re:test\([@\w|-]+,\s*(?P<pattern>'[^']*')\)
    | (?:contains|starts-with)\((?:translate\(@[\w-]+,\s*'\w+',\s*'\w+'\)|[@\w|-]+),\s*(?P<part>'[^']*')\)
    | @[\w-]+\s*=\s*(?P<whole>'[^']*')
    | @(?P<name>[\w-]+)""",
    re.VERBOSE,
)
_TESTS = re.compile(r"\[(?:[\s()]|\bor\b|TEST)+\]")
_REST = re.compile(r"(?:\[(?:[\s()]|\bor\b|\bnot\b|self::\w+|TEST)+\])?(?P<first>\[1\])?\s*")
_MOST = 10_000
_LONGEST = 1_000

_Kind = tuple[str, tuple[tuple[str, str], ...]]


def by_kind(searches: Iterable[XPath]) -> list[Search]:
    """The same searches, those that can be so asked for each kind of element once."""
    return [KindSearch.of(one) or one for one in searches]


class KindSearch:
    """Finds what `xpath` finds under an element, in the same order: among the elements of some `tags`, whose
    `attributes` hold a word that `gate` knows; only the `first` of those with one parent.

    It remembers kinds of elements from page to page, and whether the XPath takes them, which never changes.
    """

    def __init__(
        self, xpath: XPath, tags: Iterable[str], attributes: Iterable[str], gate: re.Pattern[str], *, first: bool
    ) -> None:
        self._xpath = xpath
        self._tags = tuple(tags)
        self._attributes = frozenset(attributes)
        self._gate = gate
        self._first = first
        self._known: dict[_Kind, bool] = {}

    @classmethod
    def of(cls, xpath: XPath) -> "KindSearch | None":
        """The search for what `xpath` finds; None where that may look at more than tags and attributes."""
        path = xpath.path
        tags = _TAGS.match(path)
        if tags is None:
            return None
        bare = _TEST.sub("TEST", path[tags.end() :])
        tests = _TESTS.match(bare)
        rest = _REST.fullmatch(bare, tests.end()) if tests else None
        if rest is None or ("translate(" in path and "(?!" in path):
            return None
        words = [
            test["pattern"][1:-1]
            if test["pattern"]
            else re.escape((test["part"] or test["whole"] or test["name"]).strip("'"))
            for test in _TEST.finditer(path)
        ]
        ignoring = re.IGNORECASE if "translate(" in path else 0
        return cls(
            xpath,
            re.findall(r"self::(\w+)", tags.group()) or ["*"],
            re.findall(r"@([\w-]+)", _LITERAL.sub("", path)),
            re.compile("|".join(words), re.MULTILINE | ignoring),
            first=rest["first"] is not None,
        )

    def __call__(self, tree: HtmlElement) -> list[HtmlElement]:
        """The elements under `tree` that the XPath takes, in the page's order."""
        known, watched = self._known, self._attributes
        elements = list(tree.iterdescendants(*self._tags))
        kinds: list[_Kind] = [
            (one.tag, tuple([pair for pair in items if pair[0] in watched]) if (items := one.items()) else ())
            for one in elements
        ]
        taken = list(map(known.get, kinds))  # once: each look-up hashes a kind anew
        if None in taken:
            unseen = {kind for kind, verdict in zip(kinds, taken, strict=True) if verdict is None}
            try:
                asked = self._ask([kind for kind in unseen if self._gate.search("\n".join(chain(*kind[1])))])
            except ValueError:  # an attribute holds what only a parser can put there
                return list(self._xpath(tree))
            if len(known) > _MOST:
                known.clear()
            known.update((kind, kind in asked) for kind in unseen if sum(map(len, chain(*kind[1]))) < _LONGEST)
            taken = [kind in asked if verdict is None else verdict for kind, verdict in zip(kinds, taken, strict=True)]
        found = list(compress(elements, taken))
        if self._first:
            parents: dict[HtmlElement | None, HtmlElement] = {}
            for one in found:
                parents.setdefault(one.getparent(), one)
            found = list(parents.values())
        return found

    def _ask(self, kinds: Iterable[_Kind]) -> set[_Kind]:
        """Those of `kinds` that the XPath takes: it is held against an element of each, made for that."""
        if not kinds:
            return set()
        root = Element("kinds")
        made: dict[_Element, _Kind] = {}
        for kind in kinds:
            made[SubElement(SubElement(root, "kind"), kind[0], dict(kind[1]))] = kind
        return {made[one] for one in self._xpath(root)}
