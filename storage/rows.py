"""Rows of the articles tables as columns: those of every table, or those of one article.

Only the columns that are asked for are read, and several tables at a time: from S3 it is answers that take the time.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from model.article import Article
from storage import keys
from storage.errors import Corrupt
from storage.places import table_of
from storage.store import ObjectStore, open_object
from storage.tables import read_table, schema_of

READERS = 8
"""So many tables are read at a time."""

Place = TypeVar("Place")
Read = TypeVar("Read")

OnTable = Callable[[int, int], None]
"""Is told how many tables have been read, and of how many."""


class Table(NamedTuple):
    """An articles table of a run, or one that another has replaced."""

    run: str
    source: str
    key: str


def article_tables(store: ObjectStore, source: str | None = None) -> list[Table]:
    """The articles tables of a source or of all, in the order of their runs. Raises `StorageError`."""
    infos = ((info.key, table_of(info.key)) for info in store.list(keys.articles_prefix(source)))
    return sorted(Table(run=name[1], source=name[0], key=key) for key, name in infos if name)


def read_rows(
    store: ObjectStore, tables: Sequence[Table], columns: Sequence[str], on_table: OnTable | None = None
) -> pa.Table:
    """The columns of all rows, and `table`: the place in `tables` of the one that holds the row.

    Raises `StorageError`; `Corrupt` names the table that cannot be read.
    """
    schema = _schema(columns)
    return _gathered(tables, schema, lambda table: read_table(store, table.key, schema), on_table)


def find_rows(
    store: ObjectStore,
    tables: Sequence[Table],
    beginning: str,
    columns: Sequence[str],
    on_table: OnTable | None = None,
    damaged: list[str] | None = None,
) -> pa.Table:
    """What `read_rows` gives of the rows whose id begins so. Of a table that cannot hold such only the footer is read,
    of one that does not only the ids. Raises as `read_rows` does; but with `damaged` the keys of tables that cannot be
    read are added to that, and the others' rows are given."""
    schema = _schema(columns)

    def read(table: Table) -> pa.Table:
        try:
            rows = _matching(store, beginning, schema, table)
            rows.validate(full=damaged is not None)
        except (Corrupt, pa.ArrowInvalid):
            if damaged is None:
                raise
            damaged.append(table.key)
            return schema.empty_table()
        return rows

    return _gathered(tables, schema, read, on_table)


def pick_rows(store: ObjectStore, table: Table, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
    """The columns of those rows of one table that have these ids. Raises as `read_rows` does."""
    rows = read_table(store, table.key, _schema(columns))
    return rows.filter(pc.is_in(rows["id"], value_set=pa.array(ids, pa.string())))


def _schema(columns: Iterable[str]) -> pa.Schema:
    known = schema_of(Article)
    return pa.schema([pa.field(name, known.field(name).type) for name in columns])


def read_each(
    places: Sequence[Place], read: Callable[[Place], Read], on_table: OnTable | None, readers: int = READERS
) -> list[Read]:
    """What `read` gives for each of the places, several of which are read at a time, in their order."""
    if len(places) == 1 and on_table is None:
        return [read(places[0])]
    found = []
    with ThreadPoolExecutor(min(readers, len(places)) or 1) as threads:
        try:
            for rows in threads.map(read, places) if len(places) > 1 else map(read, places):
                found.append(rows)
                if on_table is not None:
                    on_table(len(found), len(places))
        except BaseException:
            threads.shutdown(cancel_futures=True)  # else an interrupted reader would go on to the end
            raise
    return found


def _gathered(
    tables: Sequence[Table], schema: pa.Schema, read: Callable[[Table], pa.Table], on_table: OnTable | None
) -> pa.Table:
    found = [
        rows.replace_schema_metadata().append_column("table", pa.array(np.full(len(rows), place, np.int32)))
        for place, rows in enumerate(read_each(tables, read, on_table))
        if len(rows)
    ]
    return pa.concat_tables([schema.append(pa.field("table", pa.int32())).empty_table(), *found])


def _matching(store: ObjectStore, beginning: str, schema: pa.Schema, table: Table) -> pa.Table:
    with open_object(store, table.key) as file:
        try:
            parquet = pq.ParquetFile(file)
            groups = [n for n in range(parquet.num_row_groups) if _may_hold(parquet, n, beginning)]
            if not groups:
                return schema.empty_table()
            ids = parquet.read_row_groups(groups, columns=["id"], use_threads=False)["id"]
        except (pa.ArrowException, OSError, ValueError, KeyError) as err:  # damage shows as any of these
            raise Corrupt(f"{table.key}: {err}: expected a table of articles", key=table.key) from err
    if not pc.any(pc.starts_with(ids, beginning)).as_py():
        return schema.empty_table()
    rows = read_table(store, table.key, schema)
    return rows.filter(pc.starts_with(rows["id"], beginning))


def _may_hold(parquet: pq.ParquetFile, group: int, beginning: str) -> bool:
    """Whether a row group's least and greatest id leave room for one that begins so."""
    column = parquet.metadata.row_group(group).column(parquet.schema_arrow.names.index("id"))
    found = column.statistics
    if found is None or not found.has_min_max:
        return True
    return bool(found.min[: len(beginning)] <= beginning <= found.max)
