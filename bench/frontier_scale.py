"""What a frontier of a million URLs costs: seconds and peak memory of each thing that is done with it.

    uv run python bench/frontier_scale.py [--urls 1000000] [--runs 36]

It makes an archive of its own: each run finds its share of the URLs and asks for half as many that are known (of these
a half unchanged, a quarter 304, a quarter changed), so there are one and a half captures a URL, and as many articles as
full answers; and a list, fetched by every run. Then each step is a process of its own, so that the peaks are apart.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.capture import Capture, Kind
from storage import keys
from storage.frontier import Frontier, fold, last_texts
from storage.store import ObjectStore, open_store
from storage.tables import schema_of
from storage.without_pandas import block_pandas

SOURCE = "bench"
START = datetime(2026, 1, 1, tzinfo=UTC)
LIST = "https://portal.example/tin-tuc/"
GETS = 100_000
STEPS = ("from scratch", "and saved", "nothing new", "one new run", "due", "get", "last texts")


def main() -> int:
    """Makes the archive, then runs each step as a child."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=36)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--archive", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps(step(args.step, open_store(args.archive), args.urls)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        rows = sum(commit(store, number, *share(args.urls, args.runs, number)) for number in range(args.runs))
        print(f"{args.urls:,} URLs, {rows:,} captures in {args.runs} runs")
        for name in STEPS:
            if name == "one new run":
                commit(
                    store, args.runs, np.arange(args.urls, args.urls + 5000), np.arange(0, args.urls, args.urls // 5000)
                )
            command = [sys.executable, __file__, "--step", name, "--archive", folder, "--urls", str(args.urls)]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            took = f"{found['seconds']:6.2f} s  {found['cpu_s']:6.2f} s CPU"
            print(f"{name:14} {took}  {found['peak_mb']:6.0f} MB  {found['what']}", flush=True)
    return 0


def step(name: str, store: ObjectStore, urls: int) -> dict[str, Any]:
    """One step's seconds, by the clock and of CPU, and the peak of the process that took it."""
    block_pandas()
    bounds = {"min_h": 24.0, "max_h": 720.0}
    known: Frontier | None = None
    if name in ("due", "get"):
        known = fold(store, SOURCE, **bounds)
    began = time.perf_counter(), time.process_time()
    match name:
        case "due":
            assert known is not None
            due = known.due(START + timedelta(days=365), [Kind.ARTICLE], limit=10_000)
            what = f"{len(due):,} soonest"
        case "get":
            assert known is not None
            wanted = [url_of(n) for n in np.random.default_rng(1).integers(0, urls, GETS)]
            what = f"{sum(known.get(url) is not None for url in wanted):,} found"
        case "last texts":
            what = f"{len(last_texts(store, SOURCE, leave_out='', before=START + timedelta(days=365))):,} articles"
        case _:
            known = fold(store, SOURCE, **bounds, save=name == "and saved")
            what = f"{len(known):,} URLs known"
    seconds, cpu_s = time.perf_counter() - began[0], time.process_time() - began[1]
    if name == "and saved" and (info := store.head(keys.frontier(SOURCE))):
        what += f", snapshot of {info.size_bytes / 1e6:.0f} MB"
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb, "what": what}


def share(urls: int, runs: int, number: int) -> tuple[Any, Any]:
    """Which URLs a run finds, and which of the earlier ones it asks for again."""
    first, last = urls * number // runs, urls * (number + 1) // runs
    again = np.random.default_rng(number).integers(0, max(first, 1), (last - first) // 2)
    return np.arange(first, last), np.unique(again) if number else again[:0]


def commit(store: ObjectStore, number: int, new: Any, again: Any) -> int:
    """Puts the tables of a run into the archive; returns how many captures it has."""
    began = START + timedelta(days=number)
    run = keys.run_id(began)
    places = np.concatenate([new, again]).tolist()
    kinds = [0] * len(new) + [place % 4 for place in again.tolist()]  # 0 full, 1 and 2 unchanged, 3 304
    full = [kind == 0 for kind in kinds]
    urls = [LIST, *map(url_of, places)]
    count = len(urls)
    at = [began + timedelta(milliseconds=300 * n) for n in range(count)]
    columns: dict[str, list[Any]] = {
        "source": [SOURCE] * count,
        "run": [run] * count,
        "url": urls,
        "final_url": urls,
        "via": [None] + [LIST] * (count - 1),
        "kind": [Kind.LISTING] + [Kind.ARTICLE] * (count - 1),
        "language": ["vi"] * count,
        "fetched_at": at,
        "status": [200] + [304 if kind == 3 else 200 for kind in kinds],
        "etag": [None] + [f'"{place:x}-{number:x}"' for place in places],
        "last_modified": [f"{moment:%a, %d %b %Y %H:%M:%S} GMT" for moment in at],
        "body_sha256": [digest("body", run)]
        + [digest(run, place) if whole else None for place, whole in zip(places, full, strict=True)],
        "unchanged": [False] + [kind in (1, 2) for kind in kinds],
        "warc_key": [keys.raw_part(SOURCE, run, 1, 1 + n // 2000) for n in range(count)],
        "warc_offset": [n % 2000 * 20_000 for n in range(count)],
        "warc_length": [20_000] * count,
    }
    schema = schema_of(Capture)
    for name in schema.names:
        columns.setdefault(name, [None] * count)
    put(store, keys.captures(SOURCE, run), pa.Table.from_pydict(columns, schema=schema))
    pages = [n for n, whole in enumerate(full) if whole]
    articles = {
        "id": [digest("id", places[n])[:16] for n in pages],
        "url": [urls[n + 1] for n in pages],
        "fetched_at": [at[n + 1] for n in pages],
        "text_sha256": [digest(number % 2, places[n]) for n in pages],
    }
    put(store, keys.articles(SOURCE, run), pa.table(articles))
    return count


def put(store: ObjectStore, key: str, table: pa.Table) -> None:
    """Stores a table."""
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="zstd")
    store.put(key, out.getvalue().to_pybytes())


def url_of(place: int) -> str:
    """An address as newspapers have them, of about 80 characters."""
    return f"https://portal.example/van-hoa/le-hoi-mua-thu-nam-nay-co-gi-la-{place * 7919}-post{place}.html"


def digest(*parts: object) -> str:
    """A hash that looks like those of bodies and texts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
