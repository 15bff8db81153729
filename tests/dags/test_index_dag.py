"""The DAG of the index, as Airflow parses and runs it."""

from pathlib import Path

from bantin.engine import run_dags
from bantin.settings import Settings
from demo import SOURCES
from tests.browse.indexed import RUNS, opened, publish, row
from tests.dags.test_source_dags import parse, printed, write_source

SCHEDULE = """
import json, os
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
dag = bag.dags["index"]
condition = getattr(dag.timetable, "asset_condition", None)
emitted = {
    str(asset.uri) for name, crawl in bag.dags.items() if name.startswith("crawl-")
    for task in crawl.tasks for asset in task.outlets
}
print("\\n" + json.dumps({
    "timetable": type(dag.timetable).__name__, "condition": type(condition).__name__,
    "uris": sorted(str(asset.uri) for asset in condition.objects),
    "emitted": sorted(emitted), "rebuild": dag.params["rebuild"], "runs": dag.max_active_runs,
}))
"""

PUBLISHED = """
import json, os, sys
sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
from airflow.sdk import Asset, AssetAlias
from index_dag import assets, published
events = {asset: [] for asset in assets()}
print("\\n" + json.dumps([published(events), published({AssetAlias("x"): []}), published({}), published(None)]))
"""


def test_whatever_a_source_publishes_starts_it(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    for source_id in ("kimson", "hoa-lu"):
        write_source(folder, source_id, None)
    (folder / "broken.yaml").write_text("id: broken\nkind: blog\n")
    resting = (SOURCES / "demo-paper.yaml").read_text("utf-8").replace("id: demo-paper", "id: resting\nenabled: false")
    (folder / "resting.yaml").write_text(resting, "utf-8")
    found = printed(SCHEDULE, settings.override(sources=folder))
    sources = ("hoa-lu", "kimson", "resting")  # who is paused may be cleared, and started by hand
    assert found["uris"] == found["emitted"] == [f"x-bantin://articles/{source}" for source in sources]
    assert (found["condition"], found["runs"], found["rebuild"]) == ("AssetAny", 1, False)


def test_it_imports_nothing_heavy_and_has_one_task(settings: Settings) -> None:
    found = parse(settings)
    assert found["errors"] == {}
    assert found["heavy"] == []
    assert found["dags"]["index"]["tasks"] == {"build": []}


def test_it_is_the_only_one_that_is_built_when_its_task_starts(settings: Settings) -> None:
    assert list(parse(settings, _AIRFLOW_PARSING_CONTEXT_DAG_ID="index")["dags"]) == ["index"]


def test_it_takes_the_sources_whose_assets_started_it(settings: Settings, tmp_path: Path) -> None:
    for source_id in ("kimson", "hoa-lu"):
        write_source(tmp_path / "sources", source_id, None)
    found = printed(PUBLISHED, settings.override(sources=tmp_path / "sources"))
    assert found == [["hoa-lu", "kimson"], None, None, None]


def test_it_indexes_what_is_new(settings: Settings, migrated: None, tmp_path: Path) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    assert dict(run_dags(["index"], settings, tmp_path / "log")) == {"index": "success"}, (tmp_path / "log").read_text()
    assert opened(settings).articles == 1


def test_it_is_red_where_a_table_was_left_out(settings: Settings, migrated: None, tmp_path: Path) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    publish(settings, "hoa-lu", RUNS[0], [row("hoa-lu", RUNS[0], 2, "hai")])
    table = next(Path(settings.archive, "articles/src=kimson").rglob("*.parquet"))
    table.write_bytes(table.read_bytes()[:-9])
    assert dict(run_dags(["index"], settings, tmp_path / "log")) == {"index": "failed"}
    assert "1 tables could not be indexed" in (tmp_path / "log").read_text()
    assert opened(settings).articles == 1
