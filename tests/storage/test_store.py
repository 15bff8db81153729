"""What every object store does: the same suite over a directory, moto and Swift."""

import multiprocessing
import os
import pickle
import random
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

import storage.errors
from storage.directory import DirectoryStore
from storage.errors import (
    InvalidKey,
    KeyNotFound,
    PreconditionFailed,
    StorageError,
    StoreRefused,
    StoreUnavailable,
)
from storage.store import ObjectReader, ObjectStore, open_object, open_store
from tests.servers.s3 import SWIFT_LISTS, S3Server

KINDS = ["directory", "moto", "swift"]
FORK = multiprocessing.get_context("fork")
AWKWARD_KEYS = [
    "a",
    "bản tin/Ủy ban nhân dân phường Bến Thành.html",
    "bản tin/" + "Ủy".encode().decode() + "\u0309",  # a loose diacritic: keys are never normalised
    "a b/c+d/e%20f/g#h/i?j=k&l",
    "src=x/day=2026-11-22/20261122T000000Z.parquet",
    "~/'\"<>;:@!$()*,[]{}|^`",
    "...",
    ".hidden/.tmp",
    "-",
    "𝐭𝐢𝐧/🗞",
    "n" * 255,
]
ATTACKS = [
    "", ".", "..", "/", "/etc/passwd", "//a", "a//b", "a/", "./a", "a/.", "a/./b", "../a", "a/../../b", "a/..",
    "..\\a", "a\\b", "C:\\a", "a\0b", "a\nb", "a\rb", "a\tb", "a\x7fb", "a\x85b", "a\u2028b", "a\ud800b", "a\uffff",
    ".tmp", ".tmp/lock", "n" * 256, "ủ" * 86, "/".join(["n" * 200] * 6),
]  # fmt: skip


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """An empty store of each kind."""
    if kind == "directory":
        return open_store(str(tmp_path / "kho lưu"))
    server: S3Server = request.getfixturevalue(f"{kind}_s3")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://{server.make_bucket()}/kho lưu")


def keys_of(store: ObjectStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


# Five verbs


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_what_is_put_is_there(store: ObjectStore, key: str):
    data = "nội dung".encode()
    etag = store.put(key, data)
    assert store.get(key) == data
    info = store.head(key)
    assert info is not None
    assert (info.key, info.size_bytes, info.etag) == (key, len(data), etag)
    assert info.modified.tzinfo is UTC
    assert abs(info.modified - datetime.now(UTC)) < timedelta(minutes=1)
    assert [(i.key, i.size_bytes, i.etag) for i in store.list(key)] == [(key, len(data), etag)]
    store.delete([key])
    assert store.head(key) is None
    assert keys_of(store) == []


def test_random_keys_round_trip_in_order(store: ObjectStore):
    dice = random.Random(20261122)
    letters = "aZ09 .-_~%+&=#?*'\"<>;:@$(),[]{}|^`ạẢđĐơƯ語\u0301🗞"
    keys = [f"{n % 7}/{''.join(dice.choices(letters, k=dice.randint(1, 30)))}/{n}" for n in range(30)]
    keys = [key for key in keys if not {".", ".."} & set(key.split("/"))]
    for key in keys:
        store.put(key, key.encode())
    assert keys_of(store) == sorted(keys, key=str.encode)
    assert all(store.get(key) == key.encode() for key in keys)
    store.delete(keys)
    assert keys_of(store) == []


@pytest.mark.parametrize("kind", ["directory"], indirect=True)
@pytest.mark.parametrize("key", ATTACKS)
def test_invalid_keys_are_refused_by_every_verb(store: ObjectStore, key: str, tmp_path: Path):
    attempts: list[Callable[[], object]] = [
        lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.head(key), lambda: store.delete([key]),
        lambda: open_store("s3://news/archive").put(key, b"x"),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(InvalidKey) as caught:
            attempt()
        assert caught.value.key == key
    assert keys_of(store, key) == []
    assert list(tmp_path.iterdir()) == []


def test_missing_objects(store: ObjectStore):
    store.put("a/b", b"x")
    for key in ("nonesuch", "a", "a/b/c"):  # also where a folder would have something of that name
        assert store.head(key) is None
        with pytest.raises(KeyNotFound, match=key) as caught:
            store.get(key)
        assert (caught.value.key, caught.value.url) == (key, store.url)
        store.delete([key])
    assert keys_of(store) == ["a/b"]
    assert keys_of(store, "nonesuch/") == []


def test_a_put_replaces_and_changes_the_etag(store: ObjectStore):
    etags = [store.put("a", bytes([n])) for n in range(12)]
    assert len(set(etags)) == 12
    assert store.get("a") == bytes([11])


def test_an_empty_object(store: ObjectStore):
    store.put("empty", b"")
    assert store.get("empty") == b""
    assert store.get("empty", (0, 10)) == b""
    assert store.head("empty").size_bytes == 0  # type: ignore[union-attr]
    with open_object(store, "empty") as file:
        assert file.read() == b""


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 1), (0, 10), (3, 4), (9, 1), (0, 0), (5, 0), (8, 100), (10, 1), (10, 0), (99, 5)]
)
def test_ranges_read_as_slices_do(store: ObjectStore, offset: int, length: int):
    store.put("a", b"0123456789")
    assert store.get("a", (offset, length)) == b"0123456789"[offset : offset + length]


def test_ranges_of_nothing_and_before_the_start(store: ObjectStore):
    for byte_range in ((0, 1), (0, 0), (5, 5)):
        with pytest.raises(KeyNotFound):
            store.get("a", byte_range)
    for byte_range in ((-1, 1), (0, -1)):
        with pytest.raises(ValueError, match="0 or more"):
            store.get("a", byte_range)


def test_a_large_file_is_streamed(store: ObjectStore, tmp_path: Path):
    block = random.Random(1).randbytes(1 << 20)
    path = tmp_path / "large.warc.gz"
    with path.open("wb") as file:
        for n in range(52):
            file.write(bytes([n]) + block[1:])
    assert store.head("large") is None, "which makes the client: its memory is not the upload's"
    tracemalloc.start()
    try:
        etag = store.put("large", path)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
    info = store.head("large")
    assert info is not None
    assert (info.size_bytes, info.etag) == (52 << 20, etag)
    for n in (0, 15, 16, 51):
        assert store.get("large", (n << 20, 1 << 20)) == bytes([n]) + block[1:]
    assert [i.etag for i in store.list("large")] == [etag]


def test_a_file_that_is_not_there_is_the_callers_mistake(store: ObjectStore, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        store.put("a", tmp_path / "nonesuch")
    assert keys_of(store) == []


# Listing


def test_a_list_is_in_byte_order_of_whole_keys(store: ObjectStore):
    keys = ["a", "a!/x", "a-b", "a.b/c", "aa/b", "a0", "b/a/c", "b/a!c", "B", "đ", "z", "ế/x", "\uffee", "𝐭"]
    for key in reversed(keys):
        store.put(key, b"")
    assert keys_of(store) == sorted(keys, key=str.encode)
    assert sorted(keys, key=str.encode)[-2:] == ["\uffee", "𝐭"]  # in UTF-16 it would be the other way round


@pytest.mark.parametrize("kind", ["directory"], indirect=True)
@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["raw/src=a/1", "raw/src=a/2/3", "raw/src=ab/1", "rawer"]),
        ("raw", ["raw/src=a/1", "raw/src=a/2/3", "raw/src=ab/1", "rawer"]),
        ("raw/", ["raw/src=a/1", "raw/src=a/2/3", "raw/src=ab/1"]),
        ("raw/src=a", ["raw/src=a/1", "raw/src=a/2/3", "raw/src=ab/1"]),
        ("raw/src=a/", ["raw/src=a/1", "raw/src=a/2/3"]),
        ("raw/src=a/2", ["raw/src=a/2/3"]),
        ("raw/src=a/1", ["raw/src=a/1"]),
        ("raw/src=a/1/", []),
        ("w/", []),
        ("/", []),
        ("/raw", []),
        ("raw//", []),
        ("../", []),
        ("raw/../raw/", []),
        (".tmp/", []),
    ],
)
def test_a_prefix_is_the_start_of_the_key(store: ObjectStore, prefix: str, expected: list[str]):
    for key in ("rawer", "raw/src=ab/1", "raw/src=a/2/3", "raw/src=a/1"):
        store.put(key, b"")
    assert keys_of(store, prefix) == expected


def test_prefixes_in_a_bucket(store: ObjectStore):
    for key in ("rawer", "raw/a/1", "raw/ab"):
        store.put(key, b"")
    assert keys_of(store, "raw") == ["raw/a/1", "raw/ab", "rawer"]
    assert keys_of(store, "raw/a") == ["raw/a/1", "raw/ab"]
    assert keys_of(store, "raw/a/") == ["raw/a/1"]
    assert keys_of(store, "../") == []


def test_more_objects_than_one_answer_holds(store: ObjectStore, kind: str):
    count = SWIFT_LISTS * 2 + 10 if kind == "swift" else 1_010  # an answer lists 1000, a deletion takes 1000
    keys = [f"k{n:05}" for n in range(count)]
    for key in keys:
        store.put(key, b"")
    assert keys_of(store) == keys
    assert keys_of(store, "k0000") == keys[:10]
    store.delete(info.key for info in store.list("k0"))
    assert keys_of(store) == []


# Conditions


def test_if_absent(store: ObjectStore):
    etag = store.put("a", b"first", if_absent=True)
    with pytest.raises(PreconditionFailed) as caught:
        store.put("a", b"second", if_absent=True)
    assert caught.value.key == "a"
    assert store.head("a").etag == etag  # type: ignore[union-attr]
    store.delete(["a"])
    store.put("a", b"third", if_absent=True)
    assert store.get("a") == b"third"


def test_if_match(store: ObjectStore):
    with pytest.raises(PreconditionFailed):
        store.put("a", b"0", if_match="d41d8cd98f00b204e9800998ecf8427e")
    first = store.put("a", b"1")
    second = store.put("a", b"2", if_match=first)
    with pytest.raises(PreconditionFailed):
        store.put("a", b"3", if_match=first)
    assert store.get("a") == b"2"
    store.put("a", b"3", if_match=second)
    with pytest.raises(ValueError, match="not both"):
        store.put("a", b"4", if_absent=True, if_match=second)


def test_the_kind_of_store_says_whether_conditions_hold_in_a_race(store: ObjectStore, kind: str):
    assert store.conditional is (kind != "swift")


def _claim(url: str, keys: list[str], data: bytes) -> list[str]:
    store = open_store(url)
    won = []
    for key in keys:
        try:
            store.put(key, data, if_absent=True)
            won.append(key)
        except PreconditionFailed:
            pass
    return won


@pytest.mark.parametrize("kind", ["directory", "moto"], indirect=True)
def test_of_eight_processes_one_wins(store: ObjectStore):
    keys = [f"claims/{n}" for n in range(8)]
    writers = [bytes([65 + n]) * 100_000 for n in range(8)]
    with ProcessPoolExecutor(8, mp_context=FORK) as pool:
        futures = [pool.submit(_claim, store.url, keys, data) for data in writers]
        won = [future.result() for future in futures]
    assert sorted(key for keys_won in won for key in keys_won) == sorted(keys)
    for data, keys_won in zip(writers, won, strict=True):
        assert all(store.get(key) == data for key in keys_won)


def _count_up(url: str, times: int) -> None:
    store = open_store(url)
    while times:
        info = store.head("counter")
        assert info is not None
        number = int(store.get("counter"))
        try:
            store.put("counter", str(number + 1).encode(), if_match=info.etag)
            times -= 1
        except PreconditionFailed:
            pass


@pytest.mark.parametrize("kind", ["directory", "moto"], indirect=True)
def test_no_update_is_lost(store: ObjectStore):
    store.put("counter", b"0")
    with ProcessPoolExecutor(4, mp_context=FORK) as pool:
        for future in [pool.submit(_count_up, store.url, 12) for _ in range(4)]:
            future.result()
    assert store.get("counter") == b"48"


# Reading as a file


class Spy:
    """A store that counts the bytes read from it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.read_bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def open(self, key: str) -> ObjectReader:
        return ObjectReader.at(self, key)  # type: ignore[arg-type]

    def get(self, key: str, byte_range: tuple[int, int] | None = None, **conditions: Any) -> bytes:
        data = self._store.get(key, byte_range, **conditions)
        self.read_bytes += len(data)
        return data


def test_pyarrow_reads_one_column_without_the_others(store: ObjectStore):
    noise = random.Random(1)
    table = pa.table({"id": list(range(2000)), "text": [noise.randbytes(2000) for _ in range(2000)]})
    file = BytesIO()
    pq.write_table(table, file)
    store.put("t.parquet", file.getvalue())
    spy: Any = Spy(store)
    with open_object(spy, "t.parquet", 64 << 10) as source:
        assert pq.read_table(source, columns=["id"]).equals(table.select(["id"]))
    assert spy.read_bytes < len(file.getvalue()) / 4
    with open_object(store, "t.parquet") as source:
        assert pq.read_table(source).equals(table)


def test_warcio_reads_records_and_one_record_by_its_place(store: ObjectStore):
    file = BytesIO()
    writer = WARCWriter(file, gzip=True)
    places = []
    for n in range(20):
        places.append(file.tell())
        payload = BytesIO(random.Random(n).randbytes(30_000))
        writer.write_record(writer.create_warc_record(f"http://x.test/{n}", "resource", payload=payload))
    store.put("part.warc.gz", file.getvalue())
    with open_object(store, "part.warc.gz", 10_000) as source:
        names = [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(source)]
    assert names == [f"http://x.test/{n}" for n in range(20)]
    with open_object(store, "part.warc.gz") as source:
        source.seek(places[7])
        record = next(iter(ArchiveIterator(source)))
        assert record.content_stream().read() == random.Random(7).randbytes(30_000)


def test_an_object_reads_like_a_file(store: ObjectStore, tmp_path: Path):
    dice = random.Random(5)
    data = dice.randbytes(5_000)
    store.put("a", data)
    with open_object(store, "a", 64) as file:
        for _ in range(40):
            start, length = dice.randint(0, 5_200), dice.choice([0, 1, 63, 64, 65, 500])
            assert file.seek(start) == start
            assert file.read(length) == data[start : start + length]
        assert file.seek(-10, os.SEEK_END) == 4_990
        assert file.read() == data[-10:]
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
        with pytest.raises(ValueError, match="0 or more"):
            file.seek(-6_000, os.SEEK_END)
    with pytest.raises(KeyNotFound):
        open_object(store, "nonesuch")


def test_bytes_are_got_of_the_object_that_is_meant_or_not_at_all(store: ObjectStore):
    etag = store.put("a", b"0123456789")
    assert store.get("a", (2, 3), if_match=etag) == b"234"
    store.put("a", b"9876543210")
    with pytest.raises(PreconditionFailed, match="read it again"):
        store.get("a", (2, 3), if_match=etag)


@pytest.mark.parametrize("other", [b"01", b"9876543210"])
def test_an_object_that_is_replaced_while_it_is_read_stays_what_it_was_or_is_read_again(
    store: ObjectStore, other: bytes
):
    store.put("a", b"0123456789")
    with open_object(store, "a", 4) as file:
        assert file.read(4) == b"0123"
        store.put("a", other)
        if isinstance(store, DirectoryStore):
            assert file.read() == b"456789"
        else:
            with pytest.raises(StoreUnavailable, match="read it again") as caught:
                file.read(4)
            assert caught.value.retryable


# Opening


@pytest.mark.parametrize(
    "url", ["./archive", "archive", "{}/archive", "file://{}/archive", "file://localhost{}/archive"]
)
def test_ways_to_name_a_folder(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    store = open_store(url.format(tmp_path))
    store.put("a", b"x")
    assert (tmp_path / "archive" / "a").read_bytes() == b"x"
    monkeypatch.chdir("/")
    assert open_store(store.url).get("a") == b"x"


def test_a_folder_url_may_be_escaped(tmp_path: Path):
    open_store(f"file://{tmp_path}/kho%20l%C6%B0u").put("a", b"")
    assert (tmp_path / "kho lưu" / "a").exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "s3://",
        "s3:///a",
        "s3://b?d/a",
        "s3:/news",
        "gs://news",
        "http://x/",
        "file://host/a",
        "file:a",
        "a\0b",
    ],
)
def test_what_is_no_store(url: str):
    with pytest.raises(StoreRefused, match="expected a folder"):
        open_store(url)


def test_a_prefix_is_checked_like_a_key():
    assert open_store("s3://news//a/b/").url == "s3://news/a/b"
    with pytest.raises(InvalidKey):
        open_store("s3://news/a/../b")


def test_errors_survive_pickling():
    for name in ("StorageError", "StoreUnavailable", "StoreRefused", "KeyNotFound", "PreconditionFailed", "Corrupt"):
        made: StorageError = getattr(storage.errors, name)("hỏng", "./x", "a/b")
        error: StorageError = pickle.loads(pickle.dumps(made))
        assert (type(error).__name__, error.message, error.url, error.key) == (name, "hỏng", "./x", "a/b")
        assert str(error) == str(made)
        assert error.retryable is (name == "StoreUnavailable")
