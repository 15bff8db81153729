"""Citations: `id@time` leads to the text of an article as it was fetched at that time, for ever.

The time is that of the row, to the second. Cleaning a run anew replaces its rows: then the citation leads to the
present text of the same capture, and the rows that were there before are found in `superseded/`, each by the beginning
of its table's hash. Where the newer rules have dropped the row, or given it another id, the citation leads to the row
as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from browse.history.moments import Moment, citation, stamp
from browse.reading import NoSuchArticle, Watch, newest_until, read_article, rows_of
from model.article import Article
from storage import keys
from storage.history import Row
from storage.places import place_of
from storage.rows import Table, article_tables
from storage.store import ObjectStore
from storage.tables import read_columns

MARK = 8
"""So many digits of a replaced table's hash are shown; fewer do where they are enough."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier cleaning made of the same capture. `mark` names it, `replaced` is when it was put away."""

    mark: str
    row: Row
    replaced: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """Where a reference leads.

    `earlier` are the earlier cleanings of this capture whose title and text were others, the oldest first; `cleaned` is
    the mark of the one that `article` is, None of the present one; `now` cites what the capture is today where it
    is known by another id; `as_of` is the time that was asked for where nothing was fetched right then. `newest` is the
    newest row of the article among those that were looked at.
    """

    article: Article
    earlier: list[Earlier]
    cleaned: str | None = None
    now: str | None = None
    as_of: Moment | None = None
    newest: Row | None = None

    @property
    def citation(self) -> str:
        """`id@time` of the article that was found."""
        return citation(self.article.id, self.article.fetched_at)


def find(
    store: ObjectStore,
    wanted: str,
    moment: Moment | None,
    cleaned: str | None = None,
    watch: Watch | None = None,
    tables: list[Table] | None = None,
) -> Found:
    """The article whose id is, or begins with, `wanted`: the newest row, or the one of `moment`. `cleaned` is the
    beginning of an earlier cleaning's mark.

    A moment leads to the row fetched in it, else to the newest one before. Rows are looked for in `tables`, or in all.
    Raises `NoSuchArticle` where there is none, and `StorageError`.
    """
    tables = article_tables(store) if tables is None else tables
    rows = rows_of(store, tables, wanted, watch)
    newest = newest_until(rows, None)
    row = newest_until(rows, moment.end if moment else None)
    if row and (moment is None or row.fetched_at in moment):
        return replace(_cleaned(store, row, cleaned), newest=newest)
    if row is None or (moment and moment.exact):
        lost = rows_of(store, [table for table, _ in _all_replaced(store, tables)], wanted, watch)
        if moment and moment.exact:
            lost = [one for one in lost if one.fetched_at in moment]
        if dropped := newest_until(lost, moment.end if moment else None):
            return replace(_dropped(store, dropped, cleaned), newest=newest)
    if row:
        return replace(_cleaned(store, row, cleaned), as_of=moment, newest=newest)
    if rows:
        first = min(one.fetched_at for one in rows)
        raise NoSuchArticle(f"{wanted!r}: not there at that time: it was first fetched at {stamp(first)}")
    raise NoSuchArticle(f"{wanted!r}: no article of this id in {store.url}: `bantin list` names them")


def _cleaned(store: ObjectStore, row: Row, cleaned: str | None) -> Found:
    """The row as it is, or as an earlier cleaning had it."""
    earlier = _earlier(store, row)
    if cleaned is not None:
        chosen = _chosen(earlier, cleaned, row)
        return Found(read_article(store, chosen.row), earlier, chosen.mark)
    return Found(read_article(store, row), [one for one in earlier if one.row.text_sha256 != row.text_sha256])


def _dropped(store: ObjectStore, row: Row, cleaned: str | None) -> Found:
    """A row that is in replaced tables alone, as it was last or by an earlier cleaning; and what its capture is now."""
    earlier = _earlier(store, row)
    chosen = earlier[-1] if cleaned is None else _chosen(earlier, cleaned, row)
    where = {"warc_key": row.warc_key, "warc_offset": row.warc_offset}
    key = keys.articles(row.source, row.run)
    found = read_columns(store, key, ("id", "fetched_at"), where) if store.head(key) else []
    now = citation(found[0]["id"], found[0]["fetched_at"]) if found else None
    return Found(read_article(store, chosen.row), earlier, chosen.mark, now)


def _earlier(store: ObjectStore, row: Row) -> list[Earlier]:
    """What replaced tables hold of the row's capture under its id, by the time they were replaced."""
    replaced = {table.key: (table, at) for table, at in _replaced(store, row.source, row.run)}
    same = [one for one in rows_of(store, [table for table, _ in replaced.values()], row.id) if one.id == row.id]
    told = [Earlier(_mark(one.key), one, replaced[one.key][1]) for one in same if one.fetched_at == row.fetched_at]
    return sorted(told, key=lambda one: (one.replaced, one.mark))


def _chosen(earlier: list[Earlier], mark: str, row: Row) -> Earlier:
    found = [one for one in earlier if _mark(one.row.key, None).startswith(mark.lower())]
    if len(found) == 1:
        return found[0]
    known = ", ".join(one.mark for one in earlier) or "none"
    problem = "several earlier cleanings begin so" if found else "no earlier cleaning begins so"
    raise NoSuchArticle(f"{citation(row.id, row.fetched_at)}, cleaned {mark!r}: {problem}: there are {known}")


def _mark(key: str, digits: int | None = MARK) -> str:
    """The beginning of a replaced table's hash."""
    return PurePosixPath(key).stem[:digits]


def _all_replaced(store: ObjectStore, tables: list[Table]) -> Iterator[tuple[Table, datetime]]:
    for source in sorted({table.source for table in tables}):
        yield from _replaced(store, source)


def _replaced(store: ObjectStore, source: str, run: str | None = None) -> Iterator[tuple[Table, datetime]]:
    """The replaced tables of a source or a run, and when each was put away."""
    for info in store.list(keys.superseded_prefix(source, run)):
        place = place_of(info.key)
        if place is not None and place.source and place.run and info.key.endswith(".parquet"):
            yield Table(place.run, place.source, info.key), info.modified
