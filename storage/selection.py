"""Rows of the articles tables, chosen by what they say and read in bounded memory.

Two passes: the first reads a few narrow columns of every table and decides, the second reads what was chosen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from model.article import Article
from storage import keys
from storage.errors import Corrupt, KeyNotFound, StoreUnavailable
from storage.history import is_newest
from storage.places import table_of
from storage.rows import read_each
from storage.store import ObjectStore, open_object
from storage.tables import read_table, schema_of

BATCH_ROWS = 500
"""So many rows are in memory at a time; with everything that was removed from it a page takes 10 to 100 kB."""

_TOLD = ("id", "fetched_at", "published_on", "language", "quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which rows are meant. What is empty or None leaves nothing out.

    `sources` and `run` name tables. Of an article that these hold several times its newest row is meant, or each with
    `all_versions`; and of those the ones that were published from `since` to `until`, both included (an article
    without a day is not, then), in one of `languages` (`zh` is also `zh-Hant`), and that are not `quarantined`, unless
    that is set. `ids` names articles, and `tables` the only tables (by key) that need to be looked at, as an index
    knows them; None means all.
    """

    sources: tuple[str, ...] = ()
    run: str | None = None
    since: date | None = None
    until: date | None = None
    languages: tuple[str, ...] = ()
    quarantined: bool = False
    all_versions: bool = False
    ids: frozenset[str] | None = None
    tables: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of the table at `key`, by their numbers, and the ids that stand there."""

    key: str
    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    ids: pa.Array


def choose(
    store: ObjectStore, selection: Selection, on_table: Callable[[int, int], None] = lambda done, total: None
) -> list[Chosen]:
    """The rows that `selection` means, by source, run and place in their table; `on_table` is told how many tables of
    how many are read. Of a million rows it takes some 200 MB while it looks. Raises `StorageError`."""
    wanted = _tables(store, selection)
    ids = None if selection.ids is None else pa.array(sorted(selection.ids), pa.string())
    told = pa.schema([schema_of(Article).field(name).with_nullable(True) for name in _TOLD])
    tables = [
        (table["id"], table["fetched_at"].cast(pa.int64()).to_numpy(), _fits(table, selection, ids))
        for table in read_each(wanted, lambda key: read_table(store, key, told), on_table)
    ]
    if not any(len(fits) for _, _, fits in tables):
        return []
    all_ids = pa.chunked_array([chunk for ids, _, _ in tables for chunk in ids.chunks], pa.string())
    meant = np.concatenate([fits for _, _, fits in tables])
    if not selection.all_versions:
        by_run = sorted(range(len(wanted)), key=lambda place: _run_and_source(wanted[place]))
        table = np.repeat(np.argsort(by_run), [len(fits) for _, _, fits in tables])
        meant &= is_newest(all_ids, np.concatenate([fetched for _, fetched, _ in tables]), table)
    chosen, start = [], 0
    for key, (ids, _, _) in zip(wanted, tables, strict=True):
        rows = np.flatnonzero(meant[start : start + len(ids)])
        start += len(ids)
        if len(rows):
            chosen.append(Chosen(key, rows, ids.take(rows).combine_chunks()))
    return chosen


def read_chosen(store: ObjectStore, chosen: Iterable[Chosen], columns: Sequence[str]) -> Iterator[pa.Table]:
    """The named columns of the chosen rows, in their order, at most `BATCH_ROWS` at a time. A column that an earlier
    version did not write takes its field's default.

    Raises `StorageError`: `StoreUnavailable` where a table was replaced since `choose`.
    """
    schema = pa.schema([schema_of(Article).field(name) for name in columns])
    for one in chosen:
        with open_object(store, one.key) as file:
            try:
                parquet = pq.ParquetFile(file)
                there = [name for name in parquet.schema_arrow.names if name in {*columns, "id"}]
                start, taken = 0, 0
                for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=there, use_threads=False):
                    until = int(np.searchsorted(one.rows, start + batch.num_rows))
                    rows = pa.Table.from_batches([batch.take(pa.array(one.rows[taken:until] - start))])
                    if rows["id"].combine_chunks() != one.ids[taken:until]:
                        break
                    if rows.num_rows:
                        yield _whole(rows, schema)
                    start, taken = start + batch.num_rows, until
            except (pa.ArrowException, OSError, ValueError) as err:  # damage shows as any of these
                raise Corrupt(f"{one.key}: {err}: expected a table of articles", key=one.key) from err
        if taken < len(one.rows):
            raise StoreUnavailable(f"{one.key}: it was replaced while it was read: start again", store.url, one.key)


def _run_and_source(key: str) -> tuple[str, ...]:
    return tuple(reversed(table_of(key) or ()))


def _tables(store: ObjectStore, selection: Selection) -> list[str]:
    if selection.tables is not None:
        named = ((key, table_of(key)) for key in sorted(selection.tables))
        return [key for key, name in named if name and _names(selection, *name)]
    tables: list[str] = []
    sources: list[str | None] = [*sorted(set(selection.sources))]
    for source in sources or [None]:
        prefix = keys.articles_prefix(source)
        names = ((info.key, table_of(info.key)) for info in store.list(prefix))
        found = [key for key, name in names if name and selection.run in (None, name[1])]
        if not found and (source or selection.run):  # mistyped, most likely: an empty export would hide that
            meant = f"{prefix}: no run {selection.run or 'at all'} is published there"
            raise KeyNotFound(f"{meant}: correct the source or run", store.url, prefix)
        tables += found
    return tables


def _names(selection: Selection, source: str, run: str) -> bool:
    return (not selection.sources or source in selection.sources) and selection.run in (None, run)


def _fits(table: pa.Table, selection: Selection, ids: pa.Array | None) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    fits = pa.chunked_array([pa.repeat(True, table.num_rows)])
    if ids is not None:
        fits = pc.is_in(table["id"], value_set=ids)
    if selection.since:
        fits = pc.and_(fits, pc.greater_equal(table["published_on"], selection.since))
    if selection.until:
        fits = pc.and_(fits, pc.less_equal(table["published_on"], selection.until))
    if selection.languages:
        languages = pc.binary_join_element_wise(table["language"], "", "-")  # `vi-`, `zh-Hant-`
        spoken = [pc.starts_with(languages, f"{language}-", ignore_case=True) for language in selection.languages]
        for one in spoken[1:]:
            spoken[0] = pc.or_(spoken[0], one)
        fits = pc.and_(fits, spoken[0])
    if not selection.quarantined:
        fits = pc.and_(fits, pc.invert(pc.fill_null(table["quarantined"], False)))
    return np.asarray(pc.fill_null(fits, False).to_numpy())


def _whole(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows with the schema's columns. Raises ValueError where one that has no default is missing."""
    defaults: dict[str, Any] = {f.name: [] if f.default_factory is not MISSING else f.default for f in fields(Article)}
    for field in schema:
        if field.name not in rows.schema.names:
            default = None if field.nullable else defaults[field.name]
            if default is MISSING:
                raise ValueError(f"there is no column {field.name}")
            rows = rows.append_column(field, pa.repeat(pa.scalar(default, field.type), rows.num_rows))
    return rows.select(schema.names).cast(schema)
