"""Bringing an index in a folder up to date with the archive.

A run that is new, changed or gone concerns the articles that its table holds now, and those whose documents say that it
held them. Of these every row is known: the tables that changed are read, the other rows stand in the documents. So an
article's document is made anew from all its rows, as it is when the whole index is: that is the same with an empty
folder, where every run is new. A table that cannot be read counts as one without rows; the catalog has the reason, and
every further build tries again.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow as pa
from structlog.contextvars import bound_contextvars

from browse.catalog import Catalog
from browse.index.engine import FolderIndex
from browse.index.entries import Told, entry_of, source_of
from browse.index.indexing import CHUNK, Chunk, Indexers, index_here, join, read_here
from browse.index.ledger import Columns, Ledger, Row, Table, columns_of
from browse.index.parts import Part, Replaced, Rows, lake_parts, own_part
from browse.index.schema import table_name
from browse.index.survey import Listed, Survey
from browse.index.writer import IndexWriter, files_of
from storage import keys
from storage.rows import read_each
from storage.store import ObjectStore

logger = logging.getLogger("bantin.index")

LAKE_FROM = 100
"""Where so many tables are to be read, those that the lake holds are read from there."""

SHARED_FROM = 400
"""So many tables are shared among the processes to be read."""

TRIES = 3
"""So often is a table looked at that is another one each time."""

OnDone = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is, and of how much."""


class Build:
    """An index on its way, in a folder that is nobody else's; made by up to `processes` processes."""

    def __init__(
        self, store: ObjectStore, folder: Path, processes: int = 1, on_done: OnDone = lambda what, done, total: None
    ) -> None:
        self.folder = folder
        self._store = store
        self._processes = processes
        self._on_done = on_done
        self._merging: Thread | None = None

    def update(self, catalog: Catalog, found: Survey) -> Catalog:
        """Brings the folder up to date with what a survey found; `catalog` is of what the folder holds so far. Returns
        the catalog of what it holds then. Where an error is raised, the folder is of no further use.

        Segments may still be merged when it returns (`settled`). Raises `StorageError` where the store does not answer
        or the disk is full, and `SearchFailed`.
        """
        work = _Work(self._store, dict(found.changed), set(found.gone))
        while True:
            try:
                with Indexers(self._store.url, self.folder, self._processes) as indexers:
                    told = self._index(work, indexers)
            except Replaced as err:
                work.look_again(err)
            else:
                return self._catalog(catalog, work, told)

    def settled(self, timeout_s: float | None = None) -> bool:
        """Waits until no segments are being merged, or for some seconds; whether none are."""
        if self._merging is not None:
            self._merging.join(timeout_s)
        return self._merging is None or not self._merging.is_alive()

    def _index(self, work: "_Work", indexers: Indexers) -> Mapping[Table, Told]:
        read = self._read(work, indexers)
        touched = {*work.changed, *work.gone}
        before = self._rows_before(touched, read)
        kept = [row for row in before if row.seen.table not in touched]
        tables = sorted({*work.changed, *(row.seen.table for row in kept)})
        places = {table: place for place, table in enumerate(tables)}
        ledger = Ledger(_joined([*(_placed(rows, places) for rows in read), columns_of(kept, places)]), tables)
        parts = {table: rows.part for rows in read for table in rows.part.tables}
        self._write(ledger, parts, {row.id for row in before}, indexers)
        return {table: told for rows in read for table, told in rows.told.items()}

    def _read(self, work: "_Work", indexers: Indexers) -> list[Rows]:
        """What the ledger needs of all tables that changed and can be read."""

        def on_table(done: int, total: int) -> None:
            self._on_done("tables", done, total)

        read: list[Rows] = []
        todo = work.parts()
        while todo:
            shared = self._processes > 1 and sum(len(part.tables) for part in todo) >= SHARED_FROM
            found = indexers.read(todo, on_table) if shared else read_here(self._store, todo, on_table)
            read += [one for one in found if isinstance(one, Rows)]
            todo = [part for one in found if isinstance(one, Replaced) for part in work.look_again(one)]
        return read

    def _rows_before(self, touched: Iterable[Table], read: list[Rows]) -> list[Row]:
        """The rows, so far as they are indexed, of all articles that have one in a touched table, or had."""
        if not files_of(self.folder):
            return []
        index = FolderIndex(self.folder)
        ids = pa.chunked_array([rows.columns.ids for rows in read], pa.string()).unique().to_pylist()
        found = index.rows_in("table", [table_name(table) for table in touched]) + index.rows_in("id", ids)
        return list(dict.fromkeys(found))

    def _write(self, ledger: Ledger, parts: Mapping[Table, Part], before: set[str], indexers: Indexers) -> None:
        """Puts the ledger's articles in the place of those `before`. Where a part turns out to be another one, the
        folder is as it was."""
        chunks, total = _chunks(ledger, parts), len(ledger)
        if indexers.started or (self._processes > 1 and total > 2 * CHUNK):
            self._count(indexers.index(chunks), total)
            others = indexers.end()
            with IndexWriter(self.folder, threads=1) as writer:
                writer.remove(before)
            join(self.folder, others)
            writer = IndexWriter(self.folder, threads=1)
        else:
            writer = IndexWriter(self.folder, threads=1)
            try:
                writer.remove(before)
                self._count(index_here(self._store, writer, chunks), total)
            except BaseException:
                writer.abandon()
                raise
        writer.commit()
        self._merging = Thread(target=writer.close, daemon=True)
        self._merging.start()

    def _count(self, counts: Iterable[int], total: int) -> None:
        for done in accumulate(counts):
            self._on_done("articles", done, total)

    def _catalog(self, catalog: Catalog, work: "_Work", told: Mapping[Table, Told]) -> Catalog:
        problems = {table: Told(problem=problem) for table, problem in work.problems.items()}
        told = {**told, **problems}
        changed = sorted(work.changed.items(), key=lambda one: (one[0].source, one[0].run))
        entries = read_each(
            changed,
            lambda one: entry_of(self._store, *one, told.get(one[0], Told())),
            lambda done, total: self._on_done("reports", done, total),
        )
        runs = catalog.with_runs(entries, [(table.source, table.run) for table in work.gone], [])
        touched = {table.source for table in (*work.changed, *work.gone)}
        kept = [one for one in catalog.sources() if one.id not in touched]
        fresh = [source_of(self._store, runs, source) for source in sorted(touched) if runs.count(source)]
        return runs.with_runs([], [], [*kept, *fresh])


@dataclass
class _Work:
    """The tables that are to be brought into the index or taken out of it, as far as that is known by now."""

    store: ObjectStore
    changed: dict[Table, Listed]
    gone: set[Table]
    problems: dict[Table, str] = field(default_factory=dict)
    without_lake: bool = False
    tries: dict[Table, int] = field(default_factory=dict)

    def parts(self) -> list[Part]:
        """Where the rows of the changed tables are read."""
        etags = {
            table: listed.articles
            for table, listed in self.changed.items()
            if listed.articles and table not in self.problems
        }
        of_lake = [] if self.without_lake or len(etags) < LAKE_FROM else list(lake_parts(self.store, etags))
        held = {table for part in of_lake for table in part.tables}
        return of_lake + [own_part(table) for table in sorted(etags) if table not in held]

    def look_again(self, err: Replaced) -> list[Part]:
        """Notes what became of a part that could not be read; returns those to be read in its place."""
        if err.part.is_of_lake:
            logger.info("%s: looked at again", err)
            self.without_lake = True
            return [own_part(table) for table in err.part.tables]
        (table,) = err.part.tables
        with bound_contextvars(source=table.source, run=table.run):
            return self._look_again(err, table)

    def _look_again(self, err: Replaced, table: Table) -> list[Part]:
        logger.info("%s: looked at again", err)
        if err.problem:
            logger.error("%s: left out of the index: %s", err.part.key, err.problem)
            self.problems[table] = err.problem
            if table in self.changed:
                return []
        self.tries[table] = self.tries.get(table, 0) + 1
        if self.tries[table] > TRIES:
            self.problems[table] = f"{err.part.key}: it was replaced each time it was read"
        listed = _listed(self.store, table)
        self.changed.pop(table, None)
        self.gone.discard(table)
        if listed.articles or listed.report:
            self.changed[table] = listed
        else:
            self.gone.add(table)
        return [err.part] if listed.articles and table not in self.problems else []


def _listed(store: ObjectStore, table: Table) -> Listed:
    named = (keys.articles, keys.report, keys.run_source)
    infos = [store.head(key(table.source, table.run)) for key in named]
    return Listed(*(info.etag if info else None for info in infos))


def _chunks(ledger: Ledger, parts: Mapping[Table, Part]) -> Iterator[Chunk]:
    """What is to be indexed, some thousand articles at a time: of each part those whose newest row is there."""
    places = {table: place for place, table in enumerate(ledger.tables)}
    chunk: Chunk = []
    for part in dict.fromkeys(parts.get(table) or own_part(table) for table in ledger.tables):
        wanted = {
            one: ledger.history(article)
            for table in part.tables
            for articles in [ledger.newest_in(places[table])]
            for one, article in zip(ledger.ids(articles), articles, strict=True)
        }
        if wanted:
            chunk.append((part, wanted))
        if sum(len(some) for _, some in chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _placed(rows: Rows, places: Mapping[Table, int]) -> Columns:
    """The columns of a part, with the places that its tables have among all."""
    moved = np.array([places[table] for table in rows.part.tables], np.int32)
    return rows.columns._replace(table=moved[rows.columns.table])


def _joined(columns: list[Columns]) -> Columns:
    return Columns(
        pa.chunked_array([one.ids for one in columns], pa.string()).combine_chunks(),
        np.concatenate([one.at_us for one in columns]),
        np.concatenate([one.texts for one in columns]),
        np.concatenate([one.table for one in columns]),
    )
