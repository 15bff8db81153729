"""What it takes to build the index of an archive, to keep it up to date, and to open it.

    uv run python bench/indexing.py [--articles 1000000] [--sources 200] [--keep FOLDER] [--processes 2]

The archive lies in a folder: runs of 50 articles, a source's every day, with the texts of bench/made_documents.py and
20 removed blocks a page. Each step is a process of its own, so that peaks of memory are apart. Then runs of 50 articles
come one by one: half of the articles are new, half are known ones whose text has changed; the time is that from the
run's table to its articles being found by a reader that had the index open. Times are by the clock on the wall, which a
busy machine stretches; beside them stands what they took of the processors, children included.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from made_documents import made_documents

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from browse.index.document import Document
from browse.index.shipped import open_index
from browse.query import parse_query
from model.article import Article, Removal
from storage import keys
from storage.row_groups import FILE_OPTIONS
from storage.store import open_store
from storage.tables import schema_of
from storage.without_pandas import block_pandas

START = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)
EACH = 50
FURTHER = 8
"""So many runs come when the index is there."""

STEPS = ("write runs", "build", "open", "nothing new", "nothing new of one source", "a run comes")
REMOVED = [
    Removal(text=f"Đang truy cập: {n}\nTổng lượt: {7919 * n}", rule="visit-counter", path=f"div#right/p.c{n}")
    for n in range(20)
]


def main() -> int:
    """Takes each step in a child."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", metavar="FOLDER", help="make the archive there, unless it is there, and leave it")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps(step(args)))
        return 0
    with nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory(prefix="bantin-indexing-") as folder:
        steps = STEPS[1:] if Path(folder, "archive", "articles").is_dir() else STEPS
        for name in steps:
            command = [sys.executable, __file__, "--step", name, "--keep", folder]
            command += [f"--{size}={getattr(args, size)}" for size in ("articles", "sources", "processes")]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            took = f"{found['seconds']:8.2f} s  {found['cpu_s']:8.2f} s CPU  {found['peak_mb']:5.0f} MB"
            print(f"{name:26} {took}  {found['what']}", flush=True)
    return 0


def step(args: argparse.Namespace) -> dict[str, Any]:
    """One step's seconds, by the clock and of CPU, the peak of the largest process, and what it found."""
    block_pandas()
    folder = Path(args.keep)
    settings = replace(
        Settings.from_environment(),
        archive=str(folder / "archive"),
        cache=folder / "cache",
        processes=args.processes,
        work=None,
    )
    steps: dict[str, Callable[[], str]] = {
        "write runs": lambda: write_runs(settings, folder, args.articles, args.sources),
        "build": lambda: build(settings, folder),
        "open": lambda: opened(settings),
        "nothing new": lambda: f"{bring_up_to_date(settings).runs} runs indexed",
        "nothing new of one source": lambda: f"{bring_up_to_date(settings, ['source-007']).runs} runs indexed",
        "a run comes": lambda: runs_come(settings),
    }
    began, began_cpu = time.perf_counter(), os.times()
    what = steps[args.step]()
    cpu = [now - then for now, then in zip(os.times()[:4], began_cpu[:4], strict=True)]
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"seconds": time.perf_counter() - began, "cpu_s": sum(cpu), "peak_mb": max(peaks), "what": what}


def write_runs(settings: Settings, folder: Path, articles: int, sources: int) -> str:
    """The runs' tables; notes how many bytes their titles and texts have."""
    documents, text_bytes, runs = made_documents(articles), 0, articles // EACH
    for number in range(runs):
        rows = list(islice(documents, EACH))
        text_bytes += sum(len(one.title.encode()) + len(one.text.encode()) for one in rows)
        write_run(settings, number % sources, START + timedelta(days=number // sources), rows)
        if number % 2000 == 1999:
            print(f"  {number + 1:,} of {runs:,} runs written", file=sys.stderr, flush=True)
    (folder / "text_bytes").write_text(str(text_bytes))
    stored = sum(info.size_bytes for info in open_store(settings.archive).list(keys.articles_prefix()))
    return f"{runs:,} runs, {runs * EACH:,} articles, {text_bytes / 1e6:,.0f} MB of text, {stored / 1e6:,.0f} MB stored"


def write_run(settings: Settings, source: int, began: datetime, rows: list[Document]) -> None:
    """Puts the table of a run that found these articles."""
    name, run, count = f"source-{source:03}", keys.run_id(began), len(rows)
    own = {
        "source": [name] * count,
        "run": [run] * count,
        "fetched_at": [began + timedelta(seconds=2 * n) for n in range(count)],
        "text_sha256": [f"{hash((one.title, one.text)) & (1 << 64) - 1:016x}" * 4 for one in rows],
        "html": [""] * count,
        "images": [[{"url": one.image_url, "caption": None, "credit": None}] for one in rows],
        "removed": [[{"text": r.text, "rule": r.rule, "path": r.path} for r in REMOVED]] * count,
        "origins": [[("title", "selector"), ("author", "signature")]] * count,
        "warc_key": [keys.raw_part(name, run, 1, 1)] * count,
        "cleaner_version": ["bench"] * count,
    }
    columns = [pa.array(own[f.name] if f.name in own else list(_values(f, rows)), f.type) for f in schema_of(Article)]
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema_of(Article)), out, **FILE_OPTIONS)
    open_store(settings.archive).put(keys.articles(name, run), bytes(out.getvalue()))


def _values(field: pa.Field, rows: list[Document]) -> Iterator[Any]:
    for row in rows:
        value = getattr(row, field.name, None)
        if isinstance(value, tuple):
            yield list(value)
        elif value is None or field.name == "spam":
            yield None if field.nullable else [] if pa.types.is_list(field.type) else 0
        else:
            yield value


def build(settings: Settings, folder: Path) -> str:
    """The whole index, from nothing."""
    began = time.perf_counter()
    done = bring_up_to_date(settings, rebuild=True)
    rate = done.articles / (time.perf_counter() - began)
    of_text = done.size_bytes / int((folder / "text_bytes").read_text())
    return f"{done.articles:,} articles, {rate:,.0f}/s, {done.size_bytes / 1e6:,.0f} MB, ×{of_text:.2f} the text"


def opened(settings: Settings) -> str:
    """The index, opened by a process that has nothing of it in memory; and its first answer."""
    began = time.perf_counter()
    index = open_index(open_store(settings.archive), settings.cache)
    opened_s = time.perf_counter() - began
    total = index.search(parse_query("tin")).total
    answered_s = time.perf_counter() - began
    return f"open in {opened_s * 1000:.0f} ms, {total:,} hits after {answered_s * 1000:.0f} ms"


def runs_come(settings: Settings) -> str:
    """The times of runs of 50 articles, from their table to a reader's answer."""
    reader = open_index(open_store(settings.archive), settings.cache, poll_s=1e9)
    known = reader.ids(parse_query("source:source-007"), EACH * FURTHER)
    fresh, times = made_documents(EACH * FURTHER, seed=int(time.time())), []
    for number in range(FURTHER):
        rows = list(islice(fresh, EACH))
        half = EACH // 2
        rows[:half] = [replace(row, id=known.pop()) for row in rows[:half]]
        began = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=number)
        write_run(settings, 7, began, rows)
        clock = time.perf_counter(), time.process_time()
        bring_up_to_date(settings, ["source-007"])
        reader.refresh()
        total = reader.search(parse_query(f"run:{keys.run_id(began)}")).total
        times.append((time.perf_counter() - clock[0], time.process_time() - clock[1]))
        if total < EACH - sum(row.quarantined for row in rows):
            raise SystemExit(f"{total} of {EACH} articles are found")
    walls, cpus = zip(*sorted(times), strict=True)
    told = f"{FURTHER} runs of {EACH}: {walls[0]:.2f} to {walls[-1]:.2f} s each, {sum(cpus) / FURTHER:.2f} s of CPU"
    return f"{told}; {len(reader.manifest.files) // 6} segments, generation {reader.generation}"


if __name__ == "__main__":
    sys.exit(main())
