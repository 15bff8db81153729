"""The DAG of the lake, as Airflow parses and runs it."""

from pathlib import Path

from bantin.engine import run_dags
from bantin.settings import Settings
from model.article import Article
from storage import keys
from storage.store import open_store
from storage.tables import encode, read
from tests.dags.test_source_dags import parse
from tests.records import article


def test_it_runs_when_the_month_before_is_closed_and_imports_nothing_heavy(settings: Settings) -> None:
    found = parse(settings)
    assert found["errors"] == {}
    assert found["heavy"] == []
    lake = found["dags"]["lake"]
    assert (lake["cron"], lake["timetable_zone"], lake["runs"]) == ("0 1 2 * *", "UTC", 1)
    assert lake["tasks"] == {"build": []}


def test_it_is_the_only_one_that_is_built_when_its_task_starts(settings: Settings) -> None:
    assert list(parse(settings, _AIRFLOW_PARSING_CONTEXT_DAG_ID="lake")["dags"]) == ["lake"]


def test_it_builds_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    store = open_store(settings.archive)
    run = "20200131T000000Z"
    store.put(keys.articles("kimson", run), encode([article(run=run)], Article))
    assert dict(run_dags(["lake"], settings, tmp_path / "log")) == {"lake": "success"}, (tmp_path / "log").read_text()
    assert read(store, keys.lake("kimson", "2020-01"), Article) == [article(run=run)]
