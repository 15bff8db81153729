"""Reasons: why what was left out is not the article. They take nothing: they name what trafilatura left out."""

from collections.abc import Iterator, Set
from functools import lru_cache
from itertools import groupby

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.rules import marks, phrase_for, rule_for
from cleaning.text import words

UNCLASSIFIED = "unclassified"
_TEASER_CHARS = 25
_MENU_CHARS = 40

Reason = tuple[str, HtmlElement]


def say_why(ledger: Ledger, title: str) -> None:
    """Record the lines that are neither kept nor taken, neighbours with one reason together."""
    wanted = words(title)
    says = Sayings(ledger.body)
    left_out = [line for line in ledger.lines if not line.kept and not line.gone]
    homes: set[HtmlElement] = set()
    for line in ledger.lines:
        home: HtmlElement | None = line.block if line.kept else None
        while home is not None and home not in homes:
            homes.add(home)
            home = home.getparent()
    reasons = [_reason(line, wanted, says, homes) for line in left_out]
    for (rule, element), group in groupby(zip(left_out, reasons, strict=True), key=lambda one: one[1]):
        ledger.leave_out([line for line, _ in group], rule, element)


def _reason(line: Line, title: str, says: "Sayings", homes: Set[HtmlElement]) -> Reason:
    """Why the line is not the article. `homes` hold some of it: what they say of themselves is no reason."""
    if title and len(line.text.casefold()) >= len(title) and words(line.text) == title:
        return "headline", line.block
    if rule := phrase_for(line.text) if line.linked else rule_for("line", line.text) or rule_for("heading", line.text):
        return rule, line.block
    if (found := says.of(line.block)) and found[1] not in homes:
        return found
    if line.linked:
        rule = "teaser" if len(line.text) >= _TEASER_CHARS else "link"
        return rule, _home(line.block)
    return UNCLASSIFIED, _home(line.block)


def _home(block: HtmlElement) -> HtmlElement:
    """The element whose lines stand together: a list rather than its items."""
    parent = block.getparent()
    return block if parent is None or parent.tag in ("body", "html") else parent


def _said_by(element: HtmlElement) -> str | None:
    identity, classes, role = element.get("id"), element.get("class"), element.get("role")
    return _said(element.tag, identity, classes, role)


@lru_cache(maxsize=16_384)
def _said(tag: str, identity: str | None, classes: str | None, role: str | None) -> str | None:
    """The rule that an element of this tag, id, classes and role says; pages repeat few of them many times."""
    taken = rule_for("mark", f"{identity or ''} {classes or ''}") if identity or classes else None
    return taken or rule_for("reason", marks(tag, identity, classes, role))


class Sayings:
    """What elements say they are, by rules of kind `reason`: themselves, or the nearest around them that says so."""

    def __init__(self, body: HtmlElement) -> None:
        self._known: dict[HtmlElement, Reason | None] = {body: None}

    def all_of(self, element: HtmlElement) -> Iterator[Reason]:
        """The rules and elements that say something of `element`, innermost first."""
        current: HtmlElement | None = element
        while current is not None and (found := self.of(current)):
            yield found
            current = found[1].getparent()

    def of(self, element: HtmlElement) -> Reason | None:
        """The rule and the element that says it; None where none does."""
        waiting: list[HtmlElement] = []
        while element not in self._known:
            waiting.append(element)
            if rule := _said_by(element):
                self._known[element] = (rule, element)
                break
            parent = element.getparent()
            if parent is None:
                self._known[element] = None
                break
            element = parent
        found = self._known[element]
        for one in waiting:
            self._known[one] = found
        return found
