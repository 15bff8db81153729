"""How fast the index is built and asked, and how large it is, at a million articles.

    uv run python bench/search.py [--articles 1000000] [--processes 2] [--keep FOLDER] [--seed 1]

The articles are those of bench/made_documents.py. Each process makes segments of its own, as `bantin index` has it;
making the articles is not counted. Then 200 queries are drawn: 40 common words, 40 rare ones, 40 times two words, 40
phrases, 40 words with filters or prefixes; half of them are typed without diacritics. Each is asked for its first 20
hits with snippets, by date, by relevance, and by relevance with all facets and the timeline; each of these once after
the index's files have been dropped from the page cache and opened anew (cold), and once more (warm). Times are by the
clock on the wall, which a busy machine stretches; beside them stands what they took of the processor, which is all that
a warm question waits for. `--keep` leaves the index there, and asks one that lies there already.
"""

import argparse
import gc
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import nullcontext
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import numpy as np
from made_documents import LAST_DAY, SOURCES, lexicon, made_documents

from browse.index.engine import FolderIndex
from browse.index.indexing import join, memory_mb
from browse.index.schema import entries_of
from browse.index.seam import FACETS, Found, Order
from browse.index.writer import IndexWriter, files_of
from browse.query import parse_query
from browse.words import fold, spell

EACH = 40
BATCH = 10_000
WAYS = ("by date", "by relevance", "with facets")
LIMITS_MS = {"by date": 50, "by relevance": 150, "with facets": 300}


def main() -> int:
    """Builds, asks, and prints what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory(prefix="bantin-search-") as folder:
        if not files_of(Path(folder)):
            build(Path(folder), args.articles, args.processes)
        ask(Path(folder), args.seed)
    return 0


def build(folder: Path, articles: int, processes: int) -> None:
    """The index of so many articles, made by processes of segments of their own; prints its rate and size."""
    places = [folder / f".part-{number}" for number in range(processes)]
    with get_context("spawn").Pool(processes) as pool:
        made = pool.starmap(
            build_part,
            [(place, articles // processes, number, memory_mb(processes)) for number, place in enumerate(places)],
        )
    began, began_cpu = time.perf_counter(), time.process_time()
    join(folder, places)
    with IndexWriter(folder):
        pass  # what many have made is merged
    for place in places:
        rmtree(place)
    wall = max(part.wall_s for part in made) + time.perf_counter() - began
    cpu = sum(part.cpu_s for part in made) + time.process_time() - began_cpu
    size, text = sum((folder / name).stat().st_size for name in files_of(folder)), sum(part.text_bytes for part in made)
    print(f"prepare    {made[0].prepare_ms:.2f} ms of CPU an article")
    print(f"build      {articles / wall:,.0f} articles/s; {articles / cpu:,.0f} a second of CPU", end="")
    print(f"; peak {made[0].peak_mb:,.0f} MB each of {processes}")
    print(f"size       {size / 1e6:,.0f} MB, ×{size / text:.2f} the text's {text / 1e6:,.0f} MB", flush=True)


class Part(NamedTuple):
    """What a process took for its part of the index."""

    wall_s: float
    cpu_s: float
    prepare_ms: float
    text_bytes: int
    peak_mb: float


def build_part(folder: Path, articles: int, seed: int, share_mb: int) -> Part:
    """The index of so many articles; what making these takes is not counted."""
    documents = made_documents(articles, seed + 1)
    wall = cpu = prepare = 0.0
    text_bytes = done = 0
    writer = IndexWriter(folder, threads=1, memory_mb=share_mb)
    while batch := list(islice(documents, BATCH)):
        if not done:
            began = time.process_time()
            for some in (batch[start : start + 500] for start in range(0, len(batch), 500)):
                list(entries_of(some))
            prepare = (time.process_time() - began) / len(batch)
        text_bytes += sum(len(one.title.encode()) + len(one.text.encode()) for one in batch)
        began, began_cpu = time.perf_counter(), time.process_time()
        writer.add(batch)
        wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - began_cpu
        done += len(batch)
        if done % 50_000 == 0:
            print(f"  {done:,} of {articles:,} articles", file=sys.stderr, flush=True)
    began, began_cpu = time.perf_counter(), time.process_time()
    writer.commit()
    writer.close()
    wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - began_cpu
    return Part(wall, cpu, prepare * 1000, text_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def ask(folder: Path, seed: int) -> None:
    """Asks all queries in all ways; prints the percentiles."""
    asked = queries(seed)
    times: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    found = 0
    for number, (kind, text) in enumerate(asked):
        for way in WAYS:
            index = opened_cold(folder)
            for state in ("cold", "warm"):
                began, began_cpu = time.perf_counter(), time.thread_time()
                answer = searched(index, text, way)
                took = (time.perf_counter() - began) * 1000, (time.thread_time() - began_cpu) * 1000
                times.setdefault((way, kind, state), []).append(took)
            del index  # else its pages would stay in memory when the next one is opened
        found += answer.total > 0
        if number % EACH == EACH - 1:
            print(f"  {number + 1} of {len(asked)} queries", file=sys.stderr, flush=True)
    print(f"queries    {len(asked)}, {found} of them find something; p50, p95, greatest; in brackets of CPU; ms")
    for way in WAYS:
        of_way = {key: told for key, told in times.items() if key[0] == way}
        print(f"{way} (p95 at most {LIMITS_MS[way]})")
        print(f"    {'all':20} {shown(of_way.values())}")
        for state in ("cold", "warm"):
            print(f"    {state:20} {shown(told for key, told in of_way.items() if key[2] == state)}")
            for kind in dict.fromkeys(kind for kind, _ in asked):
                print(f"      {kind:18} {shown([times[way, kind, state]])}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory     {peak_mb:,.0f} MB at most, mapped files included")


def shown(times: Iterable[list[tuple[float, float]]]) -> str:
    """Percentiles of times on the wall, and of CPU."""
    every = np.array([one for some in times for one in some])
    wall, cpu = (np.percentile(every[:, column], [50, 95, 100]) for column in (0, 1))
    return "  ".join(f"{one:6.1f}" for one in wall) + "   (" + "  ".join(f"{one:5.1f}" for one in cpu) + ")"


def searched(index: FolderIndex, text: str, way: str) -> Found:
    """One answer, from the typed text on."""
    if way == "by date":
        return index.search(parse_query(text), order=Order.NEWEST)
    everything = way == "with facets"
    return index.search(parse_query(text), facets=FACETS if everything else (), timeline=everything)


def opened_cold(folder: Path) -> FolderIndex:
    """The index, with none of its pages in memory. Pages that are mapped stay there, so nobody may have it open."""
    gc.collect()
    for name in files_of(folder):
        file = os.open(folder / name, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)
    return FolderIndex(folder)


def queries(seed: int) -> list[tuple[str, str]]:
    """The kind and the text of each query."""
    dice = random.Random(seed)
    words = lexicon()
    single = [word for word in words if " " not in word]
    rare = lexicon(english=True)[2_000:40_000]
    several = [word for word in words[300:20_000] if " " in word]
    drawn = [("a common word", dice.choice(single[:150])) for _ in range(EACH)]
    drawn += [("a rare word", str(dice.randrange(1, 100_000)) if one % 2 else dice.choice(rare)) for one in range(EACH)]
    drawn += [("two words", f"{dice.choice(single[:500])} {dice.choice(single[:5000])}") for _ in range(EACH)]
    drawn += [("a phrase", f'"{dice.choice(several)}"') for _ in range(EACH)]
    drawn += [("a filter or prefix", narrowed(dice, dice.choice(single[:500]), number)) for number in range(EACH)]
    return [(kind, bare(text) if dice.random() < 0.5 and kind != "a phrase" else text) for kind, text in drawn]


def narrowed(dice: random.Random, word: str, number: int) -> str:
    """A word with a filter, or the beginning of one."""
    since = LAST_DAY.replace(year=dice.choice([2024, 2025, 2026]), month=dice.randrange(1, 12))
    match number % 5:
        case 0:
            return f"{word} source:source-{dice.randrange(SOURCES):03}"
        case 1:
            return f"{word} since:{since:%Y-%m} until:{since:%Y-%m}"
        case 2:
            return f"{word} lang:en"
        case 3:
            return f'{word} place:"Tỉnh {dice.randrange(34)}"'
        case _:
            return f"{word[:3]}*"


def bare(text: str) -> str:
    """The query as people type it without diacritics; a place's name keeps them."""
    word, _, rest = text.partition(" ") if ":" in text else (text, "", "")
    typed = word if "*" in word else " ".join(map(fold, spell(word)))
    return f"{typed} {rest}".strip()


if __name__ == "__main__":
    sys.exit(main())
