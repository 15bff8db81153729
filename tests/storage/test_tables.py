"""The two tables: what goes in comes out, the same rows give the same bytes, and every tool reads them."""

import io
from dataclasses import asdict, fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.article import Alternate, Article, Attachment, SpamLink
from model.capture import Capture
from storage.directory import DirectoryStore
from storage.errors import Corrupt, KeyNotFound, Overwritten
from storage.row_groups import in_order
from storage.store import ObjectReader, open_store
from storage.tables import as_table, encode, encode_table, read, read_columns, read_whole, schema_of
from tests.records import article, capture

FULL = article(
    tags=["lễ hội", "đua thuyền"],
    attachments=[Attachment(url="http://portal.example/kh.pdf", name="Kế hoạch")],
    alternates=[Alternate(language="en", url="http://portal.example/en/x")],
    spam=[SpamLink(text="nhà cái", url="http://192.0.2.1/", rule="bare-ip", hidden=True)],
)


def test_rows_survive_the_table(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    rows = [FULL, article(id="f" * 16, published_on=None, images=[])]
    store.put("t.parquet", encode(rows, Article))
    assert read(store, "t.parquet", Article) == rows
    captures = [capture(), capture(status=None, error="time-out", kind="listing")]
    store.put("c.parquet", encode(captures, Capture))
    assert read(store, "c.parquet", Capture) == captures


def test_the_same_rows_give_the_same_bytes() -> None:
    assert encode([FULL, article()], Article) == encode([FULL, article()], Article)


def test_nested_values_are_those_that_arrow_makes_of_dicts() -> None:
    rows = [FULL, article(images=[], origins={}), article(removed=[])]
    plain = pa.Table.from_pylist([asdict(row) for row in rows], schema=schema_of(Article))
    assert pq.read_table(io.BytesIO(encode(rows, Article))).equals(plain)


def numbered(count: int) -> list[Article]:
    return [replace(FULL, id=f"{number:016x}", title=f"Tin số {number}") for number in range(count)]


@pytest.mark.parametrize(("rows", "groups"), [(0, [0]), (1, [1]), (1000, [1000]), (2001, [1000, 1000, 1])])
def test_row_groups_are_told_by_the_rows_alone(rows: int, groups: list[int]) -> None:
    data = encode(numbered(rows), Article)
    footer = pq.read_metadata(io.BytesIO(data))
    assert [footer.row_group(number).num_rows for number in range(footer.num_row_groups)] == groups
    assert pq.read_table(io.BytesIO(data))["id"].to_pylist() == [row.id for row in numbered(rows)]
    assert encode_table(as_table(numbered(rows), Article), Article) == data


def test_rows_of_parts_in_an_order_give_the_bytes_that_they_give_as_objects(tmp_path: Path) -> None:
    store, rows = open_store(str(tmp_path)), numbered(1300)
    parts = [rows[900:], [], rows[:900]]
    for number, part in enumerate(parts):
        store.put(f"{number}", encode(part, Article, made_by="rules"))
    tables = [read_whole(store, f"{number}", Article) for number in range(len(parts))]
    stored = [row.id for part in parts for row in part]
    wanted = [row for row in reversed(rows) if row.id[-1] != "7"]
    order = [stored.index(row.id) for row in wanted]
    places = [("raw/x.warc.gz", 7)]
    assert encode_table(in_order(tables, order, Article), Article, unread=places) == encode(
        wanted, Article, unread=places
    )
    assert encode_table(in_order(tables, [], Article), Article) == encode([], Article)


class Replacing(DirectoryStore):
    """A store that holds no file open, where, so many times, another table comes under a key just before it is read."""

    tables: list[bytes]

    def open(self, key: str) -> ObjectReader:
        return ObjectReader.at(self, key)

    def get(self, key: str, byte_range: tuple[int, int] | None = None, *, if_match: str | None = None) -> bytes:
        if self.tables:
            self.put(key, self.tables.pop())
        return super().get(key, byte_range, if_match=if_match)


def test_a_table_that_is_replaced_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    store = Replacing(tmp_path)
    rows = numbered(5)
    store.tables = []
    store.put("t.parquet", encode(rows, Article))
    store.tables = [encode(rows[:count], Article) for count in (3, 4)]
    assert read(store, "t.parquet", Article) == rows[:3]
    store.tables = [encode(rows[:count], Article) for count in (1, 2, 1, 2)]
    with pytest.raises(Overwritten, match="read it again"):
        read(store, "t.parquet", Article)


@pytest.mark.parametrize("value", [b"\xff\xfe", None])
def test_a_table_with_what_its_schema_forbids_is_damaged(value: bytes | None, tmp_path: Path) -> None:
    table = pq.read_table(io.BytesIO(encode([FULL], Article)))
    field = pa.field("title", pa.string(), nullable=value is None)
    title = pa.array([value], pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.schema.names.index("title"), field, title), tmp_path / "bad")
    with pytest.raises(Corrupt, match=r"^bad: .*: expected a Parquet table"):
        read_whole(open_store(str(tmp_path)), "bad", Article)


def test_an_empty_table_has_the_whole_schema() -> None:
    schema = pq.read_schema(io.BytesIO(encode([], Article)))
    assert schema.names == [f.name for f in fields(Article)]


def test_partition_keys_are_no_columns() -> None:
    assert not {"src", "day"} & {*schema_of(Article).names, *schema_of(Capture).names}


def test_types_are_those_a_reader_expects() -> None:
    schema = schema_of(Article)
    assert schema.field("published_on").type == pa.date32()
    assert schema.field("fetched_at").type == pa.timestamp("us", tz="UTC")
    assert not schema.field("title").nullable
    assert schema.field("author").nullable


def test_a_table_of_an_earlier_version_is_read_with_defaults(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    table = pq.read_table(io.BytesIO(encode([FULL], Article))).drop(["spam", "section", "quarantined"])
    out = io.BytesIO()
    pq.write_table(table.append_column("later", pa.array(["x"])), out)
    store.put("old.parquet", out.getvalue())
    (row,) = read(store, "old.parquet", Article)
    assert (row.spam, row.section, row.quarantined) == ([], None, False)
    assert row.title == FULL.title
    assert read_whole(store, "old.parquet", Article).equals(as_table([row], Article))


def test_an_object_that_is_no_table_is_named(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("bad.parquet", b"not a table")
    with pytest.raises(Corrupt, match=r"bad\.parquet"):
        read(store, "bad.parquet", Article)
    with pytest.raises(KeyNotFound):
        read_columns(store, "none.parquet", ["id"])


def test_other_tools_read_the_archive_without_bantin(tmp_path: Path) -> None:
    import pandas as pd
    import polars as pl
    import pyarrow.dataset as ds

    store = open_store(str(tmp_path))
    for day, title in (("2026-11-21", "Một"), ("2026-11-22", "Hai")):
        run = day.replace("-", "") + "T000000Z"
        store.put(f"articles/src=kimson/day={day}/{run}.parquet", encode([article(title=title, run=run)], Article))
    folder = tmp_path / "articles"
    arrow = ds.dataset(folder, partitioning="hive").to_table(columns=["title", "src", "day"])
    assert sorted(arrow.column("title").to_pylist()) == ["Hai", "Một"]
    assert sorted(pd.read_parquet(folder)["title"]) == ["Hai", "Một"]
    frame = pl.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
    assert sorted(frame["title"]) == ["Hai", "Một"]
    assert set(frame["src"]) == {"kimson"}
