"""Citations: `id@time` leads to the text of an article as it was fetched at that time, for ever.

The time is that of the row, to the second. Cleaning a run anew replaces its rows: then the citation leads to the
present text of the same capture, and the rows that were there before are found in `superseded/`, each by the beginning
of its table's hash. Where the newer rules have dropped the row, or given it another id, the citation leads to the row
as it was.

A damaged table keeps no other one from answering: what could not be read, and might have held the answer, is told
beside it.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from browse.history.moments import Moment, citation, stamp
from browse.reading import NoSuchArticle, Watch, newest_until, read_article, rows_of
from model.article import Article, text_sha256
from storage import keys
from storage.errors import Corrupt, StorageError
from storage.history import Row
from storage.places import place_of
from storage.replaced import is_table, survey
from storage.reports import read_report
from storage.rows import Table, article_tables
from storage.store import ObjectStore
from storage.tables import read_columns

MARK = 8
"""So many digits of a replaced table's hash are shown; fewer do where they are enough."""

logger = logging.getLogger(__name__)


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
    newest row of the article among those that were looked at. `unread` are tables that are damaged or gone and might
    have held the answer, or an earlier text; `recleaned` is when the run was cleaned anew, where no table is left that
    was replaced then.
    """

    article: Article
    earlier: list[Earlier]
    cleaned: str | None = None
    now: str | None = None
    as_of: Moment | None = None
    newest: Row | None = None
    unread: tuple[str, ...] = ()
    recleaned: datetime | None = None

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
    Raises `NoSuchArticle` where there is none, `Corrupt` where a damaged table may have it, and `StorageError`.
    """
    return _find(store, wanted, moment, cleaned, watch, article_tables(store) if tables is None else tables)


def log_unread(*found: Found) -> None:
    """Logs what could not be read where something was found, for those who are given the article alone."""
    for key in _each_once(key for one in found for key in one.unread):
        logger.warning("%s: it is damaged or gone, and might say more of %s", key, found[0].article.id)


def _find(
    store: ObjectStore,
    wanted: str,
    moment: Moment | None,
    cleaned: str | None,
    watch: Watch | None,
    tables: list[Table],
) -> Found:
    exact = moment is not None and moment.exact
    damaged: list[str] = []
    rows = rows_of(store, tables, wanted, watch, damaged)
    newest = newest_until(rows, None)
    row = newest_until(rows, moment.end if moment else None)
    if row and (moment is None or (exact and row.fetched_at in moment)):
        said = () if exact else damaged
        return replace(_cleaned(store, row, cleaned, said, cited=exact), newest=newest)
    if row is None or exact or damaged:
        replaced = _all_replaced(store, tables)
        if row and not exact:  # a damaged table alone is looked for what it was before
            replaced = [one for one in replaced if keys.articles(one.source, one.run) in damaged]
        rotten: list[str] = []
        lost = rows_of(store, replaced, wanted, watch, rotten)
        if moment and exact:
            lost = [one for one in lost if one.fetched_at in moment]
        dropped = newest_until(lost, moment.end if moment else None)
        if dropped and (row is None or exact or dropped.fetched_at > row.fetched_at):
            own = keys.articles(dropped.source, dropped.run)
            said = [key for key in damaged if key == own] if exact else damaged
            return replace(_dropped(store, dropped, cleaned, said), newest=newest)
        damaged += rotten
    if row and moment:
        as_of = None if row.fetched_at in moment else moment
        return replace(_cleaned(store, row, cleaned, damaged, cited=True), as_of=as_of, newest=newest)
    if damaged:
        more = f" and {len(damaged) - 1} others" if len(damaged) > 1 else ""
        problem = f"{damaged[0]}{more} cannot be read, and may have {wanted!r}, which no other table has"
        raise Corrupt(problem, store.url, damaged[0])
    if rows:
        first = min(one.fetched_at for one in rows)
        raise NoSuchArticle(f"{wanted!r}: not there at that time: it was first fetched at {stamp(first)}")
    raise NoSuchArticle(f"{wanted!r}: no article of this id in {store.url}: `bantin list` names them")


def _cleaned(store: ObjectStore, row: Row, cleaned: str | None, said: Sequence[str], *, cited: bool) -> Found:
    """The row as it is, or as an earlier cleaning had it. `said` are tables to be told as unread; of what is `cited`
    it is told, too, that nothing is left of an earlier cleaning."""
    earlier, gone = _earlier(store, row)
    unread = _each_once([*said, *gone])
    recleaned = _recleaned(store, row) if cited and not earlier and not gone else None
    if cleaned is not None:
        chosen = _chosen(earlier, cleaned, row)
        return Found(_read(store, chosen.row), earlier, chosen.mark, unread=unread)
    try:
        article = _read(store, row)
    except Corrupt:
        chosen, article, also = _last(store, earlier)
        unread = _each_once([row.key, *also, *unread])
        return Found(article, earlier, chosen.mark, unread=unread)
    others = [one for one in earlier if one.row.text_sha256 != row.text_sha256]
    return Found(article, others, unread=unread, recleaned=recleaned)


def _dropped(store: ObjectStore, row: Row, cleaned: str | None, said: Sequence[str]) -> Found:
    """A row that is in replaced tables alone, as it was last or by an earlier cleaning; and what its capture is now."""
    earlier, gone = _earlier(store, row)
    unread = [*said, *gone]
    if cleaned is None:
        chosen, article, also = _last(store, earlier)
        unread += also
    else:
        chosen = _chosen(earlier, cleaned, row)
        article = _read(store, chosen.row)
    where = {"warc_key": row.warc_key, "warc_offset": row.warc_offset}
    key = keys.articles(row.source, row.run)
    try:
        found = read_columns(store, key, ("id", "fetched_at"), where) if store.head(key) else []
    except Corrupt:
        found = []
        unread.append(key)
    now = citation(found[0]["id"], found[0]["fetched_at"]) if found else None
    return Found(article, earlier, chosen.mark, now, unread=_each_once(unread))


def _read(store: ObjectStore, row: Row) -> Article:
    """The article that is in a row. Raises `Corrupt` where its table, or its text, has not the hash that it says."""
    place = place_of(row.key)
    if place and place.family == "superseded" and hashlib.sha256(store.get(row.key)).hexdigest() != place.sha256:
        raise Corrupt(f"{row.key}: it does not have the hash that is its name", store.url, row.key)
    article = read_article(store, row)
    if text_sha256(article.title, article.text) != article.text_sha256:
        raise Corrupt(f"{row.key}: the text of {row.id} does not have the hash that it says", store.url, row.key)
    return article


def _last(store: ObjectStore, earlier: list[Earlier]) -> tuple[Earlier, Article, list[str]]:
    """The last of the earlier cleanings that can be read, and the keys of those after it. Raises `Corrupt` where none
    can."""
    damaged: list[str] = []
    for one in reversed(earlier):
        try:
            return one, _read(store, one.row), damaged
        except Corrupt:
            damaged.append(one.row.key)
    key = damaged[0] if damaged else None
    raise Corrupt(f"{key or 'the table of this row'}: it cannot be read, nor can one that it has replaced", key=key)


def _earlier(store: ObjectStore, row: Row) -> tuple[list[Earlier], list[str]]:
    """What replaced tables hold of the row's capture under its id, in the order in which they were put away; and the
    keys of those that cannot be read or are gone."""
    replaced, gone = survey(store, row.source, row.run)
    damaged: list[str] = []
    tables = [Table(row.run, row.source, one.key) for one in replaced]
    same = {one.key: one for one in rows_of(store, tables, row.id, damaged=damaged) if one.fetched_at == row.fetched_at}
    told = [Earlier(_mark(one.key), same[one.key], one.at) for one in replaced if one.key in same]
    return told, [*damaged, *gone]


def _recleaned(store: ObjectStore, row: Row) -> datetime | None:
    """When the row's run was cleaned anew, where nothing is left of what was replaced then; None where it was not, or
    something is."""
    try:
        report = read_report(store, row.source, row.run)
    except StorageError:
        return None
    if report is None or report.recleaned_at is None:
        return None
    there = store.list(keys.superseded_prefix(row.source, row.run))
    return None if any(is_table(info.key) for info in there) else report.recleaned_at


def _each_once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


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


def _all_replaced(store: ObjectStore, tables: list[Table]) -> list[Table]:
    """The replaced tables of the sources of these tables."""
    found = []
    for source in sorted({table.source for table in tables}):
        for info in store.list(keys.superseded_prefix(source)):
            place = place_of(info.key)
            if is_table(info.key) and place and place.run:
                found.append(Table(place.run, source, info.key))
    return found
