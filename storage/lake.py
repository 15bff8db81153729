"""One object of the lake: the articles of a source and a month, made of the tables of its runs.

The rows are in the order of the runs, and within a run as its table has them (by address): so no sorting is needed, a
table is read once and a batch at a time, and a reader who asks for a span of `fetched_at` is spared the other row
groups. The file's metadata has under `bantin.lake` the tables it was made of, each with its ETag: whether it is still
what its runs say is told by its last bytes and a listing. A seal (storage/sealing.py) tells whether it has rotted.
"""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from model.article import Article
from storage.errors import Corrupt
from storage.row_groups import FILE_OPTIONS, compared
from storage.schema import check_version
from storage.sealing import is_unbroken, seal
from storage.store import ObjectInfo, ObjectStore, open_object
from storage.tables import mark_of, schema_of

VERSION = 2
"""To be counted up whenever rows are written otherwise than before: every object of the lake is then made anew.
Version 1 had no seal."""

ABOUT = b"bantin.lake"
GROUP_BYTES = 32 << 20
"""A row group is closed at so much, as Arrow holds it: about 2,000 articles. What is written at a time is in memory."""

LEVEL = 3
"""Of zstd: of news pages (288 of the open test sets) a tenth fewer bytes than at level 1, for 0.3 ms an article instead
of 0.15; level 9 takes another 8 % off, for 1 ms."""

_BATCH_ROWS = 500
_WHOLE_BYTES = 8 << 20  # a table of up to this size is got at once
_TAIL_BYTES = 64 << 10  # holds the footer of most


def write(store: ObjectStore, tables: Iterable[ObjectInfo], file: Path) -> int:
    """Writes to `file` the rows of articles tables, as a listing gave them and in its order; returns how many
    there are. Columns are those of `Article`: what a table of an earlier version lacks is the field's default.

    Raises `Corrupt` where a table cannot be read, `UnknownVersion` where a later bantin wrote it, `KeyNotFound` where
    it was taken away since it was listed, and OSError where the disk is full. A table that was replaced since is read
    as it is now, and noted with the ETag it had: so the object counts as stale, as it must, since a second table may
    have been replaced after it was read.
    """
    schema = schema_of(Article)
    noted = {}
    rows, waiting, waiting_bytes = 0, list[pa.RecordBatch](), 0
    options = {**FILE_OPTIONS, "compression_level": LEVEL, "write_statistics": compared(schema)}
    with pq.ParquetWriter(file, schema, **options) as writer:
        for info in tables:
            noted[info.key] = info.etag
            for batch in _batches(store, info, schema):
                rows += batch.num_rows
                waiting.append(batch)
                waiting_bytes += batch.nbytes
                if waiting_bytes >= GROUP_BYTES:
                    _write_group(writer, waiting, schema)
                    waiting, waiting_bytes = [], 0
        if waiting:
            _write_group(writer, waiting, schema)
        about = {"version": VERSION, "tables": noted}
        writer.add_key_value_metadata({ABOUT.decode(): json.dumps(about)})
    seal(file)
    return rows


def has_rotted(data: bytes) -> bool:
    """Whether the bytes of an object of the lake that can be read as Parquet are not those that were written. Of one
    that has no seal, since an earlier version wrote it, nothing is known."""
    unbroken = is_unbroken(data)
    if unbroken is not None:
        return not unbroken
    try:
        about = json.loads((pq.read_metadata(io.BytesIO(data)).metadata or {}).get(ABOUT, b"{}"))
        return bool(about.get("version", 1) != 1)  # it had a seal
    except (pa.ArrowException, OSError, ValueError, AttributeError):
        return True


def made_of(store: ObjectStore, info: ObjectInfo) -> dict[str, str]:
    """The tables, with their ETags, that the object of the lake was made of; none where it was made by another version
    of this module or of `Article`, or its end cannot be read. One ranged read, as a rule.

    Raises `KeyNotFound` and `PreconditionFailed` where it is no longer the one that `info` describes.
    """
    try:
        footer = _footer(store, info)
        about = json.loads(footer.metadata.get(ABOUT, b"{}"))
        same = about.get("version") == VERSION and footer.schema.to_arrow_schema().equals(schema_of(Article))
        return dict(about["tables"]) if same else {}
    except (pa.ArrowException, OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def named_in(store: ObjectStore, info: ObjectInfo) -> list[str] | None:
    """The keys of the tables that the object of the lake was made of, by whatever version; None where that cannot be
    read. Raises as `made_of`."""
    try:
        about = json.loads(_footer(store, info).metadata[ABOUT])
        return sorted(about["tables"])
    except (pa.ArrowException, OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def _footer(store: ObjectStore, info: ObjectInfo) -> pq.FileMetaData:
    """The file's footer: at its very end, its length in the four bytes before `PAR1`."""
    start = max(0, info.size_bytes - _TAIL_BYTES)
    tail = store.get(info.key, (start, info.size_bytes - start), if_match=info.etag)
    length = int.from_bytes(tail[-8:-4], "little") + 8
    if length > len(tail):
        tail = store.get(info.key, (max(0, info.size_bytes - length), length), if_match=info.etag)
    return pq.read_metadata(io.BytesIO(tail))


def _write_group(writer: pq.ParquetWriter, batches: list[pa.RecordBatch], schema: pa.Schema) -> None:
    table = pa.Table.from_batches(batches, schema)
    writer.write_table(table, row_group_size=max(1, table.num_rows))


def _batches(store: ObjectStore, info: ObjectInfo, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    whole = info.size_bytes <= _WHOLE_BYTES
    with io.BytesIO(store.get(info.key)) if whole else open_object(store, info.key) as file:
        try:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            check_version(info.key, mark_of(parquet))
            there = [name for name in schema.names if name in parquet.schema_arrow.names]
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=there, use_threads=False):
                yield completed(batch, schema)
        except (pa.ArrowException, OSError, ValueError) as err:  # damage shows as any of these
            raise Corrupt(f"{info.key}: {err}: expected a table of articles", store.url, info.key) from err


def completed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns of `schema`, in their order."""
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.array([_DEFAULTS[field.name]] * batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


_DEFAULTS = {field.name: _default(field) for field in fields(Article)}
