"""copy: back-up and restore between stores, broken off and gone on with, of archives that are damaged or in use."""

import hashlib
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import bantin.copying.copy as module
from bantin.cli import main
from bantin.copying.copy import Copied, Outcome, SameStore, copy
from bantin.settings import Settings
from bantin.verifying.verify import verify
from model.article import Article
from storage import keys, reports
from storage.errors import StoreUnavailable
from storage.inventory import inventory
from storage.notices import Notice
from storage.replaced import replaced_tables
from storage.store import ObjectStore, open_store
from storage.superseded import replace_articles
from storage.tables import encode, read
from tests.bantin.stored import RUN, SOURCE, flip, parts

ARTICLES, REPORT = keys.articles(SOURCE, RUN), keys.report(SOURCE, RUN)
LEFT_OUT = ("work/", "leases/", "frontier/", ".tmp/")


def files(folder: Path) -> dict[str, bytes]:
    """All that is copied, by key."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {key: data for key, data in found.items() if not key.startswith(LEFT_OUT)}


def outcomes(*args: object, **how: object) -> Counter[Outcome]:
    return Counter(one.outcome for one in copy(*args, **how))  # type: ignore[arg-type]


def only(results: list[Copied], outcome: Outcome) -> Copied:
    (one,) = [result for result in results if result.outcome == outcome]
    return one


def publish_again(archive: Path, title: str) -> bytes:
    """As a re-clean does: another articles table, the one before kept, and a newer report. Returns the former."""
    store = open_store(str(archive))
    before = store.get(ARTICLES)
    rows = read(store, ARTICLES, Article)
    replace_articles(store, SOURCE, RUN, encode([replace(row, section=title) for row in rows], Article))
    report = reports.read_report(store, SOURCE, RUN)
    assert report is not None
    objects = inventory(store, SOURCE, RUN, report.objects)
    reports.write_report(store, replace(report, objects=objects, finished_at=datetime.now(UTC)))
    return before


def test_a_back_up_on_s3_and_its_restore_are_byte_identical(
    archive: Path, settings: Settings, moto_s3: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in moto_s3.environment().items():  # type: ignore[attr-defined]
        monkeypatch.setenv(name, value)
    bucket, back = f"s3://{moto_s3.make_bucket()}/back-up", tmp_path / "restored"  # type: ignore[attr-defined]
    publish_again(archive, "Xã hội")
    (archive / "notes.txt").write_text("x")
    everything = files(archive)
    assert outcomes(str(archive), bucket) == {Outcome.COPIED: len(everything)}
    assert outcomes(bucket, str(back)) == {Outcome.COPIED: len(everything)}
    assert files(back) == everything
    assert [f for f in verify(settings.override(archive=str(back))) if not f.harmless] == []
    assert outcomes(str(archive), bucket) == {Outcome.THERE: len(everything)}
    assert outcomes(bucket, str(archive), check=True) == {Outcome.THERE: len(everything)}


def test_a_copy_that_is_broken_off_shows_no_row_without_its_record_and_goes_on(
    archive: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything, put = files(archive), module._Copy._put
    for stop in range(len(everything)):
        target = tmp_path / f"copy-{stop}"
        left = stop

        def stopping(self: object, *args: object) -> None:
            nonlocal left
            if left == 0:
                raise StoreUnavailable("broken off")
            left -= 1
            put(self, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(module._Copy, "_put", stopping)
        with pytest.raises(StoreUnavailable):
            outcomes(str(archive), str(target), jobs=1)
        monkeypatch.undo()
        there = set(files(target))
        if any(key.startswith(("captures/", "articles/")) for key in there):
            assert {key for key in everything if key.startswith("raw/")} <= there
        if ARTICLES in there:
            assert keys.captures(SOURCE, RUN) in there
        assert outcomes(str(archive), str(target))[Outcome.THERE] == stop
        assert files(target) == everything


def test_a_nightly_back_up_follows_re_cleans_and_keeps_what_it_replaces(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "back-up"
    outcomes(str(archive), str(target))
    before = publish_again(archive, "Xã hội")
    found = outcomes(str(archive), str(target))
    assert (found[Outcome.REPLACED], found[Outcome.COPIED]) == (2, 2), "articles and report; the one before, and when"
    assert files(target) == files(archive)
    assert before in files(target).values()
    replaced = (target / ARTICLES).read_bytes()
    shutil.rmtree(archive / "superseded")
    publish_again(archive, "Văn hóa")
    shutil.rmtree(archive / "superseded")
    outcomes(str(archive), str(target))
    assert (target / keys.superseded(SOURCE, RUN, hashlib.sha256(replaced).hexdigest())).read_bytes() == replaced
    (archive / ARTICLES).unlink()
    outcomes(str(archive), str(target))
    assert (target / ARTICLES).exists(), "nothing is deleted at the target"


def test_what_is_newer_at_the_target_is_not_replaced(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "back-up"
    outcomes(str(archive), str(target))
    publish_again(target, "Xã hội")
    newer = files(target)
    results = list(copy(str(archive), str(target)))
    refused = {one.key: one.why for one in results if one.outcome == Outcome.REFUSED}
    assert set(refused) == {ARTICLES, REPORT}
    assert all("newer" in why for why in refused.values())
    assert files(target) == newer


def test_what_is_damaged_at_the_source_replaces_nothing(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "back-up"
    outcomes(str(archive), str(target))
    whole = files(target)
    part = parts(archive)[1]
    part.write_bytes(part.read_bytes()[:-9])
    (archive / ARTICLES).write_bytes(b"PAR1")
    (archive / REPORT).write_bytes(b"{}")
    results = list(copy(str(archive), str(target)))
    assert {one.key for one in results if one.outcome == Outcome.REFUSED} >= {str(part.relative_to(archive)), REPORT}
    assert files(target) == whole
    fresh = list(copy(str(archive), str(tmp_path / "fresh")))
    damaged = {one.key for one in fresh if one.outcome == Outcome.DAMAGED}
    assert damaged == {str(part.relative_to(archive)), ARTICLES, REPORT}, "better a damaged one than none"


def test_a_damaged_object_is_copied_where_there_is_none_and_told(archive: Path, tmp_path: Path) -> None:
    part = parts(archive)[1]
    flip(part, 500)
    told = only(list(copy(str(archive), str(tmp_path / "back-up"))), Outcome.DAMAGED)
    assert (told.key, "bantin verify" in told.why) == (str(part.relative_to(archive)), True)
    assert CliRunner().invoke(main, ["copy", str(archive), str(tmp_path / "other")]).exit_code == 1


@pytest.mark.parametrize("key", ["part", ARTICLES, REPORT])
def test_a_back_up_restores_what_was_damaged(key: str, archive: Path, settings: Settings, tmp_path: Path) -> None:
    back_up = tmp_path / "back-up"
    outcomes(str(archive), str(back_up))
    path = parts(archive)[1] if key == "part" else archive / key
    whole = path.read_bytes()
    flip(path, len(whole) // 2)
    damaged = path.read_bytes()
    results = list(copy(str(back_up), str(archive), check=True))
    told = only(results, Outcome.REPLACED)
    assert (archive / told.key, "damaged" in told.why) == (path, True)
    assert path.read_bytes() == whole
    kept = archive / keys.damaged(told.key, hashlib.sha256(damaged).hexdigest())
    assert kept.read_bytes() == damaged
    assert [f for f in verify(settings) if not f.harmless] == []


def test_parts_that_differ_and_no_report_tells_of_are_left_alone(archive: Path, tmp_path: Path) -> None:
    back_up = tmp_path / "back-up"
    outcomes(str(archive), str(back_up))
    for folder in (archive, back_up):
        (folder / REPORT).unlink()
    part = parts(archive)[0]
    whole = part.read_bytes()
    part.write_bytes(2 * whole)
    refused = only(list(copy(str(back_up), str(archive))), Outcome.REFUSED)
    assert "by hand" in refused.why
    assert part.read_bytes() == 2 * whole
    part.write_bytes(whole[:-5])
    replaced = only(list(copy(str(back_up), str(archive))), Outcome.REPLACED)
    assert "damaged" in replaced.why, "one that cannot be read is not right"
    assert part.read_bytes() == whole


def test_a_restore_keeps_no_rotten_table_among_the_replaced_ones(
    archive: Path, settings: Settings, tmp_path: Path
) -> None:
    back_up = tmp_path / "back-up"
    outcomes(str(archive), str(back_up))
    for key in (ARTICLES, REPORT):
        flip(archive / key, (archive / key).stat().st_size // 2)
    rotten = (archive / ARTICLES).read_bytes()
    results = {one.key: one for one in copy(str(back_up), str(archive), check=True)}
    assert "kept in damaged/" in results[ARTICLES].why
    assert (archive / keys.damaged(ARTICLES, hashlib.sha256(rotten).hexdigest())).read_bytes() == rotten
    assert not (archive / "superseded").exists()
    assert [f for f in verify(settings) if not f.harmless] == []


def test_a_copy_has_the_order_in_which_tables_were_put_away(archive: Path, tmp_path: Path) -> None:
    for title in ("Xã hội", "Văn hóa", "Kinh tế"):
        publish_again(archive, title)
    store, target = open_store(str(archive)), open_store(str(tmp_path / "back-up"))
    outcomes(str(archive), str(tmp_path / "older"), jobs=1)
    for path in (tmp_path / "older").rglob("superseded/**/*.json"):
        path.unlink()  # as an earlier version left it, which wrote no notes, with the times of its writing
    older = [one.key for one in replaced_tables(open_store(str(tmp_path / "older")), SOURCE, RUN)]
    outcomes(str(tmp_path / "older"), str(tmp_path / "from-older"))
    assert [one.key for one in replaced_tables(open_store(str(tmp_path / "from-older")), SOURCE, RUN)] == older
    outcomes(str(archive), target.url, jobs=4)
    assert replaced_tables(target, SOURCE, RUN) == replaced_tables(store, SOURCE, RUN)
    publish_again(archive, "Thể thao")
    outcomes(str(archive), target.url)  # the one that the target replaces is noted at the source
    assert replaced_tables(target, SOURCE, RUN) == replaced_tables(store, SOURCE, RUN)
    assert Counter(one.outcome for one in copy(str(tmp_path / "older"), str(tmp_path / "from-older"))).keys() == {
        Outcome.THERE
    }


@pytest.mark.parametrize("key", ["part", keys.captures(SOURCE, RUN), ARTICLES, keys.run_source(SOURCE, RUN)])
def test_what_is_damaged_is_named_each_time_where_everything_is_read(key: str, archive: Path, tmp_path: Path) -> None:
    path = parts(archive)[1] if key == "part" else archive / key
    flip(path, path.stat().st_size // 2)
    key = str(path.relative_to(archive))
    assert only(list(copy(str(archive), str(tmp_path / "back-up"))), Outcome.DAMAGED).key == key
    for _ in range(2):
        assert only(list(copy(str(archive), str(tmp_path / "back-up"), check=True)), Outcome.THERE_DAMAGED).key == key
    told = CliRunner().invoke(main, ["copy", str(archive), str(tmp_path / "back-up"), "--check"])
    assert (told.exit_code, key in told.output) == (1, True)


def test_with_a_damaged_report_everything_it_told_of_is_looked_at_by_itself_every_time(
    archive: Path, tmp_path: Path
) -> None:
    damaged = {str(parts(archive)[1].relative_to(archive)), keys.captures(SOURCE, RUN), ARTICLES, REPORT}
    for key in damaged:
        flip(archive / key, 100 if "captures" in key else (archive / key).stat().st_size // 2)
    rules = archive / keys.run_source(SOURCE, RUN)
    rules.write_bytes(b"id: [")
    damaged.add(str(rules.relative_to(archive)))
    first = list(copy(str(archive), str(tmp_path / "back-up")))
    assert {one.key for one in first if one.outcome == Outcome.DAMAGED} == damaged
    again = list(copy(str(archive), str(tmp_path / "back-up")))
    read_anyway = damaged - {str(parts(archive)[1].relative_to(archive))}
    assert {one.key for one in again if one.outcome == Outcome.THERE_DAMAGED} == read_anyway
    checked = list(copy(str(archive), str(tmp_path / "back-up"), check=True))
    assert {one.key for one in checked if one.outcome == Outcome.THERE_DAMAGED} == damaged


@pytest.mark.parametrize("key", [keys.lake(SOURCE, "2026-11"), keys.notice(SOURCE)])
def test_what_no_report_tells_of_replaces_nothing_when_it_is_damaged(key: str, archive: Path, tmp_path: Path) -> None:
    back_up = tmp_path / "back-up"
    store = open_store(str(archive))
    whole = store.get(ARTICLES) if "lake" in key else Notice(source=SOURCE, at=datetime.now(UTC)).encode()
    store.put(key, whole)
    outcomes(str(archive), str(back_up))
    store.put(key, whole[:-7])
    refused = only(list(copy(str(archive), str(back_up))), Outcome.REFUSED)
    assert (refused.key, "bantin verify" in refused.why) == (key, True)
    assert (back_up / key).read_bytes() == whole
    assert only(list(copy(str(archive), str(tmp_path / "fresh"))), Outcome.DAMAGED).key == key
    back = only(list(copy(str(back_up), str(archive))), Outcome.REPLACED)
    assert (back.key, store.get(key)) == (key, whole)


def test_of_a_month_that_is_copied_in_part_the_lake_is_left_out(archive: Path, tmp_path: Path) -> None:
    lake = keys.lake(SOURCE, "2026-11")
    open_store(str(archive)).put(lake, (archive / ARTICLES).read_bytes())
    for since, there in ((date(2026, 11, 2), False), (date(2026, 11, 1), True)):
        outcomes(str(archive), str(tmp_path / str(since)), since=since)
        assert (tmp_path / str(since) / lake).exists() == there


def test_sources_and_days_can_be_chosen(archive: Path, tmp_path: Path) -> None:
    every = len(files(archive))
    assert outcomes(str(archive), str(tmp_path / "a"), ["kimson"]) == {}
    assert outcomes(str(archive), str(tmp_path / "b"), [SOURCE]) == {Outcome.COPIED: every}
    assert outcomes(str(archive), str(tmp_path / "c"), since=date(2026, 11, 23)) == {}
    assert outcomes(str(archive), str(tmp_path / "d"), since=date(2026, 11, 22)) == {Outcome.COPIED: every}
    for inside in (archive, archive / "back-up"):
        with pytest.raises(SameStore):
            outcomes(str(archive), str(inside))


def test_what_is_written_while_it_is_copied_is_left_for_the_next_time(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = module._Copy._download

    def meanwhile(self: object, file: Path) -> object:
        result = download(self, file)  # type: ignore[arg-type]
        if self.info.key == ARTICLES:  # type: ignore[attr-defined]
            publish_again(archive, "Xã hội")
        return result

    monkeypatch.setattr(module._Copy, "_download", meanwhile)
    found = list(copy(str(archive), str(tmp_path / "back-up")))
    assert {one.key for one in found if one.outcome == Outcome.CHANGED} == {ARTICLES, REPORT}
    monkeypatch.undo()
    outcomes(str(archive), str(tmp_path / "back-up"))
    assert files(tmp_path / "back-up") == files(archive)


def test_what_is_read_back_otherwise_than_sent_is_not_left_there(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = open_store(str(tmp_path / "back-up"))
    put = type(target).put

    def losing(self: ObjectStore, key: str, data: bytes | Path, **how: object) -> str:
        cut = data.read_bytes()[:-1] if isinstance(data, Path) else data
        return put(self, key, cut, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(type(target), "put", losing)
    with pytest.raises(StoreUnavailable, match="read back"):
        outcomes(str(archive), target.url, jobs=1)
    monkeypatch.undo()
    assert files(tmp_path / "back-up") == {}


def test_the_command_tells_what_became_of_everything(archive: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["copy", str(archive), str(tmp_path / "back-up")])
    assert (result.exit_code, f"{len(files(archive))} copied" in result.output) == (0, True)
    again = CliRunner().invoke(main, ["copy", str(archive), str(tmp_path / "back-up")])
    assert f"{len(files(archive))} there already" in again.output


@pytest.mark.parametrize("mistyped", ["nowhere", "s3:/back-up/bantin"])
def test_no_archive_is_no_back_up(mistyped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["copy", mistyped, "back-up"])
    assert (result.exit_code, "expected" in result.output) == (1, True)
    assert not (tmp_path / "back-up").exists()


def test_a_bucket_is_never_a_folder_of_that_name(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["copy", str(archive), "s3:/back-up/bantin"]).exit_code == 1
    assert not (tmp_path / "s3:").exists()


def test_an_interrupted_copy_says_how_to_go_on(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bantin.copying.copy.copy", interrupted)
    result = CliRunner().invoke(main, ["copy", str(archive), str(tmp_path / "back-up")])
    assert (result.exit_code, "the same command goes on" in result.output) == (75, True)
