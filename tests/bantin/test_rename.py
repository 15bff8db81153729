"""A source gets another id: history, frontier and citations go along, and who is killed is followed by who finishes."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bantin import lake
from bantin.clean import clean_part
from bantin.errors import NoSuchRun, NotReady
from bantin.fetch import Fetch
from bantin.index import bring_up_to_date, check
from bantin.publish import publish
from bantin.registering.changes import retire
from bantin.registering.moving import NotMoved
from bantin.registering.rename import plan, refresh_derived, rename
from bantin.rerun import complete, rerun
from bantin.runs import runs_of
from bantin.settings import Settings
from bantin.verifying.lake_rows import put_back_gone
from bantin.verifying.verify import verify
from browse.history.citations import find
from browse.history.moments import parse_reference
from browse.reading import find_history
from browse.web.app import create_app
from browse.web.settings import WebSettings
from model.article import Article
from model.capture import Capture, Kind
from model.errors import SourceError
from model.source import dump_source, load_source
from storage import keys
from storage.directory import DirectoryStore
from storage.errors import LeaseHeld
from storage.frontier import fold
from storage.inventory import inventory, unread_places
from storage.lease import Lease
from storage.notices import Notice, name_now, read_notice, write_notice
from storage.reports import read_report, write_report
from storage.store import ObjectStore, open_store
from storage.tables import encode, read
from tests.bantin.test_cli import PAGE
from tests.faults.conftest import todays
from tests.records import capture
from tests.settings import settings_in
from tests.stored import HOST, a_source, fetch_run, publish_run

FIRST, SECOND, DEAD = "20250901T000000Z", "20251002T000000Z", "20250915T000000Z"
OLD, NEW = "kimson", "kimson-ninhbinh"


def pages(*titles: str) -> dict[str, str]:
    return {f"/{title}": PAGE.replace("Hội đua thuyền làng Vạn", f"Hội làng {title}") for title in titles}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive with two published runs, the second cleaned anew by other rules; an attempt between them that died
    after it had stored a page; a month of the lake; and the source's file, with a comment in it."""
    folder = tmp_path_factory.mktemp("rename")
    settings = settings_in(folder, sources=folder / "sources", processes=1)
    store = open_store(settings.archive)
    publish_run(settings, a_source(), FIRST, pages("Vạn", "Đông"), folder / "parts")
    part = fetch_run(settings, a_source(), SECOND, pages("Vạn", "Hạ"), folder / "parts")
    waiting = capture(run=SECOND, url=f"{HOST}/later", fetched_at=keys.run_time(SECOND), status=None)
    rows = [waiting, *read(store, keys.captures(OLD, SECOND), Capture)]
    store.put(keys.captures(OLD, SECOND), encode(rows, Capture))
    clean_part(part, settings)
    publish(OLD, SECOND, settings)
    winner = a_source(remove=[{"rule": "winner", "text": "Đội giáp Đông.*"}])
    store.put(keys.run_source(OLD, SECOND), dump_source(winner).encode())
    clean_part(part, settings)
    publish(OLD, SECOND, settings)
    fetch_run(settings, a_source(), DEAD, pages("Chết"), folder / "parts")
    store.put(keys.attempt_rules(OLD, DEAD, 1), store.get(keys.run_source(OLD, DEAD)))
    store.delete([keys.captures(OLD, DEAD), keys.run_source(OLD, DEAD)])
    fold(store, OLD, min_h=24, max_h=720, save=True)
    lake.refresh(settings)
    (folder / "sources").mkdir()
    (folder / "sources" / f"{OLD}.yaml").write_text(f"# by hand\n{dump_source(a_source())}", "utf-8")
    return settings


@pytest.fixture
def settings(made: Settings, tmp_path: Path) -> Settings:
    """A copy of it."""
    return copied(made, tmp_path)


def copied(made: Settings, folder: Path) -> Settings:
    for name in ("archive", "sources"):
        shutil.copytree(Path(made.archive).parent / name, folder / name)
    return settings_in(folder, sources=folder / "sources", processes=1)


def contents(store: ObjectStore) -> dict[str, bytes]:
    """All objects; of a notice without the time of the call."""
    found = {info.key: store.get(info.key) for info in store.list("")}
    if notice := read_notice(store, OLD):
        found[keys.notice(OLD)] = replace(notice, at=datetime(2026, 1, 1, tzinfo=UTC)).encode()
    return found


def wrong(settings: Settings) -> list[str]:
    return [str(finding) for finding in verify(settings) if not finding.harmless]


def known(store: ObjectStore, source: str) -> list[dict[str, Any]]:
    """What the frontier knows; where a page is stored, without its source."""
    told = [asdict(one) for one in fold(store, source, min_h=24, max_h=720)]
    return [{**one, "place": one["place"] and (keys.moved(one["place"][0], "s"), one["place"][1])} for one in told]


def test_all_that_the_archive_has_goes_along_and_is_as_if_it_had_always_been_called_so(settings: Settings) -> None:
    store = open_store(settings.archive)
    before, frontier = contents(store), known(store, OLD)
    assert len(frontier) == 4
    told = plan(settings, OLD, NEW)
    assert (told.runs, told.file, told.lake) == (3, True, True)
    assert contents(store) == before, "a plan"

    done: list[tuple[int, int]] = []
    rename(settings, OLD, NEW, lambda *counts: done.append(counts))
    assert done == [(1, 3), (2, 3), (3, 3)]
    after = contents(store)
    assert {key for key in after if re.search(f"src={OLD}[/.]", key)} == {keys.notice(OLD)}
    assert wrong(settings) == []
    assert (settings.sources / f"{NEW}.yaml").read_text("utf-8") == f"# by hand\n{dump_source(a_source())}".replace(
        f"id: {OLD}", f"id: {NEW}"
    )
    assert [path.name for path in settings.sources.iterdir()] == [f"{NEW}.yaml"]

    # Bytes that no id is in are the same; each run is still a pure function of its captures and rules.
    for key in before:
        if key.startswith(("raw/", "superseded/")):
            assert after[keys.moved(key, NEW)] == before[key]
    for run in (FIRST, SECOND):
        articles = store.get(keys.articles(NEW, run))
        complete(NEW, run, settings)
        assert store.get(keys.articles(NEW, run)) == articles
    assert wrong(settings) == []
    assert known(store, NEW) == frontier
    assert [c.url for c in read(store, keys.captures(NEW, SECOND), Capture) if c.waiting] == [f"{HOST}/later"]

    # The attempt that had died can still be published.
    assert rerun(NEW, DEAD, settings).report.articles["new"] == 1

    # The lake is made anew where there was one.
    assert list(refresh_derived(settings, told)) == []
    assert {key for key in contents(store) if key.startswith("lake/")} == {
        keys.lake(NEW, month) for month in ("2025-09", "2025-10")
    }


def test_history_and_citations_lead_where_they_led(settings: Settings) -> None:
    store = open_store(settings.archive)
    (row,) = (one for one in read(store, keys.articles(OLD, SECOND), Article) if "Vạn" in one.title)
    wanted, moment = parse_reference(f"{row.id}@{row.fetched_at:%Y-%m-%dT%H:%M:%SZ}")
    before, times = find(store, wanted, moment), [one.fetched_at for one in find_history(store, wanted).rows]
    (earlier,) = before.earlier
    rename(settings, OLD, NEW)
    after = find(store, wanted, moment)
    renamed = replace(before.article, source=NEW, warc_key=keys.moved(before.article.warc_key, NEW))
    assert after.article == renamed
    assert [one.mark for one in after.earlier] == [earlier.mark], "the mark that somebody has noted"
    cleaned = find(store, wanted, moment, earlier.mark).article
    assert (cleaned.source, cleaned.warc_key) == (NEW, after.article.warc_key)
    assert "Đội giáp Đông" in cleaned.text
    assert [one.fetched_at for one in find_history(store, wanted).rows] == times


def test_the_index_and_old_addresses_of_pages_follow(settings: Settings, tmp_path: Path) -> None:
    bring_up_to_date(settings)
    done = rename(settings, OLD, NEW)
    assert list(refresh_derived(settings, done)) == []
    assert not check(settings).due
    short = Notice(source="so", at=datetime(2026, 1, 1, tzinfo=UTC), renamed_to=NEW)  # as "/sources" begins
    write_notice(open_store(settings.archive), short)
    app = create_app(WebSettings(archive=settings.archive, cache=settings.cache))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        for path in ("/sources/{}", "/sources/{}.json", f"/runs/{{}}/{FIRST}", f"/runs/{{}}/{FIRST}.json?page=1"):
            answer = client.get(path.format(OLD))
            assert (answer.status_code, answer.headers["location"]) == (307, path.format(NEW))
            assert client.get(path.format(NEW)).status_code == 200
        assert client.get("/sources/so").headers["location"] == f"/sources/{NEW}"
        assert client.get("/sources/nobody").status_code == 404
        assert client.get("/sources/No%20id").status_code == 404
    for other in ("so", "sources", "run"):  # ids that begin as addresses do
        rename(settings, NEW, other)
        rename(settings, other, NEW)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        for old, path in (("so", "/sources/{}"), ("sources", "/sources/{}.json"), ("run", f"/runs/{{}}/{FIRST}")):
            assert client.get(path.format(old)).headers["location"] == path.format(NEW)
    retire(settings, NEW, reason="the <district> is no more")
    app = create_app(WebSettings(archive=settings.archive, cache=settings.cache))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.get(f"/sources/{OLD}.json").json()["retired_why"] == "the <district> is no more"
        assert ": the &lt;district&gt; is no more</dd>" in client.get(f"/sources/{NEW}").text


class Killed(BaseException):
    """What a killed process does next."""


def killed_at(point: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Kills whoever puts or deletes for the `point`th time; of what is to be deleted then, half is. Leases, which end
    with their holder, are not counted. Returns what tells how many calls there were."""
    put, delete = DirectoryStore.put, DirectoryStore.delete
    calls = 0

    def counted(key: str) -> bool:
        nonlocal calls
        calls += not key.startswith(keys.leases_prefix())
        return calls == point and not key.startswith(keys.leases_prefix())

    def doomed_put(self: DirectoryStore, key: str, *data: Any, **conditions: Any) -> str:
        if counted(key):
            raise Killed
        return put(self, key, *data, **conditions)

    def doomed_delete(self: DirectoryStore, keys_: Iterable[str]) -> None:
        named = list(keys_)
        if named and counted(named[0]):
            delete(self, named[: len(named) // 2])
            raise Killed
        delete(self, named)

    monkeypatch.setattr(DirectoryStore, "put", doomed_put)
    monkeypatch.setattr(DirectoryStore, "delete", doomed_delete)
    return lambda: calls


def test_killed_at_any_point_and_called_again_it_ends_as_if_nothing_had_happened(
    made: Settings, tmp_path: Path
) -> None:
    undisturbed = copied(made, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        count = killed_at(0, patch)
        rename(undisturbed, OLD, NEW)
    expected = contents(open_store(undisturbed.archive))
    assert count() >= 20
    print(f"{count()} points")
    for point in todays(range(1, count() + 1), 5):
        settings = copied(made, tmp_path / str(point))
        with pytest.MonkeyPatch.context() as patch:
            killed_at(point, patch)
            with pytest.raises(Killed):
                rename(settings, OLD, NEW)
        store = open_store(settings.archive)
        held = {run for source in (OLD, NEW) for run in runs_of(store, source)}
        assert held == {FIRST, SECOND, DEAD}, f"at {point}"
        if point > 1:
            with pytest.raises(
                NotReady, match=f"is being renamed to {NEW}: `bantin source rename {OLD} {NEW}` goes on"
            ):
                Fetch(a_source(), "20260101T000000Z", settings).run()
        rename(settings, OLD, NEW)
        assert contents(store) == expected, f"at {point}"
        assert [path.name for path in settings.sources.iterdir()] == [f"{NEW}.yaml"]
        shutil.rmtree(tmp_path / str(point))


def test_killed_between_the_two_files_it_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bantin.registering.files.remove", _die)
        with pytest.raises(Killed):
            rename(settings, OLD, NEW)
    assert len(list(settings.sources.iterdir())) == 2
    rename(settings, OLD, NEW)
    assert [path.name for path in settings.sources.iterdir()] == [f"{NEW}.yaml"]
    assert plan(settings, OLD, NEW).line == f"{OLD} is called {NEW} already, and nothing is left to be done"


def _die(*_: Any) -> None:
    raise Killed


def test_what_is_stored_while_nobody_goes_on_is_moved_too(made: Settings, tmp_path: Path) -> None:
    """Killed while a run was removed under its old id; then a crawl that outlived its worker stores a part of it."""
    settings = copied(made, tmp_path)
    store = open_store(settings.archive)
    part = store.get(keys.raw_part(OLD, FIRST, 1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DirectoryStore, "delete", _die_at_raw(DirectoryStore.delete))
        with pytest.raises(Killed):
            rename(settings, OLD, NEW)
    assert store.head(keys.captures(OLD, FIRST)) is None
    store.put(keys.raw_part(OLD, FIRST, 7, 1), part)
    rename(settings, OLD, NEW)
    assert store.get(keys.raw_part(NEW, FIRST, 7, 1)) == part
    assert runs_of(store, OLD) == []


def _die_at_raw(delete: Callable[..., None]) -> Callable[..., None]:
    def dying(self: DirectoryStore, keys_: Iterable[str]) -> None:
        named = list(keys_)
        if any(key.startswith("raw/") for key in named):
            delete(self, [key for key in named if not key.startswith("raw/")])
            raise Killed
        delete(self, named)

    return dying


def test_where_the_registry_cannot_be_written_its_file_is_renamed_first(settings: Settings, disk: Path) -> None:
    store = open_store(settings.archive)
    before = contents(store)
    shutil.copy(settings.sources / f"{OLD}.yaml", disk)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(SourceError, match=r"cannot be written: Read-only .* change the file where it comes from"):
        rename(settings.override(sources=disk), OLD, NEW)
    assert contents(store) == before
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    renamed = (disk / f"{OLD}.yaml").read_text("utf-8").replace(f"id: {OLD}", f"id: {NEW}")
    (disk / f"{OLD}.yaml").unlink()
    (disk / f"{NEW}.yaml").write_text(renamed, "utf-8")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    rename(settings.override(sources=disk), OLD, NEW)
    assert runs_of(store, NEW) == [FIRST, DEAD, SECOND]


def test_it_may_be_renamed_again_and_back(settings: Settings) -> None:
    store = open_store(settings.archive)
    rename(settings, OLD, NEW)
    rename(settings, NEW, "third")
    assert (name_now(store, OLD), name_now(store, NEW)) == ("third", "third")
    with pytest.raises(NoSuchRun, match=f"{OLD} was renamed: it is third now"):
        rerun(OLD, None, settings)
    rename(settings, "third", OLD)
    assert (name_now(store, OLD), name_now(store, NEW), name_now(store, "third")) == (None, OLD, OLD)
    assert load_source(settings.sources / f"{OLD}.yaml").id == OLD
    assert wrong(settings) == []


def test_a_back_up_made_before_is_brought_along_by_the_same_call(made: Settings, tmp_path: Path) -> None:
    settings, back_up = copied(made, tmp_path / "own"), copied(made, tmp_path / "back-up")
    rename(settings, OLD, NEW)
    rename(back_up.override(sources=settings.sources), OLD, NEW)
    assert contents(open_store(back_up.archive)) == contents(open_store(settings.archive))


def test_what_forbids_it_is_told_and_nothing_changes(settings: Settings) -> None:
    store = open_store(settings.archive)
    before = contents(store)
    other = settings.sources / "hoalu.yaml"
    other.write_text(dump_source(a_source().model_copy(update={"id": "hoalu"})), "utf-8")
    with pytest.raises(SourceError, match=r"hoalu\.yaml: is there already"):
        rename(settings, OLD, "hoalu")
    with pytest.raises(SourceError, match="expected another id than it has"):
        rename(settings, OLD, OLD)
    with pytest.raises(SourceError, match=r"nobody\.yaml: is not there"):
        rename(settings, "nobody", OLD)
    with Lease.acquire(store, OLD, run=SECOND, attempt=1), pytest.raises(LeaseHeld):
        rename(settings, OLD, NEW)
    store.put(keys.captures(NEW, FIRST), encode([], Capture))
    with pytest.raises(NotReady, match=f"{NEW} has runs of its own"):
        rename(settings, OLD, NEW)
    store.delete([keys.captures(NEW, FIRST)])
    assert contents(store) == before


def test_a_damaged_table_stops_it_before_it_would_be_taken_for_right(settings: Settings) -> None:
    store = open_store(settings.archive)
    key = keys.articles(OLD, FIRST)
    rows = read(store, key, Article)
    store.put(key, encode([replace(rows[0], title="Rotten"), *rows[1:]], Article))
    with pytest.raises(NotMoved, match=f"{key}: it is not as its report says: `bantin verify {OLD} --repair` first"):
        rename(settings, OLD, NEW)
    report = read_report(store, OLD, FIRST)
    assert report is not None
    assert any(c.kind == Kind.ARTICLE for c in read(store, keys.captures(OLD, FIRST), Capture))


def test_captures_that_lack_damaged_records_stay_marked_as_such(settings: Settings) -> None:
    store, key = open_store(settings.archive), keys.captures(OLD, SECOND)
    lost = keys.raw_part(OLD, SECOND, 1, 9)
    store.put(key, encode(read(store, key, Capture), Capture, unread=[(lost, 7)]))
    report = read_report(store, OLD, SECOND)
    assert report is not None
    write_report(store, replace(report, objects=inventory(store, OLD, SECOND, report.objects)))
    rename(settings, OLD, NEW)
    assert unread_places(store, keys.captures(NEW, SECOND)) == {(keys.moved(lost, NEW), 7)}


def test_the_lakes_last_copy_of_rows_is_not_renamed_away(settings: Settings) -> None:
    store = open_store(settings.archive)
    key = keys.lake(OLD, keys.month_of(FIRST))
    before = store.get(key)
    run = [info.key for info in store.list("") if FIRST in info.key]
    store.delete(run)
    with pytest.raises(NotMoved, match=r"1 tables that it was made of are gone.*may be the last that has their rows"):
        rename(settings, OLD, NEW)
    assert (store.get(key), read_notice(store, OLD), runs_of(store, NEW)) == (before, None, [])
    assert len(list(put_back_gone(settings, OLD, FIRST))) == 1
    rename(settings, OLD, NEW)
    assert len(read(store, keys.articles(NEW, FIRST), Article)) == 2
