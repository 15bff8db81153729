"""What reading the views costs on an archive of many articles: `uv run python bench/history_scale.py`.

It makes an archive of so many rows in a temporary folder (200 sources, a run a day), each article fetched four times,
and prints the seconds of the list, of the list as of a time, of one article and of its history, and the memory of each.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq

from bantin.settings import Settings
from browse.reading import find_article, find_history, list_page
from model.article import Article
from storage import keys
from storage.store import ObjectStore, open_store
from storage.tables import schema_of

FETCHES = 4
SENTENCES = ["Sáng nay xã mở hội đua thuyền trên sông.", "Hai đội về đích cùng lúc.", "Bà con đứng kín hai bờ."]
BEGIN = datetime(2026, 8, 1, tzinfo=UTC)


def build(store: ObjectStore, rows: int, sources: int, days: int) -> str:
    """Puts the archive there, and returns an article's id."""
    a_day, found = rows // (sources * days), ""
    for number in range(sources):
        source = f"source-{number}"
        for day in range(days):
            moment = BEGIN + timedelta(days=day)
            first = (day // FETCHES) * a_day
            names = [sha256(f"{source} {first + n}".encode()).hexdigest() for n in range(a_day)]
            found = names[0][:16]
            values = {
                "id": [name[:16] for name in names],
                "url": [f"http://{source}.example/{name[:20]}" for name in names],
                "fetched_at": [moment + timedelta(seconds=n) for n in range(a_day)],
                "published_on": [moment.date()] * a_day,
                "text_sha256": [sha256(f"{name} {day // 2}".encode()).hexdigest() for name in names],
                "title": [f"Tin số {n}" for n in range(a_day)],
                "text": ["\n".join(SENTENCES[(n + k) % 3] for k in range(12)) for n in range(a_day)],
                "quarantined": [False] * a_day,
                "warc_offset": list(range(a_day)),
                "warc_length": [1000] * a_day,
            }
            run = keys.run_id(moment)
            for name in ("warc_key", "cleaner_version", "html"):
                values[name] = ["w"] * a_day
            values |= {"source": [source] * a_day, "run": [run] * a_day}
            schema = pa.schema([field.with_nullable(True) for field in schema_of(Article)])
            columns = [pa.array(values.get(field.name, [None] * a_day), field.type) for field in schema]
            out = pa.BufferOutputStream()
            pq.write_table(pa.table(columns, schema=schema), out, compression="zstd")
            store.put(keys.articles(source, run), out.getvalue().to_pybytes())
    return found


def measure(what: str, call: Callable[[], object]) -> None:
    """Prints the seconds that the call takes, and the memory that the process has needed so far."""
    began = time.perf_counter()
    call()
    taken = time.perf_counter() - began
    print(f"{what:32} {taken:7.2f} s {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7.0f} MB", flush=True)


def main() -> None:
    """Builds and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--days", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment().override(archive=folder)
        began = time.perf_counter()
        wanted = build(open_store(folder), asked.rows, asked.sources, asked.days)
        print(f"{asked.rows} rows in {asked.sources * asked.days} tables, made in {time.perf_counter() - began:.0f} s")
        store = open_store(settings.archive)
        measure("list", lambda: list_page(store, most=50))
        measure(
            "list --as-of",
            lambda: list_page(store, at=BEGIN + timedelta(days=asked.days // 2), most=50),
        )
        measure("list of one source", lambda: list_page(store, "source-0", most=50))
        measure("show", lambda: find_article(store, wanted))
        measure("history", lambda: find_history(store, wanted))


if __name__ == "__main__":
    main()
