"""How fast the archive takes and gives: a run's table against pyarrow bare, a WARC part against the disk itself.

    uv run python bench/archive_speed.py [--articles 3000] [--rounds 9] [--part-mb 64] [--folder FOLDER]

*Encode*: `storage.tables.encode` from `Article` objects, against pyarrow's write_table of the same table, ready-made,
into memory; on the processors (what both threads took) and on the wall. *Publish*: the same, put into an archive in a
folder, against write_table to a file and fsync, on the wall. Of two kinds of articles: *short* ones, with 20 removed
blocks each, and *portal* ones, as real pages are: 2.5 kB of text and 20 to 100 removed blocks. `Article` objects are
the same in each round; what is encoded for the first time takes longer, since Python then makes UTF-8 of its text, and
is shown as *encode, first time*.

*Verb*: `bantin.publish.publish` of a run whose parts are cleaned, with all that it reads, checks and reports, against
the same bare write.

*Store* and *retrieve*: a part put into an archive and read again through `open_object`, in pieces as warcio asks for
them, against the same bytes written to a file with fsync, and read; on the wall. In turn, the best of the rounds. The
disk is that of `--folder` (default: the temporary folder); before each round its files are dropped from the cache,
where the system lets it. *Encode* compresses in a second thread, so that on the wall it is faster only where a second
processor is free.
"""

import argparse
import json
import os
import pickle
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import made_articles
import pyarrow as pa
import pyarrow.parquet as pq

from bantin.clean import rules_of
from bantin.publish import publish
from bantin.settings import Settings
from model.article import Article, Removal
from model.capture import Capture, Kind
from model.source import Source, dump_source
from storage import keys
from storage.store import BLOCK_BYTES, ObjectStore, open_object, open_store
from storage.tables import encode
from storage.without_pandas import block_pandas

PIECE_BYTES = 64 << 10
RUN = datetime(2026, 11, 22, tzinfo=UTC)
PART = keys.raw_part("bench", keys.run_id(RUN), 1, 1)
PARTS = 4
TEXT_BYTES = 2_500
BLOCKS = 20, 100


def main() -> int:
    """Measures all of it, and prints a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--part-mb", type=int, default=64)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    block_pandas()
    short = list(made_articles.made("bench", RUN, args.articles, 1))
    for kind, rows in {"short": short, "portal": list(like_a_portals(short))}.items():
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            measure_tables(kind, rows, args.rounds, Path(folder))
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        measure_parts(args.part_mb, args.rounds, Path(folder))
    return 0


def measure_tables(kind: str, rows: list[Article], rounds: int, folder: Path) -> None:
    """Prints how fast `rows` become a table in memory, and one in an archive."""

    def told(name: str, ours: float, bare: float) -> None:
        rates = f"{len(rows) / ours:9,.0f} articles/s, bare {len(rows) / bare:9,.0f}"
        print(f"{kind:6} {name:20} {rates}: ×{bare / ours:.2f}", flush=True)

    data = encode(rows, Article)
    table = pq.read_table(pa.BufferReader(data))
    print(f"{kind:6} {len(data) / len(rows):,.0f} bytes an article, bare {len(bare_table(table)) / len(rows):,.0f}")
    for name, clock in (("encode (processors)", time.process_time), ("encode (wall)", time.perf_counter)):
        told(name, *in_turn(lambda: encode(rows, Article), lambda: bare_table(table), rounds, clock))
    pickled, fresh = pickle.dumps(rows), list[Article]()

    def refresh() -> None:
        fresh[:] = pickle.loads(pickled)

    told(
        "encode, first time",
        *in_turn(lambda: encode(fresh, Article), partial(bare_table, table), rounds, time.perf_counter, refresh),
    )
    store, plain = open_store(f"{folder}/archive"), folder / "bare.parquet"
    key = keys.articles("bench", keys.run_id(RUN))
    settings = cleaned_run(store, rows, folder)
    verbs = {
        "publish": lambda: store.put(key, encode(rows, Article)),
        "verb": lambda: publish("bench", keys.run_id(RUN), settings),
    }
    for name, verb in verbs.items():
        bare = partial(durable_table, table, plain)
        told(name, *in_turn(verb, bare, rounds, time.perf_counter, lambda: store.delete([key])))


def measure_parts(size_mb: int, rounds: int, folder: Path) -> None:
    """Prints how fast a WARC part is stored and read again."""
    file, copy = folder / "part.warc.gz", folder / "bare"
    file.write_bytes(random.Random(1).randbytes(size_mb << 20))
    store = open_store(f"{folder}/archive")
    verbs = {
        "store": (lambda: store.put(PART, file), lambda: bare_write(file, copy)),
        "retrieve": (lambda: retrieve(store), lambda: bare_read(copy)),
    }
    for name, (verb, plain) in verbs.items():
        ours, bare = in_turn(verb, plain, rounds, time.perf_counter, lambda: drop_cache(folder))
        print(f"{name:9} {size_mb / ours:9,.0f} MB/s, bare {size_mb / bare:9,.0f}: ×{bare / ours:.2f}", flush=True)


def like_a_portals(short: list[Article]) -> Iterator[Article]:
    """Articles of the same sentences, with a text and removed blocks as real ones have."""
    dice = random.Random(1)
    blocks = [block for article in short[:200] for block in article.removed]
    for article, other in zip(short, reversed(short), strict=True):
        lines = (article.text + "\n" + other.text).split("\n") * 2
        text = "\n".join(lines).encode()[:TEXT_BYTES].decode("utf-8", "ignore")
        yield replace(
            article,
            text=text,
            html="".join(f"<p>{line}</p>" for line in text.split("\n")),
            removed=[
                Removal(text=f"{one.text} {dice.randrange(1000)}", rule=one.rule, path=one.path)
                for one in dice.choices(blocks, k=dice.randint(*BLOCKS))
            ],
        )


def cleaned_run(store: ObjectStore, rows: list[Article], folder: Path) -> Settings:
    """Stores what fetch and clean leave of a run of `rows`, in `PARTS` parts; returns the settings of the archive."""
    run = keys.run_id(RUN)
    source = Source(
        id="bench", name="Bench", url="http://bench.example/", kind="portal", languages=["vi"], schedule="0 0 * * *",
        discovery={"listings": [{"url": "http://bench.example/"}]}, articles={"allow": ["^/."]},
    )  # fmt: skip
    store.put(keys.run_source("bench", run), dump_source(source).encode())
    parts = [keys.raw_part("bench", run, 1, number + 1) for number in range(PARTS)]
    captures = [
        Capture(
            source="bench", run=run, url=row.url, final_url=row.url, via=None, kind=Kind.ARTICLE, language=None,
            fetched_at=row.fetched_at, status=200, warc_key=part, warc_offset=row.warc_offset, warc_length=1,
        )
        for part, of_part in zip(parts, split(rows), strict=True)
        for row in of_part
    ]  # fmt: skip
    store.put(keys.captures("bench", run), encode(captures, Capture))
    for part, of_part in zip(parts, split(rows), strict=True):
        cleaned = [replace(row, warc_key=part) for row in of_part]
        store.put(keys.work_articles(part), encode(cleaned, Article, made_by=rules_of(source)))
        store.put(keys.work_rejected(part), json.dumps([]).encode())
    return replace(Settings.from_environment(), archive=f"{folder}/archive")


def split(rows: list[Article]) -> list[list[Article]]:
    """The rows of each part."""
    return [rows[number::PARTS] for number in range(PARTS)]


def in_turn(
    ours: Callable[[], object],
    bare: Callable[[], object],
    rounds: int,
    clock: Callable[[], float],
    before: Callable[[], object] = lambda: None,
) -> tuple[float, float]:
    """The least seconds that each took; in turn, so that a busy machine slows both alike. `before` goes before each
    and does not count."""
    took: dict[Callable[[], object], list[float]] = {ours: [], bare: []}
    for _ in range(rounds):
        for verb, seconds in took.items():
            before()
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
