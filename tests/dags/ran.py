"""DAGs as Airflow runs them, one after the other, in one process that is kept for it: each would take seconds to start,
and a database to make."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bantin.engine import airflow_environment
from bantin.settings import Settings

RUN = """
import json, os, sys
told = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
from airflow.dag_processing.dagbag import DagBag
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select
for line in sys.stdin:
    name, conf, environment = json.loads(line)
    os.environ |= environment
    run = DagBag(dag_folder=os.path.join(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], name + "_dag.py")).dags[name].test(
        run_conf=conf)
    with create_session() as session:
        values = [[one.task_id, one.map_index, XComModel.deserialize_value(one)] for one in session.scalars(
            select(XComModel).where(XComModel.run_id == run.run_id, XComModel.key == "return_value"))]
    sys.stdout.flush()
    told.write(json.dumps({"state": str(run.state), "values": values,
        "tasks": {f"{one.task_id} {one.map_index}": str(one.state) for one in run.get_task_instances()}}) + "\\n")
"""


class Airflow:
    """An Airflow without a scheduler, over the database in the home of `settings`; what it says goes into `log`."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        self._environment = airflow_environment(settings)
        self._process: subprocess.Popen[str] | None = None

    def run(self, dag: str, settings: Settings, **conf: Any) -> dict[str, Any]:
        """Runs a DAG of the archive by hand, with `conf` in its form, over the archive and the sources of `settings`.
        Returns its `state`, the states of its `tasks`, what these returned (`values`) and said (`log`)."""
        process = self._process if self._process and self._process.poll() is None else self._start()
        assert process.stdin
        assert process.stdout
        begin = self._log.stat().st_size
        own = {name: value for name, value in settings.environment().items() if name != "AIRFLOW_HOME"}
        process.stdin.write(json.dumps([dag, conf, {"BANTIN_ALARMS": "", **own}]) + "\n")
        process.stdin.flush()
        told = process.stdout.readline()
        log = self._log.read_bytes()[begin:].decode()
        assert told, log[-3000:]
        return {**json.loads(told), "log": log}

    def _start(self) -> "subprocess.Popen[str]":
        self.stop()
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-c", RUN],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
            )
        return self._process

    def stop(self) -> None:
        """Ends the process."""
        if self._process:
            self._process.kill()
            with self._process:  # closes its pipes
                pass
            self._process = None
