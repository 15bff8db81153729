"""The re-clean's DAG as Airflow runs it, in a process of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from bantin.settings import Settings
from model.article import Article
from model.source import dump_source
from storage import keys
from storage.store import open_store
from storage.tables import read
from tests.dags.test_source_dags import parse, printed
from tests.servers.site import PAGE
from tests.stored import a_source, publish_run

RUNS = ("20261101T235959Z", "20261102T000000Z")
TEST = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select
dag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags["reclean"]
run = dag.test(run_conf=json.loads(sys.argv[1]))
tasks = {f"{one.task_id} {one.map_index}": str(one.state) for one in run.get_task_instances()}
query = select(XComModel).where(XComModel.task_id == "reclean", XComModel.key == "return_value")
with create_session() as session:
    counts = [XComModel.deserialize_value(one) for one in session.scalars(query)]
print("\\n" + json.dumps({"state": str(run.state), "tasks": tasks, "counts": counts}))
"""


@pytest.fixture
def archive(settings: Settings, migrated: None, tmp_path: Path) -> Settings:
    """Two sources, the first of two runs; a new rule changes both."""
    (tmp_path / "sources").mkdir()
    slip = [{"rule": "slip", "text": "^Năm nay ban tổ chức .*"}]
    for name, runs in (("kimson", RUNS), ("hoalu", RUNS[1:])):
        old, new = (a_source(**clean).model_copy(update={"id": name}) for clean in ({}, {"remove": slip}))
        for run in runs:
            publish_run(settings, old, run, {f"/tin-{run}": PAGE.format(title=f"Hội {name}")}, tmp_path / "parts")
        (tmp_path / "sources" / f"{name}.yaml").write_text(dump_source(new), "utf-8")
    return settings.override(sources=tmp_path / "sources")


def ran(archive: Settings, **conf: Any) -> dict[str, Any]:
    return printed(TEST, archive, json.dumps(conf))  # type: ignore[no-any-return]


def changed(archive: Settings, source: str, run: str) -> bool:
    (row,) = read(open_store(archive.archive), keys.articles(source, run), Article)
    return "Năm nay" not in row.text


def test_it_waits_for_a_hand_and_imports_nothing_heavy(archive: Settings) -> None:
    found = parse(archive, _AIRFLOW_PARSING_CONTEXT_DAG_ID="reclean")
    assert (found["errors"], found["heavy"], list(found["dags"])) == ({}, [], ["reclean"])
    dag = found["dags"]["reclean"]
    assert (dag["cron"], dag["tasks"], dag["mapped"]) == (None, {"choose": ["reclean"], "reclean": []}, ["reclean"])


def test_as_its_form_comes_it_only_looks(archive: Settings) -> None:
    found = ran(archive)
    assert found["state"] == "success"
    assert found["tasks"] == {"choose -1": "success", "reclean 0": "success", "reclean 1": "success"}
    assert sorted((one["runs"], one["changed"], one["runs_changed"]) for one in found["counts"]) == [
        (1, 1, 1),
        (2, 2, 2),
    ]
    assert not changed(archive, "hoalu", RUNS[1])


def test_without_dry_run_it_writes_the_runs_of_the_form(archive: Settings) -> None:
    assert ran(archive, sources=["kimson"], until="2026-11-01", dry_run=False)["state"] == "success"
    done = [changed(archive, *run) for run in (("kimson", RUNS[0]), ("kimson", RUNS[1]), ("hoalu", RUNS[1]))]
    assert done == [True, False, False]


def test_a_run_that_cannot_be_cleaned_turns_its_source_red_and_the_others_are_written(archive: Settings) -> None:
    open_store(archive.archive).delete([keys.raw_part("kimson", RUNS[0], 1, 1)])
    found = ran(archive, dry_run=False)
    assert found["tasks"] == {"choose -1": "success", "reclean 0": "success", "reclean 1": "failed"}
    assert changed(archive, "kimson", RUNS[1])
    assert changed(archive, "hoalu", RUNS[1])
