"""What only a folder can get wrong: empty folders, killed writers, symbolic links, full disks, permissions."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage.errors import InvalidKey, KeyNotFound, StoreRefused
from storage.store import ObjectStore, Swept, open_object, open_store

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def folder(tmp_path: Path) -> ObjectStore:
    """An empty store in a folder."""
    return open_store(str(tmp_path / "archive"))


def keys_of(store: ObjectStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


def test_a_new_folder_is_an_empty_store_and_reading_makes_nothing(folder: ObjectStore, tmp_path: Path):
    assert keys_of(folder) == []
    assert folder.head("a") is None
    folder.delete(["a"])
    assert list(tmp_path.iterdir()) == []


def test_deleting_removes_empty_folders_and_no_others(folder: ObjectStore):
    root = Path(folder.url)
    for key in ("a/b/c/d", "a/e"):
        folder.put(key, b"")
    folder.delete(["a/b/c/d"])
    assert not (root / "a/b").exists()
    folder.delete(["a/e"])
    assert [path.name for path in root.iterdir()] == [".tmp"]


def _put_and_delete(url: str, key: str) -> None:
    store = open_store(url)
    for n in range(40):
        store.put(key, str(n).encode())
        assert store.get(key) == str(n).encode()
        store.delete([key])


def test_a_put_never_loses_its_folder_to_a_deletion(folder: ObjectStore):
    with ProcessPoolExecutor(4, mp_context=FORK) as pool:
        for future in [pool.submit(_put_and_delete, folder.url, f"same/folder/{n}") for n in range(4)]:
            future.result()
    assert keys_of(folder) == []


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a")])
@pytest.mark.parametrize("if_absent", [True, False])
def test_an_object_below_another_is_refused(folder: ObjectStore, first: str, second: str, if_absent: bool):
    folder.put(first, b"x")
    with pytest.raises(InvalidKey, match="a folder cannot hold an object"):
        folder.put(second, b"y", if_absent=if_absent)
    assert keys_of(folder) == [first]


def _overwrite(url: str) -> None:
    store = open_store(url)
    for n in range(1_000_000):
        store.put("a", bytes([65 + n % 2]) * 300_000)


def test_readers_never_see_part_of_an_object(folder: ObjectStore):
    whole = {b"A" * 300_000, b"B" * 300_000}
    folder.put("a", b"A" * 300_000)
    writer = FORK.Process(target=_overwrite, args=(folder.url,))
    writer.start()
    try:
        seen = {folder.get("a")}
        while seen != whole and writer.is_alive():  # a busy machine may not let the writer begin for a while
            seen.add(folder.get("a"))
            assert seen <= whole, "part of an object"
        assert {folder.get("a") for _ in range(300)} <= whole
        assert [info.size_bytes for _ in range(50) for info in folder.list("")] == [300_000] * 50
    finally:
        writer.kill()
        writer.join()


def test_a_writer_killed_halfway_leaves_no_object_and_no_lock(folder: ObjectStore, tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = FORK.Process(target=folder.put, args=("a", pipe))
    writer.start()
    with pipe.open("wb") as halfway:
        halfway.write(bytes(2 << 20))  # a pipe holds 64 KiB: when this is through, the writer is in the middle
        writer.kill()
        writer.join()
    orphans = [path for path in (Path(folder.url) / ".tmp").iterdir() if path.stat().st_size]
    assert len(orphans) == 1
    assert keys_of(folder) == []
    assert folder.head("a") is None
    os.utime(orphans[0], (0, 0))
    folder.put("a", b"next", if_absent=True)
    assert folder.get("a") == b"next"
    assert not orphans[0].exists()


def test_a_sweep_takes_the_remains_of_the_dead_and_nothing_of_the_living(folder: ObjectStore, tmp_path: Path):
    assert folder.sweep(datetime.now(UTC)) == Swept(), "of an archive that was never written"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = FORK.Process(target=folder.put, args=("a", pipe))
    writer.start()
    with pipe.open("wb") as halfway:
        halfway.write(bytes(2 << 20))
        (unfinished,) = (path for path in (Path(folder.url) / ".tmp").iterdir() if path.stat().st_size)
        os.utime(unfinished, (0, 0))
        folder.put("b", b"x")
        assert folder.sweep(datetime.now(UTC)) == Swept(), "its writer waits for the rest"
        writer.kill()
        writer.join()
    size_bytes = unfinished.stat().st_size
    assert folder.sweep(datetime.fromtimestamp(0, UTC)) == Swept(), "it is no older"
    assert folder.sweep(datetime.now(UTC), dry_run=True) == Swept(1, size_bytes)
    assert folder.sweep(datetime.now(UTC)) == Swept(1, size_bytes)
    assert not unfinished.exists()
    assert (keys_of(folder), folder.get("b")) == (["b"], b"x")


@pytest.mark.parametrize("link", ["a", "a/b", ".tmp"])
def test_a_symbolic_link_does_not_lead_out_of_the_root(folder: ObjectStore, link: str, tmp_path: Path):
    outside = tmp_path / "outside"
    (outside / "b").mkdir(parents=True)
    (outside / "b" / "c").write_bytes(b"secret")
    place = Path(folder.url) / link
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "b" if link == "a/b" else outside)
    attempts: list[Callable[[], object]] = [lambda: folder.put("a/b/c", b"x")]
    if link != ".tmp":
        attempts += [
            lambda: folder.get("a/b/c"), lambda: folder.head("a/b/c"), lambda: folder.delete(["a/b/c"]),
            lambda: keys_of(folder), lambda: keys_of(folder, "a/b/"),
        ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(StoreRefused, match="symbolic link"):
            attempt()
    assert [path.name for path in sorted(outside.rglob("*"))] == ["b", "c"]
    assert (outside / "b" / "c").read_bytes() == b"secret"


def test_a_linked_file_is_no_object(folder: ObjectStore, tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    folder.put("b", b"x")
    (Path(folder.url) / "a").symlink_to(tmp_path / "secret")
    for attempt in (
        lambda: folder.get("a"),
        lambda: folder.open("a"),
        lambda: folder.put("a", b"x"),
        lambda: keys_of(folder),
    ):
        with pytest.raises(StoreRefused, match="symbolic link"):
            attempt()


def test_what_is_opened_is_read_to_its_end_though_it_is_deleted(folder: ObjectStore):
    folder.put("a", b"0123456789")
    with open_object(folder, "a", 4) as file:
        assert file.read(4) == b"0123"
        folder.delete(["a"])
        assert (file.read(), file.read()) == (b"456789", b"")
    with pytest.raises(KeyNotFound, match="a: no such object"):
        open_object(folder, "a")


def test_a_root_that_is_a_link_is_followed(tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "archive").symlink_to(tmp_path / "disk")
    open_store(str(tmp_path / "archive")).put("a", b"x")
    assert (tmp_path / "disk" / "a").read_bytes() == b"x"


@pytest.mark.parametrize("verb", ["put", "get", "open", "head", "list", "delete"])
def test_a_root_that_is_a_file(tmp_path: Path, verb: str):
    (tmp_path / "archive").write_text("not a folder")
    store = open_store(str(tmp_path / "archive"))
    calls: dict[str, Callable[[], object]] = {
        "put": lambda: store.put("a", b""),
        "get": lambda: store.get("a"),
        "open": lambda: store.open("a"),
        "head": lambda: store.head("a"),
        "list": lambda: keys_of(store),
        "delete": lambda: store.delete(["a"]),
    }
    with pytest.raises(StoreRefused, match=r"archive: it is a file: expected a folder; correct ARCHIVE_URL"):
        calls[verb]()


def test_a_full_disk(disk: Path):
    store = open_store(str(disk))
    store.put("a", b"before")
    with pytest.raises(StoreRefused, match="make room") as caught:
        store.put("a", bytes(2 << 20))
    assert caught.value.key == "a"
    assert store.get("a") == b"before"
    assert [path.name for path in (disk / ".tmp").iterdir()] == ["lock"]


def test_a_disk_mounted_for_reading(disk: Path):
    store = open_store(str(disk))
    store.put("a", b"before")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for attempt in (lambda: store.put("a", b"x"), lambda: store.delete(["a"])):
        with pytest.raises(StoreRefused, match=f"{disk}.*mount it for writing"):
            attempt()
    assert store.get("a") == b"before"


def test_a_folder_of_another_user():
    with TemporaryDirectory() as root:  # not below tmp_path, which only its owner may enter
        open_store(root).put("a", b"before")
        Path(root).chmod(0o555)
        code = (
            "import os, sys; from storage.store import open_store; store = open_store(sys.argv[1])\n"
            "if os.geteuid() == 0: os.setresuid(65534, 65534, 65534)\n"  # nobody: root may write anywhere
            "assert store.get('a') == b'before'\n"
            "try: store.put('b/c', b'x')\n"
            "except Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True)
        Path(root).chmod(0o755)
    assert done.stdout.startswith(f"StoreRefused {root}/"), done.stderr
    assert "Permission denied: give this user the right to read and write there, or correct ARCHIVE_URL" in done.stdout
