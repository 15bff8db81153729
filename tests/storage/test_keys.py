"""Keys say source, run and day, and nothing that is handed in can bend them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage import keys
from storage.errors import InvalidKey

RUN = "20261122T000000Z"


def test_a_run_is_its_time_in_utc_and_its_day_too() -> None:
    midnight_in_hanoi = datetime(2026, 11, 22, 0, 30, tzinfo=timezone(timedelta(hours=7)))
    run = keys.run_id(midnight_in_hanoi)
    assert run == "20261121T173000Z"
    assert keys.run_time(run) == datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
    assert keys.captures("kimson", run) == "captures/src=kimson/day=2026-11-21/20261121T173000Z.parquet"


def test_the_layout_is_the_documented_one() -> None:
    part = keys.raw_part("kimson", RUN, 2, 3)
    assert part == "raw/src=kimson/run=20261122T000000Z/attempt-2-part-3.warc.gz"
    assert keys.parse_raw_part(part) == ("kimson", RUN, 2, 3)
    assert keys.articles("kimson", RUN) == "articles/src=kimson/day=2026-11-22/20261122T000000Z.parquet"
    assert keys.report("kimson", RUN) == "runs/src=kimson/20261122T000000Z/report.json"
    assert keys.work_articles(part) == "work/src=kimson/run=20261122T000000Z/attempt-2-part-3.parquet"
    assert keys.lake("kimson", keys.month_of(RUN)) == "lake/src=kimson/month=2026-11.parquet"
    assert keys.superseded("kimson", RUN, "ab12") == "superseded/src=kimson/run=20261122T000000Z/ab12.parquet"


def test_a_month_is_over_when_the_next_begins_in_utc() -> None:
    midnight_in_hanoi = datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=7)))
    assert not keys.is_over("2026-11", midnight_in_hanoi)
    assert keys.is_over("2026-11", datetime(2026, 12, 1, tzinfo=UTC))
    with pytest.raises(InvalidKey, match="a month like 2026-11"):
        keys.is_over("2026-13", midnight_in_hanoi)


@pytest.mark.parametrize("source", ["../x", "a/b", "", "Kimson", "a--b", "kim\nson", "x" + "/" * 3])
def test_a_source_that_is_no_id_makes_no_key(source: str) -> None:
    with pytest.raises(InvalidKey):
        keys.captures(source, RUN)


@pytest.mark.parametrize("run", ["", "today", "20261122", "20261340T000000Z", "../20261122T000000Z", RUN + "/.."])
def test_a_run_that_is_no_time_makes_no_key(run: str) -> None:
    with pytest.raises(InvalidKey):
        keys.raw_part("kimson", run, 1, 1)


def test_another_object_is_no_part() -> None:
    with pytest.raises(InvalidKey, match=r"attempt-A-part-N\.warc\.gz"):
        keys.parse_raw_part("raw/src=kimson/run=x/../../etc/passwd")


def test_digits_are_ascii() -> None:
    with pytest.raises(InvalidKey):
        keys.run_time("２０２６1122T000000Z")
    with pytest.raises(InvalidKey):
        keys.lake("kimson", "２０２６-11")
