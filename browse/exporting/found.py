"""The rows of articles that a search found, as a stream of bytes: what was asked for, and no file anywhere."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import RawIOBase
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from browse.errors import ExportError
from browse.exporting.formats import TEXT_COLUMNS, Csv, JsonLines, Parquet, PlainText, Writer
from browse.index.seam import SearchIndex
from browse.query import Query
from model.article import Article
from storage import keys
from storage.errors import KeyNotFound
from storage.selection import Chosen, read_chosen
from storage.store import ObjectStore
from storage.tables import read_table, schema_of

MOST_ARTICLES = 10_000
"""So many articles can be asked for at once."""

FORMATS: dict[str, tuple[Callable[[BinaryIO, pa.Schema], Writer], str]] = {
    "csv": (Csv, "text/csv; charset=utf-8"),
    "jsonl": (JsonLines, "application/x-ndjson"),
    "parquet": (Parquet, "application/vnd.apache.parquet"),
    "txt": (PlainText, "text/plain; charset=utf-8"),
}
"""The formats and their media types."""

_BATCH = 500


def stream(
    store: ObjectStore, index: SearchIndex, query: Query, format_: str, most: int = MOST_ARTICLES
) -> Iterator[bytes]:
    """The newest row of each article that fits, in one of `FORMATS`, a piece at a time. They come by run, the newest
    first. An article whose row is there no more, since it was cleaned again after the index was built, is left out.

    Raises `ExportError` where more than `most` fit, before the first piece; `StorageError` while it is read.
    """
    ids = index.ids(query, most + 1)
    if len(ids) > most:
        raise ExportError(
            f"more than {most:,} articles fit: narrow the search by day or source, or take `bantin export`, "
            "which has no limit"
        )
    return _written(_rows(store, _tables(index, ids), format_), format_)


def _tables(index: SearchIndex, ids: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """The ids by the run and source of their newest row, the newest run first."""
    found = defaultdict[tuple[str, str], list[str]](list)
    for start in range(0, len(ids), _BATCH):
        for hit in index.get(ids[start : start + _BATCH]):
            found[hit.run, hit.source].append(hit.id)
    return dict(sorted(found.items(), reverse=True))


def _columns(format_: str) -> tuple[str, ...]:
    return TEXT_COLUMNS if format_ == "txt" else tuple(schema_of(Article).names)


def _rows(store: ObjectStore, tables: dict[tuple[str, str], list[str]], format_: str) -> Iterator[pa.Table]:
    for (run, source), ids in tables.items():
        chosen = _choose(store, keys.articles(source, run), ids)
        if chosen is not None:
            yield from read_chosen(store, [chosen], _columns(format_))


def _choose(store: ObjectStore, key: str, ids: Sequence[str]) -> Chosen | None:
    """Where the newest rows of these ids stand in a table."""
    told = pa.schema([schema_of(Article).field(name) for name in ("id", "fetched_at")])
    try:
        table = read_table(store, key, told)
    except KeyNotFound:
        return None
    places = np.flatnonzero(np.asarray(pc.is_in(table["id"], value_set=pa.array(ids, pa.string()))))
    fetched = np.asarray(table["fetched_at"].cast(pa.int64()))
    newest: dict[str, int] = {}
    for place in places[np.argsort(fetched[places], kind="stable")].tolist():
        newest[table["id"][place].as_py()] = place
    rows = np.asarray(sorted(newest.values()), np.int64)
    return Chosen(key, rows, table["id"].combine_chunks().take(pa.array(rows))) if len(rows) else None


def _written(tables: Iterable[pa.Table], format_: str) -> Iterator[bytes]:
    sink = _Sink()
    schema = pa.schema([schema_of(Article).field(name) for name in _columns(format_)])
    writer = FORMATS[format_][0](cast(BinaryIO, sink), schema)
    try:
        for table in tables:
            writer.write(table)
            if piece := sink.take():
                yield piece
    except BaseException:
        with suppress(OSError, ValueError):
            writer.close()
        raise
    writer.close()
    yield sink.take()


class _Sink(RawIOBase):
    """What was written and not yet taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._taken = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._taken + sum(map(len, self._parts))

    def take(self) -> bytes:
        """What was written since it was called last."""
        piece = b"".join(self._parts)
        self._taken += len(piece)
        self._parts.clear()
        return piece
