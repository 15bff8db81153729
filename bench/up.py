"""What `bantin up` costs, and how soon a crawl begins: memory, time from schedule to first request, Airflow's overhead.

    uv run python bench/up.py [--runs 5] [--idle 60] [--every 1] [--metrics]

Airflow is started as `bantin up` does, with a source that has three articles on a server in this process and is due
every minute; a run of the DAG `index` follows each of its runs. Memory is the proportional set size (PSS) of all
processes together: pages that they share count once. The time to the first request is that from the scheduled moment
to the request's arrival, and is told by its steps. Airflow's overhead is what a DAG run takes from its scheduled moment
to its end, less what the same verbs take in one process without it. Processor time is that of all processes, those that
ended included. Variables of Airflow's own win, so that settings can be compared:
`AIRFLOW__CORE__PARALLELISM=8 uv run python bench/up.py`. With `--metrics` Airflow sends its metrics to this process by
OpenTelemetry, and those that came are named.
"""

import argparse
import gzip
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from bantin import engine
from bantin.engine import airflow
from bantin.run import run_source
from bantin.settings import Settings
from model.source import load_source
from storage import keys
from storage.reports import read_report
from storage.store import open_store
from tests.airflow_api import DONE, Api
from tests.servers.command import free_ports

SOURCE = """
id: bench
name: Bench
url: http://127.0.0.1:{port}/
kind: newspaper
languages: [vi]
schedule: "*/{every} * * * *"
discovery: {{listings: [{{url: "http://127.0.0.1:{port}/"}}]}}
articles: {{allow: ['^/bai/']}}
fetch: {{delay_s: 0, allow_private: true, cloaking_probes: 0, revisit_min_h: 0, revisit_max_h: 0}}
"""
DAG = "crawl-bench"
SAMPLED_S = 2.0
PATIENCE_S = 600
STEPS = ("run made", "task queued", "task started", "first request")


class Site(BaseHTTPRequestHandler):
    """A list of three articles, and each of them."""

    asked: ClassVar[list[float]] = []

    def do_GET(self) -> None:
        """Notes when it was asked."""
        self.asked.append(time.time())
        links = "".join(f'<li><a href="/bai/{n}.html">Bài số {n}</a></li>' for n in range(3))
        text = f"<p>{'Lễ hội đua thuyền trên sông Lau đông vui từ sáng sớm. ' * 8}</p>" * 3
        body = f"<html><body><h1>Bài {self.path}</h1><article>{text}</article><ul>{links}</ul></body></html>"
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port at which requests are answered so."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


class Collector(BaseHTTPRequestHandler):
    """Takes metrics as OpenTelemetry sends them: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request"""

    names: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        """Notes what they are called, and by which attributes they are told apart."""
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        told = ExportMetricsServiceRequest.FromString(body)
        for metric in (one for of in told.resource_metrics for scope in of.scope_metrics for one in scope.metrics):
            kind = metric.WhichOneof("data")
            points = getattr(metric, kind).data_points
            keys = sorted({attribute.key for point in points for attribute in point.attributes})
            self.names.add(f"{metric.name} ({kind}) {' '.join(keys)}")
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Family:
    """All processes below one."""

    def __init__(self, leader: int) -> None:
        self._leader = psutil.Process(leader)
        self.most_bytes = 0

    def members(self) -> list[psutil.Process]:
        """Those that live."""
        return [self._leader, *self._leader.children(recursive=True)]

    def memory(self) -> dict[str, list[int]]:
        """The PSS of each process in bytes, by what it is."""
        found: dict[str, list[int]] = defaultdict(list)
        for process in self.members():
            try:
                found[_role(process)].append(process.memory_full_info().pss)
            except psutil.Error:
                continue
        self.most_bytes = max(self.most_bytes, sum(map(sum, found.values())))
        return found

    def cpu_s(self) -> float:
        """Processor seconds of all, and of those of their children that have ended."""
        total = 0.0
        for process in self.members():
            try:
                total += sum(process.cpu_times()[:4])
            except psutil.Error:
                continue
        return total


def _role(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    for name in (
        "spiders.crawl",
        "clean_worker",
        "LocalExecutor",
        "api-server",
        "api_server",
        "dag-processor",
        "triggerer",
    ):
        if name in words:
            return name.replace("_", "-")
    return "scheduler" if "scheduler" in words else "supervisor" if "bantin.engine" in words else "task or parser"


def ended_runs(api: Api) -> list[dict[str, Any]]:
    """The DAG's scheduled runs that have ended, oldest first; none while there is no DAG."""
    try:
        runs = api.runs(DAG)
    except OSError:  # or while the machine is too busy to answer
        return []
    return [run for run in runs if run["run_type"] == "scheduled" and run["state"] in DONE]


def main() -> None:
    """Starts Airflow, waits for the runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--idle", type=float, default=60, help="seconds of idleness that are measured first")
    parser.add_argument("--every", type=int, default=1, help="minutes from run to run; more where a run takes longer")
    parser.add_argument("--metrics", action="store_true", help="name the metrics that Airflow sends")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-up-") as name,
        served(Site) as port,
        served(Collector) as collector,
    ):
        folder = Path(name)
        (folder / "sources").mkdir()
        os.environ |= {
            "BANTIN_CONTACT": "https://bantin.example/contact",
            "ARCHIVE_URL": str(folder / "archive"),
            "BANTIN_SOURCES": str(folder / "sources"),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "BANTIN_WORK": str(folder / "work"),
            "BANTIN_CACHE": str(folder / "cache"),
        }
        if args.metrics:
            os.environ |= {
                "AIRFLOW__METRICS__OTEL_ON": "True",
                "AIRFLOW__METRICS__LEGACY_NAMES_ON": "False",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{collector}/v1/metrics",
                "OTEL_METRIC_EXPORT_INTERVAL": "10000",
            }
        engine.READY_S = 900  # a busy machine is to be measured, too
        settings = Settings.from_environment()
        began = time.monotonic()
        with airflow(settings, free_ports(1)[0], folder / "log") as running:
            print(f"ready after {time.monotonic() - began:.0f} s, at a load of {os.getloadavg()[0]:.1f}")
            family = Family(running.process.pid)
            idle = measure_idle(family, args.idle)
            (folder / "sources" / "bench.yaml").write_text(SOURCE.format(port=port, every=args.every))
            api = Api(running.address, running.user, running.password)
            api.sign_in()
            measure_runs(family, api, settings, args.runs, args.every, idle)
            for metric in sorted(Collector.names):
                print(f"  {metric}")


def measure_idle(family: Family, seconds: float) -> float:
    """What is used while nothing is due; returns the share of a processor."""
    before = family.cpu_s()
    time.sleep(seconds)
    used = family.cpu_s() - before
    show_memory("idle", family.memory())
    print(f"idle: {60 * used / seconds:.1f} s of processor a minute")
    return used / seconds


def measure_runs(family: Family, api: Api, settings: Settings, wanted: int, every: int, idle: float) -> None:
    """What runs use, how soon they begin, and how long they take. The first is none of them: it may be late."""
    deadline = time.monotonic() + PATIENCE_S + 90 * every * wanted
    first: list[dict[str, Any]] = []
    while not (first := ended_runs(api)):
        expect(time.monotonic() < deadline, "no run came")
        time.sleep(1)
    family.most_bytes = 0
    before, began = family.cpu_s(), time.monotonic()
    while len(ended := ended_runs(api)[len(first) :]) < wanted:
        expect(time.monotonic() < deadline, f"{len(ended)} of {wanted} runs ended")
        family.memory()
        time.sleep(SAMPLED_S)
    used = family.cpu_s() - before - idle * (time.monotonic() - began)
    print(f"runs: at most {family.most_bytes / 1e6:,.0f} MB PSS in all")
    print(f"runs: {used / wanted:.1f} s of processor a run beyond what is used idle; load {os.getloadavg()[0]:.1f}")
    steps: dict[str, list[float]] = defaultdict(list)
    took, verbs = [], []
    bare = without_airflow(settings)
    for run in ended[:wanted]:
        expect(run["state"] == "success", f"{run['dag_run_id']} is {run['state']}")
        at = _seconds(run["run_after"])
        fetch = next(task for task in api.tasks(DAG, run["dag_run_id"]) if task["task_id"] == "fetch")
        moments = (_seconds(run["queued_at"]), _seconds(fetch["queued_when"]), _seconds(fetch["start_date"]))
        asked = min(moment for moment in Site.asked if moment > moments[-1])
        for step, moment in zip(STEPS, (*moments, asked), strict=True):
            steps[step].append(moment - at)
        took.append(_seconds(run["end_date"]) - at)
        verbs.append(_timings(settings, run))
    for step in STEPS:
        print(f"  {step:<14} {_spread(steps[step])} s after the scheduled moment")
    print(f"run: {_spread(took)} s from the scheduled moment to its end; fetch and publish {_spread(verbs)} s of it")
    print(f"the same without Airflow: {bare:.1f} s, so its overhead is {statistics.median(took) - bare:.1f} s a run")


def without_airflow(settings: Settings) -> float:
    """Seconds that fetch, clean and publish take in this process, when its modules are loaded and its crew is."""
    source = load_source(settings.sources / "bench.yaml")
    with tempfile.TemporaryDirectory(prefix="bench-up-") as name:
        alone = settings.override(archive=name)
        run_source(source, alone, keys.run_id(datetime.fromtimestamp(time.time() - 60, UTC)))
        began = time.monotonic()
        run_source(source, alone, keys.run_id(datetime.now(UTC)))
        return time.monotonic() - began


def show_memory(when: str, found: dict[str, list[int]]) -> None:
    """The PSS of all, and by what they are."""
    total, count = sum(map(sum, found.values())), sum(map(len, found.values()))
    print(f"{when}: {total / 1e6:,.0f} MB PSS in {count} processes")
    for role, sizes in sorted(found.items(), key=lambda item: -sum(item[1])):
        print(f"  {len(sizes)} × {role:<14} {sum(sizes) / 1e6:6.0f} MB")


def expect(condition: bool, problem: str) -> None:
    """Ends with the problem where the condition does not hold."""
    if not condition:
        raise SystemExit(problem)


def _timings(settings: Settings, run: dict[str, Any]) -> float:
    at = datetime.fromisoformat(run["run_after"])
    report = read_report(open_store(settings.archive), "bench", keys.run_id(at))
    return sum(report.timings_s.values()) if report else 0


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} – {max(values):.1f})"


if __name__ == "__main__":
    main()
