"""Fates: what became of each text on a page, for people who want to see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Literal

from cleaning.ledger import Ledger
from cleaning.lines import BLANK
from cleaning.reasons import UNCLASSIFIED
from cleaning.rules import RULES
from cleaning.text import tidy

Kind = Literal["kept", "metadata", "furniture", "place", "spam", "unclassified"]

_SPAM = frozenset({"hidden-link", "off-screen-link", "concealed-link", "bare-ip-link", "gambling-link"})
_METADATA = frozenset({
    "headline", "byline", "dateline", "signature", "source-stub", "caption", "alt-text", "outlet", "breadcrumb",
    "body-end", "ornament", "repeated",
})  # fmt: skip
_LINKS = frozenset({"teaser", "link"})


@dataclass(frozen=True, slots=True)
class Fate:
    """A text and the rule that took it; `rule` is empty where it was kept."""

    text: str
    rule: str
    kind: Kind


def fates_of(ledger: Ledger) -> Iterator[Fate]:
    """What became of the page's lines, in order; a line that was taken in part is several."""
    for line in ledger.lines:
        for cut, rule in ledger.cuts.get(line.index, ()):
            yield Fate(cut, rule, kind_of(rule))
        for rule, pieces in groupby(line.pieces, key=lambda piece: piece.rule or ""):
            text = tidy("".join(piece.text for piece in pieces))
            text = line.text if not rule and line.index in ledger.cuts else text
            if text and rule != BLANK:
                yield Fate(text, rule, kind_of(rule))


def kind_of(rule: str) -> Kind:
    """The kind of a removal by `rule`: `metadata` stands in a field of the article or says it again, `furniture` was
    named by a rule or by the source, `place` is what trafilatura left out and the page itself says what it is."""
    if not rule:
        return "kept"
    if rule == UNCLASSIFIED:
        return "unclassified"
    if rule in _SPAM:
        return "spam"
    if rule in _METADATA:
        return "metadata"
    return "place" if rule in _places() or rule in _LINKS else "furniture"


@cache
def _places() -> frozenset[str]:
    taken = {rule.name for rule in RULES if rule.takes != "reason"}
    return frozenset(rule.name for rule in RULES if rule.takes == "reason" and rule.name not in taken)
