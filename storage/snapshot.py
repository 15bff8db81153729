"""The snapshot of a frontier: what is known, and of which tables it was made. It only saves time.

A table counts as folded with the ETag it had. So a snapshot is of use only while all its tables are as they were, and
whatever came since is newer (storage/frontier.py sees to that); a run that was not published when it was folded shows
by its captures without articles. Anything else, damage too, means that the frontier is folded from the beginning.
"""

import io
import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage import keys
from storage.errors import KeyNotFound, Overwritten, StorageError
from storage.revisits import COLUMNS, NUMBERS, State
from storage.store import ObjectInfo, ObjectStore, open_object

logger = logging.getLogger(__name__)

VERSION = 3
"""To be counted up whenever facts are folded otherwise than before, or keys are spelled otherwise."""

_ABOUT = b"bantin.frontier"
_SCHEMA = pa.schema([(name, pa.from_numpy_dtype(kind)) for name, kind in NUMBERS.items()] + list(COLUMNS.items()))
_REPEATED = [name for name, kind in COLUMNS.items() if pa.types.is_dictionary(kind)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, the tables that were folded into it with their ETags, and the time of the newest fact, in µs since
    1970 (None where there is none)."""

    state: State
    tables: dict[str, str]
    newest: int | None
    min_h: float
    max_h: float


def load(store: ObjectStore, source: str) -> Snapshot | None:
    """The snapshot of a source's frontier; None where there is none that can be used. Never raises `StorageError`: what
    ails the store shows with the tables."""
    key = keys.frontier(source)
    try:
        return _decode(store.get(key))
    except KeyNotFound:
        return None
    except (StorageError, pa.ArrowException, OSError, ValueError, TypeError, KeyError) as err:
        logger.warning("%s: %s: expected a snapshot of version %d; it is made anew", key, err, VERSION)
        return None


def tables_in(store: ObjectStore, info: ObjectInfo) -> list[str]:
    """The keys of the tables that the snapshot which a listing gave as `info` was made of; none where that cannot be
    read. Raises `StorageError`."""
    try:
        with open_object(store, info.key) as file:
            about = json.loads((pq.read_schema(file).metadata or {}).get(_ABOUT, b"{}"))
        return sorted(map(str, about.get("tables", ())))
    except (KeyNotFound, Overwritten, pa.ArrowException, OSError, ValueError, TypeError, AttributeError):
        return []


def save(store: ObjectStore, source: str, snapshot: Snapshot) -> None:
    """Puts `snapshot` in its place. That it cannot be written is logged, and does no harm."""
    key = keys.frontier(source)
    about = {
        "version": VERSION,
        "newest": snapshot.newest,
        "min_h": snapshot.min_h,
        "max_h": snapshot.max_h,
        "tables": snapshot.tables,
    }
    arrays = [pa.array(values) for values in snapshot.state.numbers.values()] + [*snapshot.state.columns.values()]
    table = pa.Table.from_arrays(arrays, schema=_SCHEMA.with_metadata({_ABOUT: json.dumps(about)}))
    try:
        with tempfile.TemporaryDirectory() as folder:  # a file, since the bytes of a million URLs are many
            file = Path(folder, "frontier.parquet")
            pq.write_table(
                table, file, compression="zstd", compression_level=1, use_dictionary=_REPEATED, write_page_checksum=True
            )
            store.put(key, file)
    except (StorageError, OSError) as err:
        logger.warning("%s: %s: not written: the next fold takes longer, and that is all", key, err)


def _decode(data: bytes) -> Snapshot:
    parquet = pq.ParquetFile(io.BytesIO(data), read_dictionary=_REPEATED, page_checksum_verification=True)
    about = json.loads((parquet.schema_arrow.metadata or {}).get(_ABOUT, b"{}"))
    if about.get("version") != VERSION:
        raise ValueError(f"it is of version {about.get('version')}")
    state = State(
        {name: np.array(_column(parquet, name), kind) for name, kind in NUMBERS.items()},
        {name: _column(parquet, name) for name in COLUMNS},
    )
    if state.columns["key"].null_count:
        raise ValueError("it has URLs without a key")
    tables = {str(key): str(etag) for key, etag in about["tables"].items()}
    return Snapshot(state, tables, about["newest"], about["min_h"], about["max_h"])


def _column(parquet: pq.ParquetFile, name: str) -> pa.Array:
    """One column, since all at once would be there twice."""
    column = parquet.read(columns=[name])[name].cast(_SCHEMA.field(name).type).unify_dictionaries().combine_chunks()
    column.validate(full=True)
    if name in NUMBERS and column.null_count:
        raise ValueError(f"{name} has nulls")
    return column
