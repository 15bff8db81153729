"""The recorder writes behind the crawl's back, in order, and loses nothing without saying so."""

import gzip
import hashlib
import resource
import threading
from pathlib import Path
from typing import Any

import pytest

from model.capture import Capture
from spiders.recorder import ROOM_BYTES, Recorder
from storage import keys
from storage.errors import PreconditionFailed, StoreRefused
from storage.exchange import Earlier
from storage.store import ObjectStore, open_store
from storage.warc import read_captures
from tests.records import AT, RUN, URL, capture, exchange
from tests.waiting import wait_until

MEGABYTE = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "archive"))


def recorder(store: ObjectStore, folder: Path, **changes: Any) -> Recorder:
    values: dict[str, Any] = {"part_bytes": 64 * MEGABYTE, "max_body_bytes": 50 * MEGABYTE, **changes}
    return Recorder(store=store, source="kimson", run=RUN, attempt=1, folder=folder / "w", software="test", **values)


def stored(store: ObjectStore) -> list[Capture]:
    parts = sorted((info.key for info in store.list(keys.raw_prefix("kimson", RUN))), key=keys.parse_raw_part)
    return [one for key in parts for one in read_captures(store, key, 50 * MEGABYTE)]


class Held:
    """The writer's thread, kept from its work until `release`."""

    def __init__(self, held: Recorder) -> None:
        self._gate = threading.Event()
        held._writer.submit(self._gate.wait, 60)

    def release(self) -> None:
        self._gate.set()


def test_what_was_handed_over_is_stored_in_order(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    held = Held(one)
    for number in range(30):
        one.record(exchange(final_url=f"{URL}?{number}"))
        one.note(capture(final_url=f"{URL}?{number}b", status=None, error="no answer"))
    assert one.captures == [], "nothing is done in the caller's thread"
    held.release()
    one.close()
    assert [c.final_url for c in one.captures] == [f"{URL}?{n}{x}" for n in range(30) for x in ("", "b")]
    assert stored(store) == one.captures
    assert not (tmp_path / "w").exists()


def test_parts_are_rolled(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path, part_bytes=2_000)
    for number in range(10):
        one.record(exchange(final_url=f"{URL}?{number}"))
    one.close()
    parts = [c.warc_key for c in one.captures]
    assert parts == sorted(parts, key=lambda key: keys.parse_raw_part(key or ""))
    assert 2 < len(set(parts)) < 10
    assert stored(store) == one.captures


def test_a_crawl_waits_for_a_writer_that_is_far_behind(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    held = Held(one)

    def crawl() -> None:
        for number in range(60):
            one.record(exchange(final_url=f"{URL}?{number}", body=b"x" * MEGABYTE))

    crawling = threading.Thread(target=crawl)
    crawling.start()
    wait_until(lambda: one.bytes_received == ROOM_BYTES)
    crawling.join(0.2)
    assert crawling.is_alive()
    assert one.bytes_received == ROOM_BYTES
    held.release()
    crawling.join(30)
    one.close()
    assert len(one.captures) == 60
    assert one.bytes_received == 60 * MEGABYTE


def test_bodies_are_counted_as_sent_and_small_ones_fill_the_room_too(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    held = Held(one)
    body = gzip.compress(b"0" * MEGABYTE)
    recording = threading.Thread(
        target=lambda: [one.record(exchange(headers=[(b"Content-Encoding", b"gzip")], body=body)) for _ in range(100)]
    )
    recording.start()
    wait_until(lambda: one.bytes_received == 64 * len(body))
    recording.join(0.2)
    assert one.bytes_received == 64 * len(body)
    held.release()
    recording.join(30)
    one.close()
    assert one.bytes_received == 100 * len(body)


def test_a_body_larger_than_the_room_goes_through(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    one.record(exchange())
    one.record(exchange(body=b"x" * (ROOM_BYTES + 1)))
    one.record(exchange())
    one.close()
    assert [c.size_bytes for c in one.captures] == [17, ROOM_BYTES + 1, 17]


def test_close_stores_what_waits_and_drops_what_comes_later(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    held = Held(one)
    waiting = threading.Thread(
        target=lambda: [one.record(exchange(body=b"x" * (20 * MEGABYTE))) for _ in range(3)], daemon=True
    )
    waiting.start()
    wait_until(lambda: one.bytes_received == 20 * MEGABYTE)
    closing = threading.Thread(target=one.close)
    closing.start()
    waiting.join(30)
    assert not waiting.is_alive(), "nobody waits for room that will never be needed"
    assert closing.is_alive()
    held.release()
    closing.join(30)
    one.record(exchange())
    one.note(capture(status=None, error="no answer"))
    one.close()
    assert len(one.captures) == 1
    assert stored(store) == one.captures


def test_a_crawl_that_kept_nothing_stores_nothing(store: ObjectStore, tmp_path: Path) -> None:
    recorder(store, tmp_path).close()
    assert stored(store) == []


def test_a_full_disk_is_told_once_to_the_crawl_and_at_the_end(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    one.record(exchange())
    wait_until(lambda: one.captures)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        one.record(exchange(body=bytes(range(256)) * 4_000))
        one.record(exchange(body=b"incompressible" * 10))
        wait_until(lambda: one.failure)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(StoreRefused, match="set BANTIN_WORK"):
        one.record(exchange())
    one.record(exchange())
    one.note(capture(status=None, error="no answer"))
    for _ in range(2):
        with pytest.raises(StoreRefused, match=r"too large.*set BANTIN_WORK"):
            one.close()
    assert len(one.captures) == 1
    assert stored(store) == one.captures, "what was whole is kept for the next attempt"


def test_a_folder_that_cannot_be_made_is_named(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = recorder(store, tmp_path / "file")
    one.record(exchange())
    with pytest.raises(StoreRefused, match=r"file/w: Not a directory: .*set BANTIN_WORK"):
        one.close()


def test_a_part_that_cannot_be_uploaded_stays_and_is_told(store: ObjectStore, tmp_path: Path) -> None:
    store.put(keys.raw_part("kimson", RUN, 1, 1), b"somebody else's")
    one = recorder(store, tmp_path)
    one.record(exchange())
    with pytest.raises(PreconditionFailed):
        one.close()
    assert [path.name for path in (tmp_path / "w").iterdir()] == ["attempt-1-part-1.warc.gz"]


def test_walls_and_known_bodies_are_told(store: ObjectStore, tmp_path: Path) -> None:
    one = recorder(store, tmp_path)
    body = "<p>Lễ hội</p>".encode()
    known = Earlier(url=URL, fetched_at=AT, body_sha256=hashlib.sha256(body).hexdigest())
    wall = "<p>Vui lòng xác minh bạn không phải là robot</p>".encode()
    one.record(exchange(body=body, earlier=known))
    one.record(exchange(body=gzip.compress(wall), headers=[(b"Content-Encoding", b"gzip")]))
    one.close()
    assert [(c.unchanged, c.error) for c in one.captures] == [(True, None), (False, "blocked: captcha")]
    assert [c.failed for c in one.captures] == [False, True]
    assert stored(store) == one.captures


def test_a_page_we_are_not_up_to_is_a_failure_like_others(
    store: ObjectStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = recorder(store, tmp_path)
    one.record(exchange(final_url="http://portal.example/\udcff"))
    one.record(exchange())
    one.close()
    assert [c.failed for c in one.captures] == [True, False]
    assert one.captures[0].error is not None
    assert one.captures[0].error.startswith("could not be recorded: UnicodeEncodeError")
    assert "Traceback" in caplog.text
    assert stored(store) == one.captures
