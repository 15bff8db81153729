"""The DAGs as Airflow parses them, in processes of their own: Airflow reads its configuration once, when imported."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bantin.engine import airflow_environment
from bantin.settings import CHECKOUT, Settings
from demo import SOURCES

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
            "pools": {t.task_id: t.pool for t in d.tasks},
            "timetable_zone": str(getattr(d.timetable, "timezone", None)),
        } for d in bag.dags.values()
    },
}))
"""


def printed(code: str, settings: Settings, *words: str | Path, **environment: str) -> Any:
    """The JSON that `code` prints last, in a process with Airflow's environment."""
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**airflow_environment(settings), **environment},
        capture_output=True,
        text=True,
        cwd=settings.airflow_home.parent,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def parse(settings: Settings, **environment: str) -> dict[str, Any]:
    """What Airflow makes of dags/ with these settings."""
    return printed(PARSE, settings, **environment)  # type: ignore[no-any-return]


def test_every_source_of_the_registry_has_its_dag(settings: Settings) -> None:
    found = parse(settings.override(sources=CHECKOUT / "sources"))
    assert found["errors"] == {}
    crawls = {name for name in found["dags"] if name.startswith("crawl-")}
    assert crawls == {f"crawl-{path.stem}" for path in (CHECKOUT / "sources").glob("*.yaml")}
    assert found["dags"]["audit"]["cron"] == "0 0 * * *"
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
    assert {name for name in found["dags"] if name.startswith("crawl-")} == {
        *("crawl-broken", "crawl-demo-paper", "crawl-resting")
    }
    assert found["dags"]["crawl-resting"]["cron"] is None, "paused: no schedule, and its runs can be looked at"
    assert found["dags"]["crawl-broken"]["tags"] == ["broken"]


def write_source(folder: Path, source_id: str, group: str | None) -> None:
    """A copy of a demo source in `folder`, in a politeness group or in none."""
    folder.mkdir(exist_ok=True)
    text = (SOURCES / "demo-paper.yaml").read_text("utf-8").replace("id: demo-paper", f"id: {source_id}")
    if group:
        text = text.replace("fetch:\n", f"fetch:\n  group: {group}\n")
    (folder / f"{source_id}.yaml").write_text(text, "utf-8")


def test_sources_of_a_group_are_fetched_in_one_pool(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    for source_id, group in [("kimson", "ninh-binh"), ("hoalu", "ninh-binh"), ("tintuc", None)]:
        write_source(folder, source_id, group)
    found = parse(settings.override(sources=folder))["dags"]
    shared = {"fetch": "group-ninh-binh", "clean": "default_pool", "publish": "default_pool"}
    assert found["crawl-kimson"]["pools"] == found["crawl-hoalu"]["pools"] == shared
    assert found["crawl-tintuc"]["pools"]["fetch"] == "default_pool"


MAKE_POOLS = """
import json, sys
from pathlib import Path
from airflow.cli.commands.pool_command import pool_import_helper
from airflow.models.pool import Pool
from airflow.utils.db import initdb
from bantin.pools import as_airflow_imports, make_pools
sources, more, file = map(Path, sys.argv[1:])
initdb()
made = [make_pools(sources)]
Pool.create_or_update_pool("group-ninh-binh", 3, "an operator's", False)
(more / "moi.yaml").rename(sources / "moi.yaml")
made += [make_pools(sources), make_pools(sources)]
there = {pool.pool: pool.slots for pool in Pool.get_pools()}
file.write_text(json.dumps(as_airflow_imports(sources)))
_, failed = pool_import_helper(str(file))
imported = {pool.pool: pool.slots for pool in Pool.get_pools()}
print("\\n" + json.dumps({"made": made, "there": there, "failed": failed, "imported": imported}))
"""


def test_every_group_gets_its_pool_also_one_that_is_new_while_airflow_is_up(settings: Settings, tmp_path: Path) -> None:
    folder, more = tmp_path / "sources", tmp_path / "more"
    write_source(folder, "kimson", "ninh-binh")
    write_source(folder, "tintuc", None)
    write_source(more, "moi", "tra-vinh")
    (folder / "broken.yaml").write_text("id: broken\nfetch: {group: x}\n")
    found = printed(MAKE_POOLS, settings.override(sources=folder), folder, more, tmp_path / "pools.json")
    assert found["made"] == [["group-ninh-binh"], ["group-tra-vinh"], []]
    assert found["there"] == {"default_pool": 128, "group-ninh-binh": 3, "group-tra-vinh": 1}
    assert found["failed"] == []
    assert found["imported"] == {"default_pool": 128, "group-ninh-binh": 1, "group-tra-vinh": 1}


UP = """
import bantin.engine
bantin.engine.POOLS_S = 0
bantin.engine.COMPONENTS = ()
bantin.engine._up_here()
"""


def pools_in(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        try:
            return {name for (name,) in connection.execute("select pool from slot_pool")}
        except sqlite3.OperationalError:  # Airflow has not made its tables yet
            return set()


def test_what_keeps_airflow_up_looks_for_new_groups_and_outlives_a_registry_that_goes_away(
    settings: Settings, tmp_path: Path
) -> None:
    folder, database = tmp_path / "sources", settings.airflow_home / "airflow.db"
    write_source(folder, "kimson", "ninh-binh")
    settings = settings.override(sources=folder)
    settings.airflow_home.mkdir()
    with (settings.airflow_home / "log").open("w") as log:
        up = subprocess.Popen([sys.executable, "-c", UP], env=airflow_environment(settings), stdout=log, stderr=log)
        try:
            wait_for(lambda: pools_in(database) == {"default_pool", "group-ninh-binh"})
            folder.rename(tmp_path / "away")
            wait_for(lambda: "could not be looked through" in Path(log.name).read_text())
            write_source(folder, "moi", "tra-vinh")
            wait_for(lambda: "group-tra-vinh" in pools_in(database))
            assert up.poll() is None
        finally:
            up.kill()
            up.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.parametrize("package", ["bantin", "cleaning", "demo", "model", "spiders", "storage"])
def test_packages_are_imported_from_here_wherever_one_stands(package: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", f"import {package}; print({package}.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == CHECKOUT / package / "__init__.py"


def test_no_dag_file_bears_a_packages_name() -> None:
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")}
    assert not packages & {path.stem for path in (CHECKOUT / "dags").glob("*.py")}
