"""What the runs of each source have been: when one last succeeded, how long they take, how many articles they had."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from browse.catalog import Catalog
from browse.usual import DAYS, Usual, daily, usual
from model.report import State

LAST_RUNS = 10
"""How long a run takes is the median of so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A source's newest run with its `state` and `reason`; the newest that was published, when it ended, and how many
    failed since; the seconds that its runs take; its new articles on each of the last days, today's at the end (None
    where there was no run to tell), and what is usual for today."""

    last_run: str | None = None
    state: str = ""
    reason: str | None = None
    success_run: str | None = None
    success_at: datetime | None = None
    failures: int = 0
    takes_s: float = 0
    days: list[int | None] = field(default_factory=lambda: [None] * (DAYS + 1))
    usual: Usual | None = None

    def after(self, runs: Sequence[str], state: str, reason: str | None, finished_at: datetime | None) -> Self:
        """The same when further `runs` have ended, of whose last one this is known. How many articles they had is
        not."""
        past = replace(self, last_run=runs[-1], state=state, reason=reason)
        if state == State.PUBLISHED:
            return replace(past, success_run=runs[-1], success_at=finished_at, failures=0)
        return replace(past, failures=self.failures + len(runs) - (state == State.FETCHED))


class _Run(NamedTuple):
    """A run, as `browse.usual.daily` wants it."""

    day: date
    state: str
    new: int


@lru_cache(maxsize=2)
def pasts(catalog: Catalog, today: date) -> dict[str, Past]:
    """The past of each source, by id; to be changed by nobody. Kept for as long as a newer catalog is not asked for."""
    table = catalog.table
    if not len(table):
        return {}
    columns = ("source", "run", "state", "new", "started_at", "finished_at")
    sources, runs, states, new, started, finished = (table[name].combine_chunks() for name in columns)
    names = np.asarray(sources.to_numpy(zero_copy_only=False), object)
    starts = np.flatnonzero(np.append(True, names[1:] != names[:-1]))  # rows are by source and run
    ends = np.append(starts[1:], len(names))
    first_day = today - timedelta(days=DAYS)
    recent = np.asarray(pc.greater_equal(runs, f"{first_day:%Y%m%d}"))
    published = np.asarray(pc.equal(states, State.PUBLISHED))
    failed = ~published & np.asarray(pc.not_equal(states, State.FETCHED))
    seconds = np.asarray(pc.milliseconds_between(started, finished).fill_null(0)) / 1000
    found = {}
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        succeeded = start + np.flatnonzero(published[start:end])
        since = start + int(np.argmax(recent[start:end])) if recent[end - 1] else end  # a source's runs are in order
        first = int(succeeded[0]) if len(succeeded) else start  # it tells the day on which all was new
        spans = [(first, 1), (since, end - since)]
        told = [_runs(*(column.slice(*span) for column in (runs, states, new))) for span in spans]
        days = daily([run for some in told for run in some], today, DAYS + 1)
        last, success = end - 1, int(succeeded[-1]) if len(succeeded) else None
        found[str(names[start])] = Past(
            last_run=runs[last].as_py(),
            state=states[last].as_py(),
            reason=table["reason"][last].as_py(),
            success_run=None if success is None else runs[success].as_py(),
            success_at=None if success is None else finished[success].as_py(),
            failures=int(failed[start if success is None else success : end].sum()),
            takes_s=float(np.median(seconds[succeeded[-LAST_RUNS:]])) if len(succeeded) else 0,
            days=days,
            usual=usual(days[:-1]),
        )
    return found


def _runs(runs: pa.Array, states: pa.Array, new: pa.Array) -> list[_Run]:
    columns = zip(runs.to_pylist(), states.to_pylist(), new.to_pylist(), strict=True)
    return [_Run(date(int(run[:4]), int(run[4:6]), int(run[6:8])), state, count) for run, state, count in columns]
