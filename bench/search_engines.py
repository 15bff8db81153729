"""Which engine stands behind the index: tantivy, or SQLite's FTS5. Both are given the same words of the same articles.

    uv run python bench/search_engines.py [--articles 20000] [--each 40] [--keep FOLDER]

The articles are those of bench/made_documents.py, the questions those of bench/search.py but for filters. FTS5 is given
its best case: articles come in the order of their dates, so that its row numbers are that order, and need no sorting;
values to count by stand in a table beside it, with an index for each. Each question is asked three times (one that
takes over a second once), and the best time counts: on the wall, and of CPU. tantivy's answers have snippets, FTS5's do
not.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import search
from made_documents import made_documents

from browse.index.document import Document
from browse.index.engine import FolderIndex
from browse.index.seam import FACETS
from browse.index.writer import IndexWriter, files_of
from browse.query import Terms, parse_query
from browse.words import fold, spell_and_fold

TIMES, LONG_S = 3, 1.0
KINDS = ("a common word", "a rare word", "two words", "a phrase")


def main() -> int:
    """Builds both, asks both, and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=search.EACH, help="so many questions of a kind")
    parser.add_argument("--keep", metavar="FOLDER", help="leave both there, and ask those that lie there already")
    args = parser.parse_args()
    asked = [one for one in search.queries(1) if one[0] in KINDS]
    with nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory(prefix="bantin-engines-") as folder:
        base, file = Path(folder, "tantivy"), Path(folder, "fts5.sqlite")
        if not files_of(base):
            documents = sorted(made_documents(args.articles), key=lambda one: one.published_on or one.fetched_at.date())
            text = sum(len(one.title.encode()) + len(one.text.encode()) for one in documents)
            took = timed(lambda: build_tantivy(base, documents))
            told("tantivy", len(documents), took, sum((base / name).stat().st_size for name in files_of(base)) / text)
            took = timed(lambda: build_fts5(file, documents))
            told("FTS5", len(documents), took, file.stat().st_size / text)
            del documents
        index = FolderIndex(base)
        print(f"\n{'p95 of CPU (of the wall), ms':30}  {'tantivy':>16}  {'FTS5':>16}")
        with closing(sqlite3.connect(file)) as fts:
            for way in search.WAYS:
                for kind in KINDS:
                    texts = [text for of, text in asked if of == kind][: args.each]
                    ours = [best(partial(search.searched, index, text, way)) for text in texts]
                    theirs = [best(partial(ask_fts5, fts, text, way)) for text in texts]
                    print(f"{way + ', ' + kind:30}  {shown(ours):>16}  {shown(theirs):>16}", flush=True)
    return 0


def build_tantivy(folder: Path, documents: list[Document]) -> None:
    """The index as it is."""
    with IndexWriter(folder) as writer:
        writer.add(documents)


def build_fts5(file: Path, documents: list[Document]) -> None:
    """The same words in two columns of FTS5, and a table of what hits show and are counted by."""
    columns = [name for name in FACETS if name != "month"]
    with closing(sqlite3.connect(file)) as base:
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.execute(
            "CREATE VIRTUAL TABLE words"
            " USING fts5(folded, spelt, content='', tokenize = 'unicode61 remove_diacritics 0')"
        )
        base.execute(f"CREATE TABLE kept (number INTEGER PRIMARY KEY, {', '.join(FACETS)}, day, kept)")
        for number, one in enumerate(documents, 1):
            spelt, folded = (" ".join(words) for words in spell_and_fold(f"{one.title}\n{one.text}"))
            base.execute("INSERT INTO words (rowid, folded, spelt) VALUES (?, ?, ?)", (number, folded, spelt))
            day = str(one.published_on) if one.published_on else None
            values = [*(getattr(one, name) for name in columns), day and day[:7], day]
            kept = json.dumps([one.id, one.url, one.title, one.text, str(one.fetched_at)], ensure_ascii=False)
            base.execute(f"INSERT INTO kept VALUES (?{', ?' * len(values)}, ?)", (number, *values, kept))
        base.execute("INSERT INTO words (words) VALUES ('optimize')")
        for name in FACETS:
            base.execute(f"CREATE INDEX by_{name} ON kept ({name})")
        base.execute("ANALYZE")
        base.commit()


def ask_fts5(base: sqlite3.Connection, text: str, way: str) -> None:
    """One answer: 20 hits, how many there are in all, and what they are counted by."""
    said = " AND ".join(matched(one) for one in parse_query(text).clauses if isinstance(one, Terms))
    order = "rowid DESC" if way == "by date" else "rank"
    hits = base.execute(f"SELECT rowid FROM words WHERE words MATCH ? ORDER BY {order} LIMIT 20", (said,)).fetchall()
    for (number,) in hits:
        json.loads(base.execute("SELECT kept FROM kept WHERE number = ?", (number,)).fetchone()[0])
    found = "SELECT rowid FROM words WHERE words MATCH ?"
    base.execute(f"SELECT count(*) FROM ({found})", (said,)).fetchone()
    for name in (*FACETS, "day") if way == "with facets" else ():
        counted = f"SELECT {name}, count(*) FROM kept WHERE number IN ({found}) GROUP BY 1 ORDER BY 2 DESC"
        base.execute(counted if name == "day" else f"{counted} LIMIT 10", (said,)).fetchall()


def matched(terms: Terms) -> str:
    """Words as FTS5 is asked for them."""
    words = terms.words if terms.exact else [fold(word) for word in terms.words]
    return f'{"spelt" if terms.exact else "folded"} : "{" ".join(words)}"'


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of CPU."""
    began = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began[0], time.process_time() - began[1]


def best(work: Callable[[], object]) -> tuple[float, float]:
    """The best of some times."""
    took = [timed(work)]
    while len(took) < TIMES and took[0][0] < LONG_S:
        took.append(timed(work))
    return min(one[0] for one in took), min(one[1] for one in took)


def shown(times: list[tuple[float, float]]) -> str:
    """Percentiles in milliseconds."""
    wall, cpu = (float(np.percentile([one[column] for one in times], 95)) * 1000 for column in (0, 1))
    return f"{cpu:.1f} ({wall:.1f})"


def told(engine: str, articles: int, took: tuple[float, float], size: float) -> None:
    """Prints what building took."""
    print(f"{engine:8} built at {articles / took[1]:6,.0f} articles a second of CPU, ×{size:.2f} the text", flush=True)


if __name__ == "__main__":
    sys.exit(main())
