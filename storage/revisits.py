"""The rule of the frontier: what each fact changes in what is known of its URL, for many URLs at a time.

An interval grows ×1.5 while a page stays as it was and shrinks ×0.8 when it changes, between the source's bounds (the
rule of StormCrawler's AdaptiveScheduler, with the text's hash in place of the body's: portals print counters on every
page). A list that changed is back at the lower bound at once: it is where the news comes from.

The k-th facts of all URLs are folded together, k = 1, 2, …, since each needs what the one before has left.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from model.capture import Kind
from storage.facts import KINDS, Facts, Flags, Ints, pick

GROWTH = 1.5
SHRINKAGE = 0.8

NEVER = -(2**62)
"""In place of a time where there is none."""

_MAX_US = 253_370_764_800 * 1_000_000  # the year 9999: a later time is no datetime
_HOUR_US = 3_600_000_000
_ARTICLE, _ASSET, _LISTING = (KINDS.index(kind) for kind in (Kind.ARTICLE, Kind.ASSET, Kind.LISTING))
_REPEATED = pa.dictionary(pa.int32(), pa.string())

NUMBERS: dict[str, Any] = {
    "kind": np.int8,
    "first_seen": np.int64,
    "last_fetched": np.int64,
    "next_due": np.int64,
    "interval_h": np.float64,
    "status": np.int16,
    "rejected": np.bool_,
    "failures": np.int32,
    "answered_at": np.int64,
}
"""Times in µs since 1970 or `NEVER`; a status of -1 is none."""

COLUMNS: dict[str, Any] = {
    "key": pa.string(),
    "via": _REPEATED,
    "url": pa.string(),
    "final_url": pa.string(),
    "location": pa.string(),
    "body_sha256": pa.string(),
    "warc_key": _REPEATED,
    "warc_offset": pa.int64(),
    "text_sha256": pa.string(),
    "etag": pa.string(),
    "last_modified": pa.string(),
}
"""`url` is null where it is the key, `final_url` "" where it is the URL, and null where no answer came."""

_SOURCES = {
    "via": "first",
    "url": "url",
    "final_url": "answer",
    "location": "answer",
    "body_sha256": "full",
    "warc_key": "full",
    "warc_offset": "full",
    "text_sha256": "text",
    "etag": "etag",
    "last_modified": "last_modified",
}


@dataclass(frozen=True, slots=True)
class State:
    """What is known of URLs: one place of each array for each, in the order they were found."""

    numbers: dict[str, NDArray[Any]]
    columns: dict[str, Any]

    def __len__(self) -> int:
        return len(self.columns["key"])


def nothing() -> State:
    """What is known before the first fact."""
    return State(
        {name: np.empty(0, kind) for name, kind in NUMBERS.items()},
        {name: pa.array([], kind) for name, kind in COLUMNS.items()},
    )


def advance(state: State, facts: Facts, min_h: float, max_h: float) -> State:
    """What is known after `facts`, all of them newer than what `state` was made of. Both are used up."""
    fold = _Fold(state, facts, min_h, max_h)
    waits = facts.waiting & (facts.kind == _LISTING)
    for rows in _by_turn(fold.urls, np.flatnonzero((~facts.waiting & ~facts.hop) | waits)):
        fold.wait(rows[waits[rows]])
        fold.fail(rows[facts.failed[rows]])
        fold.answer(rows[~facts.failed[rows] & ~waits[rows]])
    return fold.result()


def _by_turn(urls: Ints, rows: Ints) -> list[Ints]:
    """`rows` in as many groups as the most frequent URL has: the first of each URL, the second of each …"""
    rows = rows[np.argsort(urls[rows], kind="stable")]
    _, first, count = np.unique(urls[rows], return_index=True, return_counts=True)
    turn = np.arange(len(rows)) - np.repeat(first, count)
    ends = np.cumsum(np.bincount(turn))[:-1]
    return np.split(rows[np.argsort(turn, kind="stable")], ends) if len(rows) else []


class _Fold:
    """One step of the fold. `sources` says for each URL which row each of its columns is to be taken from: a place in
    the old state, or behind it one in the facts, or -1 for none."""

    def __init__(self, state: State, facts: Facts, min_h: float, max_h: float) -> None:
        self.state, self.facts, self.bounds, self.known = state, facts, (min_h, max_h), len(state)
        # Asked this way round, only the few new keys are hashed.
        named = np.array(pc.fill_null(pc.index_in(state.columns["key"], value_set=facts.keys), -1), np.int64)
        place = np.full(len(facts.keys), -1)
        place[named[named >= 0]] = np.flatnonzero(named >= 0)
        is_new = place < 0
        place[is_new] = self.known + np.arange(is_new.sum())
        self.urls = place[facts.code]
        self.new_keys = facts.keys.filter(pa.array(is_new))
        self.numbers = {
            name: np.concatenate([old, np.zeros(len(self.new_keys), old.dtype)]) for name, old in state.numbers.items()
        }
        start = np.arange(self.known + len(self.new_keys))
        start[self.known :] = -1
        self.sources = {source: start.copy() for source in set(_SOURCES.values())}
        self.old_body, self.body = self._compared("body_sha256")
        self.old_text, self.text = self._compared("text_sha256")
        _, first = np.unique(facts.code, return_index=True)
        self._begin(first[is_new])

    def _begin(self, rows: Ints) -> None:
        """URLs that were never heard of: as if they waited, until an answer comes."""
        facts, urls = self.facts, self.urls[rows]
        for name in ("first_seen", "next_due"):
            self.numbers[name][urls] = facts.at[rows]
        for name in ("last_fetched", "answered_at"):
            self.numbers[name][urls] = NEVER
        self.numbers["kind"][urls] = facts.kind[rows]
        self.numbers["status"][urls] = -1
        self.numbers["interval_h"][urls] = np.where(facts.kind[rows] == _ASSET, self.bounds[1], self.bounds[0])
        self._take(("first", "url"), rows)

    def wait(self, rows: Ints) -> None:
        """A list's page that a run came to and left: it waits again, and nothing is forgotten. (Any other address that
        is known is due by itself.)"""
        self.numbers["last_fetched"][self.urls[rows]] = NEVER

    def fail(self, rows: Ints) -> None:
        """No answer: due at once, since it may have been the server's mood. Nothing is forgotten."""
        urls, at = self.urls[rows], self.facts.at[rows]
        self.numbers["last_fetched"][urls] = at
        self.numbers["next_due"][urls] = at
        self.numbers["failures"][urls] += 1

    def answer(self, rows: Ints) -> None:
        """An answer. The next is due an interval after the *run* began: so a daily interval fits a daily run, however
        long the crawl took to come to the page."""
        facts, urls, numbers = self.facts, self.urls[rows], self.numbers
        interval = np.clip(self._interval(rows), *self.bounds)
        due = np.minimum(facts.run_at[rows] + interval * _HOUR_US, _MAX_US)
        numbers["kind"][urls] = facts.kind[rows]  # rules change: what was a list may be an article today
        numbers["interval_h"][urls] = interval
        numbers["next_due"][urls] = np.rint(due).astype(np.int64)
        numbers["last_fetched"][urls] = facts.at[rows]
        numbers["failures"][urls] = 0
        self._take(("answer", "url"), rows)
        self._full(rows[~facts.light[rows]])
        self._light(rows[facts.light[rows]])

    def _interval(self, rows: Ints) -> NDArray[np.float64]:
        facts, urls = self.facts, self.urls[rows]
        kind, text, body = facts.kind[rows], self.text[rows], self.body[rows]
        same_text, new_text = _difference(self.old_text[urls], text)
        same_body, new_body = _difference(self.old_body[urls], body)
        new_body |= (body < 0) & (self.old_body[urls] >= 0)
        over = np.isin(facts.status[rows], (404, 410)) | facts.moved[rows]
        rejected = facts.page[rows] & (text < 0)
        is_article, is_asset = kind == _ARTICLE, kind == _ASSET
        stays = facts.light[rows] | np.where(
            is_article, over | rejected | same_text, np.where(is_asset, over | same_body, same_body)
        )
        changed = ~stays & np.where(is_article, new_text, new_body)
        interval: NDArray[np.float64] = self.numbers["interval_h"][urls]
        interval = np.where(stays, interval * GROWTH, interval)
        return np.where(changed, np.where(is_article | is_asset, interval * SHRINKAGE, self.bounds[0]), interval)

    def _full(self, rows: Ints) -> None:
        """Answers that are kept whole. Their validators are nothing to another address."""
        facts, urls = self.facts, self.urls[rows]
        self.numbers["status"][urls] = facts.status[rows]
        self.numbers["answered_at"][urls] = facts.at[rows]
        self.numbers["rejected"][urls] = facts.page[rows] & (self.text[rows] < 0)
        self._take(("full", "etag", "last_modified"), rows)
        self._forget_validators(rows[~facts.direct[rows]])
        self.old_body[urls] = self.body[rows]
        with_text = rows[self.text[rows] >= 0]
        self._take(("text",), with_text)
        self.old_text[self.urls[with_text]] = self.text[with_text]

    def _light(self, rows: Ints) -> None:
        """Answers that change nothing but the validators they carry. A status of its own is a fact all the same: a site
        may begin to say 404 with the page that it sent as 200."""
        facts = self.facts
        own = rows[facts.status[rows] != 304]
        self.numbers["status"][self.urls[own]] = facts.status[own]
        self._forget_validators(own[~facts.direct[own]])
        for name in ("etag", "last_modified"):
            given = np.array(pc.is_valid(facts.columns[name].take(pa.array(rows))), bool)
            self._take((name,), rows[given & facts.direct[rows]])

    def _forget_validators(self, rows: Ints) -> None:
        for name in ("etag", "last_modified"):
            self.sources[name][self.urls[rows]] = -1

    def _take(self, sources: tuple[str, ...], rows: Ints) -> None:
        for source in sources:
            self.sources[source][self.urls[rows]] = self.known + rows

    def _compared(self, name: str) -> tuple[Ints, Ints]:
        """A column as numbers, equal where the values are, -1 for null: of the URLs, and of the rows."""
        seen = np.unique(self.urls[self.urls < self.known])
        old = self.state.columns[name].take(pa.array(seen))
        both = pa.chunked_array([old, *_chunks(self.facts.columns[name])], pa.string()).combine_chunks()
        numbers = np.array(pc.fill_null(both.dictionary_encode().indices, -1), np.int64)
        of_urls = np.full(self.known + len(self.new_keys), -1)
        of_urls[seen] = numbers[: len(seen)]
        return of_urls, numbers[len(seen) :]

    def result(self) -> State:
        """What is known now. The old state and the facts are used up, column by column: both would be too much."""
        old, facts = self.state.columns, self.facts
        columns = {"key": pa.concat_arrays([old.pop("key"), self.new_keys])}
        for name, source in _SOURCES.items():
            new = facts.columns.pop(name)
            if name == "url":
                is_key = pc.equal(new, facts.keys.take(pa.array(facts.code)))
                new = pc.if_else(is_key, pa.scalar(None, pa.string()), new)
            both = pa.chunked_array([old.pop(name), *_chunks(new)], COLUMNS[name])
            columns[name] = pick(both.unify_dictionaries(), self.sources[source])
            del new, both
            pa.default_memory_pool().release_unused()  # else the peak is a third higher
        return State(self.numbers, columns)


def _difference(old: Ints, new: Ints) -> tuple[Flags, Flags]:
    """Whether both are there and equal; whether both are there and differ."""
    both = (old >= 0) & (new >= 0)
    return both & (old == new), both & (old != new)


def _chunks(column: Any) -> list[Any]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]
