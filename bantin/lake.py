"""The verb lake: one object a source and closed month, for bulk readers, kept equal to what the runs' tables hold.

A month is built where its object is missing, and built again where a run of it was published, cleaned anew or deleted
since. One PUT replaces the whole object, on the condition that it is still the one that was looked at: so every row is
in one object at any moment, and of two builders the second looks again. What is done stays done when it is interrupted.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby, islice
from pathlib import Path

from bantin.settings import Settings
from model.errors import BantinError
from storage import keys, lake
from storage.errors import KeyNotFound, PreconditionFailed, StoreRefused
from storage.notices import name_now
from storage.places import place_of, table_of
from storage.store import ObjectInfo, ObjectStore, open_store

logger = logging.getLogger("bantin.lake")

MARGIN = timedelta(days=1)
"""A month is closed so long after its end in UTC: its last runs are published by then. One that comes later does no
harm, it makes the month stale."""

TRIES = 3
_FOOTERS_AT_A_TIME = 16  # one waits for the store, not for the processor


class NothingThere(BantinError):
    """A source that was named has no articles in the archive."""


class NotClosed(BantinError):
    """The month that was asked for has not ended, or only just."""


class NotBuilt(BantinError):
    """Some months could not be built; the message names them, and why."""


class RowsGone(BantinError):
    """Tables that a month was made of are gone, and nothing says why: the month may be the last that has their rows."""


class State(StrEnum):
    """How an object of the lake stands to the tables of its month."""

    NEW = "new"
    STALE = "stale"
    FRESH = "fresh"
    EMPTIED = "emptied"
    """Its tables are all gone. So is it, where they are there under another id of the source."""


@dataclass(frozen=True, slots=True)
class Month:
    """A source's closed month: its tables as they were listed, and the object of the lake that was there (or None)."""

    source: str
    month: str
    tables: tuple[ObjectInfo, ...]
    there: ObjectInfo | None
    state: State

    @property
    def key(self) -> str:
        """The key of its object."""
        return keys.lake(self.source, self.month)


@dataclass(frozen=True, slots=True)
class Built:
    """What became of a month, as it was looked at last: how many rows its object has (0 where it was removed), or None
    where somebody else built it; or the error that kept it as it was."""

    month: Month
    rows: int | None = 0
    error: BantinError | None = None

    @property
    def done(self) -> str:
        """What was done, in a few words."""
        if self.rows is None:
            return "left alone: somebody else has built it meanwhile"
        if not self.month.tables:
            return "removed: none of its tables is there any more"
        return f"{self.rows} rows of {len(self.month.tables)} tables"


def survey(
    settings: Settings, sources: Sequence[str] = (), month: str | None = None, now: datetime | None = None
) -> Iterator[Month]:
    """The closed months of these sources (default: all), or the one `month` of each, in the order of their keys, with
    the state of their objects. Reads no tables: a listing, and the end of each object of the lake.

    Raises `NotClosed`, `NothingThere`, `InvalidKey` and `StorageError`.
    """
    store = open_store(settings.archive)
    now = now or datetime.now(UTC)
    if month is not None and not is_closed(month, now):
        raise NotClosed(f"{month}: expected a month that ended {MARGIN.days} day ago, in UTC: wait, or name another")
    for source in sources or (None,):
        # The lake is listed first: an object that is put later fails the condition, and its month is looked at anew.
        objects = {info.key: info for info in store.list(keys.lake_prefix(source))}
        some = False
        months = (one for one in _months(store, source, objects) if is_closed(one.month, now))
        wanted = (one for one in months if month in (None, one.month))
        with ThreadPoolExecutor(_FOOTERS_AT_A_TIME) as pool:
            while batch := list(islice(wanted, 4 * _FOOTERS_AT_A_TIME)):
                some = True
                yield from pool.map(lambda one: _with_state(store, one), batch)
        if source and not some and next(store.list(keys.articles_prefix(source)), None) is None:
            raise NothingThere(
                f"{source!r}: no articles of this source in {settings.archive}: `bantin list` shows some"
            )


def build(settings: Settings, months: Iterable[Month]) -> Iterator[Built]:
    """Brings the objects of these months up to date, one after the other, those of state `FRESH` apart. An error of one
    month is told with it, and the others go on.

    Raises `StoreRefused` and retryable errors of the store: they would meet all months.
    """
    store = open_store(settings.archive)
    if settings.work:
        settings.work.mkdir(parents=True, exist_ok=True)
    for month in months:
        if month.state is State.FRESH:
            continue
        try:
            built = _built(store, month, settings.work)
        except StoreRefused:
            raise
        except BantinError as err:
            if err.retryable:
                raise
            logger.error("%s: %s", month.key, err)
            built = Built(month, error=err)
        else:
            logger.info("%s: %s, %s", month.key, month.state, built.done)
        yield built


def refresh(settings: Settings, sources: Sequence[str] = (), month: str | None = None) -> int:
    """Surveys and builds what is due; returns how many months that were.

    Raises what `survey` and `build` raise, and `NotBuilt` where a month could not be built: the others are.
    """
    due = [one for one in survey(settings, sources, month) if one.state is not State.FRESH]
    failed = [built for built in build(settings, due) if built.error]
    if failed:
        told = "; ".join(f"{built.month.key}: {built.error}" for built in failed[:3])
        raise NotBuilt(f"{len(failed)} of {len(due)} months could not be built: {told}")
    return len(due)


def is_closed(month: str, now: datetime) -> bool:
    """Whether `month` (`2026-11`) has ended in UTC, `MARGIN` before `now`. Raises `InvalidKey`."""
    return keys.is_over(month, now - MARGIN)


def _months(store: ObjectStore, source: str | None, objects: dict[str, ObjectInfo]) -> Iterator[Month]:
    """Every month that has tables or, in `objects`, an object of the lake. The tables' keys are in the order of sources
    and days, so that few are held at a time."""
    tables = ((found, info) for info in store.list(keys.articles_prefix(source)) if (found := _table(info.key)))
    left = dict(objects)
    for (of, month), group in groupby(tables, key=lambda one: one[0]):
        there = left.pop(keys.lake(of, month), None)
        yield Month(of, month, tuple(info for _, info in group), there, State.STALE if there else State.NEW)
    for key, info in left.items():
        place = place_of(key)
        if place and place.source and place.month:
            yield Month(place.source, place.month, (), info, State.EMPTIED)


def _table(key: str) -> tuple[str, str] | None:
    """Source and month of an articles table; None, with a warning, where the key is no run's."""
    if found := table_of(key):
        return found[0], keys.month_of(found[1])
    logger.warning("%s: left out: expected articles/src=…/day=…/RUN.parquet", key)
    return None


def _with_state(store: ObjectStore, month: Month) -> Month:
    if month.there is None or not month.tables:
        return month
    try:
        made_of = lake.made_of(store, month.there)
    except (KeyNotFound, PreconditionFailed):  # replaced this moment: building looks again
        return month
    return replace(month, state=State.FRESH) if made_of == {i.key: i.etag for i in month.tables} else month


def _built(store: ObjectStore, month: Month, work: Path | None) -> Built:
    """One month brought up to date. What changes meanwhile is looked at again, a few times."""
    latest = month
    for left in reversed(range(TRIES)):
        try:
            return Built(replace(latest, state=month.state), _put(store, latest, work))
        except (KeyNotFound, PreconditionFailed):
            if not left:
                raise
        again = {info.key: info for info in [store.head(month.key)] if info}
        found = (one for one in _months(store, month.source, again) if one.month == month.month)
        latest = next(found, Month(month.source, month.month, (), None, State.FRESH))
        latest = _with_state(store, latest)
        if latest.state is State.FRESH:
            break
    return Built(replace(latest, state=month.state), None)


def _expect_all(store: ObjectStore, month: Month) -> None:
    """Raises `RowsGone` where the month's object has rows of tables that are gone: unless a notice says that their
    source was renamed, and they are there under its present id."""
    if month.there is None:
        return
    named = lake.named_in(store, month.there)
    left = sorted(set(named or ()) - {info.key for info in month.tables})
    gone = [key for key in left if store.head(key) is None]  # another month's: the object lies in the wrong place
    if gone and (now := name_now(store, month.source)):
        gone = [key for key in gone if store.head(keys.moved(key, now)) is None]
    if gone or (named is None and not month.tables):
        what = f"{len(gone)} tables it was made of are gone, the first {gone[0]}" if gone else "it cannot be read"
        remedy = (
            "restore the runs from a back-up (bantin copy); if they were deleted on purpose, "
            f"delete {month.key}, and call bantin lake again"
        )
        raise RowsGone(f"{what}, and it may be the last that has their rows; it stays as it is: {remedy}")


def _put(store: ObjectStore, month: Month, work: Path | None) -> int:
    _expect_all(store, month)
    if month.state is State.EMPTIED:
        store.delete([month.key])
        return 0
    with tempfile.TemporaryDirectory(prefix="bantin-lake-", dir=work) as folder:
        file = Path(folder, "month.parquet")
        try:
            rows = lake.write(store, month.tables, file)
        except OSError as err:
            problem = f"{file.parent}: {err.strerror or err}: make room there, or name another folder in BANTIN_WORK"
            raise StoreRefused(problem, store.url, month.key) from err
        there = month.there
        store.put(month.key, file, if_absent=there is None, if_match=there.etag if there else None)
    return rows
