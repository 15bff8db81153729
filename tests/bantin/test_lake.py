"""`bantin lake`: closed months have an object each, equal to what the runs' tables hold, whatever happens meanwhile."""

import io
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import bantin.lake
from bantin.cli import main
from bantin.lake import MARGIN, NotBuilt, NotClosed, NothingThere, State, build, refresh, survey
from bantin.settings import CHECKOUT, Settings
from model.article import Article
from storage import keys
from storage.errors import InvalidKey, StorageError
from storage.notices import Notice, write_notice
from storage.sealing import is_unbroken
from storage.store import ObjectStore, open_object, open_store
from storage.tables import encode, read
from tests.records import article
from tests.servers.s3 import S3Server
from tests.storage.test_lake import Spy

NOW = datetime(2026, 11, 10, tzinfo=UTC)
SEPTEMBER, OCTOBER, NOVEMBER = "20260930T235959Z", "20261031T235959Z", "20261101T000000Z"


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    """The archive of `settings`, with a run of two articles in each of three months, of two sources."""
    store = open_store(settings.archive)
    for source in ("kimson", "kimson-2"):
        for run in (SEPTEMBER, OCTOBER, NOVEMBER):
            publish(store, source, run, ["một", "hai"])
    return store


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the verb stands at `NOW`."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return NOW

    monkeypatch.setattr(bantin.lake, "datetime", Clock)


def publish(store: ObjectStore, source: str, run: str, titles: list[str]) -> None:
    rows = [article(id=f"{n:016}", source=source, run=run, title=title) for n, title in enumerate(titles)]
    store.put(keys.articles(source, run), encode(rows, Article))


def titles(store: ObjectStore, source: str, month: str) -> list[str]:
    return [row.title for row in read(store, keys.lake(source, month), Article)]


def etags(store: ObjectStore) -> dict[str, str]:
    return {info.key: info.etag for info in store.list("lake/")}


def due(settings: Settings, *sources: str) -> list[tuple[str, str, State]]:
    return [(one.source, one.month, one.state) for one in survey(settings, sources) if one.state is not State.FRESH]


def test_every_source_and_closed_month_has_one_object(settings: Settings, store: ObjectStore) -> None:
    assert refresh(settings) == 4
    assert list(etags(store)) == [
        f"lake/src={source}/month={month}.parquet"
        for source in ("kimson-2", "kimson")  # as bytes: "-" comes before "/"
        for month in ("2026-09", "2026-10")
    ]
    assert titles(store, "kimson", "2026-10") == ["một", "hai"]


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, tzinfo=UTC) + MARGIN, True),
        (datetime(2026, 11, 1, 23, 59, tzinfo=UTC).astimezone(), False),
    ],
)
def test_a_month_is_closed_a_day_after_its_end_in_utc(now: datetime, closed: bool) -> None:
    assert bantin.lake.is_closed("2026-10", now) is closed


def test_what_is_up_to_date_is_not_read_and_not_written(
    settings: Settings, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(settings)
    before = etags(store)
    spy: Any = Spy(store)
    monkeypatch.setattr(bantin.lake, "open_store", lambda url: spy)
    assert refresh(settings) == 0
    assert sorted(key for key, _ in spy.reads) == sorted(before)  # the end of each object, and no table
    assert etags(store) == before


def change_late(store: ObjectStore) -> None:
    publish(store, "kimson", "20261002T000000Z", ["muộn"])


def change_reclean(store: ObjectStore) -> None:
    publish(store, "kimson", OCTOBER, ["mới", "hai"])


def change_damage(store: ObjectStore) -> None:
    store.put(keys.lake("kimson", "2026-10"), b"not what it was")


@pytest.mark.parametrize(
    ("change", "then"),
    [
        (change_late, ["muộn", "một", "hai"]),
        (change_reclean, ["mới", "hai"]),
        (change_damage, ["một", "hai"]),
    ],
)
def test_a_month_whose_runs_changed_is_built_again_and_no_other(
    settings: Settings, store: ObjectStore, change: Any, then: list[str]
) -> None:
    refresh(settings)
    before = etags(store)
    change(store)
    assert due(settings) == [("kimson", "2026-10", State.STALE)]
    assert refresh(settings) == 1
    assert titles(store, "kimson", "2026-10") == then
    changed = {key for key, etag in etags(store).items() if before[key] != etag}
    assert changed == {keys.lake("kimson", "2026-10")}
    assert due(settings) == []


@pytest.mark.parametrize("late", [False, True])
def test_rows_whose_tables_are_gone_without_a_trace_stay_and_are_told(
    late: bool, settings: Settings, store: ObjectStore
) -> None:
    refresh(settings)
    gone = keys.articles("kimson", OCTOBER)
    store.delete([gone])
    if late:
        change_late(store)
    before = etags(store)
    with pytest.raises(NotBuilt, match=f"1 tables it was made of are gone, the first {gone}.* delete lake/src=kimson"):
        refresh(settings)
    assert etags(store) == before
    assert lake_command(settings).exit_code == 1
    store.delete([keys.lake("kimson", "2026-10")])
    refresh(settings)
    assert (keys.lake("kimson", "2026-10") in etags(store)) == late


def test_a_retired_source_keeps_the_last_copy_of_its_rows(settings: Settings, store: ObjectStore) -> None:
    refresh(settings)
    write_notice(store, Notice(source="kimson", at=NOW, reason="merged"))
    store.delete([keys.articles("kimson", OCTOBER)])
    before = etags(store)
    with pytest.raises(NotBuilt, match="may be the last that has their rows"):
        refresh(settings)
    assert etags(store) == before


def as_version_1(store: ObjectStore, key: str) -> None:
    """Puts in its place what an earlier version wrote: the same rows without a seal."""
    with open_object(store, key) as file:
        parquet = pq.ParquetFile(file)
        about, table = json.loads(parquet.metadata.metadata[b"bantin.lake"]), parquet.read()
    out = io.BytesIO()
    with pq.ParquetWriter(out, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"bantin.lake": json.dumps({**about, "version": 1})})
    store.put(key, out.getvalue())


def test_an_object_of_version_1_is_built_anew_with_a_seal(settings: Settings, store: ObjectStore) -> None:
    refresh(settings)
    key = keys.lake("kimson", "2026-10")
    whole = store.get(key)
    as_version_1(store, key)
    assert is_unbroken(store.get(key)) is None
    assert due(settings) == [("kimson", "2026-10", State.STALE)]
    refresh(settings)
    assert store.get(key) == whole
    assert is_unbroken(whole) is True


def test_an_object_of_version_1_that_has_the_last_copy_of_rows_stays(settings: Settings, store: ObjectStore) -> None:
    refresh(settings)
    key = keys.lake("kimson", "2026-10")
    as_version_1(store, key)
    before = store.get(key)
    change_late(store)
    store.delete([keys.articles("kimson", OCTOBER)])
    with pytest.raises(NotBuilt, match="may be the last that has their rows"):
        refresh(settings)
    assert store.get(key) == before


def test_an_object_that_cannot_be_read_is_not_removed_with_its_tables(settings: Settings, store: ObjectStore) -> None:
    refresh(settings)
    change_damage(store)
    store.delete([keys.articles("kimson", OCTOBER)])
    with pytest.raises(NotBuilt, match="cannot be read"):
        refresh(settings)


def test_an_object_whose_tables_are_all_gone_goes_too_where_a_notice_tells_why(
    settings: Settings, store: ObjectStore
) -> None:
    refresh(settings)
    store.delete([keys.articles("kimson", OCTOBER)])
    assert due(settings) == [("kimson", "2026-10", State.EMPTIED)]
    write_notice(store, Notice(source="kimson", at=NOW, renamed_to="kim-son"))
    with pytest.raises(NotBuilt, match="may be the last that has their rows"):  # they are nowhere else
        refresh(settings)
    publish(store, "kim-son", OCTOBER, ["một", "hai"])
    assert "removed: none of its tables is there any more" in lake_command(settings, "kimson").stdout
    assert keys.lake("kimson", "2026-10") not in etags(store)
    assert due(settings, "kimson") == []


def test_interrupted_it_goes_on_with_what_is_left(settings: Settings, store: ObjectStore) -> None:
    months = build(settings, list(survey(settings)))
    next(months)
    next(months)
    months.close()  # type: ignore[attr-defined]
    done = etags(store)
    assert len(done) == 2
    assert len(due(settings)) == 2
    refresh(settings)
    assert {key: etag for key, etag in etags(store).items() if key in done} == done
    assert len(etags(store)) == 4


def test_of_two_builders_the_second_looks_again(settings: Settings, store: ObjectStore) -> None:
    seen = list(survey(settings, ["kimson"]))
    publish(store, "kimson", "20261002T000000Z", ["muộn"])
    refresh(settings)
    before = etags(store)
    built = list(build(settings, seen))
    assert [one.error for one in built] == [None, None]
    assert [one.done for one in built] == ["left alone: somebody else has built it meanwhile"] * 2
    assert etags(store) == before


def test_what_changes_while_a_month_is_built_is_built_by_the_next_call(settings: Settings, store: ObjectStore) -> None:
    seen = list(survey(settings, ["kimson"]))
    publish(store, "kimson", OCTOBER, ["mới"])
    list(build(settings, seen))
    assert titles(store, "kimson", "2026-10") == ["mới"]
    assert due(settings, "kimson") == [("kimson", "2026-10", State.STALE)]


def test_a_table_that_is_deleted_while_its_month_is_built_is_left_out(settings: Settings, store: ObjectStore) -> None:
    publish(store, "kimson", "20261002T000000Z", ["muộn"])
    seen = list(survey(settings, ["kimson"]))
    store.delete([keys.articles("kimson", OCTOBER)])
    assert [built.rows for built in build(settings, seen)] == [2, 1]
    assert titles(store, "kimson", "2026-10") == ["muộn"]
    assert due(settings, "kimson") == []


def test_a_damaged_table_keeps_its_month_alone_from_being_built(settings: Settings, store: ObjectStore) -> None:
    store.put(bad := keys.articles("kimson", OCTOBER), b"damaged")
    with pytest.raises(NotBuilt, match=f"1 of 4 months could not be built: .*{bad}"):
        refresh(settings)
    assert len(etags(store)) == 3
    assert due(settings) == [("kimson", "2026-10", State.NEW)]


def test_a_table_that_is_no_runs_is_left_out_and_said(
    settings: Settings, store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.put("articles/src=kimson/day=2026-10-01/notes.parquet", b"")
    assert refresh(settings) == 4
    assert "notes.parquet: left out" in caplog.text


def test_what_cannot_be_built_is_refused(settings: Settings, store: ObjectStore) -> None:
    with pytest.raises(NotClosed, match="2026-11: expected a month that ended 1 day ago"):
        refresh(settings, month="2026-11")
    with pytest.raises(InvalidKey, match="expected a month like 2026-11"):
        refresh(settings, month="2026-13")
    with pytest.raises(NothingThere, match="'hoalu': no articles of this source"):
        refresh(settings, ["kimson", "hoalu"])


def test_temporary_files_go_into_the_working_folder_and_do_not_stay(settings: Settings, store: ObjectStore) -> None:
    refresh(settings)
    assert settings.work is not None
    assert list(settings.work.iterdir()) == []


@pytest.mark.parametrize("kind", ["directory", "moto"])
def test_readers_beside_a_writer_see_a_whole_old_one_or_a_whole_new_one(
    kind: str, settings: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both versions have the same size and layout, so that a mixture would not show by an error of Parquet's."""
    if kind == "moto":
        server: S3Server = request.getfixturevalue("moto_s3")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        settings = replace(settings, archive=f"s3://{server.make_bucket()}")
    store = open_store(settings.archive)
    runs = [f"202610{day:02}T000000Z" for day in range(1, 4)]
    names = ["bản A"] * 200, ["bản B"] * 200

    def rebuild(version: int) -> None:
        for run in runs:
            publish(store, "kimson", run, names[version])
        refresh(settings)

    rebuild(0)
    seen, errors, done = list[set[str]](), list[str](), threading.Event()

    def keep_reading(rows: Any) -> None:
        while not done.is_set():
            try:
                found = rows()
            except (StorageError, OSError) as err:
                errors.append(str(err))
            else:
                assert len(found) == 600
                seen.append(set(found))

    def by_key() -> list[str]:
        with open_object(store, keys.lake("kimson", "2026-10"), 200) as file:  # many reads, so that a PUT comes between
            return pq.read_table(file, columns=["title"], use_threads=False)[0].to_pylist()  # type: ignore[no-any-return]

    def by_dataset() -> list[str]:
        return ds.dataset(f"{settings.archive}/lake", partitioning="hive").to_table(columns=["title"])[0].to_pylist()  # type: ignore[no-any-return]

    ways = [by_key, by_dataset] if kind == "directory" else [by_key, by_key]
    crashed: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", crashed.append)
    readers = [threading.Thread(target=keep_reading, args=[way]) for way in ways]
    for reader in readers:
        reader.start()
    version = 0
    while len(seen) < 40 or version < 10:
        version += 1
        rebuild(version % 2)
        assert not crashed
    done.set()
    for reader in readers:
        reader.join()
    assert not crashed
    assert all(len(one) == 1 for one in seen), "a reader saw rows of two versions"
    assert {title for one in seen for title in one} == {"bản A", "bản B"}
    assert all("read it again" in error for error in errors)


def lake_command(settings: Settings, *words: str) -> Any:
    return CliRunner().invoke(main, ["lake", "--archive", settings.archive, *words])


def test_the_command_says_what_it_would_build_and_what_it_built(settings: Settings, store: ObjectStore) -> None:
    planned = lake_command(settings, "kimson", "--dry-run")
    assert planned.stdout.splitlines() == [
        "lake/src=kimson/month=2026-09.parquet: new, of 1 tables",
        "lake/src=kimson/month=2026-10.parquet: new, of 1 tables",
    ]
    assert etags(store) == {}
    built = lake_command(settings, "kimson", "--month", "2026-10")
    assert built.stdout == "lake/src=kimson/month=2026-10.parquet: new, 2 rows of 1 tables\n"
    assert built.stderr.splitlines()[-1] == "0 months were up to date, 1 were not"
    assert list(etags(store)) == ["lake/src=kimson/month=2026-10.parquet"]


def test_the_command_fails_where_a_month_could_not_be_built(settings: Settings, store: ObjectStore) -> None:
    store.put(bad := keys.articles("kimson", OCTOBER), b"damaged")
    done = lake_command(settings)
    assert done.exit_code == 1
    assert bad in done.stdout
    assert len(etags(store)) == 3


def test_the_documented_reader_sees_every_row_once(
    settings: Settings, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(settings, ["kimson"])  # of the other source no month is in the lake yet
    publish(store, "kimson", "20261105T120000Z", ["ba"])
    page = (CHECKOUT / "docs" / "archive-format.md").read_text("utf-8").partition("## The lake")[2]
    snippet = page.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(Path(settings.archive).parent)
    seen: dict[str, Any] = {}
    exec(snippet, seen)
    rows = seen["everything"].to_table(columns=["src", "run", "title"]).to_pylist()
    expected = [
        {"src": source, "run": run, "title": title}
        for source in ("kimson", "kimson-2")
        for run in (SEPTEMBER, OCTOBER, NOVEMBER)
        for title in ("một", "hai")
    ]
    expected.append({"src": "kimson", "run": "20261105T120000Z", "title": "ba"})
    assert sorted(map(str, rows)) == sorted(map(str, expected))
    assert len(seen["lake"].files) == 2
