"""The DAGs as Airflow parses them, in a process of its own: Airflow reads its configuration once, when imported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bantin.engine import airflow_environment
from bantin.settings import Settings
from demo import SOURCES

PARSE = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
heavy = sorted({"scrapy", "trafilatura", "pyarrow"} & set(sys.modules))
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization

def condition(dag):
    return getattr(dag.timetable, "asset_condition", None)

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
            "owners": sorted({t.owner for t in d.tasks}), "doc": d.doc_md, "form": d.params.dump(),
            "emits": sorted(str(asset.uri) for t in d.tasks for asset in t.outlets),
            "started_by": sorted(str(asset.uri) for asset in getattr(condition(d), "objects", ())),
            "condition": type(condition(d)).__name__,
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
