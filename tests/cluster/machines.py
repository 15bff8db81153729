"""The cluster: PostgreSQL, Redis, an S3 server, Airflow's services, and workers that share nothing but those.

A worker is on a machine of its own as far as one machine can be several: it has its own folders, its own S3 key, name
and numbers of processes. Killing the machine ends all of it at once; killing the worker ends its process group, and
leaves the tasks, which Airflow starts in groups of their own, as orphans.
"""

import os
import secrets
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from bantin.settings import CHECKOUT
from storage.keys import run_id
from tests.airflow_api import Api
from tests.cluster.services import Places, Services
from tests.servers.broker import Redis, missing_for_redis
from tests.servers.command import Command, free_ports
from tests.servers.database import Postgres, missing_for_postgres
from tests.servers.gate import Gate
from tests.servers.s3 import moto
from tests.waiting import wait_for

READY_S = 240
STOP_S = 120
WORKERS = ("worker-1", "worker-2")

PART_MB = "0.006"
"""A part holds a few pages."""

UNUSED = ("audit", "index", "lake", "reclean")
"""They are paused."""

HEALTHY = (sys.executable, "deploy/healthy.py")

ALONE = ("unshare", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")

PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")

SERVICES = ("api-server", "dag-processor", "triggerer", "scheduler")


def missing_for_cluster() -> str:
    """What this machine lacks to run a cluster; "" where it can."""
    lacks = [missing_for_postgres(), missing_for_redis()]
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        lacks.append(f"root, who may call {' '.join(ALONE)}")
    if not find_spec("airflow.providers.fab"):
        lacks.append("uv sync --extra cluster")
    return "; ".join(filter(None, lacks))


class Machine:
    """A machine with a worker on it."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], command: list[str]) -> None:
        self.name = name
        self._folder = folder
        self._log = folder.parent / f"{name}.log"
        folder.mkdir()
        own = {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AWS_ACCESS_KEY_ID": name,
            "BANTIN_WORK": str(folder / "work"),
            "BANTIN_CACHE": str(folder / "cache"),
            "TMPDIR": str(folder),
        }
        self._environment = environment | own
        self._began = 0
        self._machine = Command([*_as_machine(name), *command], self._log, self._environment, folder=CHECKOUT)

    def start(self) -> None:
        """Starts it; `Cluster.wait_for_workers` waits for its worker."""
        self._began = self._log.stat().st_size if self._log.exists() else 0
        self._machine.start()

    def kill(self) -> None:
        """The machine is gone, without a word."""
        self._machine.stop(signal.SIGKILL)

    def kill_worker(self) -> list[psutil.Process]:
        """The worker and its process group are gone; returns what is left, its tasks and what they started."""
        worker = self._worker()
        left = [one for one in self._all() if _group(one) not in (0, worker.pid, self._machine.pid)]
        os.killpg(worker.pid, signal.SIGKILL)
        return left

    def stop(self) -> None:
        """The worker is asked to end when its tasks have ended; then the machine is switched off."""
        worker = self._worker()
        worker.send_signal(signal.SIGTERM)
        wait_for(lambda: not is_alive(worker), STOP_S, f"the end of {self.name}'s worker")
        self.kill()

    def is_ready(self) -> bool:
        """Whether its worker takes tasks."""
        return b" ready." in self._log.read_bytes()[self._began :]

    def check_health(self) -> str:
        """What the installation's own health check finds wrong with the worker."""
        command = ["nsenter", "--target", str(self._worker().pid), "--uts", "--", *HEALTHY, "worker"]
        return subprocess.run(command, cwd=CHECKOUT, env=self._environment, capture_output=True, text=True).stderr

    def log(self, dag: str, run: str, task: str, begun: str) -> str:
        """The log of a task's first try that says `begun`, as it is on this machine's disk; "" where none does. (When a
        task ends, its log is moved to the store.)"""
        found = (self._folder / "airflow" / "logs").glob(f"dag_id={dag}/run_id={run}/task_id={task}/**/attempt=1.log")
        return next((text for text in (path.read_text() for path in found) if begun in text), "")

    def _worker(self) -> psutil.Process:
        """The process of Celery's that leads the others: it came first of those that lead a group."""
        return min((one for one in self._all() if one.pid == _group(one)), key=lambda one: float(one.create_time()))

    def _all(self) -> list[psutil.Process]:
        """Everything that runs there: what has lost its parent belongs to the first process."""
        return psutil.Process(self._machine.pid).children(recursive=True) if self._machine.is_running else []


def is_alive(process: psutil.Process) -> bool:
    """Whether it has not ended; the first process of a machine of ours does not ask how its orphans ended."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def _as_machine(name: str) -> list[str]:
    """What makes a command run as on a machine of its own, as far as containers are: it has another name, numbers of
    processes mean nothing elsewhere, and the first process, when it ends, takes along all others."""
    return [*ALONE, "--", "sh", "-c", 'hostname "$0"; setsid "$@" & exec sleep infinity', name]


class Cluster:
    """All of it, up until the block ends. `sources` is the folder of source files."""

    def __init__(self, folder: Path, sources: Path, names: list[str]) -> None:
        self._folder = folder
        self._sources = sources
        self._names = names
        self._stack = ExitStack()
        self.archive = ""

    def __enter__(self) -> Self:
        try:
            return self._up()
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def _up(self) -> Self:
        self.database = self._stack.enter_context(Postgres(secrets.token_hex(12)))
        password = secrets.token_hex(12)
        self.broker = self._stack.enter_context(Redis(self._folder, password))
        self.gate = self._stack.enter_context(Gate(self._stack.enter_context(moto())))
        (api_port,) = free_ports(1)
        places = Places(
            postgres_port=self.database.port,
            postgres_password=self.database.password,
            redis_port=self.broker.port,
            redis_password=password,
            s3_endpoint=self.gate.endpoint,
            api_port=api_port,
        )
        self._services = Services(places, self._sources, self._folder)
        self.settings = self._services.environment("worker") | {"BANTIN_PART_MB": PART_MB}
        self.archive = self.settings["ARCHIVE_URL"]
        init = self._command("init").start()
        assert init.wait(READY_S) == 0, init.log.read_text()[-3000:]
        self.commands = {name: self._command(name, api_port if name == "api-server" else None) for name in SERVICES}
        for name in SERVICES:
            self._stack.enter_context(self.commands[name])
        worker = self._services.command("worker")
        self.machines = {name: Machine(name, self._folder / name, self.settings, worker) for name in WORKERS}
        for machine in self.machines.values():
            self._stack.callback(machine.kill)
            machine.start()
        self.api = Api(f"http://127.0.0.1:{api_port}", "admin", self._services.variables["ADMIN_PASSWORD"])
        wait_for(self.is_healthy, READY_S, "Airflow's health")
        self.api.warm_up()
        self.api.sign_in()
        wanted = {*(f"crawl-{name}" for name in self._names), *UNUSED}
        wait_for(lambda: wanted <= self.api.dags(), READY_S, "the DAGs")
        for dag in UNUSED:
            self.api.pause(dag)
        self.wait_for_workers()
        return self

    def _command(self, name: str, port: int | None = None) -> Command:
        environment = self._services.environment(name)
        log = self._folder / f"{name}.log"
        command = self._services.command(name)
        restart = self._services.restarts(name)
        return Command(command, log, environment, port=port, folder=CHECKOUT, restart=restart)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def client(self) -> dict[str, str]:
        """The environment of a program that reads the archive."""
        return {name: value for name, value in self.settings.items() if name.startswith(("AWS_", "NO_PROXY"))}

    def is_healthy(self) -> bool:
        """Whether Airflow says that it is well."""
        health = self.api.health()
        return all(health.get(part, {}).get("status") == "healthy" for part in PARTS)

    def ill(self) -> str:
        """What the installation's own health checks find wrong."""
        found = [machine.check_health() for machine in self.machines.values()]
        for part in PARTS:
            command = [*HEALTHY, part]
            done = subprocess.run(command, cwd=CHECKOUT, env=self.settings, capture_output=True, text=True)
            found.append(done.stderr)
        return "".join(found)

    def wait_for_workers(self) -> None:
        """Waits until every worker takes tasks."""
        for machine in self.machines.values():
            wait_for(machine.is_ready, READY_S, f"{machine.name} to be ready")

    def memory_mb(self) -> float:
        """What all processes of it hold, what they share counted once."""
        here = psutil.Process().children(recursive=True)
        return float(sum(one.memory_full_info().pss for one in here)) / 1e6

    def trigger(self, run: str) -> str:
        """Starts a run of every source, all at once; returns the id of the runs in the archive."""
        now = datetime.now(UTC).replace(microsecond=0)
        for name in self._names:
            self.api.trigger(f"crawl-{name}", run, now)
        return run_id(now)
