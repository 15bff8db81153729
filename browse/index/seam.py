"""What every index of the archive can do, and what its answers are.

The one that comes with bantin lies in files that the object store ships (browse/index/engine.py). A search server can
stand in its place: whatever has the methods of `SearchIndex` serves the pages, the API and the command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from browse.query import Query

FACETS = ("source", "province", "locality", "language", "section", "author", "month")
"""The fields that hits are counted by. `month` is that of publication: `2026-11`."""

MOST_HITS = 10_000
"""No page of hits reaches further than so many: offset and limit together."""


class Order(StrEnum):
    """In which order hits come. By date: the newest day first, and of a day what was fetched last."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Marked:
    """A piece of an article's text, or its title, as it stands there, and what the query found in it.

    `start` is where `text` begins in the whole; `marks` are ranges (from, until) in the whole too, in order and apart.
    Offsets count code points.
    """

    text: str
    start: int
    marks: tuple[tuple[int, int], ...]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """`text` cut where marks begin and end: each piece, and whether it is marked."""
        found: list[tuple[str, bool]] = []
        at = self.start
        for begin, end in self.marks:
            found += [(self.text[at - self.start : begin - self.start], False)]
            found += [(self.text[begin - self.start : end - self.start], True)]
            at = end
        return [one for one in [*found, (self.text[at - self.start :], False)] if one[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article that was found: its newest row, and where that lies. `snippet` is None where there is nothing to
    show of the text; `versions` counts the texts that the article had; `spam` its injected links."""

    id: str
    source: str
    run: str
    url: str
    title: Marked
    snippet: Marked | None
    lead: str | None
    author: str | None
    section: str | None
    language: str | None
    locality: str | None
    province: str | None
    tags: tuple[str, ...]
    published_on: date | None
    published_at: datetime | None
    fetched_at: datetime
    image_url: str | None
    words: int
    versions: int
    removed: int
    spam: int
    quarantined: bool
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many hits have a value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer: some hits, how many there are in all, and what they are counted by.

    `facets` has the most frequent values of each field that was asked for; `timeline` how many hits were published a
    day (or a month, where they span more than `browse.index.timeline.MOST_DAYS`), without those of no day and without
    empty days, in order. `as_of` is when the newest run that is indexed was put into the index.
    """

    hits: list[Hit]
    total: int
    facets: dict[str, list[Count]] = field(default_factory=dict)
    timeline: list[tuple[date, int]] = field(default_factory=list)
    timeline_unit: str = "day"
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """A `value` of a field that a query asks for and no article has, and the `values` of that field spelt most like
    it; or all it has, where they are few."""

    field: str
    value: str
    values: list[str]


class SearchIndex(Protocol):
    """What the pages, the API and the command line ask. All may raise `browse.errors.SearchFailed`."""

    def search(
        self,
        query: Query,
        *,
        order: Order = Order.RELEVANCE,
        offset: int = 0,
        limit: int = 20,
        facets: Sequence[str] = (),
        facet_limit: int = 10,
        timeline: bool = False,
    ) -> Found:
        """The hits from `offset` on, at most `limit`; with `facets` (some of `FACETS`) and a timeline where asked."""

    def get(self, ids: Sequence[str]) -> list[Hit]:
        """The articles of these ids, in that order; those that are not in the index are left out."""

    def begins_with(self, beginning: str, limit: int = 10) -> list[str]:
        """Ids that begin so, in order."""

    def related(self, article_id: str, limit: int = 50) -> list[Hit]:
        """The articles that name this one as their edition in another language, or as their source."""

    def runs_of(self, article_id: str) -> list[tuple[str, str]]:
        """The runs that hold rows of the article: source and run, by run."""

    def ids(self, query: Query, limit: int) -> list[str]:
        """The ids of all hits, at most `limit`, the newest first: for exports."""

    def suggest(self, beginning: str, limit: int = 8) -> list[str]:
        """Words of the archive that begin so, with or without diacritics, the most frequent first."""

    def alike(self, query: Query, limit: int = 5) -> list[Alike]:
        """Why a query may have found nothing: values it asks for that no article has, where others are like them."""

    @property
    def articles(self) -> int:
        """How many articles are in the index, spam pages (`quarantined`) included."""
