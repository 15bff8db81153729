"""What Airflow makes of many sources: parsing, the start of a task, the scheduler's delay, memory.

    uv run python bench/dag_scale.py [--sources 10 1000] [--sharded 10000] [--shards 20] [--runs 12]
        [--steps parse start due processor lag] [--database postgresql+psycopg2://…]

The sources are copies of the registry's own files under other names, which are due on New Year's Day. Each step is a
process of its own. *parse* builds all DAGs as the DAG processor does, file by file; *start* is what the process of one
task does until it has its DAG; *due* a shard's choice; *processor* is the first round of Airflow's own DAG processor,
alone, into a fresh database. *lag* is a whole Airflow (`bantin up`'s, on SQLite or the database named): from its
start until it knows all DAGs, the memory of its processes then, and what becomes of some runs that are asked for at
once, when one of them may crawl at a time (the pool is full) and when all may. They ask no server: their form says
*rules only*, and since nothing is stored they end red, as they should.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

import bantin.engine
from bantin.dag_ids import CRAWL, SHARD, crawl_dag, shard_dag
from bantin.engine import airflow, airflow_environment
from bantin.settings import CHECKOUT, Settings
from tests.airflow_api import DONE, Api
from tests.servers.command import free_ports
from tests.waiting import wait_for

STEPS = ("parse", "start", "due", "processor", "lag")
FIELD = {"id": "s{n:05}", "schedule": '"0 0 1 1 *"'}
WAIT_S = 900
IDLE_S = 30


def main() -> int:
    """Each step for each number of sources, as a child; a line of figures each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, nargs="*", default=[10, 1000])
    parser.add_argument("--sharded", type=int, nargs="*", default=[10_000])
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--runs", type=int, default=12, help="so many are asked for at once")
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--database", help="of Airflow; default: SQLite")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(
            "\n"
            + json.dumps(
                {"parse": parse, "start": start, "due": due_ones, "processor": processor, "lag": lag}[args.step](args)
            )
        )
        return 0
    for count, shards in [*((n, 0) for n in args.sources), *((n, args.shards) for n in args.sharded)]:
        print(f"{count:,} sources" + (f" in {shards} shards" if shards else ", a DAG each"))
        with tempfile.TemporaryDirectory() as name:
            settings = made_up(Path(name), count, shards)
            for step in args.steps:
                if step != "due" or shards:
                    print(f"  {step}: " + told(measured(step, settings, args)), flush=True)
    return 0


def made_up(folder: Path, count: int, shards: int) -> Settings:
    """Settings of a registry of `count` sources in `folder`."""
    texts = [path.read_text("utf-8") for path in sorted((CHECKOUT / "sources").glob("*.yaml"))]
    sources = folder / "sources"
    sources.mkdir()
    for n in range(count):
        text = texts[n % len(texts)]
        for field, value in FIELD.items():
            text = re.sub(rf"(?m)^{field}: .*$", f"{field}: {value.format(n=n)}", text)
        (sources / f"s{n:05}.yaml").write_text(text, "utf-8")
    environment = {"ARCHIVE_URL": str(folder / "archive"), "BANTIN_SOURCES": str(sources), "BANTIN_CONTACT": "bench"}
    environment |= {"AIRFLOW_HOME": str(folder / "airflow"), "BANTIN_SHARDS": str(shards)}
    os.environ |= environment
    return Settings.from_environment()


def measured(step: str, settings: Settings, args: argparse.Namespace) -> dict[str, Any]:
    """What a child says of a step."""
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": args.database} if args.database else {}
    command = [sys.executable, __file__, "--step", step, "--runs", str(args.runs)]
    environment = os.environ if step == "lag" else airflow_environment(settings)
    child = subprocess.run(command, env={**environment, **database}, capture_output=True, text=True)
    if child.returncode:
        sys.exit(f"{step}: {child.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def told(figures: dict[str, Any]) -> str:
    """The figures in a line."""
    return ", ".join(
        f"{name} {value:,.1f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
    )


def parse(_: argparse.Namespace) -> dict[str, Any]:
    """Every file of dags/, as Airflow's processor reads it."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    begin, cpu = time.perf_counter(), time.process_time()
    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    built = time.perf_counter()
    for dag in bag.dags.values():
        DagSerialization.to_dict(dag)
    return {
        "DAGs": len(bag.dags),
        "built in s": built - begin,
        "and serialized in s": time.perf_counter() - begin,
        "CPU s": time.process_time() - cpu,
        "errors": len(bag.import_errors),
        "peak MB": peak_mb(),
    }


def start(_: argparse.Namespace) -> dict[str, Any]:
    """From the start of a process until one DAG is built: what each task does first. Median of five."""
    wanted = "shard-001" if int(os.environ["BANTIN_SHARDS"] or 0) else "crawl-s00001"
    file = "shard_dags.py" if wanted.startswith("shard") else "source_dags.py"
    code = (
        "import os, time; a = time.perf_counter()\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "import airflow.sdk.execution_time.task_runner\n"
        "b = time.perf_counter()\n"
        f"bag = DagBag(dag_folder=os.path.join(os.environ['AIRFLOW__CORE__DAGS_FOLDER'], '{file}'))\n"
        f"assert list(bag.dags) == ['{wanted}'], bag.import_errors\n"
        "print(); print(time.perf_counter() - b, time.process_time())"
    )
    environment = {**os.environ, "_AIRFLOW_PARSING_CONTEXT_DAG_ID": wanted}
    rows = []
    for _again in range(5):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        rows.append([float(word) for word in done.stdout.splitlines()[-1].split()])
    building, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
    return {"building the DAG ms": building * 1000, "CPU s of the whole start": cpu}


def due_ones(_: argparse.Namespace) -> dict[str, Any]:
    """A shard's choice among all its sources."""
    from bantin.sharding import due, files_of, next_after

    settings = Settings.from_environment()
    now = datetime.now(UTC)
    next_after("0 0 * * *", "UTC", now)  # imports
    begin, cpu = time.perf_counter(), time.process_time()
    files = files_of(settings.sources, 0, settings.shards)
    chosen = due(files, now - timedelta(days=400), now)
    seconds = time.perf_counter() - begin
    return {"files": len(files), "due": len(chosen), "s": seconds, "CPU s": time.process_time() - cpu}


def processor(_: argparse.Namespace) -> dict[str, Any]:
    """The DAG processor's first round: until all that the files make is in the database."""
    from airflow.models.dag import DagModel
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    initdb()
    begin, cpu, sizes = time.perf_counter(), children_s(), [0]
    with subprocess.Popen([sys.executable, "-m", "airflow", "dag-processor", "--num-runs", "1"], stdout=2) as child:
        while child.poll() is None:
            with suppress(psutil.Error):
                family = (psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True))
                sizes.append(sum(one.memory_full_info().pss for one in family) // 1_000_000)
            time.sleep(0.5)
    with create_session() as session:
        known = session.scalar(select(func.count()).select_from(DagModel))
    return {
        "DAGs": known,
        "s": time.perf_counter() - begin,
        "CPU s": children_s() - cpu,
        "peak MB": max(sizes),
    }


def children_s() -> float:
    """The processor time of the processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lag(args: argparse.Namespace) -> dict[str, Any]:
    """A whole Airflow."""
    bantin.engine.READY_S = WAIT_S  # a busy machine may take longer than a user would wait
    settings = Settings.from_environment()
    dag_ids = [crawl_dag(path.stem) for path in sorted(settings.sources.iterdir())[: args.runs]]
    conf: dict[str, Any] = {"rules_only": True}
    if settings.shards:
        dag_ids = [shard_dag(n % settings.shards) for n in range(min(args.runs, settings.shards))]
    expected = settings.shards or len(list(settings.sources.iterdir()))
    with airflow(settings, free_ports(1)[0], settings.airflow_home.parent / "log") as up:
        api = Api(up.address, up.user, up.password)
        api.sign_in()
        begin = time.perf_counter()
        pattern = SHARD if settings.shards else CRAWL
        wait_for(lambda: count(api, f"dags?limit=1&dag_id_pattern={pattern}") == expected, WAIT_S, "all DAGs")
        known = time.perf_counter() - begin
        wait_for(lambda: count(api, "importErrors?limit=1") == 0, WAIT_S, "no error")
        memory = memory_mb(up.process.pid)
        cpu = cpu_s(up.process.pid)
        time.sleep(IDLE_S)
        idle = (cpu_s(up.process.pid) - cpu) / IDLE_S
        if settings.shards:
            conf["sources"] = None
        full = ask(api, dag_ids, conf, settings, slots=1)
        free = ask(api, dag_ids, conf, settings, slots=-1)
    return {
        "all DAGs known after s": known,
        **{f"{name} MB": size for name, size in memory.items()},
        "CPU while idle, cores": round(idle, 2),
        "with one slot": full,
        "with all": free,
    }


def ask(api: Api, dag_ids: list[str], conf: dict[str, Any], settings: Settings, slots: int) -> dict[str, Any]:
    """What becomes of runs that are asked for at once, while the pool of crawls has so many slots: delays in s."""
    command = [sys.executable, "-m", "airflow", "pools", "set", "crawl", str(slots), "bench"]
    subprocess.run(command, env=airflow_environment(settings), stdout=2, check=True)
    begin = time.perf_counter()
    made = {}
    for dag_id in dag_ids:
        one = {**conf, **({"sources": [next(names(settings, dag_id))]} if settings.shards else {})}
        made[dag_id] = api.trigger(dag_id, conf=one)
    runs, tasks = [], []
    for dag_id, run_id in made.items():
        wait_for(lambda: api.run(dag_id, run_id)["state"] in DONE, WAIT_S, f"the end of {dag_id}'s run", every_s=0.5)  # noqa: B023
        runs.append(api.run(dag_id, run_id))
        tasks += api.tasks(dag_id, run_id)
    ran = [one for one in tasks if one["start_date"] and one["queued_when"]]
    return {
        "runs": len(runs),
        "ended after s": round(time.perf_counter() - begin, 1),
        "asked for → begun": spread(between(run, "queued_at", "start_date") for run in runs),
        "task queued → running": spread(between(one, "queued_when", "start_date") for one in ran),
        "tasks a minute": round(len(ran) / (time.perf_counter() - begin) * 60),
        "s a task": spread(one["duration"] or 0 for one in ran),
    }


def count(api: Api, path: str) -> int:
    """How many there are of what `path` lists."""
    return int(api.call(f"/api/v2/{path}")["total_entries"])


def names(settings: Settings, dag_id: str) -> Any:
    """The ids of a shard's sources."""
    from bantin.sharding import files_of

    return (path.stem for path in files_of(settings.sources, int(dag_id[-3:]), settings.shards))


def between(row: dict[str, Any], first: str, second: str) -> float:
    """Seconds from the one moment of a row to the other."""
    return (datetime.fromisoformat(row[second]) - datetime.fromisoformat(row[first])).total_seconds()


def spread(values: Any) -> str:
    """Median and greatest."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} (at most {ordered[-1]:.1f})" if ordered else "none"


def memory_mb(leader: int) -> dict[str, int]:
    """What each part of Airflow takes, pages that are shared counted in parts."""
    sizes: dict[str, int] = {}
    parts = ("scheduler", "dag-processor", "triggerer", "api_server")
    for process in psutil.Process(leader).children():
        words = " ".join(process.cmdline())
        name = next((part for part in parts if part in words), "others")
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                sizes[name] = sizes.get(name, 0) + one.memory_full_info().pss // 1_000_000
    return {**sizes, "all": sum(sizes.values())}


def cpu_s(leader: int) -> float:
    """The processor time of Airflow's processes, those that have ended included."""
    times = []
    for process in psutil.Process(leader).children(recursive=True):
        with suppress(psutil.Error):
            times.append(process.cpu_times())
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def peak_mb() -> int:
    """The most memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000


if __name__ == "__main__":
    sys.exit(main())
