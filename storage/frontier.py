"""The frontier: what is known of each URL of a source, as a fold over its captures and articles.

For each URL the newest fact by `fetched_at` wins, whatever order the runs were committed in. How the facts are read is
in storage/facts.py, what each changes in storage/revisits.py; storage/snapshot.py keeps the result for the next run.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.capture import Kind
from storage import keys, snapshot
from storage.facts import KINDS, Ints, RunTables, facts, key_of, read_run
from storage.known import Fate, Known
from storage.places import table_of
from storage.revisits import COLUMNS, NEVER, NUMBERS, State, advance, nothing
from storage.snapshot import Snapshot
from storage.store import ObjectStore
from storage.tables import read_table

__all__ = ["Fate", "Frontier", "Known", "fold", "key_of", "last_texts"]

BATCH_ROWS = 200_000
"""So many rows of captures are folded at a time: more take memory, fewer take time."""

_LISTS = [KINDS.index(kind) for kind in (Kind.LISTING, Kind.FEED, Kind.SITEMAP, Kind.ROBOTS)]
_FOUND = [KINDS.index(kind) for kind in (Kind.ARTICLE, Kind.ASSET)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PORTION = 10_000
_FEW = 1_000
_TEXTS = pa.schema([("id", pa.string()), ("fetched_at", pa.timestamp("us", tz="UTC")), ("text_sha256", pa.string())])


class Frontier:
    """What is known of the URLs of a source. A million of them take some hundred MB: only those that are asked for
    become objects."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __len__(self) -> int:
        return len(self._state)

    def __iter__(self) -> Iterator[Known]:
        """All, in the order they were found."""
        for start in range(0, len(self), _PORTION):
            yield from self._known(np.arange(start, min(start + _PORTION, len(self))))

    def get(self, key: str) -> Known | None:
        """What is known by `key` (see `key_of`)."""
        hashes, places = self._index
        wanted = hash(key)
        # Not numpy's own search: it lets other threads go first, and a crawl asks several times a page.
        for at in range(bisect_left(hashes, wanted), len(hashes)):
            if hashes[at] != wanted:
                break
            if self._state.columns["key"][places[at]].as_py() == key:
                return self._one(int(places[at]))
        return None

    def due(
        self, at: datetime, kinds: Collection[Kind], *, limit: int | None = None, max_failures: int | None = None
    ) -> list[Known]:
        """Those of `kinds` that were asked for before and are due by `at`, soonest first: at most `limit` of them, and
        none that failed `max_failures` times or more since its last answer."""
        return self._known(self._due(at, kinds, max_failures)[:limit])

    def each_due(self, at: datetime, kind: Kind, *, max_failures: int) -> Iterator[Known]:
        """The same of one kind, a few at a time: for whoever does not know how many he wants."""
        return self._each(self._due(at, [kind], max_failures))

    def waiting(self, kind: Kind, *, limit: int | None = None) -> list[Known]:
        """Those that were found and never asked for, in the order they were found: at most `limit` of them, since a
        sitemap may name a million. A list waits too when a run came to it again, and left it."""
        return self._known(self._waiting(kind)[:limit])

    def each_waiting(self, kind: Kind) -> Iterator[Known]:
        """The same, a few at a time."""
        return self._each(self._waiting(kind))

    def _due(self, at: datetime, kinds: Collection[Kind], max_failures: int | None) -> Ints:
        numbers = self._state.numbers
        chosen = self._of(kinds) & (numbers["last_fetched"] != NEVER) & (numbers["next_due"] <= _microseconds(at))
        if max_failures is not None:
            chosen &= numbers["failures"] < max_failures
        places: Ints = np.flatnonzero(chosen)
        return places[np.argsort(numbers["next_due"][places], kind="stable")]

    def _waiting(self, kind: Kind) -> Ints:
        return np.flatnonzero(self._of([kind]) & (self._state.numbers["last_fetched"] == NEVER))

    def _each(self, places: Ints) -> Iterator[Known]:
        for start in range(0, len(places), _FEW):
            yield from self._known(places[start : start + _FEW])

    def rejected(self) -> set[str]:
        """The keys of the pages that are no articles, as the cleaner says."""
        return set(self._state.columns["key"].filter(pa.array(self._state.numbers["rejected"])).to_pylist())

    def _of(self, kinds: Collection[Kind]) -> Any:
        return np.isin(self._state.numbers["kind"], [KINDS.index(kind) for kind in kinds if kind in KINDS])

    def _known(self, places: Ints) -> list[Known]:
        """Objects for the URLs at `places`."""
        numbers = {name: self._state.numbers[name][places].tolist() for name in NUMBERS}
        columns = {name: self._state.columns[name].take(pa.array(places)).to_pylist() for name in COLUMNS}
        names = ("at", *NUMBERS, *COLUMNS)
        rows = zip(places.tolist(), *numbers.values(), *columns.values(), strict=True)
        return [self._revive(dict(zip(names, row, strict=True))) for row in rows]

    def _one(self, place: int) -> Known:
        """The same of one URL, without the cost of tables."""
        numbers, columns = self._state.numbers, self._state.columns
        row: dict[str, Any] = {name: numbers[name].item(place) for name in NUMBERS}
        row.update((name, columns[name][place].as_py()) for name in COLUMNS)
        return self._revive({**row, "at": place})

    def _revive(self, row: dict[str, Any]) -> Known:
        url = row["url"] or row["key"]
        return Known(
            url=url,
            kind=KINDS[row["kind"]],
            first_seen=_datetime(row["first_seen"]),
            last_fetched=_moment(row["last_fetched"]),
            next_due=_datetime(row["next_due"]),
            interval_h=row["interval_h"],
            status=None if row["status"] < 0 else row["status"],
            etag=row["etag"],
            last_modified=row["last_modified"],
            body_sha256=row["body_sha256"],
            text_sha256=row["text_sha256"],
            place=(row["warc_key"], row["warc_offset"]) if row["warc_key"] else None,
            rejected=row["rejected"],
            failures=row["failures"],
            via=row["via"],
            last_news=self._last_news.get(row["at"]) if row["kind"] in _LISTS else None,
            answered_at=_moment(row["answered_at"]),
            location=row["location"],
            final_url=url if row["final_url"] == "" else row["final_url"],
        )

    @cached_property
    def _index(self) -> tuple[memoryview, Ints]:
        """The hashes of the keys in order, and where their URLs stand: a tenth of what a dict would take."""
        keys_ = self._state.columns["key"]
        parts = (keys_.slice(start, _PORTION).to_pylist() for start in range(0, len(self), _PORTION))
        hashes = np.fromiter((hash(key) for part in parts for key in part), np.int64, len(self))
        places = np.argsort(hashes)
        return hashes[places].data, places

    @cached_property
    def _last_news(self) -> dict[int, datetime]:
        """By the place of a list when something new was last found on it. The page that names a list's finds is the one
        that answered, so a list goes by two addresses."""
        numbers, via = self._state.numbers, self._state.columns["via"]
        found = np.flatnonzero(np.isin(numbers["kind"], _FOUND) & np.array(pc.is_valid(via), bool))
        pages = via.take(pa.array(found))
        # What was found last stands last, so that it is what remains.
        newest = np.full(len(pages.dictionary), NEVER)
        newest[np.array(pages.indices, np.int64)] = numbers["first_seen"][found]
        by_page: dict[str, int] = {}
        for page, at in zip(pages.dictionary.to_pylist(), newest.tolist(), strict=True):
            if at != NEVER:
                key = key_of(page, Kind.LISTING)
                by_page[key] = max(at, by_page.get(key, NEVER))
        news: dict[int, datetime] = {}
        lists = np.flatnonzero(np.isin(numbers["kind"], _LISTS))
        names = (self._state.columns[name].take(pa.array(lists)).to_pylist() for name in ("key", "final_url"))
        for place, key, final_url in zip(lists.tolist(), *names, strict=True):
            at = max(by_page.get(key, NEVER), by_page.get(key_of(final_url or key, Kind.LISTING), NEVER))
            if at != NEVER:
                news[place] = _datetime(at)
        return news


def fold(
    store: ObjectStore,
    source: str,
    *,
    leave_out: str | None = None,
    min_h: float,
    max_h: float,
    save: bool = False,
) -> Frontier:
    """Everything known of the URLs of `source`, without the run `leave_out`.

    `min_h` and `max_h` bound the revisit interval, in hours. A page counts as known once its run is published: what
    was fetched and never became an article, or a rejection, is due at once, and so is a page on which the cleaner
    failed. With `save` the next fold need not begin
    from the beginning. Raises `StorageError`, but for the snapshot: without one it takes longer.
    """
    # Articles first: a run that is published meanwhile is taken for unpublished, and the next fold sees that it is not.
    tables = {**_tables(store, keys.articles_prefix(source), leave_out)}
    tables.update(_tables(store, keys.captures_prefix(source), leave_out))
    base = snapshot.load(store, source)
    if base is None or (base.min_h, base.max_h) != (min_h, max_h) or not _fits(base.tables, tables):
        base = Snapshot(nothing(), {}, None, min_h, max_h)
    folded = base.tables
    try:
        done = _onto(base, store, source, tables, BATCH_ROWS)
    except _OutOfOrder:
        done = _anew(store, source, tables, min_h, max_h)
    if save and done.tables != folded:
        snapshot.save(store, source, done)
    return Frontier(done.state)


def last_texts(store: ObjectStore, source: str, *, leave_out: str, before: datetime) -> dict[str, str]:
    """By article id, the hash of the newest text fetched earlier than `before` in another run than `leave_out`."""
    tables = [read_table(store, key, _TEXTS) for key in _tables(store, keys.articles_prefix(source), leave_out)]
    rows = pa.concat_tables([_TEXTS.empty_table(), *tables])
    rows = rows.filter(pc.less(rows["fetched_at"], pa.scalar(before, _TEXTS.field("fetched_at").type)))
    order = np.argsort(np.array(rows["fetched_at"].cast(pa.int64())), kind="stable")
    rows = rows.take(pa.array(order))
    return dict(zip(rows["id"].to_pylist(), rows["text_sha256"].to_pylist(), strict=True))


def _tables(store: ObjectStore, prefix: str, leave_out: str | None) -> dict[str, str]:
    """Key and ETag of each table below `prefix`."""
    found = ((info, table_of(info.key)) for info in store.list(prefix))
    return {info.key: info.etag for info, table in found if table is not None and table[1] != leave_out}


class _OutOfOrder(Exception):
    """A table holds facts as old as some that are folded already."""


def _fits(folded: dict[str, str], tables: dict[str, str]) -> bool:
    """Whether all that was `folded` is as it was: no table has gone or changed, and no run was published since."""
    if not folded.items() <= tables.items():
        return False
    published = {_run(key) for key in tables.keys() - folded.keys() if _is_articles(key)}
    return published.isdisjoint(_run(key) for key in folded if not _is_articles(key))


def _anew(store: ObjectStore, source: str, tables: dict[str, str], min_h: float, max_h: float) -> Snapshot:
    """All `tables` from the beginning: in portions, or where runs overlapped at the seam of two, at once."""
    try:
        return _onto(Snapshot(nothing(), {}, None, min_h, max_h), store, source, tables, BATCH_ROWS)
    except _OutOfOrder:
        return _onto(Snapshot(nothing(), {}, None, min_h, max_h), store, source, tables, None)


def _onto(base: Snapshot, store: ObjectStore, source: str, tables: dict[str, str], batch_rows: int | None) -> Snapshot:
    """`base`, which is used up, with all of `tables` that it lacks, about `batch_rows` captures at a time.

    Raises `_OutOfOrder`, and `StorageError`.
    """
    state, newest = base.state, base.newest
    runs = [_run(key) for key in tables if not _is_articles(key) and key not in base.tables]
    for batch in _batches(store, source, runs, tables, batch_rows):
        spans = [run.span for run in batch if run.span is not None]
        if newest is not None and min(first for first, _ in spans) <= newest:
            raise _OutOfOrder
        newest = max(last for _, last in spans)
        new = facts(batch)
        batch.clear()
        pa.default_memory_pool().release_unused()
        state = advance(state, new, base.min_h, base.max_h)
    return Snapshot(state, tables, newest, base.min_h, base.max_h)


def _batches(
    store: ObjectStore, source: str, runs: list[str], tables: dict[str, str], batch_rows: int | None
) -> Iterator[list[RunTables]]:
    """The tables of `runs` that hold anything, in portions of at least `batch_rows`, or all at once."""
    batch: list[RunTables] = []
    for run in runs:
        found = read_run(store, source, run, published=keys.articles(source, run) in tables)
        if found.span is not None:
            batch.append(found)
        if batch_rows is not None and sum(len(one.captures) for one in batch) >= batch_rows:
            yield batch
            batch = []
    if batch:
        yield batch


def _is_articles(key: str) -> bool:
    return key.startswith(keys.articles_prefix())


def _run(key: str) -> str:
    """The run of a table that `_tables` listed."""
    found = table_of(key)
    return found[1] if found else ""


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _datetime(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _moment(microseconds: int) -> datetime | None:
    return None if microseconds == NEVER else _datetime(microseconds)
