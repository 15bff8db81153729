"""The DAGs as Airflow parses them, in processes of their own: Airflow reads its configuration once, when imported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bantin.engine import airflow_environment
from bantin.settings import CHECKOUT, Settings

PARSE = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
print("\\n" + json.dumps({
    "errors": {str(k): str(v) for k, v in bag.import_errors.items()},
    "heavy": sorted({"scrapy", "trafilatura", "pyarrow"} & set(sys.modules)),
    "dags": {
        d.dag_id: {
            "cron": getattr(d.timetable, "expression", None), "zone": str(d.timezone), "tags": sorted(d.tags),
            "tasks": {t.task_id: sorted(t.downstream_task_ids) for t in d.tasks},
            "mapped": sorted(t.task_id for t in d.tasks if t.is_mapped),
            "rule": {t.task_id: t.trigger_rule.value for t in d.tasks}, "runs": d.max_active_runs,
            "timetable_zone": str(getattr(d.timetable, "timezone", None)),
        } for d in bag.dags.values()
    },
}))
"""


def parse(settings: Settings, **environment: str) -> dict[str, Any]:
    """What Airflow makes of dags/ with these settings."""
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        env={**airflow_environment(settings), **environment},
        capture_output=True,
        text=True,
        cwd=settings.airflow_home.parent,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_every_source_of_the_registry_has_its_dag(settings: Settings) -> None:
    found = parse(settings.override(sources=CHECKOUT / "sources"))
    assert found["errors"] == {}
    assert set(found["dags"]) == {f"crawl-{path.stem}" for path in (CHECKOUT / "sources").glob("*.yaml")}
    kimson = found["dags"]["crawl-kimson"]
    assert kimson["tasks"] == {"fetch": ["clean"], "clean": ["publish"], "publish": []}
    assert kimson["mapped"] == ["clean"]
    assert kimson["rule"]["publish"] == "none_failed"
    assert (kimson["cron"], kimson["timetable_zone"]) == ("20 5,17 * * *", "Asia/Ho_Chi_Minh")
    assert kimson["tags"] == ["Ninh Bình", "portal", "vi"]
    assert kimson["runs"] == 1


def test_parsing_imports_neither_scrapy_nor_trafilatura(settings: Settings) -> None:
    assert parse(settings)["heavy"] == []


def test_a_task_that_starts_builds_only_its_own_dag(settings: Settings) -> None:
    found = parse(settings, _AIRFLOW_PARSING_CONTEXT_DAG_ID="crawl-demo-paper")
    assert list(found["dags"]) == ["crawl-demo-paper"]


def test_a_broken_file_is_a_red_dag_and_leaves_the_others_alone(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "broken.yaml").write_text("id: broken\nkind: blog\n")
    good = (settings.sources / "demo-paper.yaml").read_text("utf-8")
    (folder / "demo-paper.yaml").write_text(good, "utf-8")
    (folder / "resting.yaml").write_text(good.replace("id: demo-paper", "id: resting\nenabled: false"), "utf-8")
    found = parse(settings.override(sources=folder))
    assert found["errors"] == {}
    assert set(found["dags"]) == {"crawl-broken", "crawl-demo-paper"}
    assert found["dags"]["crawl-broken"]["tags"] == ["broken"]


@pytest.mark.parametrize("package", ["bantin", "cleaning", "demo", "model", "spiders", "storage"])
def test_packages_are_imported_from_here_wherever_one_stands(package: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", f"import {package}; print({package}.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == CHECKOUT / package / "__init__.py"


def test_no_dag_file_bears_a_packages_name() -> None:
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")}
    assert not packages & {path.stem for path in (CHECKOUT / "dags").glob("*.py")}
