"""Thousands of sources in a few DAGs: which shard a source belongs to, and which sources are due at a shard's tick.

A source's shard depends on its id and on the number of shards, and on nothing else. Whether it is due is asked of
Airflow's own timetable, so that a source runs at the same times as in a DAG of its own.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from model.errors import SourceError
from model.source import load_source, source_files

TICK = timedelta(minutes=15)
"""So often does a shard look which of its sources are due."""

DAG_PREFIX = "shard-"
BROKEN_SCHEDULE = ("0 0 * * *", "UTC")
"""When a source is chosen whose file cannot be read: its task says what is wrong with it."""

MOST = 1000
"""So many sources are begun at one tick: Airflow maps a task over no more than 1,024 (core.max_map_length)."""


def shard_of(source_id: str, shards: int) -> int:
    """The shard, from 0, that a source belongs to."""
    return int.from_bytes(sha256(source_id.encode()).digest()[:8]) % shards


def shard_name(shard: int) -> str:
    """`007`."""
    return f"{shard:03}"


def dag_id(shard: int) -> str:
    """The id of a shard's DAG."""
    return DAG_PREFIX + shard_name(shard)


def tick_schedule(shard: int) -> str:
    """The cron expression of a shard's ticks. They are spread, so that not all shards begin in the same minute."""
    minutes = int(TICK.total_seconds()) // 60
    return f"{shard % minutes}-59/{minutes} * * * *"


def files_of(folder: Path, shard: int, shards: int) -> list[Path]:
    """The registry's files that belong to a shard. Raises `SourceError` where `folder` is none."""
    return [path for path in source_files(folder) if shard_of(path.stem, shards) == shard]


def due(paths: Iterable[Path], since: datetime, until: datetime) -> list[str]:
    """The ids of the sources for which a scheduled moment lies after `since` and not after `until`; each once, however
    many moments that are. Of a file that cannot be read its name."""
    chosen = []
    for path in paths:
        try:
            source = load_source(path)
        except SourceError:
            schedule, timezone = BROKEN_SCHEDULE
        else:
            if not source.enabled:
                continue
            schedule, timezone = source.schedule, source.timezone
        if next_after(schedule, timezone, since) <= until:
            chosen.append(path.stem)
    return chosen


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
