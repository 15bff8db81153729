"""Which shard a source belongs to, and which sources are due."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from bantin.sharding import due, files_of, shard_of, tick_schedule
from tests.dags.test_source_dags import write_source

TICK = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)


def test_every_source_belongs_to_one_shard_whatever_others_there_are(tmp_path: Path) -> None:
    for n in range(20):
        write_source(tmp_path, f"s{n}", None)
    shares = [[path.stem for path in files_of(tmp_path, shard, 4)] for shard in range(4)]
    assert sorted(chain.from_iterable(shares)) == sorted(f"s{n}" for n in range(20))
    assert all(shares)
    # Written down, since it must be the same in every process of every version.
    assert [shard_of(name, 10) for name in ("kimson", "vietnam-vn", "baohatinh")] == [1, 7, 7]


def test_ticks_of_shards_are_spread_over_the_quarter_of_an_hour() -> None:
    assert (tick_schedule(0), tick_schedule(7), tick_schedule(15)) == (
        "0-59/15 * * * *",
        "7-59/15 * * * *",
        "0-59/15 * * * *",
    )


@pytest.mark.parametrize(
    ("schedule", "since", "is_due"),
    [
        ("15 * * * *", TICK - timedelta(minutes=15), True),  # on the tick
        ("0 * * * *", TICK - timedelta(minutes=15), False),  # on the tick before
        ("0 8 * * *", TICK - timedelta(minutes=20), True),  # in Saigon it is a quarter past eight
        ("0 9 * * *", TICK - timedelta(hours=20), False),
        ("*/5 * * * *", TICK - timedelta(days=40), True),
    ],
)
def test_a_source_is_due_by_its_own_schedule_and_time_zone(
    tmp_path: Path, schedule: str, since: datetime, is_due: bool
) -> None:
    write_source(tmp_path, "paper", None)
    file = tmp_path / "paper.yaml"
    file.write_text(file.read_text("utf-8").replace('"5 * * * *"', f'"{schedule}"'), "utf-8")
    assert due([file], since, TICK) == (["paper"] if is_due else [])


def test_a_disabled_source_is_never_due_and_a_broken_file_once_a_day(tmp_path: Path) -> None:
    write_source(tmp_path, "resting", None, enabled="false")
    (tmp_path / "broken.yaml").write_text("id: broken\n")
    files = sorted(tmp_path.iterdir())
    midnight = TICK.replace(hour=0, minute=0)
    assert due(files, midnight - timedelta(minutes=5), midnight) == ["broken"]
    assert due(files, midnight, TICK) == []
