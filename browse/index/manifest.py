"""The manifest: of which files a generation of the index consists, under which hashes, and its catalog.

It is the one object of the index that is ever replaced, on condition that it is still the one that was built upon; all
others are named by the hash of their bytes and never written with other ones. So readers find a whole generation or
none, and of two builders the second starts again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import NamedTuple

from browse.errors import DamagedIndex, OutdatedIndex
from browse.index.schema import SCHEMA_VERSION
from browse.index.writer import META
from storage import keys
from storage.errors import KeyNotFound, PreconditionFailed
from storage.store import ObjectStore

VERSION = f"2.{SCHEMA_VERSION}"
"""Its first number is to be counted up whenever documents or the catalog are made otherwise than before, the second
with the engine's fields: the index is then made anew."""

REBUILD = "`bantin index --rebuild` makes it anew"


class File(NamedTuple):
    """A file's hash and size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A generation of the index: `files` by name, as the engine calls them in its folder, and the `catalog`.

    It has so many `articles`. `built_at` is when it was built, `surveyed_at` when all sources were last looked through
    for it. `etag` is the manifest's own in the store.
    """

    version: str = VERSION
    generation: int
    built_at: datetime
    surveyed_at: datetime
    articles: int
    catalog: File
    files: Mapping[str, File] = field(default_factory=dict)
    etag: str | None = None

    @property
    def keys(self) -> dict[str, File]:
        """The objects that it names."""
        objects = {keys.index_file(file.sha256): file for file in self.files.values()}
        return {**objects, keys.index_catalog(self.catalog.sha256): self.catalog}

    @property
    def size_bytes(self) -> int:
        """What all its objects take."""
        return sum(file.size_bytes for file in self.keys.values())

    def encode(self) -> bytes:
        """What is stored."""
        values = {**asdict(self), "catalog": self.catalog._asdict()}
        values["files"] = {name: file._asdict() for name, file in sorted(self.files.items())}
        del values["etag"]
        return json.dumps(values, default=datetime.isoformat, indent=1).encode()


def read_manifest(store: ObjectStore) -> Manifest | None:
    """The present manifest; None where there is no index. Raises `DamagedIndex`, `OutdatedIndex` where
    another version of bantin wrote it, and `StorageError`."""
    key = keys.index_manifest()
    while info := store.head(key):
        try:
            return _decode(store.get(key, if_match=info.etag), info.etag)
        except (KeyNotFound, PreconditionFailed):  # replaced this moment
            continue
    return None


def _decode(data: bytes, etag: str) -> Manifest:
    key = keys.index_manifest()
    try:
        values = json.loads(data)
        if values["version"] != VERSION:
            raise OutdatedIndex(f"{key}: it is of version {values['version']}, expected {VERSION}: {REBUILD}")
        files = {_name(name): _file(file) for name, file in values["files"].items()}
        if META not in files:
            raise ValueError(f"no {META} among its files")
        return Manifest(
            generation=int(values["generation"]),
            built_at=_time(values["built_at"]),
            surveyed_at=_time(values["surveyed_at"]),
            articles=int(values["articles"]),
            catalog=_file(values["catalog"]),
            files=files,
            etag=etag,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as err:
        raise DamagedIndex(f"{key}: {err}: expected the manifest of an index: {REBUILD}") from err


def _file(values: Mapping[str, object]) -> File:
    sha256, size_bytes = str(values["sha256"]), values["size_bytes"]
    if not re.fullmatch(r"[0-9a-f]{64}", sha256, re.ASCII) or not isinstance(size_bytes, int):
        raise ValueError(f"{values!r}: expected a hash and a size")
    return File(sha256, size_bytes)


def _time(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value}: expected a time with its offset")
    return at


def _name(name: str) -> str:
    """A name that stays in the folder of its index, whoever wrote the manifest."""
    if not re.fullmatch(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,99}", name, re.ASCII):
        raise ValueError(f"{name!r}: expected the name of a file")
    return name
