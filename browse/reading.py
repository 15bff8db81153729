"""Reading the archive: lists of articles, one article by its id, and the history of one."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.article import Article
from model.errors import BantinError
from storage import keys
from storage.absences import Away, read_seen
from storage.history import Row, Version, as_of, by_time, latest, versions
from storage.rows import OnTable, Table, article_tables, find_rows, pick_rows, read_rows
from storage.store import ObjectStore
from storage.tables import read

Watch = Callable[[str, int, int], None]
"""Is told what is being read, how many tables of it have been, and of how many."""


class NoSuchArticle(BantinError):
    """No article of the archive has that id, or several begin with it, or it was not there at that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article in a list: its newest row."""

    id: str
    source: str
    url: str
    title: str
    author: str | None
    language: str | None
    published_on: date | None
    fetched_at: datetime
    quarantined: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """The first articles of a list, and how many there are in all."""

    entries: list[Entry]
    total: int


@dataclass(frozen=True, slots=True)
class History:
    """What became of an article: its texts, the oldest first, and when its page was away."""

    versions: list[Version]
    away: list[Away]

    @property
    def rows(self) -> list[Row]:
        """All rows, by `fetched_at`."""
        return [row for version in self.versions for row in version.rows]


_COLUMNS = tuple(field.name for field in fields(Entry))
_ROW = tuple(field.name for field in fields(Row) if field.name not in ("source", "run", "key"))


def list_articles(store: ObjectStore, source: str | None = None) -> list[Entry]:
    """The articles of the archive, or of one source, newest day first. Raises `StorageError`."""
    return list_page(store, source).entries


def list_page(
    store: ObjectStore,
    source: str | None = None,
    *,
    at: datetime | None = None,
    most: int | None = None,
    watch: Watch | None = None,
) -> Listing:
    """The first `most` articles of the archive, or of one source, newest day first: as they are, or as they were `at`
    a time. What is shown of them is read of these alone. Raises `StorageError`."""
    tables = article_tables(store, source)
    rows = read_rows(store, tables, ("id", "fetched_at", "published_on"), _watched(watch, "articles"))
    view = latest(rows) if at is None else as_of(rows, at)
    days = np.asarray(pc.fill_null(view["published_on"].cast(pa.int32()), np.iinfo(np.int32).min))
    order = np.lexsort((-np.asarray(view["fetched_at"].cast(pa.int64())), -days.astype(np.int64)))[:most]
    return Listing(_entries(store, tables, view.take(pa.array(order))), len(view))


def _entries(store: ObjectStore, tables: list[Table], rows: pa.Table) -> list[Entry]:
    wanted = [(row["table"], row["id"]) for row in rows.to_pylist()]
    ids = defaultdict[int, list[str]](list)
    for place, one in wanted:
        ids[place].append(one)
    found = {
        (place, row["id"]): Entry(**row)
        for place, those in ids.items()
        for row in pick_rows(store, tables[place], those, _COLUMNS).to_pylist()
    }
    return [found[one] for one in wanted]


def find_article(store: ObjectStore, wanted: str) -> Article:
    """The newest row of the article whose id is, or begins with, `wanted`. Raises `NoSuchArticle`, `StorageError`."""
    return read_article(store, find_versions(store, wanted)[-1].newest)


def find_history(
    store: ObjectStore, wanted: str, watch: Watch | None = None, tables: list[Table] | None = None
) -> History:
    """The history of the article whose id is, or begins with, `wanted`; its rows are looked for in `tables`, or in all.
    Raises `NoSuchArticle`, `StorageError`."""
    rows = [row for version in find_versions(store, wanted, watch, tables) for row in version.rows]
    seen = read_seen(store, rows, _watched(watch, "captures"))
    return History(versions(rows, seen.unchanged), seen.away)


def find_versions(
    store: ObjectStore, wanted: str, watch: Watch | None = None, tables: list[Table] | None = None
) -> list[Version]:
    """The versions of the article whose id is, or begins with, `wanted`; at least one. They are looked for in `tables`,
    or in all. Raises `NoSuchArticle`, `StorageError`."""
    rows = rows_of(store, article_tables(store) if tables is None else tables, wanted, watch)
    if not rows:
        raise NoSuchArticle(f"{wanted!r}: no article of this id in {store.url}: `bantin list` names them")
    return versions(rows)


def rows_of(
    store: ObjectStore,
    tables: list[Table],
    wanted: str,
    watch: Watch | None = None,
    damaged: list[str] | None = None,
) -> list[Row]:
    """The rows of the one article whose id is, or begins with, `wanted`, in `tables`; none where `wanted` is empty.

    Raises `NoSuchArticle` where several begin so, and `StorageError`; but with `damaged` the keys of tables that cannot
    be read are added to that.
    """
    if not wanted:
        return []
    found = find_rows(store, tables, wanted, _ROW, _watched(watch, "articles"), damaged).to_pylist()
    rows = [_row(values, tables[values.pop("table")]) for values in found]
    ids = sorted({row.id for row in rows})
    if len(ids) > 1 and wanted not in ids:
        raise NoSuchArticle(f"{wanted!r}: {len(ids)} articles begin so ({', '.join(ids[:5])}): give more of the id")
    return [row for row in rows if len(ids) == 1 or row.id == wanted]


def read_article(store: ObjectStore, row: Row) -> Article:
    """The article that is in a row. In a table that was replaced before its source was renamed, the old id stands: what
    is returned has the new one. Raises `StorageError`."""
    where = {"id": row.id, "fetched_at": row.fetched_at}
    article = read(store, row.key, Article, where)[-1]
    if article.source == row.source:
        return article
    return replace(article, source=row.source, warc_key=keys.moved(article.warc_key, row.source))


def newest_until(rows: Iterable[Row], moment: datetime | None) -> Row | None:
    """The newest of the rows, or of those that had been fetched at `moment`."""
    until = [row for row in by_time(rows) if moment is None or row.fetched_at <= moment]
    return until[-1] if until else None


def _row(values: dict[str, object], table: Table) -> Row:
    values["warc_key"] = keys.moved(str(values["warc_key"]), table.source)
    return Row(source=table.source, run=table.run, key=table.key, **values)  # type: ignore[arg-type]


def _watched(watch: Watch | None, what: str) -> OnTable | None:
    return None if watch is None else lambda done, total: watch(what, done, total)
