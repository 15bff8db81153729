"""How fast the archive takes and gives: a run's table against pyarrow bare, a WARC part against the disk itself.

    uv run python bench/archive_speed.py [--articles 3000] [--rounds 9] [--part-mb 64] [--folder FOLDER]

*Encode*: `storage.tables.encode` from `Article` objects, against pyarrow's write_table of the same table, ready-made,
into memory; by CPU time. *Publish*: the same, put into an archive in a folder, against write_table to a file and fsync.
*Store* and *retrieve*: a part put into an archive and read again through `open_object`, in pieces as warcio asks for
them, against the same bytes written to a file with fsync, and read; these by the clock on the wall. In turn, the best
of the rounds. The disk is that of `--folder` (default: the temporary folder); before each round its files are dropped
from the cache, where the system lets it. On a busy machine what takes the processor longer waits longer, too: then only
*encode* tells.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import made_articles
import pyarrow as pa
import pyarrow.parquet as pq

from model.article import Article
from storage import keys
from storage.store import BLOCK_BYTES, ObjectStore, open_object, open_store
from storage.tables import encode
from storage.without_pandas import block_pandas

PIECE_BYTES = 64 << 10
RUN = datetime(2026, 11, 22, tzinfo=UTC)
PART = keys.raw_part("bench", keys.run_id(RUN), 1, 1)


def main() -> int:
    """Measures both, and prints a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--part-mb", type=int, default=64)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    block_pandas()
    rows = list(made_articles.made("bench", RUN, args.articles, 1))
    data = encode(rows, Article)
    table = pq.read_table(pa.BufferReader(data))
    ours, bare = in_turn(lambda: encode(rows, Article), lambda: bare_table(table), args.rounds, time.process_time)
    print(f"encode    {len(rows) / ours:9,.0f} articles/s, bare {len(rows) / bare:9,.0f}: ×{bare / ours:.2f}")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file, copy = Path(folder, "part.warc.gz"), Path(folder, "bare")
        file.write_bytes(random.Random(1).randbytes(args.part_mb << 20))
        store = open_store(f"{folder}/archive")
        key, plain_table = keys.articles("bench", keys.run_id(RUN)), Path(folder, "bare.parquet")
        ours, bare = in_turn(
            lambda: store.put(key, encode(rows, Article)),
            lambda: durable_table(table, plain_table),
            args.rounds,
            time.perf_counter,
        )
        print(f"publish   {len(rows) / ours:9,.0f} articles/s, bare {len(rows) / bare:9,.0f}: ×{bare / ours:.2f}")
        verbs = {
            "store": (lambda: store.put(PART, file), lambda: bare_write(file, copy)),
            "retrieve": (lambda: retrieve(store), lambda: bare_read(copy)),
        }
        for name, (verb, plain) in verbs.items():
            ours, bare = in_turn(verb, plain, args.rounds, time.perf_counter, Path(folder))
            print(f"{name:9} {args.part_mb / ours:9,.0f} MB/s, bare {args.part_mb / bare:9,.0f}: ×{bare / ours:.2f}")
    return 0


def in_turn(
    ours: Callable[[], object],
    bare: Callable[[], object],
    rounds: int,
    clock: Callable[[], float],
    folder: Path | None = None,
) -> tuple[float, float]:
    """The least seconds that each took; in turn, so that a busy machine slows both alike."""
    took: dict[Callable[[], object], list[float]] = {ours: [], bare: []}
    for _ in range(rounds):
        for verb, seconds in took.items():
            if folder:
                drop_cache(folder)
            began = clock()
            verb()
            seconds.append(clock() - began)
    return min(took[ours]), min(took[bare])


def bare_table(table: pa.Table) -> bytes:
    """The file of a ready-made table, by pyarrow alone."""
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="zstd")
    return bytes(out.getvalue())


def durable_table(table: pa.Table, file: Path) -> None:
    """A ready-made table in a file, durably, by pyarrow alone."""
    pq.write_table(table, file, compression="zstd")
    with file.open("rb") as written:
        os.fsync(written.fileno())


def bare_write(file: Path, copy: Path) -> None:
    """The bytes of `file` in another one, durably."""
    with file.open("rb") as source, copy.open("wb") as target:
        while block := source.read(BLOCK_BYTES):
            target.write(block)
        target.flush()
        os.fsync(target.fileno())


def bare_read(file: Path) -> None:
    """Reads a file to its end."""
    with file.open("rb") as source:
        while source.read(PIECE_BYTES):
            pass


def retrieve(store: ObjectStore) -> None:
    """Reads the part to its end."""
    with open_object(store, PART) as source:
        while source.read(PIECE_BYTES):
            pass


def drop_cache(folder: Path) -> None:
    """Tells the system that the files below `folder` need not stay in memory; what is not yet written stays."""
    for path in folder.rglob("*"):
        if path.is_file() and hasattr(os, "posix_fadvise"):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    sys.exit(main())
