"""The index into the object store: files, then the catalog, and last the manifest that names them.

A build that dies before the manifest is put has changed nothing; what it had stored already is swept a day later, as is
what the generations before consisted of.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from browse.catalog import Catalog
from browse.errors import DamagedIndex
from browse.index.cache import Cache, Folder, link
from browse.index.engine import FolderIndex
from browse.index.manifest import File, Manifest, read_manifest
from browse.index.writer import META, files_of
from storage import keys
from storage.errors import KeyNotFound
from storage.inventory import BLOCK_BYTES, digest
from storage.store import ObjectStore, Swept, open_object

logger = logging.getLogger("bantin.index")

GRACE = timedelta(days=1)
"""So long does an object stay that no manifest names: a build may be about to name it."""

_PUTTERS = 4

OnDone = Callable[[int, int], None]


def publish(
    store: ObjectStore,
    cache: Cache,
    folder: Path,
    catalog: Catalog,
    surveyed_at: datetime,
    *,
    before: Manifest | None,
    replaces: str | None,
    on_done: OnDone = lambda done, total: None,
) -> Manifest:
    """Stores the last commit in `folder` as the generation after `before`, in the place of the manifest whose ETag is
    `replaces` (None: of none), and returns its manifest.

    Raises `PreconditionFailed` where somebody else has put a manifest meanwhile, `StorageError`, `SearchFailed`.
    """
    built_at = datetime.now(UTC)
    known = before.files if before else {}
    aside = _set_aside(cache, folder)
    try:
        files = {name: _file(aside.path / name, known) for name in files_of(aside.path)}
        fresh = {file: aside.path / name for name, file in files.items() if known.get(name) != file}
        with ThreadPoolExecutor(_PUTTERS) as putters:
            puts = putters.map(lambda one: store.put(keys.index_file(one[0].sha256), one[1]), fresh.items())
            for done, _ in enumerate(puts, 1):
                on_done(done, len(fresh))
        for file, path in fresh.items():
            cache.add(path, file)
        articles = FolderIndex(aside.path).articles
    finally:
        aside.release(remove=True)
    data = catalog.encoded()
    of_catalog = File(hashlib.sha256(data).hexdigest(), len(data))
    store.put(keys.index_catalog(of_catalog.sha256), data)  # though it be that of before: it may be damaged there
    generation = before.generation + 1 if before else 1
    manifest = Manifest(
        generation=generation,
        built_at=built_at,
        surveyed_at=surveyed_at,
        articles=articles,
        catalog=of_catalog,
        files=files,
    )
    return put_manifest(store, manifest, replaces)


def put_manifest(store: ObjectStore, manifest: Manifest, replaces: str | None) -> Manifest:
    """Puts the manifest in the place of the one whose ETag is `replaces`, or of none. Raises `PreconditionFailed`."""
    etag = store.put(keys.index_manifest(), manifest.encode(), if_absent=replaces is None, if_match=replaces)
    return replace(manifest, etag=etag)


def sweep(store: ObjectStore, at: datetime, *, dry_run: bool = False) -> Swept:
    """Removes what no generation needs: objects below `index/` that the manifest does not name, `GRACE` after they were
    stored. Where the manifest cannot be read nothing goes. Raises `StorageError`."""
    listed = list(store.list(keys.index_prefix()))
    try:
        manifest = read_manifest(store)
    except DamagedIndex as err:
        logger.warning("%s", err)
        return Swept()
    named = {keys.index_manifest(), *(manifest.keys if manifest else ())}
    old = [info for info in listed if info.key not in named and info.modified < at - GRACE]
    if not dry_run:
        store.delete(info.key for info in old)
    return Swept(len(old), sum(info.size_bytes for info in old))


def damaged_objects(store: ObjectStore, manifest: Manifest, on_done: OnDone) -> list[str]:
    """Reads every object of a generation; returns what is wrong with those that are missing or not as they were stored,
    a line each. Raises `StorageError`."""
    found = []
    for done, (key, file) in enumerate(sorted(manifest.keys.items()), 1):
        try:
            with open_object(store, key, BLOCK_BYTES) as stored:
                size_bytes, sha256 = digest(stored)
        except KeyNotFound:
            found.append(f"{key}: missing")
        else:
            if (sha256, size_bytes) != file:
                found.append(f"{key}: not what was stored: {size_bytes} bytes with the hash {sha256}")
        on_done(done, len(manifest.keys))
    return found


def _set_aside(cache: Cache, folder: Path) -> Folder:
    """The files of the last commit, in a folder where no merge takes them away."""
    while True:
        names = files_of(folder)
        aside = cache.build(None)
        try:
            for name in names:
                link(folder / name, aside.path / name)
            if files_of(aside.path) == names:
                return aside
        except FileNotFoundError:  # merged this moment
            pass
        aside.release(remove=True)


def _file(path: Path, known: Mapping[str, File]) -> File:
    """Hash and size of a file. Segments are never written again, so those that are known are not read."""
    if path.name != META and path.name in known:
        return known[path.name]
    with path.open("rb") as source:
        size_bytes, sha256 = digest(source)
    return File(sha256, size_bytes)
