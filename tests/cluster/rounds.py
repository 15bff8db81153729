"""What is done to the cluster while it crawls all sources, a round each: a worker dies, or everything else fails in
turn. bench/cluster.py prints what the rounds return, tests/cluster/test_cluster.py expects it."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import psutil

from tests.cluster.lists import Lists
from tests.cluster.machines import Cluster, is_alive
from tests.waiting import wait_for

ROUND_S = 900
ORPHANS_S = 30
OUTAGE_S = 8
"""So long is a server away: longer than the retries inside one request."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a worker is killed: when the PUT of an object like `path` is under way, after those of some others, and
    the store has not heard of it or, where `acted`, has acted and not yet answered. `begun` and `ended` are what the
    task logs before and after. What ends is the `whole_machine`, or the worker with its process group."""

    path: str
    after: int
    acted: bool
    begun: str
    ended: str
    whole_machine: bool


PHASES = {
    "fetch": Phase(
        r"/raw/src=(?P<source>s\d[05])/run=(?P<run>\w+)/attempt-1-part-1",  # of those that have several
        after=1,
        acted=False,
        begun="crawling {source}, run {run}",
        ended="article addresses found",
        whole_machine=True,
    ),
    "clean": Phase(
        r"/work/src=(?P<source>\w+)/run=(?P<run>\w+)/(?P<part>[^/]+)\.parquet$",
        after=4,
        acted=False,
        begun="cleaning raw/src={source}/run={run}/{part}",
        ended="articles, ",
        whole_machine=False,
    ),
    "publish": Phase(
        r"/articles/src=(?P<source>\w+)/day=[^/]+/(?P<run>\w+)\.parquet$",
        after=4,
        acted=True,
        begun="publishing {source}, run {run}",
        ended="blocks removed",
        whole_machine=False,
    ),
}
"""By the task that is killed."""


def undisturbed(cluster: Cluster, lists: Lists, number: int) -> str:
    """Crawls all sources; returns how it ended, and when."""
    lists.turn(number)
    began = time.monotonic()
    cluster.trigger("undisturbed")
    states = cluster.api.wait_for_end("undisturbed", len(lists.sources), ROUND_S)
    took_s = time.monotonic() - began
    tasks = len(cluster.api.tasks_of("undisturbed"))
    return f"{dict(states)} after {took_s:.0f} s, {tasks} tasks: {took_s / tasks:.1f} s a task"


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of a task whose worker was killed: the log of its first try as it was on the dead machine's disk, and
    its tries as Airflow tells them, oldest first: state, machine. Of the `orphans`, processes that the worker left,
    `immortal` have not ended."""

    source: str
    run: str
    machine: str
    log: str = field(repr=False)
    tries: list[tuple[str, str]]
    states: Counter[str]
    retried_after_s: float
    recovered_after_s: float
    round_s: float
    orphans: int
    immortal: int


def kill_in(cluster: Cluster, lists: Lists, task: str, number: int) -> Killed:
    """Crawls all sources, and kills the worker that comes to the middle of a task; returns when all runs have ended,
    what the dead worker left has ended too, and a worker is up again in its place."""
    lists.turn(number)
    phase = PHASES[task]
    name = f"killed-in-{task}"
    hold = cluster.gate.hold(phase.path, acted=phase.acted, after=phase.after)
    began = time.monotonic()
    run = cluster.trigger(name)
    asked = hold.wait(ROUND_S)
    machine = cluster.machines[asked.who]
    place = re.search(phase.path, asked.path)
    assert place
    begun = phase.begun.format(**place.groupdict())
    dag = f"crawl-{place['source']}"
    log = wait_for(lambda: machine.log(dag, name, task, begun), 10, f"{machine.name} to log {begun!r}")
    killed = time.time()
    survivors: list[psutil.Process] = []
    if phase.whole_machine:
        machine.kill()
    else:
        survivors = machine.kill_worker()
    states = cluster.api.wait_for_end(name, len(lists.sources), ROUND_S)
    round_s = time.monotonic() - began
    hold.release()
    deadline = time.monotonic() + ORPHANS_S
    while (immortal := [one for one in survivors if is_alive(one)]) and time.monotonic() < deadline:
        time.sleep(0.5)
    machine.kill()
    machine.start()
    tries = cluster.api.tries_at(dag, name, task, asked.who)
    cluster.wait_for_workers()
    return Killed(
        source=place["source"],
        run=run,
        machine=asked.who,
        log=log,
        tries=[(one["state"], one["hostname"]) for one in tries],
        states=states,
        retried_after_s=_seconds(tries[1]["start_date"]) - killed,
        recovered_after_s=_seconds(tries[-1]["end_date"]) - killed,
        round_s=round_s,
        orphans=len(survivors),
        immortal=len(immortal),
    )


@dataclass(frozen=True, slots=True)
class Outages:
    """How a round ended in which everything was away for a while: its runs' states, before and after one *Clear* of
    those that had failed, how many of its tasks needed how many tries, and how often services had to be restarted."""

    run: str
    first: Counter[str]
    states: Counter[str]
    tries: Counter[str]
    restarts: dict[str, int]
    round_s: float


def outages(cluster: Cluster, lists: Lists, number: int) -> Outages:
    """Crawls all sources, while the scheduler, a worker, the database, the broker and the object store are stopped and
    started again, one after the other, each when some more runs have been published."""
    lists.turn(number)
    name = "outages"
    began = time.monotonic()
    run = cluster.trigger(name)
    scheduler = cluster.commands["scheduler"]
    worker = next(iter(cluster.machines.values()))
    step = len(lists.sources) // 8
    for count, (stop, start) in enumerate(
        (
            (scheduler.stop, scheduler.start),
            (worker.stop, worker.start),
            (cluster.database.stop, cluster.database.start),
            (cluster.broker.stop, cluster.broker.start),
            (cluster.gate.shut, cluster.gate.open),
        )
    ):
        wait_for(lambda at=1 + count * step: _published(cluster, run) >= at, ROUND_S, f"{1 + count * step} published")
        stop()
        time.sleep(OUTAGE_S)
        start()
    first = cluster.api.wait_for_end(name, len(lists.sources), ROUND_S)
    states = first
    if first["failed"]:
        for dag, state in cluster.api.states(name).items():
            if state == "failed":
                cluster.api.clear(dag, name)
        states = cluster.api.wait_for_end(name, len(lists.sources), ROUND_S)
    tries = Counter(f"{one['task_id']}, try {one['try_number']}" for one in cluster.api.tasks_of(name))
    restarts = {name: command.restarts for name, command in cluster.commands.items()}
    return Outages(run, first, states, tries, restarts, time.monotonic() - began)


def _published(cluster: Cluster, run: str) -> int:
    return len({one.path for one in cluster.gate.seen if "/articles/" in one.path and run in one.path})


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
