"""What Airflow's scheduler makes of a schedule: by its own reckoning, of a DAG as it stores it."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.dags.parsed import printed, write_source
from tests.settings import settings_in

RECKON = """
import json, os, sys
from datetime import datetime, timedelta
import pendulum
import airflow.timetables.trigger as trigger
from airflow._shared.timezones.timezone import utcnow
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import CronTriggerTimetable
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from storage.keys import run_id

bag = DagBag(dag_folder=os.path.join(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], "source_dags.py"))
dag = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["crawl-kimson"]))
now = utcnow()
info = DagRunInfo.interval(now - timedelta(days=10), now - timedelta(days=10))
missed = []
while (info := dag.next_dagrun_info(last_automated_run_info=info)).run_after <= now and len(missed) < 100:
    missed.append(info.run_after.isoformat())

def runs(cron, zone, first, last):
    "The run ids that the scheduler makes between two moments, of which each begins a few seconds late."
    timetable = coerce_to_core_timetable(CronTriggerTimetable(cron, timezone=zone))
    moment, found = pendulum.parse(first), []
    while moment < pendulum.parse(last):
        trigger.utcnow = lambda: moment.add(seconds=5)
        info = timetable.next_dagrun_info(
            last_automated_data_interval=DataInterval.exact(moment),
            restriction=TimeRestriction(earliest=None, latest=None, catchup=False))
        moment = info.run_after
        found.append(run_id(moment))
    return found[:-1]

print("\\n" + json.dumps({
    "now": now.isoformat(), "missed": missed, "next": info.run_after.isoformat(),
    "runs": [runs(*words) for words in json.loads(sys.argv[1])],
}))
"""
SPRING = ("2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z")
"""In Berlin the clock goes from 2 to 3 on the 29th."""
AUTUMN = ("2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z")
"""In Berlin the clock goes back from 3 to 2 on the 25th."""
ASKED = [
    ("30 5 * * *", "Asia/Ho_Chi_Minh", *AUTUMN),
    ("30 5 * * *", "Europe/Berlin", *SPRING),
    ("30 5 * * *", "Europe/Berlin", *AUTUMN),
    ("30 2 * * *", "Europe/Berlin", *SPRING),
    ("30 2 * * *", "Europe/Berlin", *AUTUMN),
    ("15 * * * *", "Europe/Berlin", *SPRING),
    ("15 * * * *", "Europe/Berlin", *AUTUMN),
    ("*/30 1-4 * * *", "Europe/Berlin", *SPRING),
    ("*/30 1-4 * * *", "Europe/Berlin", *AUTUMN),
]


@pytest.fixture(scope="module")
def reckoned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The runs that a source missed in ten days, which is due every six hours, and those of `ASKED`."""
    settings = settings_in(tmp_path_factory.mktemp("schedules"))
    folder = settings.airflow_home.parent / "sources"
    write_source(folder, "kimson", None)
    file = folder / "kimson.yaml"
    file.write_text(file.read_text("utf-8").replace('"5 * * * *"', '"0 */6 * * *"'), "utf-8")
    found: dict[str, Any] = printed(RECKON, settings.override(sources=folder), json.dumps(ASKED))
    return found


def test_ten_days_without_airflow_are_made_up_for_by_one_run(reckoned: dict[str, Any]) -> None:
    """Of the last time that was missed. It finds what was published meanwhile: lists are followed until a page brings
    nothing new (spiders/listings.py)."""
    now, following = (datetime.fromisoformat(reckoned[name]) for name in ("now", "next"))
    (run,) = map(datetime.fromisoformat, reckoned["missed"])
    assert now - run < timedelta(hours=6)
    assert following - run == timedelta(hours=6)


def test_no_run_is_lost_or_made_twice_when_clocks_are_changed(reckoned: dict[str, Any]) -> None:
    for runs in reckoned["runs"]:
        assert runs == sorted(set(runs))
    saigon, spring, autumn, in_the_gap, in_the_fold, hourly, hourly_back, often, often_back = reckoned["runs"]
    assert saigon == [f"202610{day}T223000Z" for day in (23, 24, 25, 26)]
    assert spring == ["20260328T043000Z", "20260329T033000Z", "20260330T033000Z", "20260331T033000Z"]
    assert autumn == ["20261024T033000Z", "20261025T043000Z", "20261026T043000Z", "20261027T043000Z"]
    # There is no half past two on that day: it is half past three; and of two the later.
    assert in_the_gap == ["20260328T013000Z", "20260329T013000Z", "20260330T003000Z", "20260331T003000Z"]
    assert in_the_fold == ["20261024T003000Z", "20261025T013000Z", "20261026T013000Z", "20261027T013000Z"]
    # Every hour that passes has its run, whatever the clock says.
    assert len(hourly) == len(hourly_back) == 4 * 24
    # Eight a day; in spring two that the clock leaves out fall together with those of the next hour.
    assert (len(often), len(often_back)) == (4 * 8 - 2, 4 * 8)
