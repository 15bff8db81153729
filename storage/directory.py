"""The object store in a folder: a key is a path below the root.

Readers need no lock, because files appear and vanish whole: each is written under a name in `.tmp/` (same file
system), synced, then renamed or linked. Everything that changes the tree does so under one lock of the store, held for
microseconds: flock(2), which excludes threads as well as processes and is dropped when its holder dies.
"""

import errno
import fcntl
import io
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO
from uuid import uuid4

from storage.errors import InvalidKey, KeyNotFound, PreconditionFailed, StorageError, StoreRefused, StoreUnavailable
from storage.store import (
    BLOCK_BYTES,
    RESERVED,
    ObjectInfo,
    ObjectReader,
    Swept,
    check_conditions,
    check_key,
    check_range,
    is_key,
)

ORPHAN_AGE_S = 24 * 3600  # an unfinished file this old has outlived its writer

_RIGHTS = "give this user the right to read and write there, or correct ARCHIVE_URL"
_ROOM = "make room, or move the archive to a larger disk"
_LOCKS = "its file system has no locks: put the archive on a local disk, or use s3://"
_FINAL = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "mount it for writing, or correct ARCHIVE_URL",
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.ENOLCK: _LOCKS,
    errno.ENOSYS: _LOCKS,
}
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}  # link(2): FAT, some network mounts
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)  # what a key without an object looks like


class DirectoryStore:
    """An `ObjectStore` in the folder `root`, which the first `put` makes.

    An ETag is `<mtime in ns>-<bytes>-<inode>` in hexadecimal. It changes with every put, also of equal content: the
    time is set by hand to the full resolution of the clock, because Linux before 6.13 stamps files
    with a clock that stands still for milliseconds, while inode numbers are used again at once.

    Symbolic links below the root are refused, wherever they point: so a key never leaves the root. An object cannot
    lie below another one (`a` and `a/b`), which a bucket would allow; `put` raises `InvalidKey` for the second.
    """

    conditional = True

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.url = str(self.root)
        self._temporary = self.root / RESERVED

    def put(self, key: str, data: bytes | Path, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        check_conditions(if_absent, if_match)
        target = self._path(key)
        with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as source, self._explained(key):
            self._prepare()
            unfinished = self._temporary / uuid4().hex
            try:
                with unfinished.open("xb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)  # until it has its name: no sweep takes it
                    etag = _write(source, file)
                    with self._lock():
                        self._place(unfinished, target, key, if_absent, if_match)
            finally:
                unfinished.unlink(missing_ok=True)
            with suppress(FileNotFoundError):  # the object, and its folder with it, was deleted meanwhile
                _sync_folder(target.parent)
        return etag

    def get(self, key: str, byte_range: tuple[int, int] | None = None, *, if_match: str | None = None) -> bytes:
        """See `ObjectStore.get`."""
        check_range(byte_range)
        offset, length = byte_range or (0, -1)
        with self._explained(key), self._path(key).open("rb") as file:
            if if_match is not None and _etag(os.fstat(file.fileno())) != if_match:
                raise PreconditionFailed(f"{key}: it is no longer as it was read: read it again", self.url, key)
            file.seek(offset)
            return file.read(length)

    def open(self, key: str) -> ObjectReader:
        """See `ObjectStore.open`. It gives the object that was opened, whatever comes under its key meanwhile."""
        with self._explained(key):
            file = self._path(key).open("rb", buffering=0)
            return _OpenFile(self, _info(key, os.fstat(file.fileno())), file)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        folder = prefix[: prefix.rfind("/") + 1]
        if not folder or is_key(folder[:-1]):
            yield from self._walk(folder, prefix)

    def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore.head`."""
        try:
            with self._explained(key):
                found = self._path(key).stat()
        except KeyNotFound:
            return None
        return _info(key, found) if stat.S_ISREG(found.st_mode) else None

    def delete(self, keys: Iterable[str]) -> None:
        """See `ObjectStore.delete`. Folders left empty go too; a crash may bring back what was deleted just before."""
        for key in keys:
            path = self._path(key)
            if not self.head(key):
                continue
            with suppress(KeyNotFound), self._explained(key):
                self._prepare()
                with self._lock():
                    path.unlink()
                    self._prune(path.parent)

    def sweep(self, older_than: datetime, *, dry_run: bool = False) -> Swept:
        """See `ObjectStore.sweep`. A file whose writer is alive stays, however old it is."""
        if not self._temporary.is_dir():
            return Swept()
        with self._explained(None):
            self._refuse_links(self._temporary, None)
            return self._sweep(older_than.timestamp(), dry_run=dry_run)

    def _sweep(self, oldest: float, *, dry_run: bool = False) -> Swept:
        swept = Swept()
        for entry in os.scandir(self._temporary):
            with suppress(FileNotFoundError, PermissionError):  # gone meanwhile; another user's, and his to sweep
                found = entry.stat(follow_symlinks=False)
                is_ours = entry.name != "lock" and stat.S_ISREG(found.st_mode)
                if not is_ours or found.st_mtime >= oldest or _has_writer(Path(entry)):
                    continue
                if not dry_run:
                    Path(entry).unlink()
                swept += Swept(1, found.st_size)
        return swept

    def _path(self, key: str) -> Path:
        check_key(key, self.url)
        path = self.root / key
        self._refuse_links(path, key)
        return path

    def _refuse_links(self, path: Path, key: str | None) -> None:
        if os.path.realpath(path) != str(path):
            raise StoreRefused(
                f"{path}: a symbolic link on this path is not followed: put the files themselves there, or mount them",
                self.url,
                key,
            )

    def _prepare(self) -> None:
        """Make the folder of unfinished files; sweep those that a killed writer left."""
        self._refuse_links(self._temporary, None)
        if not self._temporary.is_dir():
            try:
                self._temporary.mkdir(parents=True, exist_ok=True)
            except (FileNotFoundError, NotADirectoryError) as err:  # below /proc, which takes no folders, or a file
                if self.root.is_file():
                    raise
                raise StoreRefused(f"{self.root}: it cannot be created: correct ARCHIVE_URL", self.url) from err
            _sync_folder(self.root)
            with suppress(PermissionError):  # the folder above may be one we can pass through and not read
                _sync_folder(self.root.parent)
        self._sweep(time.time() - ORPHAN_AGE_S)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._temporary / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _place(self, unfinished: Path, target: Path, key: str, if_absent: bool, if_match: str | None) -> None:
        """Give the finished file its name. Runs under the lock."""
        if if_match is not None:
            current = self.head(key)
            if current is None or current.etag != if_match:
                raise PreconditionFailed(f"{key}: it is no longer as it was read: read it again", self.url, key)
        try:
            _make_folders(target.parent)
        except (FileExistsError, NotADirectoryError) as err:
            raise InvalidKey(f"{key}: a folder cannot hold an object below another one", self.url, key) from err
        if target.is_dir():
            raise InvalidKey(f"{key}: a folder cannot hold an object above others", self.url, key)
        if if_absent:
            try:
                _link(unfinished, target)
            except FileExistsError as err:
                raise PreconditionFailed(f"{key}: it exists already", self.url, key) from err
        else:
            unfinished.replace(target)

    def _prune(self, folder: Path) -> None:
        """Remove `folder` and those above it as far as they are empty. Runs under the lock."""
        with suppress(OSError):  # not empty, or not ours to remove: it can stay
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent

    def _walk(self, folder: str, prefix: str) -> Iterator[ObjectInfo]:
        """The objects below `folder` ('' or 'a/b/') that match `prefix`, in order."""
        found = {}
        try:
            with self._explained(None):
                self._refuse_links(self.root / folder, None)
                for entry in os.scandir(self.root / folder):
                    # With its slash a folder sorts as its keys do: 'a-b' < 'a/b' < 'a0', which 'a' < 'a-b' is not.
                    name = folder + entry.name + "/" * entry.is_dir()
                    if name.startswith(prefix) or (entry.is_dir() and prefix.startswith(name)):
                        found[name] = entry
        except KeyNotFound:
            return  # removed meanwhile, or never there
        for name in sorted(found, key=os.fsencode):
            if name == RESERVED + "/":
                continue
            if found[name].is_symlink():
                self._refuse_links(Path(found[name].path), None)
            if name.endswith("/"):
                yield from self._walk(name, prefix)
            elif is_key(name) and (info := self.head(name)):
                yield info

    @contextmanager
    def _explained(self, key: str | None) -> Iterator[None]:
        """Turn what the file system says into this package's errors."""
        try:
            yield
        except OSError as err:
            raise self._error(err, key) from err

    def _error(self, err: OSError, key: str | None) -> StorageError:
        if isinstance(err, NotADirectoryError | FileExistsError) and self.root.is_file():
            return StoreRefused(f"{self.root}: it is a file: expected a folder; correct ARCHIVE_URL", self.url, key)
        if isinstance(err, _ABSENT):
            return KeyNotFound(f"{key}: no such object in {self.root}", self.url, key)
        place = str(err.filename or self.root)
        named = f"{self.root / key}: " if key and place != str(self.root / key) else ""  # not an unfinished file alone
        problem = f"{named}{place}: {err.strerror}"
        if err.errno in _FINAL:
            return StoreRefused(f"{problem}: {_FINAL[err.errno]}", self.url, key)
        if err.errno == errno.ENAMETOOLONG:
            return InvalidKey(f"{problem}: shorten the key, or move the archive nearer to /", self.url, key)
        return StoreUnavailable(f"{problem}: try again, and look at the disk if it stays", self.url, key)


class _OpenFile(ObjectReader):
    """An object's file, which is held open: the files of objects are replaced, and never changed."""

    block_bytes = 128 << 10  # larger ones leave the processor's cache

    def __init__(self, store: DirectoryStore, info: ObjectInfo, file: io.FileIO) -> None:
        super().__init__(store, info)
        self._explained = store._explained
        self._file = file

    def _read_at(self, offset: int, view: memoryview) -> int:
        with self._explained(self.name):
            self._file.seek(offset)
            return self._file.readinto(view) or 0

    def close(self) -> None:
        """Closes the file, too."""
        self._file.close()
        super().close()


def _write(source: BinaryIO, file: BinaryIO) -> str:
    copyfileobj(source, file, BLOCK_BYTES)
    file.flush()
    now_ns = time.time_ns()
    os.utime(file.fileno(), ns=(now_ns, now_ns))
    os.fsync(file.fileno())
    return _etag(os.fstat(file.fileno()))


def _has_writer(path: Path) -> bool:
    """Whether a process that is alive writes this unfinished file."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _link(unfinished: Path, target: Path) -> None:
    """Give `unfinished` the name `target` unless it is taken. Raises FileExistsError."""
    try:
        target.hardlink_to(unfinished)
    except OSError as err:
        if err.errno not in _NO_HARD_LINKS:
            raise
        if target.exists():
            raise FileExistsError(target) from err
        unfinished.replace(target)  # as good, as long as all writers honour the lock


def _make_folders(folder: Path) -> None:
    """Make `folder` and those above it, durably."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir()
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: fsync(2) of a file does not cover the entry that names it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _etag(found: os.stat_result) -> str:
    return f"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}"


def _info(key: str, found: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, found.st_size, _etag(found), datetime.fromtimestamp(found.st_mtime, UTC))
