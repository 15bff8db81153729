"""Replacing an articles table: what could be read before can be read for ever."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from model.article import Article
from storage import keys
from storage.directory import DirectoryStore
from storage.errors import PreconditionFailed
from storage.superseded import replace_articles
from storage.tables import encode, read
from tests.records import RUN, article

KEY = keys.articles("kimson", RUN)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path)


def table(*titles: str) -> bytes:
    return encode([article(title=title) for title in titles], Article)


def kept(store: DirectoryStore) -> dict[str, bytes]:
    found = store.list(keys.superseded_prefix("kimson"))
    return {info.key: store.get(info.key) for info in found if info.key.endswith(".parquet")}


def test_the_first_table_of_a_run_replaces_none(store: DirectoryStore) -> None:
    assert replace_articles(store, "kimson", RUN, table("một"))
    assert store.get(KEY) == table("một")
    assert kept(store) == {}


def test_each_table_that_was_replaced_is_kept_under_its_own_hash(store: DirectoryStore) -> None:
    for title in ("một", "hai", "ba"):
        replace_articles(store, "kimson", RUN, table(title))
    assert [one.title for one in read(store, KEY, Article)] == ["ba"]
    assert kept(store) == {
        keys.superseded("kimson", RUN, hashlib.sha256(data).hexdigest()): data for data in (table("một"), table("hai"))
    }


def test_the_same_bytes_are_not_written_again(store: DirectoryStore) -> None:
    replace_articles(store, "kimson", RUN, table("một"))
    before = store.head(KEY)
    assert not replace_articles(store, "kimson", RUN, table("một"))
    assert store.head(KEY) == before
    assert kept(store) == {}


def test_going_back_to_an_older_table_keeps_it_once(store: DirectoryStore) -> None:
    for title in ("một", "hai", "một", "hai"):
        replace_articles(store, "kimson", RUN, table(title))
    assert sorted(kept(store).values()) == sorted([table("một"), table("hai")])


@pytest.mark.parametrize("damage", [b"", b"no Parquet", table("một")[:-9]], ids=["empty", "other", "cut short"])
def test_a_damaged_table_is_replaced_and_kept_elsewhere(store: DirectoryStore, damage: bytes) -> None:
    store.put(KEY, damage)
    assert replace_articles(store, "kimson", RUN, table("hai"))
    assert store.get(KEY) == table("hai")
    assert kept(store) == {}
    assert store.get(keys.damaged(KEY, hashlib.sha256(damage).hexdigest())) == damage


def test_so_is_one_whose_pages_are_damaged_since_whoever_reads_the_replaced_tables_would_fail(
    store: DirectoryStore,
) -> None:
    rotten = bytearray(table("một"))
    rotten[40:60] = bytes(20)
    store.put(KEY, bytes(rotten))
    replace_articles(store, "kimson", RUN, table("hai"))
    assert kept(store) == {}
    assert store.get(keys.damaged(KEY, hashlib.sha256(rotten).hexdigest())) == bytes(rotten)


def test_a_rotten_one_among_the_replaced_does_not_keep_the_whole_one_out(store: DirectoryStore) -> None:
    replace_articles(store, "kimson", RUN, table("một"))
    key = keys.superseded("kimson", RUN, hashlib.sha256(table("một")).hexdigest())
    store.put(key, b"rotten")
    replace_articles(store, "kimson", RUN, table("hai"))
    assert kept(store) == {key: table("một")}
    assert store.get(keys.damaged(key, hashlib.sha256(b"rotten").hexdigest())) == b"rotten"


class Contested(DirectoryStore):
    """Another writer puts its table right before ours, `times` times."""

    def __init__(self, root: Path, times: int) -> None:
        super().__init__(root)
        self.times = times

    def put(self, key: str, data: bytes | Path, **conditions: Any) -> str:
        if key == KEY and self.times:
            self.times -= 1
            super().put(key, table(f"của người khác {self.times}"))
        return super().put(key, data, **conditions)


def test_a_table_that_another_writer_put_meanwhile_is_kept_too(tmp_path: Path) -> None:
    store = Contested(tmp_path, times=2)
    replace_articles(store, "kimson", RUN, table("một"))
    assert store.get(KEY) == table("một")
    assert sorted(kept(store).values()) == sorted([table("của người khác 1"), table("của người khác 0")])


def test_a_writer_that_is_never_first_gives_up(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match=f"{KEY}: .*read it again"):
        replace_articles(Contested(tmp_path, times=99), "kimson", RUN, table("một"))
