"""The index in a folder, asked: tantivy's files, memory-mapped, through the fields of `browse.index.schema`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tantivy

from browse.errors import SearchFailed
from browse.index.alike import nearest
from browse.index.ledger import Row
from browse.index.paging import advise
from browse.index.querying import Questions, has_words, wanted
from browse.index.schema import PAIRED, Kept
from browse.index.seam import FACETS, MOST_HITS, Alike, Count, Found, Hit, Marked, Order
from browse.index.snippets import Marker
from browse.index.timeline import timeline_of
from browse.index.writer import open_folder
from browse.query import InvalidQuery, Is, Query
from browse.words import fold, spell

MOST_VALUES = 1_000_000
"""So many different values of a field are counted in every segment, so that no count is an estimate."""

_LEAST_OF_VALUES = 1000
"""So many are asked for, that of equally frequent ones those are shown that come first by name."""

_MOST_DAYS = 50_000
"""So many days a timeline has at most, which are 137 years without a gap."""

_COMPARED = frozenset({*FACETS, "tag"} - {"month"})
_MOST_COMPARED = 5_000
"""With so many values of a field, the most frequent, is one compared that no article has."""

_COUNTED = "newest"
"""A field that every document has once."""

_ORDERED = {Order.NEWEST: "newest", Order.OLDEST: "oldest"}
_PLAIN = Marker(Query(""))


class FolderIndex:
    """A `browse.index.seam.SearchIndex` over the files in `folder`; any number of threads may ask it.

    `reload` goes over to what the folder holds by then; questions that are being answered keep the files they began
    with, even where these have been deleted. `as_of` is handed out with every answer. Raises `NoIndex` where the
    folder has none, `SearchFailed` where its index cannot be read.
    """

    def __init__(self, folder: Path, as_of: datetime | None = None) -> None:
        self.folder = folder
        self._index = open_folder(folder)
        self._schema = self._index.schema
        advise(folder)
        self._state = self._index.searcher(), as_of

    def reload(self, as_of: datetime | None = None) -> None:
        """Goes over to the last commit that the folder holds."""
        with _told(self.folder):
            self._index.reload()
            advise(self.folder)
            self._state = self._index.searcher(), as_of

    @property
    def articles(self) -> int:
        """How many articles are in the index, spam pages included."""
        return self._state[0].num_docs

    @property
    def as_of(self) -> datetime | None:
        """When the newest run that is indexed was put into the index."""
        return self._state[1]

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
        """The hits from `offset` on, at most `limit`; a query without words is in the order of dates, newest first.

        Raises `InvalidQuery` where the page lies beyond `MOST_HITS`, or a facet is none.
        """
        if offset < 0 or limit < 0 or offset + limit > MOST_HITS:
            raise InvalidQuery(
                "only the first %(most)s hits can be shown: narrow the query, or export it", most=MOST_HITS
            )
        if unknown := set(facets) - set(FACETS):
            raise InvalidQuery(
                "no facets by %(fields)s: there are %(known)s",
                fields=", ".join(sorted(unknown)),
                known=", ".join(FACETS),
            )
        searcher, as_of = self._state
        with _told(self.folder):
            questions = Questions(self._schema, searcher)
            found = self._best(searcher, questions, query, order, offset, limit) if limit else None
            total = found.count if found else None  # type: ignore[attr-defined]
            counted = _counted(facets, facet_limit, timeline, total is None)
            counts = searcher.aggregate(questions.matching(query), counted) if counted else {}
            days = {date.fromordinal(int(one["key"])): one["doc_count"] for one in _buckets(counts, "days")}
            by_day, unit = timeline_of(days)
            return Found(
                hits=_hits(searcher, query, order, found) if found else [],
                total=int(counts["total"]["value"] if total is None else total),
                facets={name: _most(counts, name, facet_limit) for name in facets},
                timeline=by_day,
                timeline_unit=unit,
                as_of=as_of,
            )

    def _best(
        self, searcher: tantivy.Searcher, questions: Questions, query: Query, order: Order, offset: int, limit: int
    ) -> tantivy.SearchResult:
        """The first hits; those in the order of dates counted, too: they are all looked at."""
        if _is_scored(query, order):
            return searcher.search(questions.ranking(query), limit=limit, offset=offset, count=False)
        by = _ORDERED.get(order, "newest")
        return searcher.search(questions.matching(query), limit=limit, offset=offset, count=True, order_by_field=by)

    def get(self, ids: Sequence[str]) -> list[Hit]:
        """The articles of these ids, in that order; those that are not in the index are left out."""
        found = {hit.id: hit for hit in self._with("id", ids, len(ids))}
        return [found[one] for one in ids if one in found]

    def begins_with(self, beginning: str, limit: int = 10) -> list[str]:
        """Ids that begin so, in order."""
        searcher, _ = self._state
        with _told(self.folder):
            everything = tantivy.Query.all_query()
            return [one for one, _ in searcher.terms_with_prefix("id", beginning.lower(), everything, limit)]

    def related(self, article_id: str, limit: int = 50) -> list[Hit]:
        """The articles that name this one as their edition in another language, or as their source."""
        return sorted(self._with("refers_to", [article_id], limit), key=lambda hit: (hit.language or "", hit.id))

    def runs_of(self, article_id: str) -> list[tuple[str, str]]:
        """The runs that hold rows of the article: source and run, by run."""
        return [run for kept in self._kept("id", [article_id], 1) for run in kept.runs]

    def ids(self, query: Query, limit: int) -> list[str]:
        """The ids of all hits, at most `limit`, the newest first."""
        if limit < 1:
            return []
        searcher, _ = self._state
        with _told(self.folder):
            asked = Questions(self._schema, searcher).matching(query)
            found = searcher.search(
                asked, limit=min(limit, max(1, searcher.num_docs)), count=False, order_by_field="newest"
            ).hits
            return [f"{number:016x}" for number in searcher.fast_field_values("number", [place for _, place in found])]

    def changed(self, limit: int = 20) -> list[Hit]:
        """The articles whose text changed last, the newest change first."""
        searcher, _ = self._state
        if limit < 1:
            return []
        with _told(self.folder):
            asked = Questions(self._schema, searcher).matching(Query("", (Is("is", "changed"),)))
            found = searcher.search(asked, limit=limit, count=False, order_by_field="changed").hits
            return [_hit(Kept(searcher.doc(place)), _PLAIN, None) for _, place in found]

    def rows_in(self, field: str, values: Sequence[str]) -> list[Row]:
        """All rows of the articles that have one of these values in a field: of ids, or of tables of runs, as
        `browse.index.schema.table_name` gives them."""
        searcher, _ = self._state
        with _told(self.folder):
            asked = tantivy.Query.term_set_query(self._schema, field, list(values))
            most = sum(searcher.doc_freq(field, value) for value in values)  # deleted ones are counted, too
            found = searcher.search(asked, limit=most, count=False).hits if most else []
            return [row for _, place in found for row in Kept(searcher.doc(place)).rows]

    def suggest(self, beginning: str, limit: int = 8) -> list[str]:
        """Words of titles, and pairs of words, that begin so; with or without diacritics, the most frequent first.
        Diacritics that were typed must be there."""
        typed = spell(beginning)
        if not typed or limit < 1:
            return []
        spelt, folded = " ".join(typed), " ".join(map(fold, typed))
        searcher, _ = self._state
        with _told(self.folder):
            found = searcher.terms_with_prefix("typed", folded)
        told = ((count, one.partition(PAIRED)[2]) for one, count in found)
        fits = [(-count, one) for count, one in told if spelt == folded or one.startswith(spelt)]
        return [one for _, one in sorted(fits)[:limit]]

    def alike(self, query: Query, limit: int = 5) -> list[Alike]:
        """The values that the query asks for and no article has, each with those of its field that are spelt most like
        it, or with all of them, where they are no more than `limit`. What has nothing like it is left out."""
        searcher, _ = self._state

        def is_had(one: Is) -> bool:
            asked = Questions(self._schema, searcher).matching(Query("", (one,)))
            return bool(searcher.search(asked, limit=1, count=False).hits)

        found = []
        with _told(self.folder):
            for one in wanted(query.clauses):
                if isinstance(one, Is) and one.field in _COMPARED and not is_had(one):
                    values = [value for value, _ in searcher.terms_with_prefix(one.field, "", limit=_MOST_COMPARED)]
                    near = nearest(one.value, values, limit) or (sorted(values) if len(values) <= limit else [])
                    found.append(Alike(one.field, one.value, [value for value in near if is_had(Is(one.field, value))]))
        return [one for one in found if one.values]

    def _with(self, field: str, values: Sequence[str], limit: int) -> list[Hit]:
        return [_hit(kept, _PLAIN, None) for kept in self._kept(field, values, limit)]

    def _kept(self, field: str, values: Sequence[str], limit: int) -> list[Kept]:
        """What is kept of the documents that have one of these values."""
        if not values or limit < 1:
            return []
        searcher, _ = self._state
        with _told(self.folder):
            asked = tantivy.Query.term_set_query(self._schema, field, list(values))
            found = searcher.search(asked, limit=limit, count=False, order_by_field="newest").hits
            return [Kept(searcher.doc(place)) for _, place in found]


def _is_scored(query: Query, order: Order) -> bool:
    return order is Order.RELEVANCE and has_words(query)


def _hits(searcher: tantivy.Searcher, query: Query, order: Order, found: tantivy.SearchResult) -> list[Hit]:
    marker, scored = Marker(query), _is_scored(query, order)
    return [_hit(Kept(searcher.doc(place)), marker, score if scored else None) for score, place in found.hits]


def _hit(kept: Kept, marker: Marker, score: float | None) -> Hit:
    title: Marked = marker.title(kept.title)
    return kept.hit(title, marker.snippet(kept.text), score)


def _counted(facets: Sequence[str], facet_limit: int, timeline: bool, total: bool) -> dict[str, Any]:
    """What is counted of hits: how many there are, by values, by days. A segment hands out all values it has, since
    those that are few in one may be many in all."""
    asked: dict[str, Any] = {"total": {"value_count": {"field": _COUNTED}}} if total else {}
    size = max(facet_limit, _LEAST_OF_VALUES)
    for name in facets:
        asked[name] = {"terms": {"field": name, "size": size, "segment_size": MOST_VALUES}}
    if timeline:
        asked["days"] = {"terms": {"field": "day", "size": _MOST_DAYS, "segment_size": MOST_VALUES}}
    return asked


def _buckets(counts: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return list(counts[name]["buckets"]) if name in counts else []


def _most(counts: dict[str, Any], name: str, limit: int) -> list[Count]:
    """The most frequent values; of equally frequent ones those that come first by name."""
    found = sorted((-one["doc_count"], one["key"]) for one in _buckets(counts, name))
    return [Count(value, -count) for count, value in found[:limit]]


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What tantivy raises as `SearchFailed`. It has no errors of its own."""
    try:
        yield
    except (ValueError, OSError) as err:
        raise SearchFailed(f"{folder}: {err}: if it stays so, build the index anew: bantin index --rebuild") from err
