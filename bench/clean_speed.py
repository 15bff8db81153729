"""How fast the cleaner is: against trafilatura in one process, and on several processes.

    uv run python bench/clean_speed.py                          # all sets, 60 pages each, 5 rounds; then the crew
    uv run python bench/clean_speed.py aeb --pages 181 --rounds 9 --no-crew
    uv run python bench/clean_speed.py --no-rounds --crew-pages 20000

First every page goes through both in turn, page by page, so that a busy machine slows both alike; the clock is CPU
time. Ours is `clean` with all it does, trafilatura's bare_extraction with metadata. Each round is a process of its own,
which has seen pages of the other sets and has settled as the crew's do (bantin/clean_worker), and sees all pages twice:
*new* ones, and *known* ones, of which it remembers much. Then the crew (bantin/crew) cleans pages on 1 and on 2
processes, by the clock on the wall; the memory is the most that a worker had. The pages lie outside of this repository
(bench/shared_pages.py).
"""

import argparse
import itertools
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import psutil
import shared_pages

Pages = list[tuple[bytes, str]]


def main() -> int:
    """Measures what it is told to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help="of aeb, fundus, wcxb (default: all)")
    parser.add_argument("--pages", type=int, default=60, help="of each set")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-rounds", action="store_true", help="the crew alone")
    parser.add_argument("--no-crew", action="store_true", help="the rounds alone")
    parser.add_argument("--crew-pages", type=int, default=2_000)
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    args = parser.parse_args()
    module = shared_pages.scoring()
    if module is None:
        return 0
    sets = {name: some_pages(module, name, args.pages) for name in shared_pages.SETS}
    wanted = args.sets or list(sets)
    everything = [page for name in wanted for page in sets[name]]
    for name in wanted:
        if sets[name] and not args.no_rounds:
            others = [page for other, pages in sets.items() if other != name for page in pages]
            print(in_turn(name, sets[name], others, args.rounds), flush=True)
    if everything and not args.no_crew:
        rates = {count: crew_rate(everything, args.crew_pages, count) for count in args.processes}
        first = rates[args.processes[0]]
        print(", ".join(f"{count} processes ×{rate / first:.2f}" for count, rate in rates.items()))
    return 0


def some_pages(module: ModuleType, name: str, count: int) -> Pages:
    """Up to `count` pages of a set, spread over it, and their addresses."""
    truth = shared_pages.truths(module, name)
    keys = list(truth)[:: max(1, len(truth) // count)][:count]
    return [(shared_pages.page(module, name, key), truth[key].get("url") or "") for key in keys]


def in_turn(name: str, pages: Pages, others: Pages, rounds: int) -> str:
    """Pages a CPU second of both, and the ratio with its spread over rounds: of new and of known pages."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as process:
        spent = [process.submit(a_round, pages, others, turn).result() for turn in range(rounds)]
    said = []
    for kind, of_kind in zip(("new", "known"), zip(*spent, strict=True), strict=True):
        ours, theirs = zip(*of_kind, strict=True)
        ratios = [their / our for our, their in of_kind]
        rates = (f"{len(pages) / statistics.median(values):.1f}" for values in (ours, theirs))
        spread = f"{min(ratios):.2f} … {max(ratios):.2f}"
        said.append(f"{kind} {' and '.join(rates)} pages/s, ×{statistics.median(ratios):.2f} ({spread})")
    return f"{name}, {len(pages)} pages, {rounds} rounds, ours and trafilatura: {'; '.join(said)}"


def a_round(pages: Pages, others: Pages, turn: int) -> list[tuple[float, float]]:
    """CPU seconds of ours and of trafilatura, for `pages` seen for the first and for the second time, in a process that
    has seen `others`."""
    from bantin.clean_worker import settle
    from bench.extractor import cleaned

    functions: list[Callable[[bytes, str], object]] = [cleaned, shared_pages.by_trafilatura]
    for html, url in others:
        for function in functions:
            function(html, url)
    settle()
    found = []
    for _ in range(2):
        seconds = dict.fromkeys(functions, 0.0)
        for html, url in pages:
            for function in functions[:: -1 if turn % 2 else 1]:
                start = time.process_time()
                function(html, url)
                seconds[function] += time.process_time() - start
        ours, theirs = seconds.values()
        found.append((ours, theirs))
    return found


def crew_rate(pages: Pages, count: int, processes: int) -> float:
    """Pages a second of `count` pages, the given ones again and again by other addresses; prints it, and the memory."""
    from bantin.crew import Crew
    from bench.extractor import source_for

    source = source_for("https://example.org/")
    crew = Crew(processes, 60)
    for _ in crew.clean(stream(pages, 50 * processes), source, 50 * processes):  # so that all processes are there
        pass
    with Memory() as memory:
        start, spent = time.perf_counter(), os.times()
        found = sum(1 for _ in crew.clean(stream(pages, count), source, count))
        seconds, ours = time.perf_counter() - start, os.times()
    crew.close()
    own = ours.user + ours.system - spent.user - spent.system
    here = f"{psutil.Process().memory_info().rss / 1e6:.0f} MB and {100 * own / seconds:.0f} % of a processor here"
    rate = f"{found} pages, {found / seconds:.1f} pages/s"
    print(f"{processes} processes: {rate}; at most {memory.most / 1e6:.0f} MB a worker; {here}", flush=True)
    return found / seconds


def stream(pages: Pages, count: int) -> Iterator[Any]:
    """Captures and bodies as the crew takes them."""
    from model.capture import Capture, Kind

    for number, (body, _) in enumerate(itertools.islice(itertools.cycle(pages), count)):
        url = f"https://example.org/{number % 97}/tin-{number}.html"
        yield (
            Capture(
                source="generic",
                run="20261122T000000Z",
                url=url,
                final_url=url,
                via=None,
                kind=Kind.ARTICLE,
                language=None,
                fetched_at=datetime(2026, 11, 22, tzinfo=UTC),
                status=200,
            ),
            body,
        )


class Memory:
    """The most that a child of this process has held, looked at ten times a second."""

    def __enter__(self) -> "Memory":
        self.most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            for child in psutil.Process().children():
                try:
                    self.most = max(self.most, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


if __name__ == "__main__":
    sys.exit(main())
