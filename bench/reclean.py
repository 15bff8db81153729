"""How much of the cleaner's own rate a re-clean keeps, and how busy it keeps the processors.

    uv run python bench/reclean.py                             # 60 runs of 10 pages, 3 rounds, 2 processes
    uv run python bench/reclean.py --runs 300 --pages 4 --processes 2 --rounds 5

Pages are stored and published as runs in a folder; then, in turn, the bare cleaner cleans them from memory in so many
processes, and `preview` cleans them again from the archive: WARC read, bodies checked, the new table written to work/,
rows compared. Rates are by the clock on the wall, and by CPU time of all processes, which a busy machine disturbs less.
The pages lie outside of this repository (bench/shared_pages.py).
"""

import argparse
import itertools
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import shared_pages
from clean_speed import some_pages

from bantin.clean import clean_part
from bantin.crew import crew_of
from bantin.publish import publish
from bantin.recleaning.reclean import Rules, Selection, choose, preview
from bantin.recleaning.rewrite import forget
from bantin.settings import Settings
from bench.extractor import source_for
from cleaning import clean
from model.capture import Capture, Kind
from model.source import Source, dump_source
from storage import keys
from storage.exchange import Exchange
from storage.store import open_store
from storage.tables import encode
from storage.warc import PartWriter, read_body

FIRST = "20260101T000000Z"


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--pages", type=int, default=10, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    module = shared_pages.scoring()
    if module is None:
        return 0
    bodies = [body for name in shared_pages.SETS for body, _ in some_pages(module, name, 60)]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment().override(archive=f"{folder}/archive", sources=Path(folder))
        settings = replace(settings, processes=args.processes)
        pages = stored(settings, Path(folder), bodies, args.runs, args.pages)
        chosen = choose(settings, Selection())
        again(settings, chosen[: 2 * args.processes])  # so that all processes are there
        ratios: dict[str, list[float]] = {"wall": [], "CPU": []}
        for _ in range(args.rounds):
            bare, whole = in_memory(pages, args.processes), again(settings, chosen)
            for name, seconds in bare.items():
                ratios[name].append(seconds / whole[name])
            busy = {name: one["CPU"] / one["wall"] / args.processes for name, one in (("bare", bare), ("it", whole))}
            rates = f"{len(pages) / bare['wall']:.1f} pages/s bare, {len(pages) / whole['wall']:.1f} re-cleaned"
            print(f"{rates}; processors busy: {busy['bare']:.2f} and {busy['it']:.2f}", flush=True)
        crew_of(settings.processes, settings.page_limit_s).close()
    told = (
        f"×{statistics.median(values):.2f} by {name} ({min(values):.2f} … {max(values):.2f})"
        for name, values in ratios.items()
    )
    print(f"{args.runs} runs of {args.pages} pages, {args.processes} processes: re-clean keeps {', '.join(told)}")
    print(f"load of the machine: {psutil.getloadavg()[0]:.1f}")
    return 0


def stored(settings: Settings, folder: Path, bodies: list[bytes], runs: int, pages: int) -> list[Any]:
    """Stores runs of the given bodies by turns, published; returns what the cleaner takes. The registry's file is
    another one than the runs keep."""
    store, source = open_store(settings.archive), source_for("https://example.org/")
    turns = itertools.cycle(bodies)
    found: list[Any] = []
    for number in range(runs):
        run = keys.run_id(keys.run_time(FIRST) + timedelta(hours=number))
        part = keys.raw_part(source.id, run, 1, 1)
        writer = PartWriter(folder / f"{run}.warc.gz", part, "bench", source.fetch.max_body_bytes)
        captures = [writer.write(exchange(run, page, next(turns))) for page in range(pages)]
        writer.close()
        store.put(part, writer.path)
        store.put(keys.captures(source.id, run), encode(captures, Capture))
        store.put(keys.run_source(source.id, run), dump_source(source).encode())
        clean_part(part, settings)
        publish(source.id, run, settings)
        with writer.path.open("rb") as file:
            found += [(one, read_body(file, one, source.fetch.max_body_bytes), source) for one in captures]
    other = source.clean.model_copy(update={"outlets": ["Một tòa soạn khác"]})
    (folder / f"{source.id}.yaml").write_text(dump_source(source.model_copy(update={"clean": other})), "utf-8")
    return found


def exchange(run: str, page: int, body: bytes) -> Exchange:
    """A page's request and answer."""
    url = f"https://example.org/{run}/tin-{page}.html"
    return Exchange(
        url=url, final_url=url, via=None, kind=Kind.ARTICLE, language=None,
        fetched_at=keys.run_time(run) + timedelta(seconds=page), request_line=f"GET {url} HTTP/1.1",
        request_headers=[], request_body=b"", protocol="HTTP/1.1", status=200, status_text="OK",
        headers=[(b"Content-Type", b"text/html")], body=body,
    )  # fmt: skip


def again(settings: Settings, chosen: list[tuple[str, str]]) -> dict[str, float]:
    """Seconds of a re-clean of all runs from the beginning."""
    start, spent = time.perf_counter(), family_s()
    made = preview(chosen, Rules.CURRENT, settings)
    seconds = {"wall": time.perf_counter() - start, "CPU": family_s() - spent}
    assert (made.runs, made.reused, made.problems) == (len(chosen), 0, [])
    forget(made, chosen, settings)
    return seconds


def family_s() -> float:
    """CPU seconds of this process and its children, the ended ones too."""
    own = psutil.Process()
    times = [own.cpu_times(), *(child.cpu_times() for child in own.children())]
    return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system


def in_memory(pages: list[tuple[Capture, bytes, Source]], processes: int) -> dict[str, float]:
    """Seconds of the bare cleaner on all pages, in so many processes that have nothing else to do."""
    context = multiprocessing.get_context("spawn")
    ready, spent = context.Barrier(processes + 1), context.Queue()
    children = [
        context.Process(target=bare, args=(pages[number::processes], ready, spent)) for number in range(processes)
    ]
    for child in children:
        child.start()
    ready.wait()
    start = time.perf_counter()
    cpu = sum(spent.get() for _ in children)
    wall = time.perf_counter() - start
    for child in children:
        child.join()
    return {"wall": wall, "CPU": cpu}


def bare(pages: list[tuple[Capture, bytes, Source]], ready: Any, spent: Any) -> None:
    """What each of them does."""
    for page in pages[:10]:
        clean(*page)
    ready.wait()
    start = time.process_time()
    for page in pages:
        clean(*page)
    spent.put(time.process_time() - start)


if __name__ == "__main__":
    sys.exit(main())
