"""The catalog: what every run did and what every source is, in one object beside the index.

Pages that list sources and runs ask it, since thousands of reports cannot be read for each; the whole report of one run
is read on demand (storage/reports.py). It is a Parquet table, a row a run by source and run; its metadata has the
sources under `bantin.sources`, as JSON. Each generation of the index has its own (browse/index/manifest.py), so that
what it says of runs and what the index finds are of one moment.
"""

import io
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.keys import run_time
from storage.row_groups import FILE_OPTIONS
from storage.tables import encode, schema_of

SOURCES = b"bantin.sources"

COVERED = ("author", "published_on", "published_at", "lead", "section", "language", "images")
"""The fields of articles whose coverage is told."""

UNREADABLE = "unreadable"
"""The state of a run whose report cannot be read; `reason` says why."""

MISSING = "missing"
"""The state of a run that has articles and no report."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A page that was there before a run and was gone or moved then, and `how`."""

    url: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """What a run did, in numbers. `state` is that of its report (model/report.py), `UNREADABLE` or `MISSING`.

    `captures` counts answers, `errors` those that failed or were blocked, `rows` the articles in the run's table;
    `new`, `changed`, `unchanged` and `quarantined` are of these. `removed` counts blocks, `vanished`, `cloaked`, `spam`
    and `retry` what the report lists of them, `waiting` addresses left for a later run. `covered` has for each of
    `COVERED` how many rows have it. `problem` says why the table of articles could not be read, where it could not.
    `pages` counts the answers for article pages, `absent` those of them that say that there is none (404, 410), or what
    vanished where that is more, `blocked` walls and captchas in the place of articles and lists,
    `future` rows whose day of publication has begun nowhere on earth yet. `removed_by` has the blocks of the rules that
    removed most, `cleaner` the version that did.
    The ETags are those of the run's objects when they were read; None where there was none, or it could not be read.
    """

    source: str
    run: str
    state: str
    reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    recleaned_at: datetime | None = None
    attempts: int = 0
    captures: int = 0
    errors: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    rejected: int = 0
    removed: int = 0
    skipped: int = 0
    waiting: int = 0
    vanished: int = 0
    cloaked: int = 0
    spam: int = 0
    retry: int = 0
    warnings: int = 0
    rows: int = 0
    covered: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    absent: int = 0
    blocked: int = 0
    future: int = 0
    removed_by: dict[str, int] = field(default_factory=dict)
    cleaner: str | None = None
    gone: list[Gone] = field(default_factory=list)
    problem: str | None = None
    articles_etag: str | None = None
    report_etag: str | None = None
    rules_etag: str | None = None

    @property
    def day(self) -> date:
        """The run's day, in UTC."""
        return _day_of(self.run)

    @property
    def at(self) -> datetime:
        """The run's own time."""
        return run_time(self.run)

    @property
    def coverage(self) -> dict[str, float]:
        """Which share of the run's articles has each of `COVERED`; nothing where there are none."""
        return {name: self.covered.get(name, 0) / self.rows for name in COVERED} if self.rows else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """What a source's newest rules say of it, and `runs`, the number of its runs. Of one whose rules cannot be read
    `name` is its id and the rest is empty."""

    id: str
    name: str
    url: str = ""
    kind: str = ""
    languages: list[str] = field(default_factory=list)
    province: str | None = None
    district: str | None = None
    schedule: str = ""
    timezone: str = ""
    enabled: bool = True
    runs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """A page that a run found gone or moved, and when that run ended."""

    source: str
    run: str
    url: str
    how: str
    at: datetime | None


class Catalog:
    """All runs and sources. Immutable, so any number of threads may ask it."""

    def __init__(self, table: pa.Table, sources: Iterable[SourceEntry]) -> None:
        self.table = table
        self._sources = {source.id: source for source in sources}
        self._source = np.asarray(table["source"].to_numpy(zero_copy_only=False), object)
        self._run = np.asarray(table["run"].to_numpy(zero_copy_only=False), object)
        self._newest_first = np.lexsort((self._source, self._run))[::-1]

    @classmethod
    def empty(cls) -> Self:
        """That of an archive without runs."""
        return cls(schema_of(RunEntry).empty_table(), [])

    @classmethod
    def of(cls, entries: Sequence[RunEntry], sources: Iterable[SourceEntry]) -> Self:
        """The catalog of these runs, which come by source and run."""
        table = pq.read_table(pa.BufferReader(encode(entries, RunEntry)), use_threads=False)
        return cls(table.cast(schema_of(RunEntry)), sources)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The catalog that `encoded` wrote. Raises ValueError where `data` is none."""
        try:
            parquet = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
            table = parquet.read().cast(schema_of(RunEntry))
            sources = json.loads((parquet.schema_arrow.metadata or {})[SOURCES])
            return cls(table, [SourceEntry(**one) for one in sources])
        except (pa.ArrowException, OSError, KeyError, TypeError) as err:
            raise ValueError(f"{err}: expected a catalog of runs") from err

    def encoded(self) -> bytes:
        """The Parquet file that holds it; the same for the same runs and sources."""
        sources = json.dumps([asdict(one) for one in self.sources()], ensure_ascii=False)
        out = pa.BufferOutputStream()
        pq.write_table(self.table.replace_schema_metadata({SOURCES: sources}), out, **FILE_OPTIONS)
        return bytes(out.getvalue())

    def with_runs(
        self, entries: Sequence[RunEntry], gone: Iterable[tuple[str, str]], sources: Iterable[SourceEntry]
    ) -> "Catalog":
        """The same with `entries` in the place of their runs, without the runs `gone`, and of `sources`."""
        fresh = Catalog.of(entries, []).table
        replaced = {*gone, *((entry.source, entry.run) for entry in entries)}
        named = zip(self._source, self._run, strict=True)
        kept = self.table.filter(pa.array([one not in replaced for one in named], pa.bool_()))
        table = pa.concat_tables([kept, fresh]).sort_by([("source", "ascending"), ("run", "ascending")])
        return Catalog(table.combine_chunks(), sources)

    def runs(self, source: str | None = None, *, offset: int = 0, limit: int = 50) -> list[RunEntry]:
        """The runs of a source, or of all, the newest first."""
        return self._entries(self._places(source)[offset : offset + limit])

    def run(self, source: str, run: str) -> RunEntry | None:
        """A run; None where there is none of that name."""
        found = self._entries(np.flatnonzero((self._source == source) & (self._run == run)))
        return found[0] if found else None

    def count(self, source: str | None = None) -> int:
        """How many runs a source, or all, have."""
        return len(self._places(source))

    def beside(self, source: str, run: str) -> tuple[str | None, str | None]:
        """The source's runs right before and after `run`, which may be one that the catalog does not have."""
        names = [str(name) for name in self._run[self._source == source]]  # in order
        place = bisect_left(names, run)
        after = place + (place < len(names) and names[place] == run)
        return names[place - 1] if place else None, names[after] if after < len(names) else None

    def sources(self) -> list[SourceEntry]:
        """All sources, by id."""
        return [self._sources[name] for name in sorted(self._sources)]

    def source(self, source: str) -> SourceEntry | None:
        """A source; None where it has no runs."""
        return self._sources.get(source)

    def newest(self) -> dict[str, RunEntry]:
        """The newest run of each source."""
        if not len(self._source):
            return {}
        last = np.flatnonzero(np.append(self._source[1:] != self._source[:-1], True))  # rows are by source and run
        return {entry.source: entry for entry in self._entries(last)}

    def struck(self) -> dict[str, RunEntry]:
        """Of each source that was ever tampered with, the newest run that found injected links, spam pages or cloaked
        pages."""
        found = sum(self._numbers(name) for name in ("spam", "quarantined", "cloaked"))
        places = np.flatnonzero(found)
        last = dict(zip(self._source[places].tolist(), places.tolist(), strict=True))  # rows are by source and run
        return {entry.source: entry for entry in self._entries(list(last.values()))}

    @property
    def today(self) -> date | None:
        """The day of the newest run."""
        return _day_of(self._run[self._newest_first[0]]) if len(self._run) else None

    def since(self, source: str, day: date) -> list[RunEntry]:
        """The runs of a source of this day (UTC) and later, the oldest first."""
        first, end = self._rows_of(source)
        return self._entries(np.arange(bisect_left(self._run, f"{day:%Y%m%d}", first, end), end))

    def first_day(self, source: str) -> date | None:
        """The day of a source's first run; None where it has none."""
        first, end = self._rows_of(source)
        return _day_of(self._run[first]) if first < end else None

    def vanished(self, source: str | None = None, limit: int = 50) -> list[Vanished]:
        """The pages that vanished last, those of the newest run first."""
        places = self._places(source)
        found: list[Vanished] = []
        for entry in self._entries(places[self._numbers("vanished")[places] > 0][:limit]):
            found += [
                Vanished(source=entry.source, run=entry.run, url=page.url, how=page.how, at=entry.finished_at)
                for page in entry.gone
            ]
        return found[:limit]

    def coverage(self, source: str, runs: int = 20) -> dict[str, float]:
        """Which share of the articles of a source's newest runs has each of `COVERED`."""
        entries = self.runs(source, limit=runs)
        rows = sum(entry.rows for entry in entries)
        return {name: sum(e.covered.get(name, 0) for e in entries) / rows for name in COVERED} if rows else {}

    def news(self, days: int = 30) -> dict[str, list[int]]:
        """How many new texts each source had on each of the last `days` days, up to that of the newest run of all."""
        if not len(self._source):
            return {}
        at = _days(self.table["run"])
        at = at - (int(at.max()) - days + 1)
        coded = self.table["source"].combine_chunks().dictionary_encode()
        counts = np.zeros((len(coded.dictionary), days), int)
        recent = at >= 0
        np.add.at(counts, (np.asarray(coded.indices)[recent], at[recent]), self._numbers("new")[recent])
        return dict(zip(coded.dictionary.to_pylist(), counts.tolist(), strict=True))

    def _rows_of(self, source: str) -> tuple[int, int]:
        """Where the rows of a source begin and end: they are by source and run."""
        first = bisect_left(self._source, source)
        return first, bisect_right(self._source, source, first)

    def _places(self, source: str | None) -> "np.ndarray[Any, np.dtype[np.intp]]":
        """The rows of a source's runs, or of all, the newest first."""
        return self._newest_first if source is None else np.flatnonzero(self._source == source)[::-1]

    def _numbers(self, name: str) -> "np.ndarray[Any, np.dtype[np.int64]]":
        return np.asarray(self.table[name])

    def _entries(self, places: Any) -> list[RunEntry]:
        rows = self.table.take(pa.array(places, pa.int64())).to_pylist(maps_as_pydicts="strict")
        return [RunEntry(**{**row, "gone": [Gone(**page) for page in row["gone"]]}) for row in rows]


def _day_of(run: str) -> date:
    return date.fromisoformat(run[:8])


def _days(runs: pa.ChunkedArray) -> "np.ndarray[Any, np.dtype[np.int32]]":
    """The days of runs, counted from 1970-01-01."""
    numbers = pc.utf8_slice_codeunits(runs, 0, 8)
    return np.asarray(pc.strptime(numbers, "%Y%m%d", "s").cast(pa.date32()).cast(pa.int32()))
