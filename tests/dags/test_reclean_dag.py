"""The re-clean's DAG as Airflow runs it."""

from pathlib import Path

import pytest

from bantin.settings import Settings
from model.article import Article
from model.source import dump_source
from storage import keys
from storage.store import open_store
from storage.tables import read
from tests.dags.ran import Airflow
from tests.servers.site import PAGE
from tests.stored import a_source, publish_run

RUNS = ("20261101T235959Z", "20261102T000000Z")


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Settings:
    """Two sources, the first of two runs; a new rule changes both."""
    (tmp_path / "sources").mkdir()
    slip = [{"rule": "slip", "text": "^Năm nay ban tổ chức .*"}]
    for name, runs in (("kimson", RUNS), ("hoalu", RUNS[1:])):
        old, new = (a_source(**clean).model_copy(update={"id": name}) for clean in ({}, {"remove": slip}))
        for run in runs:
            publish_run(settings, old, run, {f"/tin-{run}": PAGE.format(title=f"Hội {name}")}, tmp_path / "parts")
        (tmp_path / "sources" / f"{name}.yaml").write_text(dump_source(new), "utf-8")
    return settings.override(sources=tmp_path / "sources")


def changed(archive: Settings, source: str, run: str) -> bool:
    (row,) = read(open_store(archive.archive), keys.articles(source, run), Article)
    return "Năm nay" not in row.text


def test_as_its_form_comes_it_only_looks(airflow: Airflow, archive: Settings) -> None:
    found = airflow.run("reclean", archive)
    assert found["state"] == "success"
    assert found["tasks"] == {"choose -1": "success", "reclean 0": "success", "reclean 1": "success"}
    counts = [counts for task, _, counts in found["values"] if task == "reclean"]
    assert sorted((one["runs"], one["changed"], one["runs_changed"]) for one in counts) == [(1, 1, 1), (2, 2, 2)]
    assert not changed(archive, "hoalu", RUNS[1])


def test_without_dry_run_it_writes_the_runs_of_the_form(airflow: Airflow, archive: Settings) -> None:
    found = airflow.run("reclean", archive, sources=["kimson"], until="2026-11-01", dry_run=False)
    assert found["state"] == "success"
    done = [changed(archive, *run) for run in (("kimson", RUNS[0]), ("kimson", RUNS[1]), ("hoalu", RUNS[1]))]
    assert done == [True, False, False]


def test_a_run_that_cannot_be_cleaned_turns_its_source_red_and_the_others_are_written(
    airflow: Airflow, archive: Settings
) -> None:
    open_store(archive.archive).delete([keys.raw_part("kimson", RUNS[0], 1, 1)])
    found = airflow.run("reclean", archive, dry_run=False)
    assert found["tasks"] == {"choose -1": "success", "reclean 0": "success", "reclean 1": "failed"}
    assert changed(archive, "kimson", RUNS[1])
    assert changed(archive, "hoalu", RUNS[1])
