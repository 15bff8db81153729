"""Airflow on several machines while things fail: how long it takes until all is as if nothing had happened.

    uv run --extra cluster python -m bench.cluster [--sources 40]

The machinery is that of tests/cluster, which also says what must hold: PostgreSQL and Redis from Debian's packages, an
S3 server, the services of docker-compose.yml as plain processes, and two workers that share nothing but those. A round
crawls all sources: one undisturbed, three in which a worker is killed, and one in which everything is away for a while
in turn.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.cluster.lists import Lists
from tests.cluster.machines import Cluster, missing_for_cluster
from tests.cluster.rounds import PHASES, kill_in, outages, undisturbed
from tests.cluster.stored import crawl_here, doubles, rows, told
from tests.servers.scripted import scripted


def main() -> int:
    """Plays the rounds, and compares the archive with one that was made here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=40)
    args = parser.parse_args()
    if lack := missing_for_cluster():
        print(f"skipped: {lack}")
        return 0
    with tempfile.TemporaryDirectory() as name, scripted() as site:
        folder = Path(name)
        lists = Lists(site, args.sources)
        lists.write(folder / "sources")
        lists.turn(*range(len(PHASES) + 2))
        began = time.monotonic()
        alone = crawl_here(folder / "sources", folder / "alone")
        say(f"one machine, without Airflow, all pages at once: {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        with Cluster(folder, folder / "sources", lists.sources) as cluster:
            os.environ.update(cluster.client())
            say(f"the cluster: up after {time.monotonic() - began:.0f} s, {cluster.memory_mb():.0f} MB of memory")
            play(cluster, lists)
            made = rows(cluster.archive, lists.sources)
            same = told(made) == told(rows(alone, lists.sources))
            compared = "equal" if same else "NOT EQUAL"
            say(f"{len(made)} rows, {len(doubles(made))} doubles, {compared} to those of the one machine")
    return 0 if same else 1


def play(cluster: Cluster, lists: Lists) -> None:
    """The rounds, a line each."""
    say(f"undisturbed: {undisturbed(cluster, lists, len(PHASES) + 1)}")
    for number, task in enumerate(PHASES):
        killed = kill_in(cluster, lists, task, number)
        say(
            f"killed in {task}: {dict(killed.states)} after {killed.round_s:.0f} s; the task began again after "
            f"{killed.retried_after_s:.0f} s, and was done after {killed.recovered_after_s:.0f} s, at its try "
            f"{len(killed.tries)}"
        )
    ended = outages(cluster, lists, len(PHASES))
    say(f"outages: {dict(ended.first)}, then {dict(ended.states)} after {ended.round_s:.0f} s")
    say(f"  {dict(ended.tries)}, restarts: {ended.restarts}")


def say(line: str) -> None:
    """Prints a figure as soon as it is known."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
