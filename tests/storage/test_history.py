"""Views over rows: the latest, those as of a time, the versions of one article."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from model.article import Article
from storage import keys
from storage.errors import Corrupt
from storage.history import Row, as_of, latest, versions
from storage.rows import article_tables, find_rows, read_rows
from storage.store import ObjectStore, open_store
from storage.tables import encode
from tests.records import article

RUNS = [f"202611{day:02}T000000Z" for day in range(1, 10)]
DAY = timedelta(days=1)
FIRST = datetime(2026, 11, 1, 0, 0, 5, tzinfo=UTC)


def store_at(folder: Path, *runs: list[Article], source: str = "kimson") -> ObjectStore:
    """An archive whose first runs published these articles."""
    store = open_store(str(folder))
    for run, articles in zip(RUNS, runs, strict=False):
        store.put(keys.articles(source, run), encode(articles, Article))
    return store


def row(text: str, at: datetime, **changes: Any) -> Row:
    values = {"id": "a", "source": "kimson", "run": RUNS[0], "key": "", "url": "http://x.example/a", "title": "T"}
    values |= {"canonical_url": None, "quarantined": False, "warc_key": "", "warc_offset": 0, "warc_length": 0}
    return Row(**{**values, "cleaner_version": "", "fetched_at": at, "text_sha256": text, **changes})


def view(table: pa.Table) -> dict[str, datetime]:
    assert len(set(table["id"].to_pylist())) == len(table)
    return dict(zip(table["id"].to_pylist(), table["fetched_at"].to_pylist(), strict=True))


def test_the_latest_row_of_each_article_is_the_one_fetched_last(tmp_path: Path) -> None:
    store = store_at(
        tmp_path,
        [article(id="a", fetched_at=FIRST), article(id="b", fetched_at=FIRST)],
        [article(id="a", fetched_at=FIRST + DAY)],
        [article(id="a", fetched_at=FIRST - DAY)],  # the clock had gone back
    )
    rows = read_rows(store, article_tables(store), ("id", "fetched_at"))
    assert len(rows) == 4
    assert view(latest(rows)) == {"a": FIRST + DAY, "b": FIRST}


def test_as_of_a_time_are_the_rows_that_had_been_fetched(tmp_path: Path) -> None:
    store = store_at(
        tmp_path,
        [article(id="a", fetched_at=FIRST)],
        [article(id="a", fetched_at=FIRST + DAY), article(id="b", fetched_at=FIRST + DAY)],
    )
    rows = read_rows(store, article_tables(store), ("id", "fetched_at"))
    assert view(as_of(rows, FIRST - DAY)) == {}
    assert view(as_of(rows, FIRST)) == {"a": FIRST}
    assert view(as_of(rows, FIRST + DAY)) == {"a": FIRST + DAY, "b": FIRST + DAY}


def test_of_rows_with_one_time_the_later_run_s_is_the_newer(tmp_path: Path) -> None:
    store = store_at(tmp_path, [article(title="cũ")], [article(title="mới")])
    store_at(tmp_path, [article(title="cũ, ở nguồn khác")], source="zzz")
    rows = latest(read_rows(store, article_tables(store), ("id", "fetched_at", "title")))
    assert rows["title"].to_pylist() == ["mới"]


def test_the_latest_of_a_million_rows_agree_with_a_plain_count() -> None:
    random = np.random.default_rng(5)
    number = random.integers(0, 300_000, 1_000_000)
    at = random.integers(0, 10**9, 1_000_000)
    rows = pa.table(
        {
            "id": pa.array(np.char.mod("%016x", number).tolist()),
            "fetched_at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "table": pa.array(np.arange(1_000_000, dtype=np.int32)),
        }
    )
    found = latest(rows)
    newest = np.zeros(300_000, np.int64)
    np.maximum.at(newest, number, at)
    assert len(found) == len(np.unique(number))
    assert np.asarray(found["fetched_at"].cast(pa.int64())).sum() == newest.sum()


def test_rows_of_one_article_are_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    store = store_at(tmp_path, [article(id="aa1"), article(id="ab1")], [article(id="b")], [article(id="aa1")])
    rows = find_rows(store, article_tables(store), "aa", ("id", "title"))
    assert rows["id"].to_pylist() == ["aa1", "aa1"]
    assert rows["table"].to_pylist() == [0, 2]
    assert find_rows(store, article_tables(store), "c", ("id",)).num_rows == 0


def test_the_text_of_other_articles_is_not_read_to_find_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at(tmp_path, [article(id="aa")], [article(id="b")], [article(id="a"), article(id="c")])
    read = []
    monkeypatch.setattr("storage.rows.read_table", lambda store, key, schema: read.append(key) or schema.empty_table())
    find_rows(store, article_tables(store), "aa", ("id", "text"))
    assert read == [keys.articles("kimson", RUNS[0])]


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    store = store_at(tmp_path, [article()], [article()])
    broken = keys.articles("kimson", RUNS[1])
    store.put(broken, store.get(broken)[:-9])
    for read in (
        lambda: read_rows(store, article_tables(store), ("id",)),
        lambda: find_rows(store, article_tables(store), "0123", ("id",)),
    ):
        with pytest.raises(Corrupt, match=RUNS[1]):
            read()


def test_a_text_that_comes_back_is_a_version_again() -> None:
    texts = ["A", "A", "B", "A"]
    found = versions([row(text, FIRST + n * DAY) for n, text in enumerate(texts)])
    assert [(v.newest.text_sha256, v.first_seen, v.last_seen) for v in found] == [
        ("A", FIRST, FIRST + DAY),
        ("B", FIRST + 2 * DAY, FIRST + 2 * DAY),
        ("A", FIRST + 3 * DAY, FIRST + 3 * DAY),
    ]


def test_an_answer_that_nothing_changed_is_when_a_version_was_last_seen() -> None:
    rows = [row("A", FIRST), row("B", FIRST + 3 * DAY)]
    found = versions(rows, [FIRST + DAY, FIRST + 2 * DAY, FIRST - DAY])
    assert [v.last_seen for v in found] == [FIRST + 2 * DAY, FIRST + 3 * DAY]


def test_versions_do_not_depend_on_the_order_in_which_rows_are_read() -> None:
    rows = [row(text, FIRST + n * DAY, run=RUNS[8 - n]) for n, text in enumerate("ABBA")]
    assert versions(rows) == versions(reversed(rows))
    assert versions(rows)[-1].quarantined is False
    assert versions([*rows, row("A", FIRST + 9 * DAY, quarantined=True)])[-1].quarantined is True
