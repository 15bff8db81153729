"""Airflow's REST API, as somebody who looks after the runs uses it."""

import json
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime
from typing import Any

from tests.waiting import wait_for

DONE = {"success", "failed"}
PAGE = 100
"""Airflow gives out no more at a time, whatever is asked for (api.maximum_page_limit)."""


class Api:
    """The API server at `address`, as a user; it may be away for a while. Runs are called by their DAG and their own
    id, and all that have the same id, of whatever DAG, by that."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address
        self.token = ""
        self._login = {"username": user, "password": password}

    def sign_in(self) -> None:
        """Gets a token."""
        self.token = self.call("/auth/token", self._login)["access_token"]

    def call(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
        """GET, or POST where there is a body."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    def _all(self, path: str, name: str, query: str = "") -> list[dict[str, Any]]:
        """A list, of as many pages as it has."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.call(f"{path}?limit={PAGE}&offset={len(found)}{query}")
            found += page[name]
            if not page[name] or len(found) >= page["total_entries"]:
                return found

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
            with urllib.request.urlopen(self.address + path, timeout=120) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def dags(self) -> set[str]:
        """The DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self._all("/api/v2/dags", "dags")}

    def pause(self, dag: str) -> None:
        """Switches a DAG off."""
        self.call(f"/api/v2/dags/{dag}", {"is_paused": True}, "PATCH")

    def trigger(
        self,
        dag: str,
        run: str | None = None,
        run_after: datetime | None = None,
        conf: dict[str, Any] | None = None,
    ) -> str:
        """Starts a run by hand, with what its form says in `conf`; returns its id."""
        body = {"dag_run_id": run, "run_after": run_after.isoformat() if run_after else None, "conf": conf}
        told = {"logical_date": None, **{name: value for name, value in body.items() if value}}
        return str(self.call(f"/api/v2/dags/{dag}/dagRuns", told)["dag_run_id"])

    def run(self, dag: str, run: str) -> dict[str, Any]:
        """One run."""
        return self.call(f"/api/v2/dags/{dag}/dagRuns/{run}")

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """The DAG's runs, oldest first."""
        return self._all(f"/api/v2/dags/{dag}/dagRuns", "dag_runs", "&order_by=run_after")

    def states(self, run: str) -> dict[str, str]:
        """How far the runs of this id are, by DAG."""
        found = self._all("/api/v2/dags/~/dagRuns", "dag_runs", f"&run_id_pattern={run}")
        return {one["dag_id"]: one["state"] for one in found if one["dag_run_id"] == run}

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        return self._all(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances", "task_instances")

    def tasks_of(self, run: str) -> list[dict[str, Any]]:
        """The task instances of all runs of this id."""
        return [one for one in self.tasks("~", "~") if one["dag_run_id"] == run]

    def tries_at(self, dag: str, run: str, task: str, machine: str) -> list[dict[str, Any]]:
        """The tries, oldest first, of the task whose first one was on `machine`, and not its last; of a mapped task,
        of one such instance."""
        indexes = [int(one["map_index"]) for one in self.tasks(dag, run) if one["task_id"] == task]
        for index in ("" if index < 0 else f"/{index}" for index in indexes):
            path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}{index}/tries"
            tries = sorted(self.call(path)["task_instances"], key=lambda one: int(one["try_number"]))
            if len(tries) > 1 and tries[0]["hostname"] == machine:
                return tries
        raise AssertionError(f"{dag}: no try of {task} was lost on {machine}")

    def log(self, dag: str, run: str, task: str, attempt: int = 1) -> str:
        """A task's log."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
        return json.dumps(self.call(path), ensure_ascii=False)

    def clear(self, dag: str, run: str, **what: Any) -> None:
        """*Clear*, for some tasks of a run; what failed, where nothing else is said."""
        body = {"dry_run": False, "dag_run_id": run, "only_failed": not what, "reset_dag_runs": True, **what}
        assert self.call(f"/api/v2/dags/{dag}/clearTaskInstances", body)["task_instances"]

    def wait_for_end(self, run: str, count: int, timeout_s: float) -> Counter[str]:
        """How the `count` runs of this id ended, once all have."""

        def ended() -> Counter[str] | None:
            try:
                states = Counter(self.states(run).values())
            except (OSError, ValueError):  # it is away
                return None
            return states if sum(states[state] for state in DONE) == count else None

        return wait_for(ended, timeout_s, f"the end of {count} runs {run}")
