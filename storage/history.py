"""Views over the rows of articles: the latest, those as of a time, and the history of one article.

Rows are in the order of `fetched_at` and of nothing else: where a crawler's clock went back, so does the order. Of rows
with one `fetched_at` the later run's counts as newer (of runs with one name, the source that comes later by name).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

VIEWED = ("id", "fetched_at")
"""The columns that `latest` and `as_of` need, besides `table`."""


def latest(rows: pa.Table) -> pa.Table:
    """One row of each article: its newest. `rows` are as `storage.rows.read_rows` gives them; so is their order."""
    if not len(rows):
        return rows
    newest = is_newest(rows["id"], np.asarray(rows["fetched_at"].cast(pa.int64())), np.asarray(rows["table"]))
    return rows.take(pa.array(np.flatnonzero(newest)))


def is_newest(ids: pa.ChunkedArray, at: NDArray[Any], table: NDArray[Any]) -> NDArray[np.bool_]:
    """Of each of some rows, at least one, whether it is the newest of its id. `at` are the moments they were fetched
    at, as numbers; `table` are the places of their tables in the order of runs."""
    code = np.asarray(ids.combine_chunks().dictionary_encode().indices)
    order = np.lexsort((table, at, code))
    newest = np.zeros(len(order), bool)
    newest[order[np.append(code[order][1:] != code[order][:-1], True)]] = True
    return newest


def as_of(rows: pa.Table, moment: datetime) -> pa.Table:
    """The latest row of each article of those that had been fetched at `moment`; articles that came later have none."""
    return latest(rows.filter(pc.less_equal(rows["fetched_at"], pa.scalar(moment, rows["fetched_at"].type))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a history needs of one row of an article; `key` is the table it is in."""

    id: str
    source: str
    run: str
    key: str
    url: str
    canonical_url: str | None
    fetched_at: datetime
    text_sha256: str
    title: str
    quarantined: bool
    warc_key: str
    warc_offset: int
    warc_length: int
    cleaner_version: str


@dataclass(frozen=True, slots=True)
class Version:
    """Rows of one article that follow each other and have the same title and text. `last_seen` may be later than the
    last row: an answer that said "not modified" was no row."""

    rows: tuple[Row, ...]
    last_seen: datetime

    @property
    def first_seen(self) -> datetime:
        """When it was fetched for the first time."""
        return self.rows[0].fetched_at

    @property
    def newest(self) -> Row:
        """The last row that has this text."""
        return self.rows[-1]

    @property
    def quarantined(self) -> bool:
        """Whether the last row is held back as spam."""
        return self.newest.quarantined


def by_time(rows: Iterable[Row]) -> list[Row]:
    """The rows of an article in their order, the oldest first."""
    return sorted(rows, key=lambda row: (row.fetched_at, row.run, row.source))


def versions(rows: Iterable[Row], unchanged: Iterable[datetime] = ()) -> list[Version]:
    """The texts that an article had, the oldest first. A text that comes back is a version again: A, B, A are three.

    `rows` are those of one article; `unchanged` are the moments at which its page was found to be as before.
    """
    found = [tuple(same) for _, same in groupby(by_time(rows), key=lambda row: row.text_sha256)]
    moments = sorted(unchanged)
    told = []
    for place, same in enumerate(found):
        until = found[place + 1][0].fetched_at if place + 1 < len(found) else None
        seen = [at for at in moments if at >= same[0].fetched_at and (until is None or at < until)]
        told.append(Version(same, max([same[-1].fetched_at, *seen])))
    return told
