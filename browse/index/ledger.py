"""The rows of articles, and what they tell together: which is an article's newest, which texts it had, in which runs.

The order of rows is that of storage/history.py. Columnar, so that a million rows take a second. The ledger of what is
indexed lies in the index itself: each document keeps the rows of its article (`Seen`), so that a run that comes,
changes or goes concerns the documents that have rows of it and no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

TEXT_DIGITS = 16
"""So many digits of a text's hash are kept: enough to tell one article's texts apart."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Table(NamedTuple):
    """A run's table of articles. Sorted, tables are in the order of runs."""

    run: str
    source: str


class Seen(NamedTuple):
    """A row of an article, in short: when it was fetched, in µs since 1970, and the beginning of its text's hash."""

    table: Table
    at_us: int
    text: str


class Row(NamedTuple):
    """A row of the article `id`."""

    id: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class History:
    """The rows of one article, the oldest first."""

    rows: tuple[Seen, ...]

    @property
    def versions(self) -> int:
        """How many texts it had; one that comes back counts again."""
        return 1 + sum(one.text != other.text for one, other in zip(self.rows, self.rows[1:], strict=False))

    @property
    def changed_at(self) -> datetime | None:
        """When its text was seen to have changed for the last time; None where it never did."""
        for before, row in zip(reversed(self.rows[:-1]), reversed(self.rows[1:]), strict=True):
            if before.text != row.text:
                return _EPOCH + timedelta(microseconds=row.at_us)
        return None


class Columns(NamedTuple):
    """Rows of some tables, as columns of equal length: `table` is the place in a list of tables."""

    ids: pa.Array
    at_us: "np.ndarray[Any, np.dtype[np.int64]]"
    texts: "np.ndarray[Any, np.dtype[np.bytes_]]"
    table: "np.ndarray[Any, np.dtype[np.int32]]"


def columns_of(rows: Sequence[Row], places: Mapping[Table, int]) -> Columns:
    """The same rows in columns. Every row's table has its place in `places`."""
    return Columns(
        pa.array([row.id for row in rows], pa.string()),
        np.array([row.seen.at_us for row in rows], np.int64),
        np.array([row.seen.text for row in rows], f"S{TEXT_DIGITS}"),
        np.array([places[row.seen.table] for row in rows], np.int32),
    )


class Ledger:
    """All rows of some articles: every one that any table has of them. `tables` are in order, and with none left out.

    The articles are numbered by the tables of their newest rows: those of a table follow each other.
    """

    def __init__(self, columns: Columns, tables: Sequence[Table]) -> None:
        self.tables = tables
        self._ids, self._at_us, self._texts, self._table = columns
        code = np.asarray(self._ids.dictionary_encode().indices)
        self._order = np.lexsort((self._table, self._at_us, code))
        ends = np.flatnonzero(np.diff(code[self._order], append=-1))
        newest = self._order[ends]
        by_table = np.argsort(self._table[newest], kind="stable")
        self._newest = newest[by_table]
        self._starts, self._ends = np.append(-1, ends[:-1])[by_table] + 1, ends[by_table] + 1
        self._firsts = np.searchsorted(self._table[self._newest], np.arange(len(tables) + 1))

    def __len__(self) -> int:
        """How many articles there are."""
        return len(self._newest)

    def newest_in(self, table: int) -> range:
        """The articles whose newest row is in this one of the tables."""
        return range(self._firsts[table], self._firsts[table + 1])

    def ids(self, articles: range) -> list[str]:
        """The ids of these articles."""
        found: list[str] = self._ids.take(pa.array(self._newest[articles.start : articles.stop])).to_pylist()
        return found

    def history(self, article: int) -> History:
        """The rows of an article."""
        return History(
            tuple(
                Seen(self.tables[self._table[row]], int(self._at_us[row]), self._texts[row].decode())
                for row in self._order[self._starts[article] : self._ends[article]]
            )
        )
