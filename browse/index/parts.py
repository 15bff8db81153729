"""Where the rows of articles are read from: runs' own tables, or objects of the lake that hold those of a month.

A part is read twice: at first what the ledger needs of every row, then what documents are made of, of the rows that are
the newest of their articles.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from browse.catalog import COVERED
from browse.errors import SearchFailed
from browse.index.document import COLUMNS, Document, document_of
from browse.index.entries import Told
from browse.index.ledger import TEXT_DIGITS, Columns, History, Table
from model.article import Article
from storage import keys, lake
from storage.errors import Corrupt, KeyNotFound, PreconditionFailed
from storage.places import place_of
from storage.schema import check_version
from storage.store import ObjectInfo, ObjectStore, open_object
from storage.tables import mark_of, schema_of

FARTHEST_EAST = timedelta(hours=14)
"""So far are the clocks of the islands where a day begins first before UTC."""

_BATCH_ROWS = 500
_SMALL_BYTES = 8 << 20
"""Objects below this size, as runs' tables are, take one answer of the store."""
_ROW = pa.schema(
    [schema_of(Article).field(name).with_nullable(True) for name in ("id", "fetched_at", "text_sha256", "run")]
)
_TOLD = [*_ROW.names, *COVERED]
_LEAVES = {"removed": "rule", "spam": "rule", "images": "url", "alternates": "url"}
"""Of lists of structs this field alone is read: what a document needs is their number, or their addresses."""


class Part(NamedTuple):
    """An object that holds the rows of these tables, and of no others."""

    key: str
    tables: tuple[Table, ...]

    @property
    def is_of_lake(self) -> bool:
        """Whether it is a month's object."""
        return self.key.startswith(keys.lake_prefix())


class Replaced(SearchFailed):
    """A part is no longer as it was when its rows were counted, or cannot be read (`problem`): look at it again."""

    def __init__(self, part: Part, problem: str | None = None) -> None:
        super().__init__(part, problem)
        self.part = part
        self.problem = problem

    def __str__(self) -> str:
        return self.problem or f"{self.part.key}: it was replaced while it was read"


class Rows(NamedTuple):
    """What the ledger needs of a part; `columns.table` are places in `part.tables`. `told` is by table."""

    part: Part
    columns: Columns
    told: Mapping[Table, Told]


def own_part(table: Table) -> Part:
    """A run's own table."""
    return Part(keys.articles(table.source, table.run), (table,))


def lake_parts(store: ObjectStore, etags: Mapping[Table, str]) -> Iterator[Part]:
    """The objects of the lake that hold these tables, of those ETags, and nothing else. Raises `StorageError`."""
    for info in store.list(keys.lake_prefix()):
        try:
            made_of = lake.made_of(store, info)
        except (KeyNotFound, PreconditionFailed):
            continue
        by_key = {keys.articles(table.source, table.run): table for table in _of_month(info, etags)}
        if made_of and made_of == {key: etags[table] for key, table in by_key.items()}:
            yield Part(info.key, tuple(sorted(by_key.values())))


def read_part(store: ObjectStore, part: Part) -> Rows:
    """What the ledger needs. Raises `Replaced`: where it cannot be read, with a problem."""
    with _explained(part), _opened(store, part.key) as file:
        parquet = pq.ParquetFile(file)
        check_version(part.key, mark_of(parquet))
        told = _with_all(parquet.read(columns=_leaves(parquet, _TOLD), use_threads=False).combine_chunks(), _TOLD)
        rows = told.select(_ROW.names).cast(_ROW)
        named = pc.all(pc.match_substring_regex(rows["id"], "^[0-9a-f]{16}$")).as_py()
        if rows["id"].null_count or rows["fetched_at"].null_count or named is False:
            raise Corrupt(f"{part.key}: rows without id or time: expected a table of articles", key=part.key)
        table = _tables_of(rows, part)
        covered = {name: _has(told[name]) for name in COVERED}
        ahead = _is_ahead(told)
    texts = pc.utf8_slice_codeunits(pc.fill_null(rows["text_sha256"], ""), 0, TEXT_DIGITS)
    columns = Columns(
        rows["id"].combine_chunks(),
        np.asarray(rows["fetched_at"].cast(pa.int64())),
        np.asarray(texts.to_pylist(), f"S{TEXT_DIGITS}"),
        table,
    )
    count = len(part.tables)
    totals = np.bincount(table, minlength=count)
    sums = {name: np.bincount(table, has, count).astype(int) for name, has in covered.items()}
    future = np.bincount(table, ahead, count).astype(int)
    return Rows(
        part,
        columns,
        {
            one: Told(
                int(totals[place]), {name: int(counts[place]) for name, counts in sums.items()}, int(future[place])
            )
            for place, one in enumerate(part.tables)
        },
    )


def read_documents(store: ObjectStore, part: Part, wanted: Mapping[str, History]) -> Iterator[Document]:
    """The documents of the articles whose newest rows are in this part, by id. Raises `Replaced`, also where one of
    them is no longer there."""
    left = dict(wanted)
    ids = pa.array(wanted, pa.string())
    with _explained(part), _opened(store, part.key) as file:
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        check_version(part.key, mark_of(parquet))
        for batch in parquet.iter_batches(_BATCH_ROWS, columns=_leaves(parquet, COLUMNS), use_threads=False):
            for row in _completed(batch.filter(pc.is_in(batch["id"], ids))):
                history = left.get(row["id"])
                if history and history.rows[-1].at_us == row["at_us"]:
                    del left[row["id"]]
                    yield _document(row, history)
    if left:
        raise Replaced(part)


def _document(row: dict[str, Any], history: History) -> Document:
    locality = row["locality"]
    return document_of(
        row,
        versions=history.versions,
        runs=[(seen.table.source, seen.table.run) for seen in history.rows],
        province=locality.rpartition(", ")[2] if locality else None,  # `Locality.name` ends with it
        changed_at=history.changed_at,
        seen=history.rows,
    )


@contextmanager
def _explained(part: Part) -> Iterator[None]:
    try:
        yield
    except KeyNotFound as err:
        raise Replaced(part) from err
    except (Corrupt, pa.ArrowException, OSError, ValueError, KeyError) as err:  # damage shows as any of these
        raise Replaced(
            part, str(err) if isinstance(err, Corrupt) else f"{part.key}: {err}: expected a Parquet table of articles"
        ) from err


@contextmanager
def _opened(store: ObjectStore, key: str) -> Iterator[BinaryIO]:
    data = store.get(key, (0, _SMALL_BYTES))
    if len(data) < _SMALL_BYTES:
        yield io.BytesIO(data)
    else:
        with open_object(store, key) as file:
            yield file


def _leaves(parquet: pq.ParquetFile, names: Sequence[str]) -> list[str]:
    """Those of the named columns that the file has, as it spells them."""
    paths = [parquet.schema.column(place).path for place in range(len(parquet.schema))]
    return [
        path
        for path in paths
        if (name := path.partition(".")[0]) in names and path.endswith(f".{_LEAVES[name]}" if name in _LEAVES else "")
    ]


def _completed(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows, with every column that a document wants; lists of which only the number counts are numbers."""
    columns = dict(zip(COLUMNS, _with_all(pa.table(batch), COLUMNS).columns, strict=True))
    for name in ("removed", "spam"):
        columns[name] = pc.fill_null(pc.list_value_length(columns[name]), 0)
    columns["quarantined"] = pc.fill_null(columns["quarantined"], False)
    columns["at_us"] = batch["fetched_at"].cast(pa.int64())
    rows: list[dict[str, Any]] = pa.table(columns).to_pylist()
    return rows


def _with_all(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """These columns; those that are not there, since an earlier version wrote the file, are all null."""
    known = schema_of(Article)
    for name in names:
        if name not in rows.schema.names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, known.field(name).type))
    return rows.select(names)


def _tables_of(rows: pa.Table, part: Part) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    if not part.is_of_lake:
        return np.zeros(len(rows), np.int32)
    runs = pa.array([table.run for table in part.tables], pa.string())
    places = pc.index_in(rows["run"], runs)
    if places.null_count:
        raise Corrupt(f"{part.key}: rows of runs that it should not hold", key=part.key)
    return np.asarray(places, np.int32)


def _has(column: pa.ChunkedArray) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    valid = pc.is_valid(column)
    if pa.types.is_list(column.type):
        valid = pc.greater(pc.fill_null(pc.list_value_length(column), 0), 0)
    return np.asarray(valid)


def _is_ahead(rows: pa.Table) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which rows were published on a day that had, when they were fetched, begun nowhere on earth."""
    latest = pc.add(rows["fetched_at"], pa.scalar(FARTHEST_EAST)).cast(pa.date32(), safe=False)
    return np.asarray(pc.fill_null(pc.greater(rows["published_on"], latest), False))


def _of_month(info: ObjectInfo, etags: Mapping[Table, str]) -> list[Table]:
    place = place_of(info.key)
    if place is None:
        return []
    return [table for table in etags if table.source == place.source and keys.month_of(table.run) == place.month]
