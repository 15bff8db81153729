"""Removals by kind: what a rule's name says of why a block is not the article's text.

The cleaner's own list is in cleaning/fates.py; reading the archive needs no cleaner. A test holds the two together.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from model.article import Removal

Kind = Literal["metadata", "furniture", "place", "spam", "unclassified"]

KINDS: tuple[Kind, ...] = ("metadata", "furniture", "place", "spam", "unclassified")

_SPAM = frozenset({"hidden-link", "off-screen-link", "concealed-link", "bare-ip-link", "gambling-link"})
_METADATA = frozenset({
    "headline", "byline", "dateline", "signature", "source-stub", "caption", "alt-text", "outlet", "breadcrumb",
    "body-end", "ornament", "repeated",
})  # fmt: skip
_PLACES = frozenset({
    "contents", "events", "footer", "form", "header", "hidden", "link", "navigation", "popup", "share", "sidebar",
    "teaser",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """How many blocks a rule took."""

    rule: str
    kind: Kind
    count: int


def kind_of(rule: str) -> Kind:
    """The kind of a removal by `rule`: `metadata` stands in a field of the article or says it again, `furniture` was
    named by a rule or by the source, `place` was left out and the page itself says what it is."""
    if rule == "unclassified":
        return "unclassified"
    if rule in _SPAM:
        return "spam"
    if rule in _METADATA:
        return "metadata"
    return "place" if rule in _PLACES else "furniture"


def taken_by(removed: Sequence[Removal]) -> list[Taken]:
    """The rules that took something, by kind, those that took most first."""
    counts = Counter(one.rule for one in removed)
    taken = [Taken(rule, kind_of(rule), count) for rule, count in counts.items()]
    return sorted(taken, key=lambda one: (KINDS.index(one.kind), -one.count, one.rule))
