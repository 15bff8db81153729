"""`bantin up` as a user runs it: the real scheduler and LocalExecutor, read through Airflow's API and in its pages."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import pytest
from playwright.sync_api import Page, expect

from bantin.settings import Settings
from browse.index.shipped import open_index
from demo import SOURCES, DemoWeb, truth
from model.article import Article
from model.capture import Capture
from model.source import dump_source
from storage import keys
from storage.store import open_store
from storage.tables import encode, read
from tests.airflow_api import DONE, Api
from tests.browser import chromium, page  # noqa: F401 - fixtures
from tests.conftest import slow_source
from tests.servers.command import free_ports
from tests.settings import settings_in
from tests.waiting import wait_for

DAG = "crawl-demo-portal"
PORTAL = "http://portal.example/"
SCHEDULED = "crawl-demo-paper"
PAPER = "http://paper.example/"
SLOW = "crawl-trouble"
FETCHED = "http://trouble.example/redirect/0"
"""What a crawl of the slow source has fetched when it begins to wait."""


class Airflow(Api):
    """The Airflow of a `bantin up`, as the user whose password it printed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.printed = ""
        assert process.stdout is not None
        for line in process.stdout:
            self.printed += line
            if "Ctrl-C" in line:
                break
        super().__init__(*(self._said(word) for word in ("address", "user", "password")))
        self.sign_in()

    def _said(self, word: str) -> str:
        found = re.search(rf"{word} +(\S+)", self.printed)
        assert found, self.printed
        return found[1]

    @property
    def cookie(self) -> str:
        """That of somebody who has signed in."""
        return f"_token={self.token}"

    def page(self, path: str, **headers: str) -> tuple[int, str, str]:
        """What is answered to whoever sends these headers: the status, where it leads, the text."""
        request = urllib.request.Request(self.address + path, headers=headers)
        try:
            answer: HTTPResponse | urllib.error.HTTPError = _opener.open(request, timeout=30)
        except urllib.error.HTTPError as err:
            answer = err
        with answer:
            return answer.status or 0, answer.headers.get("Location", ""), answer.read().decode()

    def expect_end(self, run: str, state: str) -> None:
        """Waits for the end of a run of the portal's DAG."""
        assert wait_for(lambda: {self.run(DAG, run)["state"]} & DONE, 120) == {state}

    def repair(self, run: str, **what: Any) -> None:
        """Clears tasks of such a run, and waits until it has succeeded again."""
        self.clear(DAG, run, **what)
        self.expect_end(run, "success")

    def task_states(self, dag: str, run: str) -> dict[str, str]:
        """The states of a run's tasks."""
        return {task["task_id"]: task["state"] for task in self.tasks(dag, run)}

    def tries(self, run: str) -> dict[tuple[str, int], int]:
        """How often each task of a run of the portal's DAG was tried: of a mapped one each part."""
        return {(task["task_id"], task["map_index"]): task["try_number"] for task in self.tasks(DAG, run)}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


@contextmanager
def up(settings: Settings, web: DemoWeb, patience_s: float = 180, **environment: str) -> Iterator[Airflow]:
    """`bantin up` over sources of the demo's web. It may take so long to start, and to end."""
    code = f"import bantin.engine; bantin.engine.READY_S = {patience_s}; from bantin.cli import main; main()"
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-c", code, "up", "--port", str(port)],
        env={
            **os.environ,
            **settings.environment(),
            "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "0",
            "BANTIN_DEMO_PROXY": web.proxy_url,
            "PYTHONUNBUFFERED": "1",
            **environment,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Airflow(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(patience_s)


@dataclass(frozen=True)
class Running:
    """What the tests of this file share: Airflow takes half a minute to start."""

    airflow: Airflow
    web: DemoWeb
    settings: Settings


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, airflow_db: Path) -> Iterator[Running]:
    """`bantin up` over three sources of the demo's web: the paper every minute; by hand the portal, and one that keeps
    a crawl busy. By hand is half a year away: a run whose time has just been is made up for at once."""
    folder = tmp_path_factory.mktemp("up")
    (folder / "sources").mkdir()
    half_a_year_away = f"0 0 1 {(datetime.now(UTC).month + 5) % 12 + 1} *"
    for name, schedule in (("paper", "* * * * *"), ("portal", half_a_year_away)):
        text = (SOURCES / f"demo-{name}.yaml").read_text("utf-8").replace("fetch:\n", "fetch:\n  retries: 0\n")
        text = re.sub(r"^schedule: .*$", f'schedule: "{schedule}"', text, flags=re.MULTILINE)
        (folder / "sources" / f"demo-{name}.yaml").write_text(text, "utf-8")
    slow = slow_source().model_copy(update={"schedule": half_a_year_away})
    (folder / "sources" / "trouble.yaml").write_text(dump_source(slow), "utf-8")
    settings = settings_in(folder, sources=folder / "sources", alarms=f"file:{folder / 'alarms.jsonl'}")
    settings.airflow_home.mkdir()
    shutil.copy(airflow_db, settings.airflow_home)
    # A worker that is gone counts as lost as late as by Airflow's defaults, which miss fewer and rarer heartbeats.
    beats = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1", "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "15"}
    with DemoWeb() as web, up(settings, web, **beats) as airflow:
        yield Running(airflow, web, settings)


def articles(settings: Settings, source: str) -> list[Article]:
    store = open_store(settings.archive)
    return [row for info in store.list(keys.articles_prefix(source)) for row in read(store, info.key, Article)]


@pytest.mark.timeout(300)
def test_the_scheduler_crawls_on_the_schedule_of_the_sources_file(running: Running) -> None:
    airflow = running.airflow
    first = wait_for(lambda: [run for run in airflow.runs(SCHEDULED) if run["state"] in DONE], 150)[0]
    airflow.pause(SCHEDULED)
    assert (first["run_type"], first["state"]) == ("scheduled", "success")
    tasks = airflow.task_states(SCHEDULED, first["dag_run_id"])
    assert tasks == {"fetch": "success", "clean": "success", "publish": "success"}
    assert {one.url for one in articles(running.settings, "demo-paper")} == {url for url in truth() if PAPER in url}
    log = airflow.log(SCHEDULED, first["dag_run_id"], "fetch")
    assert "crawling demo-paper, run " in log, "the crawl's own lines"
    indexed = wait_for(lambda: [run for run in airflow.runs("index") if run["state"] in DONE], 90)[0]
    assert (indexed["run_type"], indexed["state"]) == ("asset_triggered", "success")
    index = open_index(open_store(running.settings.archive), running.settings.cache)
    assert index.articles == len({one.id for one in articles(running.settings, "demo-paper")})


@pytest.mark.timeout(300)
def test_users_and_tasks_may_change_things_at_the_same_time(running: Running) -> None:
    airflow = running.airflow

    def change(user: int) -> None:
        for turn in range(25):
            airflow.call("/api/v2/variables", {"key": f"of-{user}-{turn}", "value": "x"})
            airflow.call(f"/api/v2/dags/{DAG}", {"is_paused": False}, "PATCH")

    with ThreadPoolExecutor(4) as users:
        list(users.map(change, range(4)))
    assert airflow.call("/api/v2/variables")["total_entries"] == 100


@pytest.mark.timeout(600)
def test_a_failure_is_red_clearing_it_repairs_the_archive_and_a_past_run_is_never_crawled(running: Running) -> None:
    airflow, web, settings = running.airflow, running.web, running.settings
    store = open_store(settings.archive)
    pages = {url for url in truth() if url.startswith(PORTAL)}

    # Pages fail: the run is red, says why, and publishes nothing.
    for url in sorted(pages)[:4]:
        web.fail(url, times=None)
    red = airflow.trigger(DAG)
    airflow.expect_end(red, "failed")
    states = airflow.task_states(DAG, red)
    assert states == {"fetch": "failed", "clean": "upstream_failed", "publish": "upstream_failed"}
    assert re.search(r"4 of \d+ pages failed", airflow.log(DAG, red, "fetch"))
    assert articles(settings, "demo-portal") == []
    alarms = Path(settings.alarms.removeprefix("file:"))
    message = wait_for(lambda: alarms.exists() and alarms.read_text("utf-8"), 60)
    assert re.search(r"demo-portal.* of \d+ pages failed", message), "somebody is told"

    # Cleared, it is repaired: every page has one row.
    web.heal()
    airflow.repair(red, only_failed=True)
    assert Counter(article.url for article in articles(settings, "demo-portal")) == Counter(pages)

    # When it is past, and its cleaned parts are swept, each task can be cleared: no server is asked, no row changes.
    began = datetime.fromisoformat(airflow.run(DAG, red)["run_after"])
    run, later = keys.run_id(began), keys.run_id(began + timedelta(seconds=1))
    store.put(keys.captures("demo-portal", later), encode([], Capture))
    published, asked = store.get(keys.articles("demo-portal", run)), _asked(web)
    swept = [info.key for info in store.list(keys.work_prefix("demo-portal", run)) if "-part-" in info.key]
    store.delete(swept)
    airflow.repair(red, task_ids=["publish"])
    assert [key for key in swept if store.head(key)] == swept
    tries = airflow.tries(red)
    airflow.repair(red, task_ids=[["clean", 0]])
    assert airflow.tries(red) == {**tries, ("clean", 0): tries["clean", 0] + 1}, "one part alone"
    airflow.repair(red, task_ids=["fetch"], include_downstream=True)
    assert f"run {run} is older than run " in airflow.log(DAG, red, "fetch", 3)
    assert store.get(keys.articles("demo-portal", run)) == published
    assert _asked(web) == asked


def _asked(web: DemoWeb) -> int:
    return sum(seen.host == "portal.example" for seen in web.requests)


def crawls(pid: int) -> list[psutil.Process]:
    """The crawls among a process's descendants."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):  # a zombie, or gone meanwhile
            if "spiders.crawl" in process.cmdline():
                found.append(process)
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("end", ["mark the task failed", "kill the task", "kill the worker"])
def test_a_task_that_ends_early_takes_its_crawl_along_and_keeps_what_it_fetched(running: Running, end: str) -> None:
    airflow, web = running.airflow, running.web
    before = web.count(FETCHED)
    run_id = airflow.trigger(SLOW)
    wait_for(lambda: web.count(FETCHED) > before, 60)
    (crawl,) = wait_for(lambda: crawls(airflow.process.pid), 10)
    task = crawl.parents()[0]
    match end:
        case "mark the task failed":  # Airflow's supervisor notices at its next heartbeat, and sends SIGTERM
            path = f"/api/v2/dags/{SLOW}/dagRuns/{run_id}/taskInstances/fetch"
            airflow.call(path, {"new_state": "failed"}, "PATCH")
        case "kill the task":
            task.kill()
        case "kill the worker":
            task.parents()[0].kill()
    crawl.wait(timeout=15 if end == "mark the task failed" else 10)
    run = keys.run_id(datetime.fromisoformat(airflow.run(SLOW, run_id)["run_after"]))
    assert list(open_store(running.settings.archive).list(keys.raw_prefix("trouble", run)))
    airflow.call(f"/api/v2/dags/{SLOW}/dagRuns/{run_id}", {"state": "failed"}, "PATCH")


ARCHIVE = [
    "/bantin/",
    "/bantin/search.json?q=a",
    "/bantin/openapi.json",
    "/bantin/articles/0123456789abcdef",
    "/bantin/nothing",
    "/bantin/%09static/style.css",
]


@pytest.mark.parametrize("path", ARCHIVE)
def test_the_archives_pages_are_for_those_who_have_signed_in_to_airflow(running: Running, path: str) -> None:
    airflow = running.airflow
    assert airflow.page(path)[0] == 401
    for header in ({"Cookie": "_token=x"}, {"Cookie": f"{airflow.cookie}x"}, {"Authorization": "Bearer x"}):
        assert airflow.page(path, **header)[0] in (401, 403)
    assert airflow.page(path, Cookie=airflow.cookie)[0] in (200, 404, 503)
    assert airflow.page(path, Authorization=f"Bearer {airflow.token}")[0] in (200, 404, 503)


def test_who_has_not_signed_in_is_told_where_to_and_a_signed_in_reader_is_served(running: Running) -> None:
    airflow = running.airflow
    _, _, text = airflow.page("/bantin/search")
    assert "Sign in to Airflow first, at /auth/login" in text
    status, _, text = airflow.page("/bantin/openapi.json", Cookie=airflow.cookie)
    assert (status, "/search" in json.loads(text)["paths"]) == (200, True)
    assert airflow.page("/bantin/static/style.css")[0] == 200
    assert airflow.call("/api/v2/plugins/importErrors")["total_entries"] == 0


def crawled(airflow: Airflow) -> tuple[str, str]:
    """A DAG run of the paper that has succeeded, and the run that it made."""
    dag_run = wait_for(lambda: [run for run in airflow.runs(SCHEDULED) if run["state"] == "success"], 300)[0]
    return dag_run["dag_run_id"], keys.run_id(datetime.fromisoformat(dag_run["run_after"]))


@pytest.mark.timeout(400)
def test_a_dag_run_leads_to_the_page_of_its_run_and_back(running: Running) -> None:
    airflow = running.airflow
    name, run = crawled(airflow)
    there = f"/bantin/dag-run?{urlencode({'dag': SCHEDULED, 'run': name})}"
    assert airflow.page(there, Cookie=airflow.cookie)[1] == f"/bantin/runs/demo-paper/{run}"
    back = f"/bantin/dag-runs/demo-paper/{run}"
    assert airflow.page(back, Cookie=airflow.cookie)[1] == f"/dags/{SCHEDULED}/runs/{quote(name, safe='')}"
    assert airflow.page("/bantin/dag-runs/demo-paper/20200101T000000Z", Cookie=airflow.cookie)[0] == 404
    assert airflow.page(f"/bantin/dag-run?dag={SCHEDULED}&run=x", Cookie=airflow.cookie)[0] == 404


@pytest.mark.timeout(600)
def test_in_a_browser_the_tab_of_a_dag_run_is_the_page_of_its_run_whose_link_leads_out_of_the_frame(
    running: Running,
    page: Page,  # noqa: F811
) -> None:
    airflow = running.airflow
    name, run = crawled(airflow)
    page.context.add_cookies([{"name": "_token", "value": airflow.token, "url": airflow.address}])
    page.set_default_timeout(120_000)
    page.goto(f"{airflow.address}/dags/{SCHEDULED}/runs/{quote(name, safe='')}")
    page.locator("a[href$='/plugin/bantin-run']").click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("code").first).to_have_text(run, timeout=120_000)
    page.goto(f"{airflow.address}/plugin/bantin/bantin/runs/demo-paper/{run}")
    frame.get_by_role("link", name="in Airflow").click()
    page.wait_for_url(lambda address: address.startswith(f"{airflow.address}/dags/{SCHEDULED}/runs/"))


def test_nothing_listens_beyond_loopback(running: Running) -> None:
    process = psutil.Process(running.airflow.process.pid)
    listening = []
    for member in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            listening += [one.laddr.ip for one in member.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_ctrl_c_ends_every_process(running: Running) -> None:
    process = running.airflow.process
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) > 4
    process.send_signal(signal.SIGINT)
    process.wait(60)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
