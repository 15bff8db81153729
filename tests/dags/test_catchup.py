"""What Airflow's scheduler makes up for after a downtime: by its own reckoning, of a DAG as it stores it."""

from datetime import datetime, timedelta
from pathlib import Path

from bantin.settings import Settings
from tests.dags.test_source_dags import printed, write_source

RUNS = """
import json
import os
from datetime import datetime, timedelta
from airflow._shared.timezones.timezone import utcnow
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo
bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
dag = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["crawl-kimson"]))
now = utcnow()
info = DagRunInfo.interval(now - timedelta(days=10), now - timedelta(days=10))
runs = []
while (info := dag.next_dagrun_info(last_automated_run_info=info)).run_after <= now and len(runs) < 100:
    runs.append(info.run_after.isoformat())
print("\\n" + json.dumps({"now": now.isoformat(), "runs": runs, "next": info.run_after.isoformat()}))
"""


def test_ten_days_without_airflow_are_made_up_for_by_one_run(settings: Settings, tmp_path: Path) -> None:
    """Of the last time that was missed. It finds what was published meanwhile: lists are followed until a page brings
    nothing new (spiders/listings.py)."""
    folder = tmp_path / "sources"
    write_source(folder, "kimson", None)
    file = folder / "kimson.yaml"
    lines = [
        'schedule: "0 */6 * * *"' if line.startswith("schedule:") else line for line in file.read_text().split("\n")
    ]
    file.write_text("\n".join(lines))
    found = printed(RUNS, settings.override(sources=folder))
    now, following = (datetime.fromisoformat(found[name]) for name in ("now", "next"))
    (run,) = map(datetime.fromisoformat, found["runs"])
    assert now - run < timedelta(hours=6)
    assert following - run == timedelta(hours=6)
