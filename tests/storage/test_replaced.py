"""In which order a run's tables were put away: by notes beside them; by the store's times where there are none."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import storage.replaced
from model.article import Article
from storage import keys
from storage.directory import DirectoryStore
from storage.places import place_of
from storage.replaced import Note, carry_time, replaced_tables, table_noted
from storage.store import ObjectInfo, ObjectStore
from storage.superseded import replace_articles
from storage.tables import encode
from tests.records import RUN, article

PREFIX = keys.superseded_prefix("kimson", RUN)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "archive")


def table(title: str) -> bytes:
    return encode([article(title=title)], Article)


def key(title: str) -> str:
    return keys.superseded("kimson", RUN, hashlib.sha256(table(title)).hexdigest())


def order(store: ObjectStore) -> list[str]:
    return [one.key for one in replaced_tables(store, "kimson", RUN)]


def publish(store: ObjectStore, *titles: str) -> None:
    for title in titles:
        replace_articles(store, "kimson", RUN, table(title))


def copied(store: ObjectStore, tmp_path: Path, infos: list[ObjectInfo]) -> DirectoryStore:
    """A copy whose objects arrive in this order."""
    target = DirectoryStore(tmp_path / "copy")
    for info in infos:
        target.put(info.key, store.get(info.key))
    return target


@pytest.mark.parametrize("backwards", [False, True])
def test_a_copy_has_the_order_whichever_object_arrives_first(
    backwards: bool, store: DirectoryStore, tmp_path: Path
) -> None:
    publish(store, "một", "hai", "ba", "bốn")
    assert order(store) == [key("một"), key("hai"), key("ba")]
    infos = sorted(store.list(PREFIX), key=lambda info: info.key, reverse=backwards)
    assert order(copied(store, tmp_path, infos)) == order(store)


def test_a_table_that_came_back_counts_from_when_it_was_put_away_last(store: DirectoryStore) -> None:
    publish(store, "một", "hai", "một", "ba")
    assert order(store) == [key("hai"), key("một")]


def test_a_clock_that_goes_back_does_not_change_the_order(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hours() -> Iterator[datetime]:
        for hour in (9, 3, 1):
            yield datetime(2026, 11, 22, hour, tzinfo=UTC)

    times = hours()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return next(times)

    monkeypatch.setattr(storage.replaced, "datetime", Clock)
    publish(store, "một", "hai", "ba", "bốn")
    monkeypatch.undo()
    assert order(store) == [key("một"), key("hai"), key("ba")]


def test_without_notes_the_stores_time_tells_and_a_copy_carries_it(store: DirectoryStore, tmp_path: Path) -> None:
    for title in ("hai", "một"):
        store.put(key(title), table(title))
    assert order(store) == [key("hai"), key("một")]
    infos = [info for info in store.list(PREFIX) if info.key.endswith(".parquet")]
    target = copied(store, tmp_path, sorted(infos, key=lambda info: info.modified, reverse=True))
    assert order(target) == [key("một"), key("hai")], "the times of the copy"
    for info in infos:
        carry_time(target, "kimson", RUN, info)
    assert order(target) == order(store)
    for info in list(target.list(PREFIX)):
        if info.key.endswith(".parquet"):  # and back: what is later is a copy's time
            carry_time(store, "kimson", RUN, info)
    assert order(store) == [key("hai"), key("một")]


def test_what_an_earlier_version_put_away_comes_before_what_is_noted(store: DirectoryStore) -> None:
    publish(store, "một", "hai")
    store.put(key("cũ"), table("cũ"))
    assert order(store) == [key("cũ"), key("một")]


def test_a_note_is_an_object_called_by_its_own_hash(store: DirectoryStore) -> None:
    publish(store, "một", "hai")
    (note,) = [info.key for info in store.list(PREFIX) if info.key.endswith(".json")]
    data = store.get(note)
    place = place_of(note)
    assert place is not None
    assert (place.family, place.sha256) == ("superseded", hashlib.sha256(data).hexdigest())
    assert table_noted(note) == hashlib.sha256(table("một")).hexdigest()
    assert json.loads(data).keys() == {"schema", "table", "at", "by_store"}


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"schema": "replaced 9"}'])
def test_a_damaged_note_leaves_the_stores_time(damage: bytes, store: DirectoryStore) -> None:
    publish(store, "một", "hai")
    (note,) = [info.key for info in store.list(PREFIX) if info.key.endswith(".json")]
    store.put(note, damage)
    (found,) = replaced_tables(store, "kimson", RUN)
    assert (found.key, found.noted) == (key("một"), False)


def test_a_note_is_read_as_it_was_written(store: DirectoryStore) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC) - timedelta(days=1)
    note = Note(hashlib.sha256(table("một")).hexdigest(), at)
    store.put(key("một"), table("một"))
    store.put(note.key("kimson", RUN), note.encode())
    (found,) = replaced_tables(store, "kimson", RUN)
    assert (found.at, found.noted) == (at, True)
