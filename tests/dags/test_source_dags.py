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
from tests.settings import settings_in

PARSE = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
heavy = sorted({"scrapy", "trafilatura", "pyarrow"} & set(sys.modules))
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization
print("\\n" + json.dumps({
    "errors": {str(k): str(v) for k, v in bag.import_errors.items()},
    "heavy": heavy,
    "dags": {
        d.dag_id: {
            "cron": getattr(d.timetable, "expression", None), "zone": str(d.timezone), "tags": sorted(d.tags),
            "tasks": {t.task_id: sorted(t.downstream_task_ids) for t in d.tasks},
            "mapped": sorted(t.task_id for t in d.tasks if t.is_mapped),
            "rule": {t.task_id: t.trigger_rule.value for t in d.tasks}, "runs": d.max_active_runs,
            "pools": {t.task_id: t.pool for t in d.tasks},
            "timetable_zone": str(getattr(d.timetable, "timezone", None)),
            "owners": sorted({t.owner for t in d.tasks}), "doc": d.doc_md, "form": sorted(d.params),
            "limit_h": d.dagrun_timeout and d.dagrun_timeout.total_seconds() / 3600,
            "limits_h": {t.task_id: t.execution_timeout and t.execution_timeout.total_seconds() / 3600
                         for t in d.tasks},
            "backoff": sorted({(t.retry_exponential_backoff, t.max_retry_delay.total_seconds()) for t in d.tasks}),
            "hash": SerializedDagModel.hash(DagSerialization.to_dict(d)),
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


def write_source(folder: Path, source_id: str, group: str | None, **lines: str) -> None:
    """A copy of a demo source in `folder`, in a politeness group or in none, with further `lines`."""
    folder.mkdir(exist_ok=True)
    text = (SOURCES / "demo-paper.yaml").read_text("utf-8").replace("id: demo-paper", f"id: {source_id}")
    if group:
        text = text.replace("fetch:\n", f"fetch:\n  group: {group}\n")
    more = "".join(f"{name}: {value}\n" for name, value in lines.items())
    (folder / f"{source_id}.yaml").write_text(text + more, "utf-8")


BROKEN = {
    "kind": b"id: kind\nkind: blog\n",
    "empty": b"",
    "list": b"- a\n- list\n",
    "yaml": b"id: yaml\nname: a: b\n",
    "latin": "id: latin\nname: Cô Tô\n".encode("windows-1258"),
    "nested": b"[" * 100_000,
    "other-id": b"id: another\n",
    "with space": b"id: with space\n",
    "tab": b"id: tab\n\tname: x\n",
}
"""Files with mistakes, by the name of each."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The registry's own sources, two of a group, one with an owner, one that is paused, and broken ones."""
    settings = settings_in(tmp_path_factory.mktemp("registry"))
    folder = settings.airflow_home.parent / "sources"
    folder.mkdir()
    for path in (CHECKOUT / "sources").glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    write_source(folder, "gia-vien", "ninh-binh")
    write_source(folder, "hoa-lu", "ninh-binh", owner="Tổ dữ liệu")
    write_source(folder, "resting", None, enabled="false")
    for name, text in BROKEN.items():
        (folder / f"{name}.yaml").write_bytes(text)
    return settings.override(sources=folder)


@pytest.fixture(scope="module")
def found(registry: Settings) -> dict[str, Any]:
    """What Airflow makes of it."""
    return parse(registry, PYTHONHASHSEED="1")


def test_every_source_of_the_registry_has_its_dag(found: dict[str, Any]) -> None:
    assert found["errors"] == {}
    crawls = {name for name in found["dags"] if name.startswith("crawl-")}
    broken = {f"crawl-{name.replace(' ', '-')}" for name in BROKEN}
    ours = {f"crawl-{path.stem}" for path in (CHECKOUT / "sources").glob("*.yaml")}
    assert crawls - broken == {*ours, "crawl-gia-vien", "crawl-hoa-lu", "crawl-resting"}
    assert found["dags"]["crawl-resting"]["cron"] is None, "paused: no schedule, and its runs can be looked at"
    kimson = found["dags"]["crawl-kimson"]
    assert kimson["tasks"] == {"fetch": ["clean"], "clean": ["publish"], "publish": []}
    assert kimson["mapped"] == ["clean"]
    assert kimson["rule"]["publish"] == "none_failed"
    assert (kimson["cron"], kimson["timetable_zone"]) == ("20 5,17 * * *", "Asia/Ho_Chi_Minh")
    assert kimson["tags"] == ["Ninh Bình", "portal", "vi"]
    assert kimson["form"] == ["full", "pages", "rules_only", "since"]
    assert kimson["limits_h"]["fetch"] == 5  # its four hours of budget, and one
    for part in ("Place: ", "Ways in: ", "bantin rerun kimson", "/sources/kimson"):
        assert part in kimson["doc"]


def test_all_dags_have_an_owner_notes_limits_and_tries_that_are_ever_further_apart(found: dict[str, Any]) -> None:
    dags = found["dags"]
    assert {"audit", "index", "lake", "reclean"} <= set(dags)
    assert dags["audit"]["cron"] == "0 0 * * *"
    for name, dag in dags.items():
        assert (dag["runs"], dag["backoff"]) == (1, [[2.0, 1800.0]]), name
        assert all(dag["limits_h"].values()), name
        assert max(dag["limits_h"].values()) < dag["limit_h"], name
        assert dag["doc"], name
    owners = {name: dag["owners"] for name, dag in dags.items()}
    assert owners.pop("crawl-hoa-lu") == ["Tổ dữ liệu"]
    assert set(map(tuple, owners.values())) == {("bantin",)}


def test_parsing_imports_neither_scrapy_nor_trafilatura(found: dict[str, Any]) -> None:
    assert found["heavy"] == []


def test_nothing_in_a_dag_differs_from_one_parsing_to_the_next(found: dict[str, Any], registry: Settings) -> None:
    """Else each would be a new version of it."""
    again = parse(registry, PYTHONHASHSEED="2")
    assert {name: dag["hash"] for name, dag in again["dags"].items()} == {
        name: dag["hash"] for name, dag in found["dags"].items()
    }


def test_a_broken_file_is_a_red_dag_that_tells_what_is_wrong_and_leaves_the_others_alone(
    found: dict[str, Any],
) -> None:
    for name in BROKEN:
        dag = found["dags"][f"crawl-{name.replace(' ', '-')}"]
        assert (dag["tags"], dag["tasks"]) == (["broken"], {"refuse": []})
        assert "expected" in dag["doc"]
        assert f"{name}.yaml" in dag["doc"]


STARTS = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
import model.source
read, load = [], model.source.load_source
model.source.load_source = lambda path: read.append(path.stem) or load(path)
found = {}
for wanted in sys.argv[1:]:
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = wanted
    read.clear()
    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    found[wanted] = [sorted(bag.dags), sorted(set(read))]
print("\\n" + json.dumps(found))
"""


def test_a_task_that_starts_builds_only_its_own_dag_and_reads_no_other_sources_file(registry: Settings) -> None:
    alone = {"crawl-kimson": ["kimson"], "crawl-with-space": ["with space"], "audit": [], "lake": [], "reclean": []}
    found = printed(STARTS, registry, *alone, "index", "crawl-resting", "shard-001")
    assert {name: found[name] for name in alone} == {name: [[name], read] for name, read in alone.items()}
    assert found["index"][0] == ["index"]
    assert found["crawl-resting"] == [["crawl-resting"], ["resting"]]
    assert found["shard-001"] == [[], []]


def test_crawls_and_cleaning_are_bound_by_pools_and_a_group_by_one_of_its_own(found: dict[str, Any]) -> None:
    dags = found["dags"]
    usual = {"fetch": "crawl", "clean": "clean", "publish": "clean"}
    assert dags["crawl-vietnam-vn"]["pools"] == usual
    assert dags["crawl-gia-vien"]["pools"] == dags["crawl-hoa-lu"]["pools"] == {**usual, "fetch": "group-ninh-binh"}
    assert dags["crawl-hoa-lu"]["limit_h"] > dags["crawl-vietnam-vn"]["limit_h"]
    assert dags["reclean"]["pools"]["reclean"] == "clean"


RUNS = """
import json, sys
from datetime import datetime, timedelta
import pendulum
import airflow.timetables.trigger as trigger
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.sdk import CronTriggerTimetable
from airflow.serialization.encoders import coerce_to_core_timetable
from storage.keys import run_id

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

print("\\n" + json.dumps([runs(*words) for words in json.loads(sys.argv[1])]))
"""
SPRING = ("2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z")
"""In Berlin the clock goes from 2 to 3 on the 29th."""
AUTUMN = ("2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z")
"""In Berlin the clock goes back from 3 to 2 on the 25th."""


def test_no_run_is_lost_or_made_twice_when_clocks_are_changed(registry: Settings) -> None:
    asked = [
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
    found = printed(RUNS, registry, json.dumps(asked))
    for runs in found:
        assert runs == sorted(set(runs))
    saigon, spring, autumn, in_the_gap, in_the_fold, hourly, hourly_back, often, often_back = found
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


MAKE_POOLS = """
import json, sys
from pathlib import Path
from airflow.cli.commands.pool_command import pool_import_helper
from airflow.models.pool import Pool
from airflow.utils.db import initdb
from bantin.pools import as_airflow_imports, make_pools
sources, more, file = map(Path, sys.argv[1:])
initdb()
made = [make_pools(sources, crawls=3)]
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
    assert found["made"] == [["clean", "crawl", "group-ninh-binh"], ["group-tra-vinh"], []]
    general = {"default_pool": 128, "clean": 2, "crawl": 3}
    assert found["there"] == {**general, "group-ninh-binh": 3, "group-tra-vinh": 1}
    assert found["failed"] == []
    assert found["imported"] == {**general, "crawl": 16, "group-ninh-binh": 1, "group-tra-vinh": 1}


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
            wait_for(lambda: pools_in(database) == {"default_pool", "clean", "crawl", "group-ninh-binh"})
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
