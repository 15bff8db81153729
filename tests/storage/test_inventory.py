"""The list of a run's objects: an entry once made stays, and none is made of a WARC part that is damaged."""

import hashlib
from pathlib import Path

import pytest

from model.capture import Capture
from storage import keys
from storage.errors import Corrupt
from storage.inventory import entry_of, inventory, parts_of, unread_places
from storage.store import ObjectStore, open_store
from storage.tables import encode
from storage.warc import PartWriter
from tests.records import RUN, exchange

PARTS = [keys.raw_part("kimson", RUN, 1, number) for number in (1, 2)]
CAPTURES = keys.captures("kimson", RUN)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """A run of two parts with a page each."""
    store = open_store(str(tmp_path / "archive"))
    captures = []
    for number, key in enumerate(PARTS):
        writer = PartWriter(tmp_path / f"{number}.warc.gz", key, "bantin-test", 1_000_000)
        captures.append(writer.write(exchange(url=f"http://portal.example/{number}", body=b"<p>Tin</p>" * 50)))
        writer.close()
        store.put(key, writer.path)
    store.put(CAPTURES, encode(captures, Capture))
    return store


def damage(store: ObjectStore, key: str) -> None:
    data = bytearray(store.get(key))
    data[len(data) // 2] ^= 1
    store.put(key, bytes(data))


def test_an_entry_has_the_hash_and_size_of_the_object(store: ObjectStore) -> None:
    for entry in inventory(store, "kimson", RUN):
        data = store.get(str(entry["key"]))
        assert (entry["size_bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_damaged_part_gets_no_entry_and_keeps_the_one_it_has(
    store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    before = inventory(store, "kimson", RUN)
    damage(store, PARTS[1])
    assert [entry["key"] for entry in inventory(store, "kimson", RUN)] == [PARTS[0], CAPTURES]
    assert PARTS[1] in caplog.text
    assert inventory(store, "kimson", RUN, before) == before
    with pytest.raises(Corrupt, match=f"{PARTS[1]}: the record at .* is damaged"):
        entry_of(store, PARTS[1])


def test_a_part_that_the_captures_were_made_anew_without_belongs_to_the_run(store: ObjectStore) -> None:
    before = inventory(store, "kimson", RUN)
    store.put(CAPTURES, encode([], Capture, unread=[(PARTS[1], 300)]))
    assert unread_places(store, CAPTURES) == {(PARTS[1], 300)}
    assert parts_of(store, "kimson", RUN) == [PARTS[1]]
    assert inventory(store, "kimson", RUN, before)[0] == before[1]
