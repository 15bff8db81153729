"""Thousands of sources in a few DAGs: which files belong to a shard, and which sources it crawls at a tick, or by hand.

Whether a source is due is asked of Airflow's own timetable, so that it runs at the same times as in a DAG of its own.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bantin.dag_ids import shard_dag, shard_of
from bantin.settings import Settings
from model.errors import SourceError
from model.source import load_source, source_files
from storage import keys

TICK = timedelta(minutes=15)
"""So often does a shard look which of its sources are due."""

BROKEN_SCHEDULE = ("0 0 * * *", "UTC")
"""When a source is chosen whose file cannot be read: its task says what is wrong with it."""

MOST = 1000
"""So many sources are begun at one tick: Airflow maps a task over no more than 1,024 (core.max_map_length)."""


def tick_schedule(shard: int) -> str:
    """The cron expression of a shard's ticks. They are spread, so that not all shards begin in the same minute."""
    minutes = int(TICK.total_seconds()) // 60
    return f"{shard % minutes}-59/{minutes} * * * *"


def files_of(folder: Path, shard: int, shards: int) -> list[Path]:
    """The registry's files that belong to a shard. Raises `SourceError` where `folder` is none."""
    return [path for path in source_files(folder) if shard_of(path.stem, shards) == shard]


def begin(
    waiting: Collection[str], since: datetime, until: datetime, shard: int, run: str, settings: Settings
) -> tuple[list[str], list[str]]:
    """The ids of the shard's sources to crawl now as `run`, of those `waiting` and those due; and of those to leave to
    the next tick, since they are being crawled, or are too many. Raises `SourceError` and `StorageError`."""
    from bantin.under_way import holder_of
    from storage.places import place_of
    from storage.store import open_store

    store = open_store(settings.archive)
    wanted = due(files_of(settings.sources, shard, settings.shards), since, until, waiting)
    leased = {place.source for info in store.list(keys.leases_prefix()) if (place := place_of(info.key))}
    chosen: list[str] = []
    left: list[str] = []
    for name in sorted(wanted, key=lambda name: name not in waiting):  # who waits comes first
        too_many, held = len(chosen) >= MOST, name in leased and holder_of(store, name, run)
        (left if too_many or held else chosen).append(name)
    return chosen, left


def due(paths: Iterable[Path], since: datetime, until: datetime, waiting: Collection[str] = ()) -> list[str]:
    """The ids of the sources for which a scheduled moment lies after `since` and not after `until`; each once, however
    many moments that are. Those `waiting` are due anyway, and none that is paused. Of a file that cannot be read its
    name."""
    return [
        path.stem
        for path in paths
        for schedule in _schedules(path)
        if path.stem in waiting or next_after(*schedule, since) <= until
    ]


def next_after(schedule: str, timezone: str, moment: datetime) -> datetime:
    """When a DAG of that schedule, whose last run was at `moment` (aware), runs next: Airflow's own answer."""
    import pendulum
    from airflow.timetables.base import DataInterval, TimeRestriction
    from airflow.timetables.trigger import CronTriggerTimetable

    timetable = CronTriggerTimetable(schedule, timezone=timezone)
    info = timetable.next_dagrun_info(
        last_automated_data_interval=DataInterval.exact(pendulum.instance(moment)),
        restriction=TimeRestriction(earliest=None, latest=None, catchup=True),
    )
    assert info is not None  # noqa: S101 - for mypy: without a last moment there is always a next one
    return info.run_after


def named(sources: Sequence[str] | None, shard: int, settings: Settings) -> list[str]:
    """The sources that somebody asks a shard for, or all it has that are not paused. Raises `SourceError` for one that
    belongs elsewhere, and for more than can be begun at once."""
    own = {path.stem: path for path in files_of(settings.sources, shard, settings.shards)}
    for name in sources or ():
        if name not in own:
            other = shard_of(name, settings.shards)
            why = f"it would belong to {shard_dag(other)}" if other != shard else "the registry has no such file"
            raise SourceError([f"the form: sources: {name!r}: {why}: expected a source of {shard_dag(shard)}"])
    wanted = list(dict.fromkeys(sources or (name for name, path in own.items() if _schedules(path))))
    if len(wanted) > MOST:
        raise SourceError([f"the form: sources: {len(wanted)} of them: expected at most {MOST} at a time"])
    return wanted


def _schedules(path: Path) -> list[tuple[str, str]]:
    """Schedule and time zone of the source in this file; none where it is paused."""
    try:
        source = load_source(path)
    except SourceError:
        return [BROKEN_SCHEDULE]
    return [(source.schedule, source.timezone)] if source.enabled else []
