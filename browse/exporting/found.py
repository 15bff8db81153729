"""The rows of articles that a search found, as a stream of bytes: what was asked for, and no file anywhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import RawIOBase
from typing import Any, BinaryIO, cast

import pyarrow as pa

from browse.errors import ExportError
from browse.exporting.formats import TEXT_COLUMNS, JsonLines, MarkedCsv, Parquet, PlainText, Writer
from browse.index.seam import SearchIndex
from browse.query import Query
from model.article import Article
from storage import keys
from storage.selection import Selection, choose, read_chosen
from storage.store import ObjectStore
from storage.tables import schema_of

MOST_ARTICLES = 10_000
"""So many articles can be asked for at once."""

FORMATS: dict[str, tuple[Callable[[BinaryIO, pa.Schema], Writer], str]] = {
    "csv": (MarkedCsv, "text/csv; charset=utf-8"),
    "jsonl": (JsonLines, "application/x-ndjson"),
    "parquet": (Parquet, "application/vnd.apache.parquet"),
    "txt": (PlainText, "text/plain; charset=utf-8"),
}
"""The formats and their media types."""

_AT_A_TIME = 500


def stream(
    store: ObjectStore, index: SearchIndex, query: Query, format_: str, most: int = MOST_ARTICLES
) -> Iterator[bytes]:
    """The newest row of each article that fits, in one of `FORMATS`, a piece at a time; by source, run and address. An
    article whose row is there no more, since it was cleaned again after the index was built, is left out.

    Raises `ExportError` where more than `most` fit, before the first piece; `StorageError` while it is read.
    """
    ids = index.ids(query, most + 1)
    if len(ids) > most:
        raise ExportError(
            f"more than {most:,} articles fit: narrow the search by day or source, or take `bantin export`, "
            "which has no limit"
        )
    chosen = choose(store, _selected(index, ids))
    return _written(read_chosen(store, chosen, _columns(format_)), format_)


def _selected(index: SearchIndex, ids: Sequence[str]) -> Selection:
    """The newest rows of these articles, in the tables that the index names."""
    parts = (index.get(ids[start : start + _AT_A_TIME]) for start in range(0, len(ids), _AT_A_TIME))
    tables = frozenset(keys.articles(hit.source, hit.run) for part in parts for hit in part)
    return Selection(ids=frozenset(ids), tables=tables, quarantined=True)


def _columns(format_: str) -> tuple[str, ...]:
    return TEXT_COLUMNS if format_ == "txt" else tuple(schema_of(Article).names)


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
