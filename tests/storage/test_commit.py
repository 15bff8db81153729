"""The commit of fetch: what a further attempt writes in the place of what an earlier one committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.capture import Capture
from storage import keys
from storage.commit import Commit
from storage.errors import LeaseLost
from storage.inventory import unread_places
from storage.lease import Lease
from storage.store import ObjectStore, open_store
from storage.tables import encode, read
from tests.records import RUN, capture

CAPTURES = keys.captures("kimson", RUN)
DAMAGED = [(keys.raw_part("kimson", RUN, 1, 2), 700), (keys.raw_part("kimson", RUN, 1, 2), 0)]


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path))


@pytest.fixture
def lease(store: ObjectStore) -> Iterator[Lease]:
    with Lease.acquire(store, "kimson", run=RUN, attempt=2) as lease:
        yield lease


def test_the_mark_of_a_table_that_lacks_damaged_records_stays(store: ObjectStore, lease: Lease) -> None:
    store.put(CAPTURES, encode([capture()], Capture, unread=DAMAGED))
    Commit(store, lease).write(b"rules", [capture(), capture(url="http://portal.example/moi")])
    assert unread_places(store, CAPTURES) == set(DAMAGED)
    assert len(read(store, CAPTURES, Capture)) == 2


@pytest.mark.parametrize("before", [None, b"no table", encode([], Capture)], ids=["none", "damaged", "whole"])
def test_a_run_without_such_a_table_gets_no_mark(before: bytes | None, store: ObjectStore, lease: Lease) -> None:
    if before is not None:
        store.put(CAPTURES, before)
    Commit(store, lease).write(b"rules", [capture()])
    assert store.get(CAPTURES) == encode([capture()], Capture)


def test_a_table_that_was_mended_meanwhile_is_not_written_over(store: ObjectStore, lease: Lease) -> None:
    store.put(CAPTURES, encode([capture()], Capture, unread=DAMAGED))
    commit = Commit(store, lease)
    store.put(CAPTURES, whole := encode([capture()], Capture))
    with pytest.raises(LeaseLost, match="was written by somebody else meanwhile"):
        commit.write(b"rules", [capture()])
    assert store.get(CAPTURES) == whole
