"""The index as the object store ships it: whatever generation is the newest, opened on this machine.

    index = open_index(store, cache_folder)
    index.search(parse_query("lễ hội"))
    index.catalog.runs("kimson")

Questions are answered from files in the cache; the store is asked only for a new manifest, now and then and
beside the questions. Going over to a new generation drops no question: each keeps the generation it began with, whose
files are tidied away when the last one has its answer.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from browse.catalog import Catalog
from browse.errors import DamagedIndex, NoIndex
from browse.index.cache import Cache, Folder, OnDone, user_cache
from browse.index.engine import FolderIndex
from browse.index.manifest import REBUILD, Manifest, read_manifest
from browse.index.seam import Alike, Found, Hit, Order
from browse.query import Query
from model.errors import BantinError
from storage import keys
from storage.errors import KeyNotFound
from storage.store import ObjectStore

logger = logging.getLogger("bantin.index")

POLL_S = 5.0
"""So often, at most, is the store asked for a new manifest."""


@dataclass(frozen=True, slots=True)
class _Generation:
    """A generation that is open. Its folder goes when nobody asks it any more."""

    manifest: Manifest
    folder: Folder
    engine: FolderIndex
    catalog: Catalog


class ShippedIndex:
    """A `browse.index.seam.SearchIndex` over the newest generation in a store, and its `catalog`; any number of threads
    may ask it. Made by `open_index`."""

    def __init__(self, store: ObjectStore, cache_folder: Path, poll_s: float, on_done: OnDone | None) -> None:
        self._store = store
        self._cache = Cache(store, cache_folder)
        self._poll_s = poll_s
        self._refreshing = threading.Lock()
        self._looked_at = time.monotonic()
        self._open = self._newest(None, on_done)
        self._cache.tidy(self._open.manifest)

    @property
    def catalog(self) -> Catalog:
        """What runs and sources are, as of the generation that is open."""
        return self._now().catalog

    @property
    def manifest(self) -> Manifest:
        """The generation that is open."""
        return self._now().manifest

    @property
    def generation(self) -> int:
        """The number of the generation that is open: it grows with each that is built."""
        return self._now().manifest.generation

    @property
    def as_of(self) -> datetime:
        """When the generation that is open was built."""
        return self._now().manifest.built_at

    @property
    def articles(self) -> int:
        """How many articles are in the index, spam pages included."""
        return self._now().engine.articles

    def search(
        self,
        query: Query,
        *,
        order: Order = Order.RELEVANCE,
        offset: int = 0,
        limit: int = 20,
        facets: Sequence[str] = (),
        facet_limit: int = 10,
        timeline: bool = False,
    ) -> Found:
        """See `SearchIndex.search`."""
        return self._now().engine.search(
            query,
            order=order,
            offset=offset,
            limit=limit,
            facets=facets,
            facet_limit=facet_limit,
            timeline=timeline,
        )

    def get(self, ids: Sequence[str]) -> list[Hit]:
        """See `SearchIndex.get`."""
        return self._now().engine.get(ids)

    def begins_with(self, beginning: str, limit: int = 10) -> list[str]:
        """See `SearchIndex.begins_with`."""
        return self._now().engine.begins_with(beginning, limit)

    def related(self, article_id: str, limit: int = 50) -> list[Hit]:
        """See `SearchIndex.related`."""
        return self._now().engine.related(article_id, limit)

    def runs_of(self, article_id: str) -> list[tuple[str, str]]:
        """See `SearchIndex.runs_of`."""
        return self._now().engine.runs_of(article_id)

    def ids(self, query: Query, limit: int) -> list[str]:
        """See `SearchIndex.ids`."""
        return self._now().engine.ids(query, limit)

    def suggest(self, beginning: str, limit: int = 8) -> list[str]:
        """See `SearchIndex.suggest`."""
        return self._now().engine.suggest(beginning, limit)

    def alike(self, query: Query, limit: int = 5) -> list[Alike]:
        """See `SearchIndex.alike`."""
        return self._now().engine.alike(query, limit)

    def changed(self, limit: int = 20) -> list[Hit]:
        """The articles whose text changed last, the newest change first."""
        return self._now().engine.changed(limit)

    def refresh(self) -> bool:
        """Goes over to the newest generation, if there is a newer one than the open one; whether there was.

        Raises `NoIndex`, `DamagedIndex` and `StorageError`; the generation that is open stays open then.
        """
        with self._refreshing:
            self._looked_at = time.monotonic()
            info = self._store.head(keys.index_manifest())
            if info and info.etag == self._open.manifest.etag:
                return False
            self._open = self._newest(self._open, None)
            self._cache.tidy(self._open.manifest)
            return True

    def _now(self) -> _Generation:
        """The open generation. Every few seconds a thread is started that looks for a newer one."""
        if time.monotonic() - self._looked_at > self._poll_s and not self._refreshing.locked():
            self._looked_at = time.monotonic()
            threading.Thread(target=self._refresh_quietly, name="index-refresh", daemon=True).start()
        return self._open

    def _refresh_quietly(self) -> None:
        try:
            self.refresh()
        except BantinError as err:
            logger.warning("the index stays that of %s: %s", self._open.manifest.built_at.isoformat(), err)

    def _newest(self, before: _Generation | None, on_done: OnDone | None) -> _Generation:
        missing: Manifest | None = None
        while manifest := read_manifest(self._store):
            try:
                return self._opened(manifest, before, on_done)
            except KeyNotFound as err:  # a build has replaced it, and an audit has swept
                if missing is not None and missing.etag == manifest.etag:
                    raise DamagedIndex(f"{err}: the manifest names it: {REBUILD}") from err
                missing = manifest
        raise NoIndex(f"{self._store.url} has no index yet: `bantin index` makes one")

    def _opened(self, manifest: Manifest, before: _Generation | None, on_done: OnDone | None) -> _Generation:
        if before and (before.manifest.files, before.manifest.catalog) == (manifest.files, manifest.catalog):
            before.engine.reload(manifest.built_at)
            return _Generation(manifest, before.folder, before.engine, before.catalog)
        folder = self._cache.open(manifest, on_done)
        catalog = self._cache.catalog(manifest)
        return _Generation(manifest, folder, FolderIndex(folder.path, manifest.built_at), catalog)


def open_index(
    store: ObjectStore, cache_folder: Path | None = None, *, poll_s: float = POLL_S, on_done: OnDone | None = None
) -> ShippedIndex:
    """The newest generation of the store's index. What is missing of it in `cache_folder` (default: in the user's cache
    folder), which any number of processes may share, is fetched; `on_done` is told how many files of how many are.
    Every `poll_s` seconds, at most, it is looked whether there is a newer one.

    Raises `NoIndex` where the archive has none, `DamagedIndex` where a part of it is missing or is not what was
    stored, and `StorageError`.
    """
    return ShippedIndex(store, cache_folder or user_cache(), poll_s, on_done)
