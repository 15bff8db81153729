"""The index on this machine: files of the store in a folder that all processes share.

    ARCHIVE/files/SHA256          a file, whole and checked; what has its hash's name is never written to
    ARCHIVE/open/GENERATION-…/    a generation as the engine opens it: links to those files, under the engine's names
    ARCHIVE/build/…/              one on its way (browse/index/building.py)
    ARCHIVE/lock                  held while files are fetched, or taken away

ARCHIVE is a hash of the store's address. Folders in `open/` and `build/` are locked (flock) by the process that uses
them, which drops with it; what nobody uses any more is tidied away. From an archive in a folder files are linked, not
copied, where the file system can.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from browse.catalog import Catalog
from browse.errors import DamagedIndex
from browse.index.manifest import REBUILD, File, Manifest
from storage import keys
from storage.directory import DirectoryStore
from storage.errors import StoreRefused
from storage.inventory import BLOCK_BYTES, digest
from storage.store import ObjectStore, open_object

FETCHERS = 4
"""So many files are fetched at a time."""

OnDone = Callable[[int, int], None]


def user_cache() -> Path:
    """The folder for what can be fetched again, as https://specifications.freedesktop.org/basedir/ has it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bantin"


class Folder:
    """A folder of this process's own in the cache; others leave it alone until it is released, or the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = os.getpid()
        path.mkdir(parents=True)
        self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def release(self, *, remove: bool = False) -> None:
        """Leaves it to be tidied away, or removes it at once. Files that are open in it stay readable."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
            if remove:
                shutil.rmtree(self.path, ignore_errors=True)

    def __del__(self) -> None:
        self.release(remove=self._process == os.getpid())  # a process that was forked leaves it to its parent


class Cache:
    """The files of one store's index in `folder`, which is made. May be used from several threads and processes."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self._store = store
        self.folder = folder.absolute() / hashlib.sha256(store.url.encode()).hexdigest()[:16]
        self._files = self.folder / "files"

    def open(self, manifest: Manifest, on_done: OnDone | None = None) -> Folder:
        """A folder that holds the files of a generation, under the engine's names. Fetches what is missing.

        Raises `KeyNotFound` where a file is not in the store (any more), `DamagedIndex` where one has another hash,
        `StoreRefused` where the disk of the cache is full, and other errors of the store.
        """
        return self._linked(manifest, "open", f"{manifest.generation}-", on_done)

    def build(self, manifest: Manifest | None) -> Folder:
        """A folder to build in, with the files of `manifest`, if any. Raises as `open` does."""
        return self._linked(manifest, "build", "", None)

    def catalog(self, manifest: Manifest) -> Catalog:
        """The catalog of a generation, which is read and checked anew. Raises as `open` does."""
        key = keys.index_catalog(manifest.catalog.sha256)
        data = self._store.get(key)
        _expect(key, manifest.catalog, File(hashlib.sha256(data).hexdigest(), len(data)))
        try:
            return Catalog.decode(data)
        except ValueError as err:
            raise DamagedIndex(f"{key}: {err}: {REBUILD}") from err

    def add(self, path: Path, file: File) -> None:
        """Takes a file that has just been stored, and that nobody writes to any more, as one of the cache's own."""
        with self._explained(), self._locked():
            self._files.mkdir(parents=True, exist_ok=True)
            if not self._has(file):
                unfinished = self._unfinished(file)
                if not self._link_stored(keys.index_file(file.sha256), unfinished):
                    link(path, unfinished)
                unfinished.replace(self.path(file))

    def path(self, file: File) -> Path:
        """Where a file of the cache lies."""
        return self._files / file.sha256

    def tidy(self, kept: Manifest) -> None:
        """Removes folders that no process uses any more, and files that are in none and not of `kept`."""
        with self._explained(), self._locked():
            for folder in self._folders():
                if not _is_used(folder):
                    shutil.rmtree(folder, ignore_errors=True)
            used = {inode for folder in self._folders() for inode in _inodes(folder)}
            named = {file.sha256 for file in kept.files.values()}
            for file in _entries(self._files):
                if file.name not in named and file.stat().st_ino not in used:
                    file.unlink()

    def _folders(self) -> Iterator[Path]:
        for place in ("open", "build"):
            yield from _entries(self.folder / place)

    def _linked(self, manifest: Manifest | None, place: str, prefix: str, on_done: OnDone | None) -> Folder:
        with self._explained(), self._locked():
            folder = Folder(self.folder / place / f"{prefix}{uuid4().hex}")
            try:
                files = manifest.files if manifest else {}
                self._fetch(set(files.values()), on_done)
                for name, file in files.items():
                    link(self.path(file), folder.path / name)
            except BaseException:
                folder.release(remove=True)
                raise
        return folder

    def _fetch(self, files: set[File], on_done: OnDone | None) -> None:
        self._files.mkdir(parents=True, exist_ok=True)
        missing = [file for file in files if not self._has(file)]
        with ThreadPoolExecutor(FETCHERS) as fetchers:
            try:
                for done, _ in enumerate(fetchers.map(self._fetch_one, missing), 1):
                    if on_done is not None:
                        on_done(done, len(missing))
            except BaseException:
                fetchers.shutdown(cancel_futures=True)
                raise

    def _has(self, file: File) -> bool:
        with suppress(FileNotFoundError):
            return self.path(file).stat().st_size == file.size_bytes
        return False

    def _fetch_one(self, file: File) -> None:
        """Gets a file under another name, checks it, and gives it its own."""
        key = keys.index_file(file.sha256)
        unfinished = self._unfinished(file)
        if not self._link_stored(key, unfinished):
            with open_object(self._store, key, BLOCK_BYTES) as source, unfinished.open("xb") as out:
                shutil.copyfileobj(source, out, BLOCK_BYTES)
        with unfinished.open("rb") as whole:
            size_bytes, sha256 = digest(whole)
        if (sha256, size_bytes) != file:
            unfinished.unlink()
        _expect(key, file, File(sha256, size_bytes))
        unfinished.replace(self.path(file))

    def _unfinished(self, file: File) -> Path:
        path = self._files / f".{file.sha256}"
        path.unlink(missing_ok=True)
        return path

    def _link_stored(self, key: str, path: Path) -> bool:
        if not isinstance(self._store, DirectoryStore) or self._store.head(key) is None:
            return False
        try:
            path.hardlink_to(self._store.root / key)
        except OSError:  # on another file system, or none that has links, or of another user
            return False
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            where = "make room there, or name another folder in BANTIN_CACHE"
            raise StoreRefused(
                f"{err.filename or self.folder}: {err.strerror or err}: {where}", self._store.url
            ) from err


def link(path: Path, target: Path) -> None:
    """Gives a file, which nobody writes to any more, a further name; where the file system has no links, a copy."""
    try:
        target.hardlink_to(path)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # a file system without links
        shutil.copyfile(path, target)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _inodes(folder: Path) -> list[int]:
    """What the files in a folder are, by whatever names; none where its process takes it away this moment."""
    try:
        return [entry.inode() for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []


def _is_used(folder: Path) -> bool:
    """Whether a process, this one too, has the folder for its own."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _expect(key: str, file: File, found: File) -> None:
    if found != file:
        raise DamagedIndex(f"{key}: {found.size_bytes} bytes of another hash than the manifest names: {REBUILD}")
