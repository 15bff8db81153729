"""Airflow on one machine: its environment, its database, a run of DAGs, and all its processes in one command."""

import fcntl
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bantin.logs import as_json
from bantin.pools import make_pools, pools_of
from bantin.settings import CHECKOUT, Settings
from model.errors import BantinError, SourceError

PARALLEL_TASKS = 4
"""So many tasks run at a time; all but one of them may be crawls, so that what is fetched is cleaned meanwhile."""
READY_S = 180
POOLS_S = 60
"""So often is the registry looked through for new politeness groups while Airflow is up."""
END_S = 15
COMPONENTS = (("api-server",), ("dag-processor",), ("triggerer", "--skip-serve-logs"))
SCHEDULER = ("scheduler", "--skip-serve-logs")
"""It comes last: a task that it starts before the API server answers is lost."""

PASSWORDS = "simple_auth_manager_passwords.json.generated"

logger = logging.getLogger("bantin.engine")


class EngineError(BantinError):
    """Airflow did not start, or a DAG could not be run."""


def airflow_environment(settings: Settings, port: int = 8080) -> dict[str, str]:
    """The environment in which every Airflow process of ours runs: SQLite, LocalExecutor, loopback only.

    Variables of the user's own win, so that a larger installation sets what it needs (docs/operations.md).
    """
    address = f"http://127.0.0.1:{port}"
    ours = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.airflow_home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLEL_TASKS),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "2",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "60",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "bantin.database.CONNECT_ARGS",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC": "bantin.database.CONNECT_ARGS",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",  # each takes 100 MB, and a processor from the crawls
        "AIRFLOW__LOGGING__JSON_LOGS": str(as_json()),
        # One file makes the DAGs of all sources: by Airflow's own limits (30 and 50 s) a busy machine would have none.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
        # Known to the components of one start, and to nobody else.
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
    }
    return {
        **ours,
        **os.environ,
        **settings.environment(),
        "PYTHONPATH": _before(str(CHECKOUT), os.environ.get("PYTHONPATH")),
        "PATH": _before(str(Path(sys.executable).parent), os.environ.get("PATH")),
    }


def _before(first: str, rest: str | None) -> str:
    return os.pathsep.join([first, rest]) if rest else first


def run_dags(dag_ids: list[str], settings: Settings, log: Path) -> Iterator[tuple[str, str]]:
    """Runs the named DAGs once, one after the other, through Airflow but without its scheduler (`dag.test()`), in a
    child process whose output goes to the file `log`. Yields `(dag_id, state)` as each ends.

    Raises `EngineError` where Airflow itself fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bantin.engine", "run", *dag_ids]
    with (
        log.open("ab") as out,
        subprocess.Popen(
            command, env=airflow_environment(settings), stdout=subprocess.PIPE, stderr=out, text=True
        ) as child,
    ):
        assert child.stdout is not None  # noqa: S101 - for mypy: a pipe was asked for
        for line in child.stdout:
            event = json.loads(line)
            yield event["dag"], event["state"]
    if child.returncode:
        raise EngineError(f"Airflow ended with exit code {child.returncode}: {log} says why")


def _run_dags_here(dag_ids: list[str]) -> int:
    """What `run_dags` starts. Airflow prints on standard output as it pleases, so that one is kept aside for events."""
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    make_pools(Settings.from_environment().sources)
    bag = DagBag(dag_folder=str(CHECKOUT / "dags"))
    for dag_id in dag_ids:
        dag = bag.dags.get(dag_id)
        if dag is None:
            raise EngineError(f"{dag_id}: Airflow knows no such DAG: {bag.import_errors or sorted(bag.dags)}")
        run = dag.test()
        events.write(json.dumps({"dag": dag_id, "state": str(run.state)}) + "\n")
    return 0


@dataclass(frozen=True, slots=True)
class Running:
    """An Airflow that is up."""

    address: str
    user: str
    password: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def airflow(settings: Settings, port: int, log: Path) -> Iterator[Running]:
    """Scheduler, DAG processor, triggerer and web interface, until the block ends; then every process that they
    started ends too. Output goes to the file `log`.

    Raises `EngineError` where the port is taken or Airflow does not come up.
    """
    _expect_free(port)
    settings.airflow_home.mkdir(parents=True, exist_ok=True)
    password = _password(settings.airflow_home)
    command = [sys.executable, "-m", "bantin.engine", "up"]
    with _only_one(settings.airflow_home), log.open("ab") as out:
        # A session of its own: the terminal's Ctrl-C reaches only us, and we end the family in order.
        process = subprocess.Popen(
            command,
            env=airflow_environment(settings, port),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            _wait_until_ready(process, port, log)
            yield Running(f"http://127.0.0.1:{port}", "admin", password, process)
        finally:
            end_family(process.pid)
            process.wait()


def _up_here() -> int:
    """What `airflow` starts: Airflow's four components, until one of them ends. (Its own `standalone` command would do,
    but for the log servers that it starts with two of them, which listen on every address.)"""
    sources = Settings.from_environment().sources
    made = {*pools_of(sources)}
    _elsewhere("prepare")
    components = [_component(words) for words in COMPONENTS]
    port = int(os.environ["AIRFLOW__API__PORT"])
    scheduled, looked = False, time.monotonic()
    while all(component.poll() is None for component in components):
        if not scheduled and _health(port):
            components.append(_component(SCHEDULER))
            scheduled = True
        time.sleep(1 if scheduled else 0.2)
        if time.monotonic() - looked > POOLS_S:
            made |= _new_pools(sources, made)
            looked = time.monotonic()
    return 1


def _elsewhere(step: str) -> None:
    """Has a process of its own do what needs Airflow: in this one, which stays, it would take 150 MB for good. Raises
    CalledProcessError."""
    subprocess.run([sys.executable, "-m", "bantin.engine", step], check=True)


def _prepare_here() -> int:
    """What makes Airflow's database and pools."""
    from airflow.utils.db import initdb

    initdb()
    return _make_pools_here()


def _make_pools_here() -> int:
    make_pools(Settings.from_environment().sources, crawls=max(1, int(os.environ["AIRFLOW__CORE__PARALLELISM"]) - 1))
    return 0


def _component(words: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "airflow", *words])


def _new_pools(sources: Path, made: set[str]) -> set[str]:
    """Makes the pools of groups that are new in the registry, and names them. What hinders it now may be gone the next
    time."""
    try:
        if new := {*pools_of(sources)} - made:
            _elsewhere("pools")
        return new
    except (subprocess.CalledProcessError, SourceError, OSError):
        logger.exception("the registry's politeness groups could not be looked through for new pools")
        return set()


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Keeps a second scheduler off the same database."""
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            expected = "expected a folder no other one uses; set AIRFLOW_HOME to another"
            raise EngineError(f"{home}: an Airflow is up on it: {expected}") from err
        yield


def end_family(session: int) -> None:
    """Ends every process of the session that `session` leads or led, and their descendants: politely, then after
    `END_S` seconds for good. (The leader may be dead already, and its children nobody's.)"""
    import psutil

    members: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) == session:
                members |= {one.pid: one for one in (process, *process.children(recursive=True))}
    for pid in members:
        _signal(pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(members.values(), timeout=END_S)
    for member in alive:
        _signal(member.pid, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=END_S)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _password(home: Path) -> str:
    """The password of the user admin: made once, kept where Airflow's simple auth manager looks for it."""
    file = home / PASSWORDS
    try:
        return str(json.loads(file.read_text())["admin"])
    except (FileNotFoundError, ValueError, KeyError):
        password = secrets.token_urlsafe(12)
        file.touch(mode=0o600)
        file.write_text(json.dumps({"admin": password}))
        return password


def _expect_free(port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as err:
            raise EngineError(f"port {port}: {err.strerror}: expected a free one; name another with --port") from err


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineError(f"Airflow ended with exit code {process.returncode} at its start: {log} says why")
        if _healthy(port):
            return
        time.sleep(0.5)
    raise EngineError(f"Airflow was not up after {READY_S} s: {log} may say why")


def _healthy(port: int) -> bool:
    health = _health(port)
    wanted = ("metadatabase", "scheduler", "dag_processor")
    return health is not None and all(health[part]["status"] == "healthy" for part in wanted)


def _health(port: int) -> dict[str, Any] | None:
    """What the API server tells of Airflow's parts; None while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            health: dict[str, Any] = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return health


if __name__ == "__main__":
    _STEPS = {"up": _up_here, "prepare": _prepare_here, "pools": _make_pools_here}
    sys.exit(_run_dags_here(sys.argv[2:]) if sys.argv[1] == "run" else _STEPS[sys.argv[1]]())
