"""One table of the archive by itself: whether it can be read to its end, and what a row of articles must hold."""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bantin.verifying.findings import RESTORE, UPDATE, Finding, Trouble
from model.article import text_sha256
from storage import schema
from storage.errors import Corrupt, UnknownVersion
from storage.store import ObjectStore, open_object
from storage.tables import UNREAD, encode, mark_of, read

_BATCH_ROWS = 500

ROW_COLUMNS = ("id", "source", "run", "url", "title", "text", "text_sha256", "warc_key", "warc_offset", "warc_length")
"""What `wrong_with` looks at."""

NO_CAPTURE = "no capture has their record"


@dataclass(frozen=True, slots=True)
class Sound:
    """A table that could be read: its rows, and its hash where all of it was read."""

    rows: int
    sha256: str | None


def check_table(store: ObjectStore, key: str, *, quick: bool) -> Sound | Finding:
    """What is wrong with the Parquet table at `key`, if anything. The remedy is for the caller to say."""
    data = None if quick else store.get(key)
    try:
        with io.BytesIO(data) if data is not None else open_object(store, key) as file:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            schema.check_version(key, mark_of(parquet))
            rows = parquet.metadata.num_rows
            if data is not None:
                read_rows = sum(len(b) for b in parquet.iter_batches(_BATCH_ROWS, use_threads=False))
                if read_rows != rows:
                    raise ValueError(f"{read_rows} rows of {rows}")
    except UnknownVersion as err:
        return Finding(key=key, trouble=Trouble.VERSION, detail=str(err), remedy=UPDATE)
    except (pa.ArrowException, OSError, ValueError) as err:
        size = len(data) if data is not None else getattr(store.head(key), "size_bytes", 0)
        end = store.get(key, (max(0, size - 4), 4))
        trouble = Trouble.ROT if end == b"PAR1" else Trouble.TRUNCATED
        return Finding(key=key, trouble=trouble, detail=f"it cannot be read: {err}", remedy=RESTORE)
    return Sound(rows, hashlib.sha256(data).hexdigest() if data is not None else None)


def is_as_written(store: ObjectStore, key: str, record: type) -> bool:
    """Whether the table has, bit by bit, the bytes that its rows give: then nothing in it has rotted. One that another
    version of bantin or of pyarrow wrote may not, and be right all the same."""
    data = store.get(key)
    try:
        metadata = pq.read_schema(io.BytesIO(data)).metadata or {}
        unread = json.loads(metadata.get(UNREAD, b"[]"))
        return encode(read(store, key, record), record, unread=unread) == data
    except (Corrupt, TypeError, ValueError):
        return False


def rows_of(store: ObjectStore, key: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table that can be read, a few at a time."""
    with open_object(store, key) as file:
        for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=list(columns), use_threads=False):
            yield from batch.to_pylist()


def wrong_with(
    row: dict[str, Any],
    pages: dict[tuple[str | None, int | None], tuple[int | None, str]],
    seen: set[str],
    source: str,
    run: str,
) -> Iterator[str]:
    """What is wrong with a row of articles, a sentence each about rows like it. `pages` are the captures' places with
    length and address, `seen` the ids of the rows before."""
    place = pages.get((row["warc_key"], row["warc_offset"]))
    if place is None:
        yield NO_CAPTURE
    elif place != (row["warc_length"], row["url"]):
        yield "the capture of their record has another address"
    if (row["source"], row["run"]) != (source, run):
        yield "they are of another source or run"
    if row["id"] in seen:
        yield "their id is that of another row"
    if row["text_sha256"] != text_sha256(row["title"], row["text"]):
        yield "their text does not have the hash that they say"
