"""`bantin up` as a user runs it: the real scheduler and LocalExecutor, read through Airflow's API."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from bantin.settings import Settings
from demo import DemoWeb, truth
from model.article import Article
from storage import keys
from storage.store import open_store
from storage.tables import read

DAG = "crawl-demo-portal"
PORTAL = "http://portal.example/"


class Airflow:
    """Airflow's API, as the user whose password `bantin up` printed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.printed = ""
        assert process.stdout is not None
        for line in process.stdout:
            self.printed += line
            if "Ctrl-C" in line:
                break
        self.address, self._user, self._password = (self._said(word) for word in ("address", "user", "password"))
        self._token = None
        self._token = self.call("/auth/token", {"username": self._user, "password": self._password})["access_token"]

    def _said(self, word: str) -> str:
        found = re.search(rf"{word} +(\S+)", self.printed)
        assert found, self.printed
        return found[1]

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET, or POST where there is a body."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    def runs(self) -> list[dict[str, Any]]:
        """The DAG's runs, oldest first."""
        return self.call(f"/api/v2/dags/{DAG}/dagRuns?order_by=run_after")["dag_runs"]  # type: ignore[no-any-return]

    def run(self, run_id: str) -> dict[str, Any]:
        """One run."""
        return next(run for run in self.runs() if run["dag_run_id"] == run_id)

    def tasks(self, run_id: str) -> dict[str, str]:
        """The states of a run's tasks."""
        found = self.call(f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in found}

    def log(self, run_id: str, task: str, attempt: int = 1) -> str:
        """A task's log."""
        path = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task}/logs/{attempt}"
        return json.dumps(self.call(path), ensure_ascii=False)


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)
    return found


@pytest.fixture
def airflow(web: DemoWeb, settings: Settings, tmp_path: Path) -> Iterator[Airflow]:
    folder = tmp_path / "sources"
    folder.mkdir()
    text = (settings.sources / "demo-portal.yaml").read_text("utf-8")
    every_minute = re.sub(r"^schedule: .*$", 'schedule: "* * * * *"', text, flags=re.MULTILINE)
    (folder / "demo-portal.yaml").write_text(every_minute.replace("fetch:\n", "fetch:\n  retries: 0\n"), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **settings.override(sources=folder).environment(),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "0",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", "from bantin.cli import main; main()", "up", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield Airflow(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def articles(settings: Settings) -> list[Article]:
    store = open_store(settings.archive)
    return [row for info in store.list("articles/") for row in read(store, info.key, Article)]


@pytest.mark.timeout(420)
def test_the_scheduler_crawls_a_failure_is_red_and_clearing_it_repairs_the_archive(
    web: DemoWeb, settings: Settings, airflow: Airflow
) -> None:
    pages = {url for url in truth() if url.startswith(PORTAL)}

    # On schedule, from the cron in the source's file.
    first = wait_for(lambda: [run for run in airflow.runs() if run["state"] in ("success", "failed")], 150)[0]
    assert (first["run_type"], first["state"]) == ("scheduled", "success")
    assert airflow.tasks(first["dag_run_id"]) == {"fetch": "success", "clean": "success", "publish": "success"}
    assert {article.url for article in articles(settings)} == pages
    log = airflow.log(first["dag_run_id"], "fetch")
    assert "http://portal.example/tin-tuc/: 5 article addresses" in log, "the crawl's own lines"

    # Pages fail: the run is red, says why, and publishes nothing.
    known = len(articles(settings))
    failing = sorted(pages)[:4]
    for url in failing:
        web.fail(url, times=None)
    red = wait_for(lambda: [run for run in airflow.runs() if run["state"] == "failed"], 120)[0]["dag_run_id"]
    assert airflow.tasks(red) == {"fetch": "failed", "clean": "upstream_failed", "publish": "upstream_failed"}
    assert "4 of 9 article pages failed" in airflow.log(red, "fetch")

    # Cleared, it is repaired: every page has one row of that run, and the scheduled runs before it are as they were.
    web.heal()
    body = {"dry_run": False, "dag_run_id": red, "only_failed": True, "reset_dag_runs": True}
    airflow.call(f"/api/v2/dags/{DAG}/clearTaskInstances", body)
    wait_for(lambda: airflow.run(red)["state"] == "success", 90)
    run = keys.run_id(datetime.fromisoformat(airflow.run(red)["run_after"]))
    repaired = [article.url for article in articles(settings) if article.run == run]
    assert Counter(repaired) == Counter(pages)
    assert known <= len(articles(settings)) - len(pages)
    everything = Counter((article.run, article.id) for article in articles(settings))
    assert max(everything.values()) == 1

    # Ctrl-C ends all that was started.
    family = psutil.Process(airflow.process.pid).children(recursive=True)
    assert len(family) > 4
    airflow.process.send_signal(signal.SIGINT)
    airflow.process.wait(60)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
