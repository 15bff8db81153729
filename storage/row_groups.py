"""How our Parquet files are written: by row groups, the next of which is made while one is compressed.

Where a row group ends is told by the rows alone, so the same rows give the same bytes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import Event
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.article import Article

FILE_OPTIONS: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
"""How Parquet files of ours are written: the checksums show bit rot."""

_GROUP_ROWS: dict[type, int] = {Article: 1000}
"""The rows of a row group, of records whose rows are large: an article takes some 10 to 100 kB."""

_MOST_ROWS = 1 << 20
_PROSE = frozenset({"title", "lead", "text", "html"})
_UNLIKE = _PROSE | {"id", "url", "canonical_url", "text_sha256", "fetched_at", "warc_offset", "warc_length"}
"""The columns whose values hardly repeat: a dictionary of them takes time and bytes."""


def compared(schema: pa.Schema) -> list[str]:
    """The columns whose least and greatest value a file keeps: those that readers select by. Of prose they would be
    whole texts, and a third of a small file."""
    return [field.name for field in schema if not pa.types.is_nested(field.type) and field.name not in _PROSE]


@lru_cache
def repeating(schema: pa.Schema) -> list[str]:
    """The columns that are written by a dictionary, as Parquet names them: a nested one by its path."""
    out = pa.BufferOutputStream()
    pq.ParquetWriter(out, schema).close()
    columns = pq.read_metadata(pa.BufferReader(out.getvalue())).schema
    return [column.path for column in map(columns.column, range(len(columns))) if column.path not in _UNLIKE]


def spans(rows: int, record: type) -> list[tuple[int, int]]:
    """First row and end of each row group of a table of `record`. There is one where there are no rows, too."""
    size = _GROUP_ROWS.get(record, _MOST_ROWS)
    return [(start, min(start + size, rows)) for start in range(0, max(rows, 1), size)]


def in_order(tables: Sequence[pa.Table], order: Sequence[int], record: type) -> pa.Table:
    """Rows of tables of `record`, `order` being their numbers, counted through all the tables; there is at least one
    table. What comes of it has a chunk a row group: Arrow cannot have more than 2 GB of text in one."""
    starts = np.cumsum([0, *map(len, tables)])
    groups = []
    for start, stop in spans(len(order), record):
        numbers = np.array(order[start:stop], np.int64)
        holders = np.searchsorted(starts, numbers, side="right") - 1
        taken = [tables[holder].take(numbers[holders == holder] - starts[holder]) for holder in np.unique(holders)]
        places = np.argsort(np.argsort(holders, kind="stable"))
        groups.append(pa.concat_tables(taken or [tables[0].slice(0, 0)]).take(places))
    return pa.concat_tables(groups)


def written(groups: Iterator[pa.Table], count: int, schema: pa.Schema) -> bytes:
    """The Parquet file of `count` row groups. Each is compressed in a thread while the next one is made."""
    out = pa.BufferOutputStream()  # a file of Python's is written through the interpreter, and slower
    columns = {"write_statistics": compared(schema), "use_dictionary": repeating(schema.remove_metadata())}
    with pq.ParquetWriter(out, schema, **FILE_OPTIONS, **columns) as writer:
        if count == 1:
            writer.write_table(next(groups))
        else:
            with ThreadPoolExecutor(1) as compressor:
                under_way: Future[None] | None = None
                for group in groups:
                    if under_way:
                        under_way.result()
                    under_way = _begun(compressor, writer, group)
                if under_way:
                    under_way.result()
    return bytes(out.getvalue())


def _begun(compressor: ThreadPoolExecutor, writer: pq.ParquetWriter, group: pa.Table) -> "Future[None]":
    """The writing of a row group in the thread `compressor`, which is at it when this returns: a thread that merely
    waits for its turn with the interpreter gets it 5 ms later, half a row group's time."""
    at_it = Event()

    def write() -> None:
        at_it.set()
        writer.write_table(group)

    future = compressor.submit(write)
    at_it.wait()
    return future
