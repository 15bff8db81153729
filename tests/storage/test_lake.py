"""An object of the lake: the rows of its tables, and in its footer which tables these were."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.article import Article, SpamLink
from storage import keys, lake
from storage.errors import Corrupt, PreconditionFailed, UnknownVersion
from storage.schema import ARTICLES, PARQUET_KEY
from storage.store import ObjectInfo, ObjectReader, ObjectStore, open_store
from storage.tables import encode, read, read_whole, schema_of
from tests.records import article

MONTH = keys.lake("kimson", "2026-10")
FILES = Path(__file__).parent / "files"


class Spy:
    """A store that notes what is read, and holds no file open."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.reads: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def open(self, key: str) -> ObjectReader:
        return ObjectReader.at(self, key)  # type: ignore[arg-type]

    def get(self, key: str, *words: Any, **conditions: Any) -> bytes:
        data = self._store.get(key, *words, **conditions)
        self.reads.append((key, len(data)))
        return data


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "archive"))


def tables(store: ObjectStore, *rows: list[Article]) -> list[ObjectInfo]:
    """A table a day, from 2026-10-01 on."""
    for day, of_run in enumerate(rows, 1):
        store.put(keys.articles("kimson", f"202610{day:02}T000000Z"), encode(of_run, Article))
    return list(store.list(keys.articles_prefix("kimson")))


def put(store: ObjectStore, listed: list[ObjectInfo], file: Path) -> ObjectInfo:
    lake.write(store, listed, file)
    store.put(MONTH, file)
    found = store.head(MONTH)
    assert found
    return found


def test_it_has_the_rows_of_its_tables_in_the_order_of_runs(store: ObjectStore, tmp_path: Path) -> None:
    rows = [article(id=f"{n:016}", title=f"Tin {n}") for n in range(5)]
    listed = tables(store, rows[:2], [], rows[2:])
    assert lake.write(store, listed, tmp_path / "m.parquet") == 5
    store.put(MONTH, tmp_path / "m.parquet")
    assert read(store, MONTH, Article) == rows


def test_the_schema_is_that_of_the_tables(store: ObjectStore, tmp_path: Path) -> None:
    put(store, tables(store, [article()]), tmp_path / "m.parquet")
    assert pq.read_schema(tmp_path / "m.parquet").equals(schema_of(Article))


def test_a_table_of_an_earlier_version_has_defaults_for_what_it_lacks(store: ObjectStore, tmp_path: Path) -> None:
    old = pq.read_table(io.BytesIO(encode([article(tags=["x"])], Article))).drop(["spam", "locality", "quarantined"])
    out = io.BytesIO()
    pq.write_table(old.append_column("later", pa.array(["x"])), out)
    tables(store, [], [article(locality="Kim Sơn")])
    store.put(keys.articles("kimson", "20261001T000000Z"), out.getvalue())
    put(store, list(store.list("articles/")), tmp_path / "m.parquet")
    assert read(store, MONTH, Article) == [article(tags=["x"]), article(locality="Kim Sơn")]


def test_injected_links_of_an_earlier_version_have_no_path(store: ObjectStore, tmp_path: Path) -> None:
    link = SpamLink(text="x", url="http://x.example/", rule="hidden-link", hidden=True, path="p/a")
    tables(store, [], [article(spam=[link])])
    store.put(keys.articles("kimson", "20261001T000000Z"), FILES / "articles-2.parquet")
    put(store, list(store.list("articles/")), tmp_path / "m.parquet")
    assert [link.path for row in read(store, MONTH, Article) for link in row.spam] == [None, "p/a"]
    (kept,) = read_whole(store, keys.articles("kimson", "20261001T000000Z"), Article)["spam"].to_pylist()
    assert [link["path"] for link in kept] == [None]


def test_row_groups_are_closed_in_time_and_no_row_is_lost(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [article(id=f"{n:016}") for n in range(40)]
    monkeypatch.setattr(lake, "_BATCH_ROWS", 4)
    monkeypatch.setattr(lake, "GROUP_BYTES", 5_000)
    monkeypatch.setattr(lake, "_WHOLE_BYTES", 0)  # so that tables are read in ranges, too
    put(store, tables(store, rows[:10], rows[10:11], rows[11:]), tmp_path / "m.parquet")
    groups = pq.read_metadata(tmp_path / "m.parquet")
    sizes = [groups.row_group(n).num_rows for n in range(groups.num_row_groups)]
    assert len(sizes) > 3
    assert max(sizes) < 20
    assert read(store, MONTH, Article) == rows


def test_what_it_was_made_of_is_told_by_its_end_alone(store: ObjectStore, tmp_path: Path) -> None:
    noise = [article(id=f"{n:016}", html="".join(chr(0x4E00 + (n * m) % 7919) for m in range(3000))) for n in range(50)]
    listed = tables(store, noise, [article()])
    info = put(store, listed, tmp_path / "m.parquet")
    spy: Any = Spy(store)
    assert lake.made_of(spy, info) == {one.key: one.etag for one in listed}
    assert spy.reads == [(MONTH, 64 << 10)]
    assert info.size_bytes > 100_000


def test_a_footer_longer_than_that_is_read_a_second_time(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "_TAIL_BYTES", 100)
    listed = tables(store, [article()])
    info = put(store, listed, tmp_path / "m.parquet")
    assert lake.made_of(store, info) == {one.key: one.etag for one in listed}


@pytest.mark.parametrize("damaged", [b"", b"PAR1", b"no table at all", b"\xff" * 100, encode([article()], Article)])
def test_an_object_that_does_not_say_it_was_made_of_nothing(store: ObjectStore, damaged: bytes) -> None:
    store.put(MONTH, damaged)
    info = store.head(MONTH)
    assert info
    assert lake.made_of(store, info) == {}


def test_another_version_of_the_lake_counts_as_made_of_nothing(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = put(store, tables(store, [article()]), tmp_path / "m.parquet")
    monkeypatch.setattr(lake, "VERSION", lake.VERSION + 1)
    assert lake.made_of(store, info) == {}


def test_an_object_without_a_column_of_today_counts_as_made_of_nothing(store: ObjectStore, tmp_path: Path) -> None:
    put(store, tables(store, [article()]), tmp_path / "m.parquet")
    whole = pq.ParquetFile(tmp_path / "m.parquet")
    about = {lake.ABOUT: whole.metadata.metadata[lake.ABOUT]}
    pq.write_table(whole.read().drop(["locality"]).replace_schema_metadata(about), tmp_path / "old")
    store.put(MONTH, tmp_path / "old")
    info = store.head(MONTH)
    assert info
    assert lake.made_of(store, info) == {}


def test_an_object_that_was_replaced_since_it_was_listed_is_not_taken_for_that(
    store: ObjectStore, tmp_path: Path
) -> None:
    listed = tables(store, [article()])
    info = put(store, listed, tmp_path / "m.parquet")
    put(store, listed, tmp_path / "m.parquet")
    with pytest.raises(PreconditionFailed):
        lake.made_of(store, info)


def test_a_damaged_table_is_named(store: ObjectStore, tmp_path: Path) -> None:
    tables(store, [article()])
    bad = keys.articles("kimson", "20261002T000000Z")
    store.put(bad, encode([article()], Article)[:-20])
    with pytest.raises(Corrupt) as caught:
        lake.write(store, list(store.list("articles/")), tmp_path / "m.parquet")
    assert caught.value.key == bad


def test_a_table_of_a_later_version_is_not_copied_without_what_it_has_more(store: ObjectStore, tmp_path: Path) -> None:
    (listed,) = tables(store, [article()])
    later = pq.read_table(io.BytesIO(store.get(listed.key)))
    out = io.BytesIO()
    pq.write_table(later.replace_schema_metadata({PARQUET_KEY: f"articles {ARTICLES.version + 1}"}), out)
    store.put(listed.key, out.getvalue())
    with pytest.raises(UnknownVersion, match=f"{listed.key}: .*update bantin"):
        lake.write(store, list(store.list("articles/")), tmp_path / "m.parquet")
