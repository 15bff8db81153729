"""The verb index: the search index and the catalog of runs, brought up to date with the archive.

What is new, was cleaned anew or is gone since the last build is looked for and indexed, and becomes visible with one
PUT of the manifest (browse/index/). It may be interrupted at any point, and done by several at once: who finds that
another was first starts again from what that one made.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bantin.settings import Settings
from browse.catalog import Catalog
from browse.errors import DamagedIndex, NoIndex, OutdatedIndex, SearchFailed
from browse.index.building import Build, OnDone
from browse.index.cache import Cache, Folder, user_cache
from browse.index.manifest import REBUILD, Manifest, read_manifest
from browse.index.publishing import damaged_objects, publish, put_manifest
from browse.index.survey import Survey, survey
from model.errors import BantinError
from storage import keys
from storage.errors import KeyNotFound, PreconditionFailed
from storage.store import ObjectStore, open_store

logger = logging.getLogger("bantin.index")

ALL_AGE = timedelta(days=1)
"""Who names sources has all of them looked through where that was not done for so long."""

MERGE_PATIENCE_S = 0.5
"""So long are segments waited for that are being merged before what is new is shown without."""

TRIES = 5


class NothingThere(BantinError):
    """A source that was named has no runs in the archive."""


class LeftOut(BantinError):
    """Some runs could not be indexed, since their tables cannot be read; the message names them. All others are."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a build did: how many runs it brought in or took out, and the `generation` it made (the one that is there,
    where nothing was to be done), and how many `articles` that has. `problems` are of tables that could not be read, in
    this build or an earlier one."""

    generation: int
    runs: int
    gone: int
    articles: int
    size_bytes: int
    problems: tuple[str, ...] = ()


def bring_up_to_date(
    settings: Settings,
    sources: Sequence[str] | None = None,
    *,
    rebuild: bool = False,
    on_done: OnDone = lambda what, done, total: None,
) -> Indexed:
    """Brings the index up to date with the runs of these sources, or of all; with `rebuild` it is made anew, as it is
    where there is none, or one of another version. `on_done` is told what is being done, how much of it, of how much.

    Raises `NothingThere`, `DamagedIndex` where the present one cannot be built upon, `SearchFailed` where others were
    first time and again, and `StorageError`.
    """
    store = open_store(settings.archive)
    cache = Cache(store, settings.cache or user_cache())
    for left in reversed(range(TRIES)):
        attempt = _Attempt(store, cache, settings.processes, on_done)
        try:
            return attempt.run(sources, rebuild)
        except PreconditionFailed:
            logger.info("another build was first: %s", "this one starts again" if left else "this one gives up")
    raise SearchFailed(f"{store.url}: other builds of the index were first {TRIES} times: try again later")


def refresh(settings: Settings, sources: Sequence[str] | None = None, *, rebuild: bool = False) -> int:
    """The same for a scheduler: returns the generation. Raises `LeftOut`, too, where tables could not be read."""
    indexed = bring_up_to_date(settings, sources, rebuild=rebuild)
    if indexed.problems:
        raise LeftOut(f"{len(indexed.problems)} tables could not be indexed: {'; '.join(indexed.problems[:3])}")
    return indexed.generation


@dataclass(frozen=True, slots=True)
class Checked:
    """How the index stands to the archive: what is `damaged` of it, a line each, and which runs are not in it as they
    are now."""

    manifest: Manifest
    damaged: tuple[str, ...]
    due: Survey
    problems: tuple[str, ...]


def check(settings: Settings, on_done: OnDone = lambda what, done, total: None) -> Checked:
    """Reads all objects of the index, and compares its catalog with a listing of the archive. Changes nothing.

    Raises `NoIndex`, `DamagedIndex` where the manifest cannot be read, and `StorageError`.
    """
    store = open_store(settings.archive)
    manifest = read_manifest(store)
    if manifest is None:
        raise NoIndex(f"{store.url} has no index yet: `bantin index` makes one")
    damaged = damaged_objects(store, manifest, lambda done, total: on_done("objects", done, total))
    catalog = Catalog.empty()
    if not any(line.startswith(keys.index_catalog(manifest.catalog.sha256)) for line in damaged):
        try:
            catalog = Cache(store, settings.cache or user_cache()).catalog(manifest)
        except DamagedIndex as err:  # it is what was stored, and cannot be read
            damaged.append(str(err))
    return Checked(manifest, tuple(damaged), survey(store, catalog), _problems(catalog))


class _Attempt:
    """A build upon the manifest that is there when it begins."""

    def __init__(self, store: ObjectStore, cache: Cache, processes: int, on_done: OnDone) -> None:
        self._store = store
        self._cache = cache
        self._processes = processes
        self._on_done = on_done
        self._before: Manifest | None = None
        self._replaces: str | None = None

    def run(self, sources: Sequence[str] | None, rebuild: bool) -> Indexed:
        """Surveys, builds and publishes. Raises `PreconditionFailed` where another build was first."""
        self._look(rebuild)
        before = None if rebuild else self._before
        if sources and before and before.surveyed_at < datetime.now(UTC) - ALL_AGE:
            sources = None
        catalog = self._catalog_of(before)
        found = survey(self._store, catalog, sources if before else None)
        if unknown := {*(sources or ())} - {table.source for table in found.changed} - {*catalog.newest()}:
            raise NothingThere(f"{', '.join(sorted(unknown))}: no runs of this source in {self._store.url}: correct it")
        if before and not found:
            return self._nothing(before, catalog, found)
        if before and len(found.changed) + len(found.gone) > max(1000, catalog.count() // 2):
            before, catalog = None, Catalog.empty()  # sooner than taking most of it out one by one
            found = survey(self._store, catalog)
        folder = self._folder(before)
        try:
            build = Build(self._store, folder.path, self._processes, self._on_done)
            catalog = build.update(catalog, found)
            return self._publish(build, catalog, found, anew=before is None)
        finally:
            folder.release(remove=True)

    def _look(self, rebuild: bool) -> None:
        """Finds the manifest that is to be replaced."""
        try:
            self._before = read_manifest(self._store)
            self._replaces = self._before.etag if self._before else None
        except DamagedIndex as err:
            if not rebuild and not isinstance(err, OutdatedIndex):
                raise
            logger.info("%s: the index is made anew", err)
            info = self._store.head(keys.index_manifest())
            self._replaces = info.etag if info else None

    def _catalog_of(self, manifest: Manifest | None) -> Catalog:
        if manifest is None:
            return Catalog.empty()
        try:
            return self._cache.catalog(manifest)
        except KeyNotFound as err:
            raise self._damage(err) from err

    def _folder(self, manifest: Manifest | None) -> Folder:
        try:
            return self._cache.build(manifest)
        except KeyNotFound as err:
            raise self._damage(err) from err

    def _damage(self, err: Exception) -> BantinError:
        """What it means that an object of the manifest is not there: another build was first, or there is damage."""
        info = self._store.head(keys.index_manifest())
        if info and info.etag == self._replaces:
            return DamagedIndex(f"{err}: {REBUILD}")
        return PreconditionFailed(f"{keys.index_manifest()}: it was replaced", self._store.url, keys.index_manifest())

    def _nothing(self, before: Manifest, catalog: Catalog, found: Survey) -> Indexed:
        if found.sources is None and before.surveyed_at < found.at - ALL_AGE / 2:
            put_manifest(self._store, replace(before, surveyed_at=found.at), before.etag)
        return Indexed(before.generation, 0, 0, before.articles, before.size_bytes, _problems(catalog))

    def _publish(self, build: Build, catalog: Catalog, found: Survey, *, anew: bool) -> Indexed:
        """Puts what was built. One that was made anew, which took long, takes in what others have since; another one
        leaves the field to who was first."""
        runs, gone = len(found.changed), len(found.gone)
        for left in reversed(range(TRIES)):
            build.settled(MERGE_PATIENCE_S)
            try:
                manifest = self._put(build, catalog, found)
                break
            except PreconditionFailed:
                if not anew or not left:
                    raise
                self._look(rebuild=True)
                found = survey(self._store, catalog)
                if found:
                    build.settled()
                    catalog = build.update(catalog, found)
        if not build.settled(0):
            build.settled()
            self._before, self._replaces = manifest, manifest.etag
            with suppress(PreconditionFailed):  # somebody builds upon what was put: the merge is theirs, too
                manifest = self._put(build, catalog, found)
        self._cache.tidy(manifest)
        return Indexed(manifest.generation, runs, gone, manifest.articles, manifest.size_bytes, _problems(catalog))

    def _put(self, build: Build, catalog: Catalog, found: Survey) -> Manifest:
        surveyed_at = found.at if found.sources is None or self._before is None else self._before.surveyed_at
        return publish(
            self._store,
            self._cache,
            build.folder,
            catalog,
            surveyed_at,
            before=self._before,
            replaces=self._replaces,
            on_done=lambda done, total: self._on_done("files", done, total),
        )


def _problems(catalog: Catalog) -> tuple[str, ...]:
    return tuple(entry for entry in catalog.table["problem"].drop_null().to_pylist())
