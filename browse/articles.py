"""Articles of an archive as programs take them: one after the other, or as a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from browse.errors import MissingLibrary, NoSuchColumn
from browse.index.seam import MOST_HITS, Hit, Order, SearchIndex
from browse.query import Query
from model.article import Article
from storage import keys
from storage.selection import Selection, choose, read_chosen
from storage.store import ObjectStore
from storage.tables import as_records, schema_of

if TYPE_CHECKING:
    import pandas
    import polars

AT_A_TIME = 100
"""So many hits are asked for, and their rows read, at a time."""

MANY = 10_000
"""Of more articles than so many all tables are looked at, not those that the index names one by one."""

Read = Callable[[Sequence[str]], Iterator[pa.Table]]
"""Reads the named columns of rows, some at a time."""


class Articles:
    """Articles that are read when they are asked for, a batch at a time; each of the ways below begins anew.

    Iterated, they are records, each whole. `columns` are those of the tables and dicts. Reading raises `StorageError`.
    """

    def __init__(self, read: Read, columns: Sequence[str] | None = None) -> None:
        self._read = read
        known = schema_of(Article)
        if unknown := [name for name in columns or () if name not in known.names]:
            raise NoSuchColumn(f"{', '.join(unknown)}: no such column: expected some of {', '.join(known.names)}")
        self.columns = tuple(dict.fromkeys(columns)) if columns is not None else tuple(known.names)
        self.schema: pa.Schema = pa.schema([known.field(name) for name in self.columns])

    def __iter__(self) -> Iterator[Article]:
        for rows in self._read(schema_of(Article).names):
            yield from as_records(rows.to_pylist(maps_as_pydicts="strict"), Article)

    def batches(self) -> Iterator[pa.Table]:
        """Tables of some hundred rows: for what does not fit into memory."""
        return self._read(self.columns)

    def to_dicts(self) -> Iterator[dict[str, Any]]:
        """A dict a row, one after the other."""
        for rows in self.batches():
            yield from rows.to_pylist(maps_as_pydicts="strict")

    def to_arrow(self) -> pa.Table:
        """All rows as one table of PyArrow's."""
        return pa.concat_tables([self.schema.empty_table(), *self.batches()])

    def to_polars(self) -> "polars.DataFrame":
        """All rows as a data frame of Polars'. Raises `MissingLibrary` where that is not installed."""
        try:
            import polars
        except ImportError as err:
            raise MissingLibrary("polars") from err
        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)  # noqa: S101 - for mypy: a table is no series
        return frame

    def to_pandas(self) -> "pandas.DataFrame":
        """All rows as a data frame of pandas'. Raises `MissingLibrary` where that is not installed."""
        try:
            import pandas
        except ImportError as err:
            raise MissingLibrary("pandas") from err
        frame: pandas.DataFrame = self.to_arrow().to_pandas(maps_as_pydicts="strict")
        return frame


class Hits(Articles):
    """Articles that fit a query, in its order; at most `limit` of them."""

    def __init__(
        self,
        store: ObjectStore,
        index: SearchIndex,
        query: Query,
        order: Order,
        limit: int,
        columns: Sequence[str] | None = None,
    ) -> None:
        super().__init__(self._rows, columns)
        self._store = store
        self._index = index
        self._query = query
        self._order = order
        self._limit = min(limit, MOST_HITS)

    @property
    def total(self) -> int:
        """How many articles fit."""
        return self._index.search(self._query, limit=0).total

    def hits(self) -> Iterator[Hit]:
        """What the index tells of each: its newest row in short, with what the query found in it."""
        for offset in range(0, self._limit, AT_A_TIME):
            size = min(AT_A_TIME, self._limit - offset)
            found = self._index.search(self._query, order=self._order, offset=offset, limit=size).hits
            yield from found
            if len(found) < size:
                return

    def _rows(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        hits = self.hits()
        while some := list(islice(hits, AT_A_TIME)):
            ids = [hit.id for hit in some]
            tables = frozenset(keys.articles(hit.source, hit.run) for hit in some)
            meant = Selection(ids=frozenset(ids), tables=tables, quarantined=True)
            found = list(read_chosen(self._store, choose(self._store, meant), list(dict.fromkeys((*columns, "id")))))
            if found:
                rows = pa.concat_tables(found)
                places = pc.index_in(pa.array(ids), rows["id"].combine_chunks()).drop_null()
                yield rows.take(places).select(list(columns))


def narrowed(selection: Selection, query: Query, index: SearchIndex) -> Selection:
    """The selection, narrowed to the articles that fit the query: which they are the index says, what they are the
    archive. Spam pages are among them where the query asks for these. Raises `SearchFailed`."""
    ids = index.ids(query, index.articles)
    tables = None
    if len(ids) <= MANY:
        all_runs = selection.all_versions or selection.run or selection.sources
        runs = _runs(index, ids) if all_runs else _newest_runs(index, ids)
        tables = frozenset(keys.articles(source, run) for source, run in runs)
    return replace(selection, ids=frozenset(ids), tables=tables, quarantined=True)


def _runs(index: SearchIndex, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The runs that hold rows of these articles."""
    for one in ids:
        yield from index.runs_of(one)


def _newest_runs(index: SearchIndex, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The runs that hold their newest rows."""
    for start in range(0, len(ids), AT_A_TIME):
        yield from ((hit.source, hit.run) for hit in index.get(ids[start : start + AT_A_TIME]))
