"""An archive as its readers hold it: the store, the index, the catalog of runs, each opened when it is needed; and what
programs ask of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from storage.store import ObjectStore, open_store

if TYPE_CHECKING:
    import pyarrow as pa

    from browse.articles import Articles, Hits
    from browse.catalog import Catalog, RunEntry, SourceEntry
    from browse.history.diff import Diff
    from browse.history.moments import Moment
    from browse.index.seam import Order
    from browse.index.shipped import ShippedIndex
    from browse.reading import History
    from model.article import Article
    from storage.rows import Table

Answer = TypeVar("Answer")

Time = str | date | datetime
"""A time as `bantin diff` takes it, or as Python has it; without a zone it is UTC. A day is all of that day."""

MOST_BYTES = 256_000_000
"""A larger page is not read."""


@dataclass(frozen=True, slots=True)
class RawPage:
    """An answer as the server sent it: the address that gave it, its header lines, its body, content-decoded."""

    url: str
    headers: list[tuple[str, str]]
    body: bytes


class Archive:
    """What `url` names. `cache` is a folder for what is fetched of the index (default: the user's cache folder).

    What is asked of the index raises `NoIndex` where there is none; everything raises `StorageError`.
    """

    def __init__(self, url: str, cache: Path | None = None) -> None:
        self.url = url
        self._cache = cache

    def __repr__(self) -> str:
        return f"Archive({self.url!r})"

    @cached_property
    def store(self) -> ObjectStore:
        """Where the bytes lie. Raises `StorageError`."""
        return open_store(self.url)

    @cached_property
    def index(self) -> "ShippedIndex":
        """The index. It follows what is built later. Raises `NoIndex`, `StorageError`."""
        from browse.index.shipped import open_index

        return open_index(self.store, self._cache)

    @property
    def catalog(self) -> "Catalog":
        """What is known of sources and runs, of the same moment as the index. Raises `NoIndex`, `StorageError`."""
        return self.index.catalog

    def opened_generation(self) -> str | None:
        """What names the present generation of the index: it changes when anything that pages say does. None where the
        index has not been opened yet. Quick, once it is open."""
        opened: ShippedIndex | None = self.__dict__.get("index")
        return None if opened is None else f"{opened.generation} {opened.as_of.isoformat()}"

    def articles(
        self,
        query: str = "",
        *,
        source: str | Sequence[str] = (),
        run: str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        language: str | Sequence[str] = (),
        columns: Sequence[str] | None = None,
        all_versions: bool = False,
        quarantined: bool = False,
    ) -> "Articles":
        """The newest row of every article, or of those that are selected; by source, run and address.

        `since` and `until` are days of publication, both included; `run` means the rows of that run; `all_versions`
        every row instead of the newest; `quarantined` also spam pages. A `query` (docs/browsing.md has the language)
        narrows them further, and alone needs an index. Raises `InvalidQuery`, `NoSuchColumn`.
        """
        from browse.articles import Articles, narrowed
        from browse.query import parse_query
        from storage.selection import Selection, choose, read_chosen

        selection = Selection(
            sources=_several(source),
            run=run,
            since=_day(since),
            until=_day(until),
            languages=_several(language),
            all_versions=all_versions,
            quarantined=quarantined,
        )
        wanted = parse_query(query) if query.strip() else None

        def read(names: Sequence[str]) -> "Iterator[pa.Table]":
            meant = narrowed(selection, wanted, self.index) if wanted else selection
            yield from read_chosen(self.store, choose(self.store, meant), names)

        return Articles(read, columns)

    def search(
        self,
        query: str,
        *,
        order: "Order | str" = "relevance",
        limit: int = 100,
        columns: Sequence[str] | None = None,
    ) -> "Hits":
        """The articles that fit the query, at most `limit` of them and never more than 10,000 (`articles` has no such
        bound): by relevance, `newest` or `oldest`. Raises `InvalidQuery`, `NoIndex`, `NoSuchColumn`."""
        from browse.articles import Hits
        from browse.index.seam import Order
        from browse.query import parse_query

        return Hits(self.store, self.index, parse_query(query), Order(order), limit, columns)

    def article(self, reference: str) -> "Article":
        """The article of an id, or the beginning of one, with or without a time: `id@2026-11-22T00:00:05Z`. Raises
        `NoSuchArticle`, `InvalidTime`."""
        from browse.history.citations import find, log_unread
        from browse.history.moments import parse_reference

        wanted, moment = parse_reference(reference)
        found = self._looked_up(wanted, lambda tables: find(self.store, wanted, moment, tables=tables))
        log_unread(found)
        return found.article

    def history(self, article_id: str) -> "History":
        """The texts that an article had, the oldest first, and when its page was away. Raises `NoSuchArticle`."""
        from browse.reading import find_history

        wanted = article_id.strip().lower()
        return self._looked_up(wanted, lambda tables: find_history(self.store, wanted, tables=tables))

    def diff(self, article_id: str, since: Time | None = None, until: Time | None = None) -> "Diff":
        """What changed in an article from one time to another, or until now; without times, between the two newest
        versions that differ. Raises `NoSuchArticle`, `InvalidTime`."""
        from browse.history.comparing import compare, newest_change
        from browse.history.moments import InvalidTime

        if since is None and until is not None:
            raise InvalidTime("until: expected with since: from when on is compared")
        wanted = article_id.strip().lower()
        times = [_moment(time) for time in (since, until) if time is not None]
        if since is None:
            return self._looked_up(wanted, lambda tables: newest_change(self.store, wanted, tables=tables))
        return self._looked_up(wanted, lambda tables: compare(self.store, wanted, times, tables=tables))

    def raw(self, article: "Article | str") -> RawPage:
        """The stored answer that an article, or what a reference names, was made of. Raises `NoSuchArticle`."""
        from storage.warc import read_answer

        row = self.article(article) if isinstance(article, str) else article
        return RawPage(*read_answer(self.store, row.warc_key, row.warc_offset, MOST_BYTES))

    def sources(self) -> "list[SourceEntry]":
        """All sources that have runs, by id."""
        return self.catalog.sources()

    def runs(self, source: str | None = None) -> "list[RunEntry]":
        """The runs of a source, or of all, the newest first."""
        return self.catalog.runs(source, limit=self.catalog.count(source))

    def _looked_up(self, wanted: str, ask: "Callable[[list[Table] | None], Answer]") -> "Answer":
        """What `ask` finds in the tables that the index names, where that is open already; else in all (None)."""
        from browse.located import looked_up

        return looked_up(self, wanted, ask) if "index" in self.__dict__ else ask(None)


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _day(given: date | str | None) -> date | None:
    return date.fromisoformat(given) if isinstance(given, str) else given


def _moment(given: Time) -> "Moment":
    from browse.history.moments import parse_moment

    return parse_moment(given if isinstance(given, str) else given.isoformat())
