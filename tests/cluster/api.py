"""Airflow's REST API, as somebody who looks after the runs uses it."""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

DONE = {"success", "failed"}


class Api:
    """The API server at `address`, as a user; it may be away for a while."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self._address = address
        self._login = {"username": user, "password": password}
        self._token = ""

    def sign_in(self) -> None:
        """Gets a token."""
        self._token = self.call("/auth/token", self._login)["access_token"]

    def call(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
        """GET, or POST where there is a body."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    def health(self) -> dict[str, Any]:
        """What the API server tells of Airflow's parts; nothing while it does not answer."""
        try:
            return self.call("/api/v2/monitor/health")
        except (OSError, ValueError):
            return {}

    def warm_up(self) -> None:
        """Asks for what tasks talk to: the API server loads it when it is first asked, which takes seconds."""
        wait_for(lambda: self._is_there("/execution/health"), 120, "the API of tasks")

    def _is_there(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self._address + path, timeout=120) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def dags(self) -> set[str]:
        """The DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self.call("/api/v2/dags?limit=1000")["dags"]}

    def trigger(self, dag: str, run: str, run_after: datetime) -> None:
        """Starts a run by hand."""
        body = {"dag_run_id": run, "logical_date": None, "run_after": run_after.isoformat()}
        self.call(f"/api/v2/dags/{dag}/dagRuns", body)

    def runs(self, run: str) -> dict[str, str]:
        """The states of the runs of this name, by DAG."""
        return {one["dag_id"]: one["state"] for one in self._all("dagRuns", "dag_runs", run)}

    def tries_at(self, dag: str, run: str, task: str, machine: str) -> list[dict[str, Any]]:
        """The tries, oldest first, of the task whose first one was on `machine`, and not its last; of a mapped task,
        of one such instance."""
        for index in self._indexes(dag, run, task):
            path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}{index}/tries"
            tries = sorted(self.call(path)["task_instances"], key=lambda one: int(one["try_number"]))
            if len(tries) > 1 and tries[0]["hostname"] == machine:
                return tries
        raise AssertionError(f"{dag}: no try of {task} was lost on {machine}")

    def _indexes(self, dag: str, run: str, task: str) -> list[str]:
        found = self.call(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        indexes = [int(one["map_index"]) for one in found if one["task_id"] == task]
        return ["" if index < 0 else f"/{index}" for index in indexes]

    def tasks(self, run: str) -> list[dict[str, Any]]:
        """All task instances of the runs of this name."""
        return self._all("dagRuns/~/taskInstances", "task_instances", run)

    def _all(self, what: str, key: str, run: str) -> list[dict[str, Any]]:
        """All of this kind that belong to the runs of this name: the API gives a hundred at most at a time."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.call(f"/api/v2/dags/~/{what}?limit=100&offset={len(found)}&order_by=id")
            found += page[key]
            if not page[key] or len(found) >= page["total_entries"]:
                return [one for one in found if one["dag_run_id"] == run]

    def clear_failed(self, dag: str, run: str) -> None:
        """*Clear*, for what failed of a run."""
        body = {"dry_run": False, "dag_run_id": run, "only_failed": True, "reset_dag_runs": True}
        self.call(f"/api/v2/dags/{dag}/clearTaskInstances", body)

    def wait_for_end(self, run: str, count: int, timeout_s: float) -> Counter[str]:
        """How the `count` runs of this name ended, once all have."""

        def ended() -> Counter[str] | None:
            try:
                states = Counter(self.runs(run).values())
            except (OSError, ValueError):  # it is away
                return None
            return states if sum(states[state] for state in DONE) == count else None

        return wait_for(ended, timeout_s, f"the end of {count} runs {run}")


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.5)
    return found
