"""What an archive of a million articles takes: objects, bytes, building the lake, counting from it.

    uv run python bench/million.py [--articles 1000000] [--sources 200] [--days 100] [--keep FOLDER]

Each source has a run a day, put into an archive in a folder. The articles are those of bench/made_articles.py: of 601
runs they are made one by one, encoded and decoded again; the other runs have the same texts under addresses, times and
places of their own, set column by column, which gives the file that `storage.tables.encode` would (a source meets the
same text after 601 days at the earliest). Then each step is a process of its own, so that peaks of memory are apart.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import made_articles
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from bantin.lake import State, build, survey
from bantin.settings import Settings
from model.article import Article
from storage import keys
from storage.store import open_store
from storage.tables import encode, schema_of
from storage.without_pandas import block_pandas

START = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)
PATTERNS = 601
STEPS = ("write runs", "build lake", "nothing to do", "one month stale", "count from lake", "again", "count from runs")


def main() -> int:
    """Takes each step in a child."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--keep", metavar="FOLDER", help="make the archive there, and leave it")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps(step(args.step, args)))
        return 0
    with nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory(prefix="bantin-million-") as folder:
        for name in STEPS:
            command = [sys.executable, __file__, "--step", name, "--keep", folder]
            command += [f"--{size}={getattr(args, size)}" for size in ("articles", "sources", "days")]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            took = f"{found['seconds']:8.2f} s  {found['cpu_s']:8.2f} s CPU  {found['peak_mb']:5.0f} MB"
            print(f"{name:16} {took}  {found['what']}", flush=True)
    return 0


def step(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """One step's seconds, by the clock and of CPU, the peak of the process that took it, and what it found."""
    block_pandas()
    settings = replace(Settings.from_environment(), archive=args.keep, work=None)
    began = time.perf_counter(), time.process_time()
    match name:
        case "write runs":
            what = write_runs(settings, args.articles, args.sources, args.days)
        case "count from lake" | "again":
            what = count(Path(args.keep, "lake"))
        case "count from runs":
            what = count(Path(args.keep, "articles"))
        case _:
            if name == "one month stale":
                write_run(settings, made_articles.source_id(0), START + timedelta(hours=1), pattern(50, 1))
            what = refresh(settings)
    seconds, cpu_s = time.perf_counter() - began[0], time.process_time() - began[1]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb, "what": what}


def write_runs(settings: Settings, articles: int, sources: int, days: int) -> str:
    """The runs' tables of all sources and days, each of the same number of articles."""
    each = articles // (sources * days)
    patterns = [pattern(each, seed) for seed in range(min(PATTERNS, sources * days))]
    for day in range(days):
        for number in range(sources):
            table = patterns[(day * sources + number) % PATTERNS]
            write_run(settings, made_articles.source_id(number), START + timedelta(days=day), table)
        if day % 10 == 9:
            print(f"  {day + 1} of {days} days written", file=sys.stderr, flush=True)
    texts = [text for table in patterns[:20] for text in table["text"].to_pylist()]
    words, plain_bytes = sum(len(text.split()) for text in texts), sum(len(text.encode()) for text in texts)
    of_one = f"{words / len(texts):.0f} words, {plain_bytes / len(texts):,.0f} bytes a text"
    return f"{each * sources * days:,} articles: {of_one}; {sizes(settings, 'articles/')}"


def pattern(count: int, seed: int) -> pa.Table:
    """A run of `count` articles, through `encode`."""
    rows = list(made_articles.made("source-000", START, count, seed))
    return pq.read_table(pa.BufferReader(encode(rows, Article)), use_threads=False)


def write_run(settings: Settings, source: str, began: datetime, table: pa.Table) -> None:
    """Puts the table of a run that has the texts of `table`."""
    run, count, day = keys.run_id(began), table.num_rows, began.date()
    urls = sorted(f"https://{source}.example/tin-tuc/{began:%Y%m%d}/bai-viet-{n * 7919}.html" for n in range(count))
    own = {
        "id": [hashlib.sha256(url.encode()).hexdigest()[:16] for url in urls],
        "source": [source] * count,
        "run": [run] * count,
        "url": urls,
        "canonical_url": urls,
        "fetched_at": [began + timedelta(seconds=2 * n) for n in range(count)],
        "published_on": [day - timedelta(days=n % 2) for n in range(count)],
        "warc_key": [keys.raw_part(source, run, 1, 1)] * count,
    }
    schema = schema_of(Article)
    columns = [pa.array(own[one.name], one.type) if one.name in own else table[one.name] for one in schema]
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), out, compression="zstd")
    open_store(settings.archive).put(keys.articles(source, run), bytes(out.getvalue()))


def refresh(settings: Settings) -> str:
    """What `bantin lake` does."""
    months = list(survey(settings))
    due = [month for month in months if month.state is not State.FRESH]
    rows = sum(built.rows for built in build(settings, due))
    return f"{len(due)} of {len(months)} months built, {rows:,} rows; {sizes(settings, 'lake/')}"


def sizes(settings: Settings, prefix: str) -> str:
    """How many objects lie below `prefix`, and how large they are."""
    found = [info.size_bytes for info in open_store(settings.archive).list(prefix)]
    return f"{len(found):,} objects of {sum(found) / 1e6:,.0f} MB"


def count(folder: Path) -> str:
    """Articles by source and day, by pyarrow alone."""
    table = ds.dataset(folder, partitioning="hive").to_table(columns=["src", "published_on"])
    counts = table.group_by(["src", "published_on"]).aggregate([([], "count_all")])
    return f"{table.num_rows:,} rows, {counts.num_rows:,} pairs of source and day"


if __name__ == "__main__":
    sys.exit(main())
