"""The objects of a run as they were stored: what its report holds, and what `verify` compares with.

WARC parts are never written again, so their entries are made once, at the first look after the commit, and kept from
then on: a part that rots later is not taken for right. From its writing until then each of a part's records is guarded
by the digest within it: a part that does not read through gets no entry, since nobody knows its right hash any more.
Tables and rules are written again by a re-run or re-clean, and their entries with them.
"""

import hashlib
import io
import logging
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage import keys
from storage.errors import Corrupt, KeyNotFound
from storage.members import Digesting, members
from storage.store import ObjectStore, open_object
from storage.tables import read_table, unread_of

Entry = dict[str, str | int]
"""An object's `key`, `size_bytes` and `sha256`; of a table also its `rows`."""

BLOCK_BYTES = 8 << 20
"""So much is asked for at a time of an object that is read from end to end."""

logger = logging.getLogger(__name__)

_PLACES = pa.schema([("warc_key", pa.dictionary(pa.int32(), pa.string()))])


def inventory(store: ObjectStore, source: str, run: str, known: Iterable[Entry] = ()) -> list[Entry]:
    """An entry for each object of the run that is there: its committed WARC parts, its rules and tables. The parts'
    entries among `known` stay as they are; everything else is read, and what is damaged has none. Raises
    `StorageError`."""
    before = {entry["key"]: entry for entry in known}
    parts = parts_of(store, source, run)
    entries = [before[key] for key in parts if key in before]
    written_again = (keys.run_source(source, run), keys.captures(source, run), keys.articles(source, run))
    for key in (*(key for key in parts if key not in before), *written_again):
        try:
            entries.append(entry_of(store, key))
        except KeyNotFound:
            continue  # no articles yet; and what else is missing is for verify to tell
        except Corrupt as err:
            logger.warning("%s: the report has no hash of it", err)
            entries += [before[key]] if key in before else []
    return entries


def parts_of(store: ObjectStore, source: str, run: str) -> list[str]:
    """The keys of the WARC parts that the run's captures table names, in order, those included that it was made anew
    without; none where it is not committed. Raises `StorageError`."""
    try:
        table = read_table(store, keys.captures(source, run), _PLACES)
    except KeyNotFound:
        return []
    named = pc.unique(table["warc_key"].drop_null().cast(pa.string())).to_pylist()
    return sorted({*named, *(key for key, _ in unread_of(table))}, key=keys.parse_raw_part)


def unread_places(store: ObjectStore, key: str) -> set[tuple[str, int]]:
    """The places of the records that a table lacks, as it names them: of the articles table those of pages that could
    not be cleaned, of the captures table damaged ones. Raises `StorageError`."""
    return unread_of(read_table(store, key, _PLACES))


def entry_of(store: ObjectStore, key: str) -> Entry:
    """The object at `key` as it is now. Raises `StorageError`; `Corrupt` where a table is none, or a WARC part does not
    read through."""
    if key.startswith("raw/"):
        return _part_entry(store, key)
    if not key.endswith(".parquet"):
        with open_object(store, key, BLOCK_BYTES) as file:
            size_bytes, sha256 = digest(file)
        return {"key": key, "size_bytes": size_bytes, "sha256": sha256}
    return entry_for(key, store.get(key))


def entry_for(key: str, data: bytes) -> Entry:
    """The entry of an object that holds, or is to hold, `data`. Raises `Corrupt` where a table is none."""
    entry: Entry = {"key": key, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if not key.endswith(".parquet"):
        return entry
    try:
        return {**entry, "rows": pq.read_metadata(io.BytesIO(data)).num_rows}
    except (pa.ArrowException, OSError, ValueError) as err:
        raise Corrupt(f"{key}: {err}: expected a Parquet table", key=key) from err


def _part_entry(store: ObjectStore, key: str) -> Entry:
    with open_object(store, key, BLOCK_BYTES) as file:
        read_through = Digesting(file)
        for member in members(read_through):
            if member.problem:
                raise Corrupt(f"{key}: the record at {member.offset} is damaged: {member.problem}", key=key)
    return {"key": key, "size_bytes": read_through.size_bytes, "sha256": read_through.sha256}


def digest(file: BinaryIO) -> tuple[int, str]:
    """Size in bytes and SHA-256, in hexadecimal digits, of what is left to read of `file`."""
    sha256, size_bytes = hashlib.sha256(), 0
    for block in _blocks(file):
        sha256.update(block)
        size_bytes += len(block)
    return size_bytes, sha256.hexdigest()


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block
