"""Replacing a run's articles table: the one that stood there is kept, so that a citation can be traced for ever, with a
note of when it was put away (storage/replaced.py)."""

import hashlib
import io
import logging
from collections import deque
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage import keys
from storage.errors import PreconditionFailed
from storage.replaced import write_note
from storage.store import ObjectStore

TRIES = 5
"""So often does another writer of the same table have to be quicker before it is an error."""

_BATCH_ROWS = 500

logger = logging.getLogger(__name__)


def replace_articles(store: ObjectStore, source: str, run: str, table: bytes, *, damaged: str | None = None) -> bool:
    """Makes the Parquet file `table` the articles of a run; keeps the table it replaces under the hash of its bytes.
    Returns whether anything had to be written: the same bytes are left alone.

    What stands there and cannot be read to its end, or has the hash `damaged` of a table that was found to be so by
    other means, is kept in `damaged/`: among the replaced tables every reader of
    citations would stumble over it. So a damaged table never keeps a run from being published again. Two writers cannot
    lose each other's table (on a store without conditional writes: unless they write at the same moment). Raises
    `StorageError`.
    """
    key = keys.articles(source, run)
    tries = 0
    while True:
        there = store.head(key)  # first: with an ETag older than the content, the conditional put fails
        if there is not None:
            old = store.get(key)
            if old == table:
                return False
            put_away(store, source, run, old, damaged=damaged)
        try:
            store.put(key, table, if_absent=there is None, if_match=there.etag if there else None)
        except PreconditionFailed:
            tries += 1
            if tries == TRIES:
                raise
        else:
            return True


def put_away(store: ObjectStore, source: str, run: str, table: bytes, *, damaged: str | None = None) -> str:
    """Stores a run's table that is about to be replaced among the replaced ones, and notes when; in `damaged/` where
    it cannot be read to its end, or has the hash `damaged`. Returns its key there. Raises `StorageError`."""
    sha256 = hashlib.sha256(table).hexdigest()
    if sha256 == damaged or not is_whole(table):
        key = keys.articles(source, run)
        kept = keys.damaged(key, sha256)
        logger.warning("%s: it was damaged and is replaced: it is kept as %s", key, kept)
        store.put(kept, table)
        return kept
    kept = keys.superseded(source, run, sha256)
    try:
        store.put(kept, table, if_absent=True)
    except PreconditionFailed:
        there = store.get(kept)
        if there != table:  # rotten: its name is its hash
            store.put(keys.damaged(kept, hashlib.sha256(there).hexdigest()), there)
            store.put(kept, table)
    write_note(store, source, run, sha256)
    return kept


def is_whole(table: bytes | Path) -> bool:
    """Whether a Parquet file can be read to its end."""
    try:
        source = io.BytesIO(table) if isinstance(table, bytes) else table
        with pq.ParquetFile(source, page_checksum_verification=True) as parquet:
            deque(parquet.iter_batches(_BATCH_ROWS, use_threads=False), maxlen=0)
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True
