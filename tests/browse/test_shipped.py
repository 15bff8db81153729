"""The index as the store ships it: readers fetch, follow and check it; builders may die, and meet."""

import errno
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

import bantin.index
from bantin.audit import audit
from bantin.copying.copy import copy
from bantin.index import bring_up_to_date, check
from bantin.settings import CHECKOUT, Settings
from browse.errors import DamagedIndex, OutdatedIndex, SearchFailed
from browse.index import manifest, shipped
from browse.index.cache import Cache
from browse.index.manifest import Manifest, read_manifest
from browse.query import parse_query
from storage import keys
from storage.errors import PreconditionFailed, StoreRefused
from storage.store import ObjectInfo, open_store
from tests.browse.indexed import RUNS, delete, opened, publish, rebuilt, row, told
from tests.servers.s3 import S3Server

NOTHING_BUT_ITSELF = {".tantivy-meta.lock"}


@pytest.fixture
def archive(settings: Settings) -> Settings:
    """An archive with an index of one run, in a folder."""
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], number, "một") for number in range(5)])
    bring_up_to_date(settings)
    return settings


@pytest.fixture
def bucket(archive: Settings, moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same run in a bucket, with an index that another machine has built."""
    for name, value in moto_s3.environment().items():
        monkeypatch.setenv(name, value)
    settings = replace(archive, archive=f"s3://{moto_s3.make_bucket()}/news")
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], number, "một") for number in range(5)])
    bring_up_to_date(replace(settings, cache=archive.airflow_home / "elsewhere"))
    return settings


def more(settings: Settings, run: str = RUNS[1]) -> None:
    """A further run, and its articles in the index."""
    publish(settings, "kimson", run, [row("kimson", run, number, "hai") for number in range(3, 8)])
    bring_up_to_date(settings)


def objects(settings: Settings) -> list[ObjectInfo]:
    store = open_store(settings.archive)
    return [info for info in store.list(keys.index_prefix()) if info.key != keys.index_manifest()]


def test_readers_of_a_bucket_fetch_what_they_lack(bucket: Settings) -> None:
    reader = opened(bucket)
    assert reader.articles == 5
    more(replace(bucket, cache=bucket.airflow_home / "elsewhere"))
    fetched: list[int] = []
    assert reader.refresh()
    assert (reader.articles, reader.catalog.count(), reader.generation) == (8, 2, 2)
    assert not reader.refresh()
    shipped.open_index(open_store(bucket.archive), bucket.cache, on_done=lambda done, total: fetched.append(total))
    assert fetched == []
    assert told(reader) == rebuilt(bucket)


def test_a_new_generation_is_found_beside_the_questions(archive: Settings) -> None:
    reader = shipped.open_index(open_store(archive.archive), archive.cache, poll_s=0)
    more(archive)
    assert reader.search(parse_query("tin")).total in (5, 8)  # which starts a look at the store
    for thread in threading.enumerate():
        if thread.name == "index-refresh":
            thread.join()
    assert reader.articles == 8


def test_running_questions_keep_the_generation_they_began_with(archive: Settings) -> None:
    reader = opened(archive)
    began_with = reader._now().engine
    bring_up_to_date(archive, rebuild=True)
    more(archive)
    assert reader.refresh()
    assert list(began_with.folder.parent.iterdir()) != [began_with.folder]
    assert began_with.search(parse_query("hai")).total == 0
    assert began_with.get([f"{4:016x}"])[0].versions == 1
    assert reader.search(parse_query("hai")).total == 5


def test_from_an_archive_in_a_folder_files_are_linked_not_copied(archive: Settings) -> None:
    reader = opened(archive)
    sha256 = next(iter(reader.manifest.files.values())).sha256
    assert Path(archive.archive, keys.index_file(sha256)).stat().st_nlink > 1


def test_what_no_process_uses_any_more_is_tidied_away(archive: Settings) -> None:
    reader, other = opened(archive), opened(archive)
    more(archive)
    assert reader.refresh()
    folder = Cache(open_store(archive.archive), archive.cache or Path()).folder
    assert len(list((folder / "open").iterdir())) == 2
    del other
    bring_up_to_date(archive, rebuild=True)
    assert reader.refresh()
    (left,) = (folder / "open").iterdir()
    assert {path.name for path in left.iterdir()} - NOTHING_BUT_ITSELF == set(reader.manifest.files)
    assert {path.name for path in (folder / "files").iterdir()} == {f.sha256 for f in reader.manifest.files.values()}
    assert list((folder / "build").iterdir()) == []


@pytest.mark.parametrize("where", ["archive", "bucket"])
def test_a_missing_file_is_an_error_that_says_what_to_do(where: str, request: pytest.FixtureRequest) -> None:
    settings: Settings = request.getfixturevalue(where)
    store, cache = open_store(settings.archive), settings.airflow_home / "a third"
    found = read_manifest(store)
    assert found
    key = keys.index_file(found.files["meta.json"].sha256)
    store.delete([key])
    with pytest.raises(DamagedIndex, match=f"{key}: no such object.*`bantin index --rebuild`"):
        opened(replace(settings, cache=cache))
    publish(settings, "kimson", RUNS[1], [])
    with pytest.raises(DamagedIndex, match="`bantin index --rebuild`"):
        bring_up_to_date(replace(settings, cache=cache))
    assert check(settings).damaged == (f"{key}: missing",)
    bring_up_to_date(replace(settings, cache=cache), rebuild=True)
    assert opened(settings).articles == 5
    assert check(settings).damaged == ()


def test_a_file_with_other_bytes_is_not_opened(archive: Settings) -> None:
    store = open_store(archive.archive)
    found = read_manifest(store)
    assert found
    name, file = next((name, file) for name, file in found.files.items() if name.endswith(".store"))
    key = keys.index_file(file.sha256)
    store.put(key, store.get(key)[:-1] + b"x")
    with pytest.raises(DamagedIndex, match=f"{key}: .* another hash.*`bantin index --rebuild`"):
        opened(replace(archive, cache=archive.airflow_home / name))
    assert "not what was stored" in check(archive).damaged[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "expected the manifest of an index"),
        (b'{"version": "0.0"}', "it is of version 0.0"),
    ],
)
def test_a_manifest_that_cannot_be_read_says_what_to_do(archive: Settings, data: bytes, message: str) -> None:
    open_store(archive.archive).put(keys.index_manifest(), data)
    with pytest.raises(DamagedIndex, match=f"{message}.*`bantin index --rebuild`"):
        opened(archive)
    assert bring_up_to_date(archive, rebuild=True).articles == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"surveyed_at": "2026-11-22"},
        {"articles": float("inf")},
        {"generation": None},
        {"files": {}},
        {"catalog": []},
        {"more": [[]]},
    ],
)
def test_a_manifest_of_wrong_values_is_damage(archive: Settings, wrong: dict[str, object]) -> None:
    store, key = open_store(archive.archive), keys.index_manifest()
    data = json.dumps({**json.loads(store.get(key)), **wrong}).encode()
    store.put(key, data.replace(b"[[]]", b"[" * 100_000))
    for use in (opened, bring_up_to_date, check):
        with pytest.raises(DamagedIndex, match=f"{key}: .*`bantin index --rebuild`"):
            use(archive)
    bring_up_to_date(archive, rebuild=True)
    assert check(archive).damaged == ()


@pytest.mark.parametrize("damage", [None, b"PAR1 no more"])
def test_a_rebuild_replaces_all_that_is_damaged(archive: Settings, damage: bytes | None) -> None:
    """The catalog too, which is the same as before where the archive is."""
    store = open_store(archive.archive)
    manifest = read_manifest(store)
    assert manifest
    for key in manifest.keys:
        store.delete([key]) if damage is None else store.put(key, damage)
    bring_up_to_date(archive, rebuild=True)
    assert check(archive).damaged == ()
    assert opened(archive).articles == 5


def test_an_index_of_another_version_is_made_anew(archive: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "VERSION", "2.0")
    with pytest.raises(OutdatedIndex):
        opened(archive)
    assert bring_up_to_date(archive).runs == 1


def test_names_that_lead_out_of_the_folder_are_refused(archive: Settings) -> None:
    store = open_store(archive.archive)
    data = store.get(keys.index_manifest()).replace(b'"meta.json"', b'"../../meta.json"')
    store.put(keys.index_manifest(), data)
    with pytest.raises(DamagedIndex, match="expected the name of a file"):
        opened(archive)


def test_an_audit_between_two_reads_of_a_reader_is_no_damage(
    archive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest that the reader has is replaced, and what it names is swept, before it fetches."""
    first = read_manifest(open_store(archive.archive))
    answers: list[Manifest | None] = [first]
    bring_up_to_date(archive, rebuild=True)
    audit(archive, at=datetime.now(UTC) + timedelta(days=2))
    monkeypatch.setattr(shipped, "read_manifest", lambda store: answers.pop() if answers else read_manifest(store))
    assert opened(replace(archive, cache=archive.airflow_home / "new")).generation == 2


def test_two_builds_at_once_double_nothing(
    archive: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(archive, "kimson", RUNS[1], [row("kimson", RUNS[1], number, "hai") for number in range(3, 8)])
    both, real = threading.Barrier(2), bantin.index.survey
    waited = threading.local()

    def together(*words: object) -> object:
        found = real(*words)  # type: ignore[arg-type]
        if not hasattr(waited, "once"):
            waited.once = both.wait(60)
        return found

    monkeypatch.setattr(bantin.index, "survey", together)
    caches = [archive.airflow_home / name for name in ("one", "two")]
    builds = [
        threading.Thread(target=bring_up_to_date, args=(replace(archive, cache=cache), ["kimson"])) for cache in caches
    ]
    for build in builds:
        build.start()
    for build in builds:
        build.join()
    monkeypatch.undo()
    assert "another build was first" in caplog.text
    assert (opened(archive).articles, opened(archive).generation) == (8, 2)
    assert told(opened(archive)) == rebuilt(archive)


def test_a_rebuild_takes_in_what_another_build_has_published_meanwhile(
    archive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, met = bantin.index.publish, list[str]()

    def late(*words: object, **named: object) -> Manifest:
        if not met:
            met.append("once")
            more(replace(archive, cache=archive.airflow_home / "other"))
        return real(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(bantin.index, "publish", late)
    bring_up_to_date(archive, rebuild=True)
    assert (opened(archive).articles, opened(archive).generation) == (8, 3)
    assert told(opened(archive)) == rebuilt(archive)


def test_who_is_never_first_gives_up(archive: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def beaten(*_: object, **__: object) -> Manifest:
        raise PreconditionFailed("index/manifest.json: it is no longer as it was read")

    monkeypatch.setattr(bantin.index, "publish", beaten)
    publish(archive, "kimson", RUNS[1], [])
    with pytest.raises(SearchFailed, match="were first 5 times"):
        bring_up_to_date(archive)


DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from bantin.index import bring_up_to_date
from bantin.settings import Settings
from storage.directory import DirectoryStore

settings = replace(Settings.from_environment(), processes=1)
manifest = Path(settings.archive, "index/manifest.json")
put, before = DirectoryStore.put, manifest.read_bytes()

def build(dies_before):
    calls = []
    def dying(self, key, *words, **named):
        calls.append(key)
        if len(calls) == dies_before:
            os.kill(os.getpid(), signal.SIGKILL)
        return put(self, key, *words, **named)
    DirectoryStore.put = dying
    bring_up_to_date(settings)
    os._exit(0)

deaths = 0
while True:
    child = os.fork()
    if not child:
        build(deaths + 1)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL and manifest.read_bytes() == before, (deaths, status)
    deaths += 1
print(deaths)
"""


def test_a_build_that_is_killed_at_any_put_has_changed_nothing_and_the_next_one_mends_it(archive: Settings) -> None:
    publish(archive, "kimson", RUNS[1], [row("kimson", RUNS[1], number, "hai") for number in range(3, 8)])
    environment = {**os.environ, **archive.environment(), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run([sys.executable, "-c", DYING], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    index = opened(archive)
    assert int(done.stdout) >= 8  # a segment's six files, the list of segments, the catalog
    assert (index.articles, index.generation) == (8, 2)
    assert told(index) == rebuilt(archive)
    folder = Cache(open_store(archive.archive), archive.cache or Path()).folder
    bring_up_to_date(archive, rebuild=True)
    assert list((folder / "build").iterdir()) == []


def test_an_audit_sweeps_what_no_generation_needs_a_day_later(archive: Settings) -> None:
    more(archive)
    delete(archive, "kimson", RUNS[0])
    bring_up_to_date(archive)
    found = read_manifest(open_store(archive.archive))
    assert found
    stored = {info.key for info in objects(archive)}
    assert audit(archive).index.count == 0
    assert audit(archive, at=datetime.now(UTC) + timedelta(days=2), dry_run=True).index.count == len(
        stored - set(found.keys)
    )
    assert {info.key for info in objects(archive)} == stored
    audit(archive, at=datetime.now(UTC) + timedelta(days=2))
    assert {info.key for info in objects(archive)} == set(found.keys)
    assert opened(replace(archive, cache=archive.airflow_home / "new")).articles == 5


def test_a_copy_is_without_the_index_which_can_be_made_there(archive: Settings, tmp_path: Path) -> None:
    target = replace(archive, archive=str(tmp_path / "copy"))
    assert not [one.key for one in copy(archive.archive, target.archive) if one.key.startswith("index/")]
    assert objects(target) == []
    bring_up_to_date(target)
    assert told(opened(target)) == told(opened(archive))


def test_where_files_cannot_be_linked_they_are_copied(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "links are not known here")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], number, "một") for number in range(5)])
    bring_up_to_date(settings)
    more(settings)
    assert opened(settings).articles == 8
    assert told(opened(settings)) == rebuilt(settings)


def test_a_full_disk_says_where_to_make_room(settings: Settings, disk: Path) -> None:
    dice = Random(1)
    texts = (" ".join(f"{dice.getrandbits(40):x}" for _ in range(400)) for _ in range(600))
    rows = [row("kimson", RUNS[0], number, text) for number, text in enumerate(texts)]
    publish(settings, "kimson", RUNS[0], rows)
    elsewhere = replace(settings, cache=disk)
    with pytest.raises(SearchFailed, match="make room there, or name another folder in BANTIN_CACHE"):
        bring_up_to_date(elsewhere)
    assert read_manifest(open_store(settings.archive)) is None
    bring_up_to_date(settings)
    with pytest.raises(StoreRefused, match="make room there, or name another folder in BANTIN_CACHE"):
        opened(elsewhere)
