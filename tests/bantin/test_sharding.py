"""Which shard a source belongs to, and which sources it crawls: those due, or those that are asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from bantin import sharding
from bantin.dag_ids import dag_of, shard_of, source_of
from bantin.settings import Settings
from bantin.sharding import begin, due, files_of, named, tick_schedule
from model.errors import SourceError
from storage.lease import Lease
from storage.store import open_store
from tests.dags.parsed import write_source

TICK = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
RUN = "20261122T011500Z"


def test_every_source_belongs_to_one_shard_whatever_others_there_are(tmp_path: Path) -> None:
    for n in range(20):
        write_source(tmp_path, f"s{n}", None)
    shares = [[path.stem for path in files_of(tmp_path, shard, 4)] for shard in range(4)]
    assert sorted(chain.from_iterable(shares)) == sorted(f"s{n}" for n in range(20))
    assert all(shares)
    # Written down, since it must be the same in every process of every version.
    assert [shard_of(name, 10) for name in ("kimson", "vietnam-vn", "baohatinh")] == [1, 7, 7]


def test_a_dag_is_found_by_its_source_and_a_source_by_its_dag() -> None:
    assert (dag_of("kimson", 0), dag_of("kimson", 10)) == ("crawl-kimson", "shard-001")
    assert (source_of("crawl-kimson"), source_of("shard-001"), source_of("index")) == ("kimson", None, None)


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


@pytest.fixture
def shard(settings: Settings, tmp_path: Path) -> Settings:
    """One shard has all sources: three that are due at five past each hour, and one that is paused."""
    for name in ("a", "b", "c"):
        write_source(tmp_path / "sources", name, None)
    write_source(tmp_path / "sources", "resting", None, enabled="false")
    return replace(settings, sources=tmp_path / "sources", shards=1)


def test_what_is_being_crawled_is_left_to_the_next_tick(shard: Settings) -> None:
    with Lease.acquire(open_store(shard.archive), "b", run="20261122T000500Z", attempt=1):
        assert begin((), TICK - timedelta(minutes=15), TICK, 0, RUN, shard) == (["a", "c"], ["b"])
    assert begin((), TICK - timedelta(minutes=15), TICK, 0, RUN, shard) == (["a", "b", "c"], [])


def test_who_waits_comes_first_unless_it_was_paused_meanwhile_or_is_gone_and_what_is_too_much_waits(
    shard: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "MOST", 2)
    waiting = {"c", "resting", "gone"}
    assert begin(waiting, TICK - timedelta(minutes=15), TICK, 0, RUN, shard) == (["c", "a"], ["b"])
    assert begin(waiting, TICK - timedelta(minutes=5), TICK, 0, RUN, shard) == (["c"], [])


def test_by_hand_a_shard_takes_what_is_named_or_all_that_is_not_paused(
    shard: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert named(None, 0, shard) == ["a", "b", "c"]
    assert named(["resting", "b", "b"], 0, shard) == ["resting", "b"]
    with pytest.raises(SourceError, match="'x': the registry has no such file: expected a source of shard-000"):
        named(["x"], 0, shard)
    with pytest.raises(SourceError, match="'kimson': it would belong to shard-001: expected a source of shard-000"):
        named(["kimson"], 0, replace(shard, shards=10))
    monkeypatch.setattr(sharding, "MOST", 2)
    with pytest.raises(SourceError, match="3 of them: expected at most 2 at a time"):
        named(None, 0, shard)
