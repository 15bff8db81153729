"""The DAGs that crawl, as Airflow runs them: by hand with a form, and by a shard at its ticks.

Both lives are led in one process of Airflow's, and looked at from all sides.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bantin.settings import Settings
from demo import DemoWeb
from model.article import Article
from storage import keys
from storage.reports import read_report
from storage.store import open_store
from storage.tables import read
from tests.dags.parsed import printed, write_source
from tests.settings import settings_in

FIRST, FULL, RULES = "20261101T000000Z", "20261102T000000Z", "20261103T000000Z"
QUIET, AFTER_DOWNTIME, NEXT = "20261120T010000Z", "20261121T001500Z", "20261121T003000Z"
OVERTAKEN, PAST = "20200105T000000Z", "20200106T000000Z"

LIVES = """
import json, os, sys
from datetime import timedelta
from pathlib import Path
import airflow.models.dagrun as dagrun
from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
from sqlalchemy import select
import bantin.operators
from bantin.settings import Settings
from storage.keys import run_time
from storage.lease import Lease
from storage.store import open_store

FIRST, FULL, RULES, QUIET, AFTER_DOWNTIME, NEXT, OVERTAKEN, PAST = json.loads(sys.argv[1])
store = open_store(Settings.from_environment().archive)
bantin.operators.FIRST_WAIT = timedelta(0)
told = {}

def bag():
    return DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags

def ran(name, run, conf=None, **arguments):
    made = bag()[name].test(run_after=run_time(run), run_conf=conf, **arguments)
    tasks = {f"{one.task_id} {one.rendered_map_index or ''}".strip(): str(one.state)
             for one in made.get_task_instances()}
    told[run] = {"state": str(made.state), "tasks": tasks}

ran("crawl-paper", FIRST)
ran("crawl-paper", FULL, {"full": True, "pages": 3})
file = Path(sys.argv[2], "paper.yaml")
slip = "clean:\\n  remove:\\n    - {rule: slip, text: '^Hai mươi năm trước.*$'}\\n"
file.write_text(file.read_text("utf-8").replace("clean:\\n", slip), "utf-8")
asked = len(list(store.list("captures/")))
ran("crawl-paper", RULES, {"rules_only": True})
told["asked"] = len(list(store.list("captures/"))) - asked
ran("crawl-paper", "20261104T000000Z", {"rules_only": True, "full": True})

from starlette.testclient import TestClient
from airflow.api_fastapi.app import create_app
with TestClient(create_app(apps="all"), base_url="http://127.0.0.1:8080") as api:
    api.headers["Authorization"] = "Bearer " + api.get("/auth/token").json()["access_token"]
    wrong = [{"pages": 0}, {"pages": "many"}, {"since": "yesterday"}, {"since": "2026-13-01"}, {"full": "yes"},
             {"rules_only": 1}]
    answers = [api.post("/api/v2/dags/crawl-paper/dagRuns", json={"logical_date": None, "conf": conf})
               for conf in [*wrong, {"pages": 5, "since": "2026-11-01"}]]
    told["answers"] = [answer.status_code for answer in answers]
    told["errors"] = [one for one in api.get("/api/v2/importErrors").json()["import_errors"]]

os.environ["BANTIN_SHARDS"] = "1"
create = dagrun.get_or_create_dagrun

def as_scheduled(**values):
    run = create(**values)
    run.run_type = "scheduled"
    values["session"].commit()
    return run

dagrun.get_or_create_dagrun = as_scheduled
told["dags"] = sorted(bag())
wait = bantin.operators.CrawlOperator._wait

def wait_once(*words):
    group.release()
    wait(*words)

bantin.operators.CrawlOperator._wait = wait_once
for run in (QUIET, AFTER_DOWNTIME, NEXT):
    if run == AFTER_DOWNTIME:
        crawled = Lease.acquire(store, "portal", run=QUIET, attempt=1)
        group = Lease.acquire(store, "another", group="one-server", run=QUIET, attempt=1)
    ran("shard-000", run, logical_date=run_time(run))
    if run == AFTER_DOWNTIME:
        crawled.release()
dagrun.get_or_create_dagrun = create
group = Lease.acquire(store, "another", group="one-server", run=QUIET, attempt=1)
ran("shard-000", OVERTAKEN, {"sources": ["paper"]})
ran("shard-000", PAST, {"sources": ["paper"]})
with create_session() as session:
    rows = session.execute(select(AssetEvent).order_by(AssetEvent.id)).scalars()
    told["events"] = [[one.asset.uri, one.extra] for one in rows]
print("\\n" + json.dumps(told))
"""


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory, airflow_db: Path) -> dict[str, Any]:
    """What Airflow told: by run its state and tasks, besides the answers to forms and the assets' events."""
    settings = settings_in(tmp_path_factory.mktemp("lives"))
    settings.airflow_home.mkdir()
    shutil.copy(airflow_db, settings.airflow_home)
    folder = settings.airflow_home.parent / "sources"
    write_source(folder, "paper", "one-server")
    portal = (Path(settings.sources) / "demo-portal.yaml").read_text("utf-8").replace("id: demo-portal", "id: portal")
    (folder / "portal.yaml").write_text(portal, "utf-8")
    (folder / "broken.yaml").write_text("id: broken\nkind: blog\n")
    settings = settings.override(sources=folder)
    runs = json.dumps([FIRST, FULL, RULES, QUIET, AFTER_DOWNTIME, NEXT, OVERTAKEN, PAST])
    with DemoWeb() as web:
        environment = {"BANTIN_DEMO_PROXY": web.proxy_url, "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True"}
        told: dict[str, Any] = printed(LIVES, settings, runs, folder, **environment)
    return {**told, "settings": settings}


def test_each_cleaned_part_bears_its_name_and_the_assets_event_the_runs_figures(lives: dict[str, Any]) -> None:
    assert lives[FIRST]["tasks"] == {"fetch": "success", "clean attempt-1-part-1": "success", "publish": "success"}
    uri, figures = lives["events"][0]
    assert uri == "x-bantin://articles/paper"
    assert figures == {
        "source": "paper",
        "run": FIRST,
        "state": "published",
        "new": 8,
        "changed": 0,
        "unchanged": 0,
        "rejected": figures["rejected"],
        "report": keys.report("paper", FIRST),
    }


def test_the_form_reaches_the_crawl(lives: dict[str, Any]) -> None:
    settings: Settings = lives["settings"]
    assert lives[FULL]["state"] == "success"
    report = read_report(open_store(settings.archive), "paper", FULL)
    assert report is not None
    assert report.captures["article 200"] == 3
    assert not any(what.endswith(" 304") for what in report.captures)


def test_rules_only_asks_no_server_and_cleans_what_is_stored_by_the_file_as_it_is_now(lives: dict[str, Any]) -> None:
    assert lives[RULES]["tasks"] == {"fetch": "success", "clean": "skipped", "publish": "success"}
    assert lives["asked"] == 0
    _, figures = lives["events"][2]
    assert (figures["source"], figures["state"]) == ("paper", "cleaned again")
    store = open_store(lives["settings"].archive)
    rows = read(store, keys.articles("paper", FIRST), Article)
    assert figures["changed"] == sum(any(one.rule.endswith("slip") for one in row.removed) for row in rows) == 1


def test_a_form_that_contradicts_itself_is_refused_by_the_task(lives: dict[str, Any]) -> None:
    assert lives["20261104T000000Z"]["tasks"]["fetch"] == "failed"


def test_a_form_that_is_filled_in_wrongly_is_http_400(lives: dict[str, Any]) -> None:
    assert lives["answers"] == [400] * 6 + [200]
    assert lives["errors"] == []


def test_shards_take_the_place_of_the_sources_dags(lives: dict[str, Any]) -> None:
    assert lives["dags"] == ["audit", "index", "lake", "reclean", "shard-000"]


def test_a_tick_at_which_nothing_is_due_ends_well(lives: dict[str, Any]) -> None:
    assert lives[QUIET] == {"state": "success", "tasks": {"choose": "success", "crawl": "skipped"}}


def test_what_came_due_during_downtime_is_one_run_a_source_and_a_broken_file_holds_up_none(
    lives: dict[str, Any],
) -> None:
    """The paper was due 23 times. It waits until the other crawl of its group has ended; the portal, which is being
    crawled, is left to the next tick."""
    tasks = {"choose": "success", "crawl broken": "failed", "crawl paper": "success"}
    assert lives[AFTER_DOWNTIME] == {"state": "failed", "tasks": tasks}
    assert lives[NEXT] == {"state": "success", "tasks": {"choose": "success", "crawl portal": "success"}}


def test_a_source_that_a_later_run_has_crawled_while_it_waited_is_skipped(lives: dict[str, Any]) -> None:
    """It waited for another crawl of its group. A past run that need not wait, and has nothing, is red as ever."""
    assert lives[OVERTAKEN]["tasks"] == {"choose": "success", "crawl paper": "skipped"}
    assert lives[PAST]["tasks"] == {"choose": "success", "crawl paper": "failed"}


def test_a_shards_events_name_the_source(lives: dict[str, Any]) -> None:
    events = [(uri, extra["source"], extra["run"]) for uri, extra in lives["events"] if "shards" in uri]
    shard = "x-bantin://shards/000"
    assert events == [(shard, "paper", AFTER_DOWNTIME), (shard, "portal", NEXT)]
