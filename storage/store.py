"""The object store: six verbs over a folder or a bucket, a broom, and how to open one."""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

from storage.errors import InvalidKey, KeyNotFound, Overwritten, PreconditionFailed, StoreRefused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

EXPECTED = "expected a folder ('./archive', '/srv/archive', 'file:///srv/archive') or 's3://bucket/prefix'"
# The stores' own corner: unfinished files, the lock, probes. Never listed, and no key may lie there.
RESERVED = ".tmp"
PROBE = "work/probe"
MAX_KEY_BYTES = 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_SEGMENT_BYTES = 255  # NAME_MAX of ext4, XFS, APFS
BLOCK_BYTES = 1 << 20

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
# Control characters, and what neither UTF-8 nor the XML of S3's answers can carry (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\\\\\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store says of an object without reading it. `modified` is in UTC.

    `etag` changes whenever the content does, and means nothing else: each store makes it its own way.
    """

    key: str
    size_bytes: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """How many things were removed, and how many bytes they took."""

    count: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(self.count + other.count, self.size_bytes + other.size_bytes)


class ObjectStore(Protocol):
    """A flat map from keys to bytes. Every verb raises `InvalidKey`, `StoreRefused` or `StoreUnavailable`.

    Keys are paths of slash-separated segments (see `check_key`). Objects are whole or not there: a reader never sees
    part of one. Stores may be used from several threads, and pickled to reach another process.
    """

    @property
    def url(self) -> str:
        """What `open_store` takes to open this store again, from any working folder."""

    @property
    def conditional(self) -> bool:
        """Whether `if_absent` and `if_match` hold against other writers at the same moment.

        Where False the store looks first and writes then, which is safe for one writer alone. Finding out may cost
        a few requests, once a store.
        """

    def put(self, key: str, data: bytes | Path, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store `data` (a Path is streamed) and return the new ETag. When it returns, the object is durable.

        With `if_absent` only where there is no such object, with `if_match` only where the object still has that
        ETag; raises `PreconditionFailed` where not.
        """

    def get(self, key: str, byte_range: tuple[int, int] | None = None, *, if_match: str | None = None) -> bytes:
        """The object's bytes, or `(offset, length)` of them: as many as there are, so b"" past the end.

        Raises `KeyNotFound`; with `if_match`, `PreconditionFailed` where the object no longer has that ETag.
        """

    def open(self, key: str) -> "ObjectReader":
        """The object as a seekable, read-only, raw file; most callers want `open_object`. Raises `KeyNotFound`."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """The objects whose key starts with `prefix` (any string; '' for all), by key in UTF-8 byte order, lazily."""

    def head(self, key: str) -> ObjectInfo | None:
        """What is known of the object; None where there is none."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove the objects. Removing what is not there is no error."""

    def sweep(self, older_than: datetime, *, dry_run: bool = False) -> Swept:
        """Remove what dead writers left of objects that never came to be, which no other verb shows: whatever was
        begun before `older_than` (aware, and long enough ago that no writer is still at it). With `dry_run` only count.
        """


def open_store(url: str) -> ObjectStore:
    """The store at `url`: a folder's path, `file:///…` or `s3://bucket/prefix`.

    Nothing is read or written yet, so a wrong bucket shows with the first verb. A folder that does not exist is an
    empty store, and made by the first `put`. Raises `StoreRefused` where `url` is none of these.
    """
    if url.startswith("s3://"):
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise StoreRefused(f"{url!r}: the bucket's name is missing or wrong: {EXPECTED}", url=url)
        if prefix := prefix.strip("/"):
            check_key(prefix, url)
        from storage.s3 import S3Store  # boto3 takes 0.3 s to import: only who uses S3 pays

        return S3Store(bucket, prefix)
    from storage.directory import DirectoryStore

    return DirectoryStore(_folder_of(url))


def check_writable(store: ObjectStore) -> None:
    """Puts an object and deletes it again, to learn before hours of work whether the store takes any.

    Raises `StoreRefused` and `StoreUnavailable`.
    """
    store.put(PROBE, b"")
    store.delete([PROBE])


def check_key(key: str, url: str | None = None) -> None:
    """Raise `InvalidKey` unless every store can hold `key` and it cannot leave the archive.

    A key is 1 to 1024 bytes of UTF-8: segments of at most 255 bytes between single slashes, none of them empty, '.'
    or '..', without backslashes, control characters or line separators, and not below `.tmp/`.
    """
    problem = _problem(key)
    if problem:
        raise InvalidKey(f"key {key!r}: {problem}; expected a path like 'runs/src=example/report.json'", url, key)


def _problem(key: str) -> str | None:
    if not key:
        return "it is empty"
    if found := _FORBIDDEN.search(key):
        return f"{unicodedata.name(found[0], f'U+{ord(found[0]):04X}')} is not allowed"
    segments = key.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        return "an empty segment, '.' or '..' is not allowed"
    if segments[0] == RESERVED:
        return f"{RESERVED}/ is the store's own"
    if len(key.encode()) > MAX_KEY_BYTES or any(len(segment.encode()) > MAX_SEGMENT_BYTES for segment in segments):
        return f"at most {MAX_KEY_BYTES} bytes are allowed, {MAX_SEGMENT_BYTES} between two slashes"
    return None


def is_key(name: str) -> bool:
    """Whether `check_key` would take it. Stores list nothing else, so that whatever is listed can be read."""
    return _problem(name) is None


def _folder_of(url: str) -> Path:
    path = url
    if url.startswith("file:"):
        parts = urlsplit(url)
        path = unquote(parts.path)
        if parts.netloc not in ("", "localhost") or not path.startswith("/") or parts.query or parts.fragment:
            raise StoreRefused(f"{url!r}: {EXPECTED}", url=url)
    elif _SCHEME.match(url):  # a folder of that name can be had as './name:…'
        raise StoreRefused(f"{url!r}: unknown kind of store: {EXPECTED}", url=url)
    if not path.strip() or "\x00" in path:
        raise StoreRefused(f"{url!r}: {EXPECTED}", url=url)
    return Path(path).expanduser()


def check_conditions(if_absent: bool, if_match: str | None) -> None:
    """Raise ValueError where both conditions are asked for: they cannot both hold."""
    if if_absent and if_match is not None:
        raise ValueError("expected if_absent or if_match, not both")


def check_range(byte_range: tuple[int, int] | None) -> None:
    """Raise ValueError unless both numbers of a range are 0 or more."""
    if byte_range and min(byte_range) < 0:
        raise ValueError(f"byte_range {byte_range}: expected (offset, length), both 0 or more")


class ObjectReader(io.RawIOBase):
    """A stored object, as `info` tells of it, as a seekable, read-only, unbuffered file, each read of which is a `get`
    of a range.

    Raises `Overwritten` when another object comes under the key while it is read.
    """

    block_bytes = BLOCK_BYTES
    """So much is worth asking for at a time."""

    def __init__(self, store: ObjectStore, info: ObjectInfo) -> None:
        self._store = store
        self._position = 0
        self.name = info.key
        self.size_bytes = info.size_bytes
        self._etag = info.etag

    @classmethod
    def at(cls, store: ObjectStore, key: str) -> "ObjectReader":
        """The reader of the object that is at `key` now. Raises `KeyNotFound`."""
        info = store.head(key)
        if info is None:
            raise KeyNotFound(f"{key}: no such object in {store.url}", store.url, key)
        return cls(store, info)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset` bytes from the start, the position or the end. Raises ValueError before the start."""
        if whence not in (io.SEEK_SET, io.SEEK_CUR, io.SEEK_END):
            raise ValueError(f"whence {whence}: expected io.SEEK_SET, SEEK_CUR or SEEK_END")
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size_bytes}[whence]
        if position < 0:
            raise ValueError(f"cannot seek to {position}: expected a position of 0 or more")
        self._position = position
        return position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer` from the position on; 0 at the end."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self.size_bytes - self._position)
        if wanted <= 0:
            return 0
        read = self._read_at(self._position, view[:wanted])
        self._position += read
        return read

    def _read_at(self, offset: int, view: memoryview) -> int:
        """Fills `view` with the bytes from `offset` on, which are there. Returns how many it read."""
        try:
            data = self._store.get(self.name, (offset, len(view)), if_match=self._etag)
        except PreconditionFailed as err:
            raise self._replaced() from err
        if len(data) != len(view):  # by a store that knows no conditions
            raise self._replaced()
        view[:] = data
        return len(data)

    def _replaced(self) -> Overwritten:
        problem = f"{self.name}: it was replaced while it was read; read it again"
        return Overwritten(problem, self._store.url, self.name)


def open_object(store: ObjectStore, key: str, block_bytes: int | None = None) -> BinaryIO:
    """The object as a buffered, seekable, read-only file that asks the store for `block_bytes` at a time (default:
    what suits the store).

    It suits whatever takes a file, such as pyarrow and warcio, and never holds more than a block. Raises
    `KeyNotFound` here, and what `ObjectStore.get` raises while it is read; `Overwritten` where another object has come
    under the key meanwhile, and the store no longer gives the one that was opened.
    """
    reader = store.open(key)
    return cast(BinaryIO, io.BufferedReader(reader, block_bytes or reader.block_bytes))
