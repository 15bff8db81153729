"""Revisit captures have their body in another record, perhaps of another run: verify tells where that is gone."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

import bantin.verifying.checks
from bantin.publish import publish
from bantin.settings import Settings
from bantin.verifying.findings import Finding, Trouble
from bantin.verifying.verify import verify
from model.capture import Capture
from model.source import dump_source
from storage import keys
from storage.exchange import Earlier
from storage.store import ObjectStore, open_store
from storage.tables import encode, read
from storage.warc import PartWriter
from tests.bantin.stored import flip
from tests.bantin.test_verify import repaired
from tests.records import exchange
from tests.servers.site import PAGE
from tests.stored import HOST, a_source, publish_run

SOURCE = "kimson"
FIRST, SECOND, THIRD = (f"202611{day:02}T000000Z" for day in (1, 2, 3))
PAGES = {f"/tin-{number}": PAGE.format(title=f"Hội làng {number}") for number in (1, 2)}
FULL = keys.raw_part(SOURCE, FIRST, 1, 1)


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> ObjectStore:
    """A run that has two pages, and two later ones in which both are unchanged."""
    publish_run(settings, a_source(), FIRST, PAGES, tmp_path / "parts")
    store = open_store(settings.archive)
    for run in (SECOND, THIRD):
        revisit(store, settings, run, tmp_path)
    return store


def revisit(store: ObjectStore, settings: Settings, run: str, folder: Path) -> None:
    part = keys.raw_part(SOURCE, run, 1, 1)
    writer = PartWriter(folder / f"{run}.warc.gz", part, "test", 10_000_000)
    captures = []
    for known in read(store, keys.captures(SOURCE, FIRST), Capture):
        earlier = Earlier(url=known.final_url, fetched_at=known.fetched_at, body_sha256=known.body_sha256)
        at = keys.run_time(run) + timedelta(seconds=len(captures) + 1)
        captures.append(
            writer.write(exchange(url=known.url, fetched_at=at, status=304, body=b"", earlier=earlier)),
        )
    writer.close()
    store.put(part, writer.path)
    store.put(keys.captures(SOURCE, run), encode(captures, Capture))
    store.put(keys.run_source(SOURCE, run), dump_source(a_source()).encode())
    publish(SOURCE, run, settings)


def bodies(settings: Settings, **how: object) -> list[Finding]:
    return [one for one in verify(settings, **how) if one.trouble == Trouble.BODY]  # type: ignore[arg-type]


def test_where_all_is_there_nothing_is_told(store: ObjectStore, settings: Settings) -> None:
    assert [one for one in verify(settings) if not one.harmless] == []


@pytest.mark.parametrize("how", [{}, {"run": SECOND}, {"since": keys.run_time(SECOND).date()}])
def test_a_part_that_is_gone_takes_the_bodies_of_later_runs_along(
    how: dict[str, object], store: ObjectStore, settings: Settings
) -> None:
    store.delete([FULL])
    (found,) = bodies(settings, **how)
    assert (found.key, found.harmless, "bantin copy" in found.remedy) == (FULL, False, True)
    of = f"2 captures of run {SECOND}" if "run" in how else f"4 captures of 2 runs, {SECOND} to {THIRD},"
    assert f"{of} are revisits whose body was there: {HOST}/tin-1, {HOST}/tin-2" in found.detail


def test_so_does_a_damaged_record_for_its_page_alone(store: ObjectStore, settings: Settings) -> None:
    page = read(store, keys.captures(SOURCE, FIRST), Capture)[1]
    assert page.warc_offset is not None
    assert page.warc_length is not None
    flip(Path(settings.archive) / FULL, page.warc_offset + page.warc_length // 2)
    (found,) = bodies(settings)
    assert found.key == FULL
    assert f"2 captures of 2 runs, {SECOND} to {THIRD}, are revisits" in found.detail
    assert found.detail.endswith(f"{HOST}/tin-2")


def test_and_a_part_that_is_cut_off_also_where_its_run_is_not_asked_for(store: ObjectStore, settings: Settings) -> None:
    path = Path(settings.archive) / FULL
    page = read(store, keys.captures(SOURCE, FIRST), Capture)[1]
    assert page.warc_offset is not None
    path.write_bytes(path.read_bytes()[: page.warc_offset + 10])
    (found,) = bodies(settings, run=THIRD)
    assert found.detail.endswith(f"are revisits whose body was there: {HOST}/tin-2")


def test_of_a_run_that_is_gone_altogether_no_capture_tells_where_the_body_was(
    store: ObjectStore, settings: Settings
) -> None:
    gone = [info.key for info in store.list("") if FIRST in info.key]
    store.delete(gone)
    (found,) = bodies(settings)
    assert found.key == keys.captures_prefix(SOURCE)
    assert "whose body was in an answer that no capture has any more" in found.detail
    code, said = repaired(settings)
    assert (code, said.count("no body: 4 captures")) == (1, 2), said


def test_a_captures_table_that_is_made_anew_has_them_again(store: ObjectStore, settings: Settings) -> None:
    (Path(settings.archive) / keys.captures(SOURCE, FIRST)).write_bytes(b"no table")
    (found,) = bodies(settings)
    assert found.remedy.startswith("bantin verify --repair may find it")
    code, said = repaired(settings)
    assert (code, "all is as it was stored" in said) == (0, True), said
    assert bodies(settings) == []


def test_each_part_is_opened_once(store: ObjectStore, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = bantin.verifying.checks.open_object

    def counted(store: ObjectStore, key: str, *more: int) -> object:
        opened.append(key)
        return real(store, key, *more)

    monkeypatch.setattr(bantin.verifying.checks, "open_object", counted)
    assert bodies(settings) == []
    assert sorted(opened) == [keys.raw_part(SOURCE, run, 1, 1) for run in (FIRST, SECOND, THIRD)]


def test_what_a_back_up_brings_back_is_no_finding_any_more(
    store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    shutil.copyfile(Path(settings.archive) / FULL, tmp_path / "kept")
    store.delete([FULL])
    assert len(bodies(settings)) == 1
    store.put(FULL, tmp_path / "kept")
    assert [one for one in verify(settings) if not one.harmless] == []
