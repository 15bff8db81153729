"""What is gone altogether is missed by verify wherever something else in the archive names it."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import bantin.index
import bantin.lake
from bantin.cli import main
from bantin.copying.copy import WRONG, Outcome, copy
from bantin.publish import publish
from bantin.recleaning.reclean import Rules, Selection, choose, preview
from bantin.recleaning.rewrite import forget, write
from bantin.settings import Settings
from bantin.verifying.findings import Finding, Trouble
from bantin.verifying.verify import verify
from model.article import Article
from model.source import dump_source
from storage import keys
from storage.directory import DirectoryStore
from storage.frontier import fold
from storage.notices import Notice, write_notice
from storage.reports import read_report, write_report
from storage.store import open_store
from storage.tables import read
from tests.bantin.stored import flip
from tests.bantin.test_verify import repaired, wrong
from tests.servers.site import PAGE
from tests.stored import a_source, publish_run

SOURCE = "kimson"
FIRST, SECOND = "20261101T000000Z", "20261102T000000Z"
SLIP = {"rule": "slip", "text": "^Năm nay ban tổ chức .*"}


@pytest.fixture
def stored(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two published runs; the registry has other rules than they."""
    for number, run in enumerate((FIRST, SECOND)):
        pages = {f"/tin-{number}": PAGE.format(title=f"Hội làng {number}")}
        publish_run(settings, a_source(), run, pages, tmp_path / "parts")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "kimson.yaml").write_text(dump_source(a_source(remove=[SLIP])), "utf-8")
    monkeypatch.setattr(bantin.lake, "MARGIN", timedelta(days=-40_000))
    return replace(settings, sources=tmp_path / "sources")


def lake(settings: Settings) -> str:
    bantin.lake.refresh(settings)
    return keys.lake(SOURCE, "2026-11")


def index(settings: Settings) -> str:
    bantin.index.refresh(settings)
    return "the index"


def frontier(settings: Settings) -> str:
    fold(open_store(settings.archive), SOURCE, min_h=1, max_h=100, save=True)
    return keys.frontier(SOURCE)


def reclean(settings: Settings) -> str:
    chosen = choose(settings, Selection())
    made = preview(chosen, Rules.CURRENT, settings)
    assert not write(made, settings)
    forget(made, chosen, settings)
    return f"superseded/src={SOURCE}/run={FIRST}/"


def remove(settings: Settings, *parts: str) -> None:
    """Deletes the objects in whose keys all `parts` occur."""
    store = open_store(settings.archive)
    gone = [info.key for info in store.list("") if all(part in info.key for part in parts)]
    assert gone
    store.delete(gone)


def remove_run(settings: Settings, run: str = FIRST) -> None:
    for family in ("raw", "captures", "articles", "runs"):
        remove(settings, f"{family}/", run)


def bad(settings: Settings, **how: object) -> list[Finding]:
    return [one for one in verify(settings, **how) if not one.harmless]  # type: ignore[arg-type]


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("witness", [lake, index, frontier, reclean])
def test_a_run_of_which_nothing_is_left_is_missed(witness: object, quick: bool, stored: Settings) -> None:
    by = witness(stored)  # type: ignore[operator]
    assert bad(stored) == []
    remove_run(stored)
    (found,) = bad(stored, quick=quick)
    assert (found.key, found.trouble) == (keys.report(SOURCE, FIRST), Trouble.GONE)
    assert by in found.detail
    assert "bantin copy" in found.remedy
    assert [one.key for one in bad(stored, quick=quick, run=FIRST)] == [found.key]
    assert bad(stored, quick=quick, run=SECOND) == []
    assert bad(stored, quick=quick, since=keys.run_time(SECOND).date()) == []
    code, said = repaired(stored)
    assert (code, "all of the run is gone" in said) == (1, True), said


def test_the_lakes_copy_of_lost_rows_is_named(stored: Settings) -> None:
    key = lake(stored)
    remove_run(stored)
    (found,) = bad(stored)
    assert f"{key} still has rows of it, the last copy perhaps" in found.detail


def rows_of(settings: Settings, run: str) -> list[Article]:
    return read(open_store(settings.archive), keys.articles(SOURCE, run), Article)


def test_the_lakes_rows_are_put_back_where_nothing_else_of_a_run_is_left(stored: Settings) -> None:
    key = lake(stored)
    before, of_lake = rows_of(stored, FIRST), read(open_store(stored.archive), key, Article)
    remove_run(stored)
    code, said = repaired(stored)
    assert (code, f"1 rows were put back from {key}" in said) == (1, True), said
    assert rows_of(stored, FIRST) == before
    assert wrong(stored) == [(keys.captures(SOURCE, FIRST), Trouble.MISSING)], "what is lost stays told"
    again = open_store(stored.archive).get(keys.report(SOURCE, FIRST))
    report = read_report(open_store(stored.archive), SOURCE, FIRST)
    assert report is not None
    assert (report.state, report.articles["new"]) == ("published", 1)
    assert "its rows are those that lake/" in report.warnings[0]
    assert repaired(stored)[0] == 1
    assert open_store(stored.archive).get(keys.report(SOURCE, FIRST)) == again
    lake(stored)
    assert read(open_store(stored.archive), key, Article) == of_lake


@pytest.mark.parametrize("recleaned", [False, True])
def test_a_back_up_brings_back_the_rest_of_a_run_whose_rows_were_put_back(
    recleaned: bool, stored: Settings, tmp_path: Path
) -> None:
    lake(stored)
    if recleaned:
        reclean(stored)
    before = rows_of(stored, FIRST)
    shutil.copytree(stored.archive, tmp_path / "back-up")
    remove_run(stored)
    remove(stored, "superseded/", FIRST) if recleaned else None
    assert repaired(stored)[0] == 1
    to_back_up = list(copy(stored.archive, str(tmp_path / "back-up")))
    assert all(one.outcome in (Outcome.THERE, Outcome.REFUSED) for one in to_back_up), to_back_up
    assert not [one for one in copy(str(tmp_path / "back-up"), stored.archive) if one.outcome in WRONG]
    assert bad(stored) == []
    assert rows_of(stored, FIRST) == before


@pytest.mark.parametrize("rotten", [False, True])
def test_so_are_those_of_a_whole_source_unless_the_lake_has_rotted(rotten: bool, stored: Settings) -> None:
    key = lake(stored)
    before = [rows_of(stored, run) for run in (FIRST, SECOND)]
    remove_run(stored)
    remove_run(stored, SECOND)
    if rotten:
        flip(Path(stored.archive) / key, 2000)
    code, said = repaired(stored)
    assert (code, said.count("were put back")) == (1, 0 if rotten else 2), said
    if not rotten:
        assert [rows_of(stored, run) for run in (FIRST, SECOND)] == before


def test_a_table_that_the_lake_has_as_it_was_stored_is_not_cleaned_anew(stored: Settings) -> None:
    lake(stored)
    store = open_store(stored.archive)
    before = store.get(keys.articles(SOURCE, FIRST)), store.get(keys.report(SOURCE, FIRST))
    remove(stored, "articles/", FIRST)
    remove(stored, "raw/", FIRST)
    code, said = repaired(stored)
    assert (code, "it is the table that was stored" in said) == (1, True), said
    assert (store.get(keys.articles(SOURCE, FIRST)), store.get(keys.report(SOURCE, FIRST))) == before
    assert [trouble for _, trouble in wrong(stored)] == [Trouble.MISSING], "the WARC part"


@pytest.mark.parametrize("left", ["nothing", "captures"])
def test_who_is_killed_while_rows_are_put_back_is_followed_by_who_finishes(
    left: str, stored: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake(stored)
    before = rows_of(stored, FIRST)
    remove_run(stored) if left == "nothing" else None
    if left == "captures":
        lose_rules(stored)
        remove(stored, "raw/", FIRST)
    real = DirectoryStore.put

    def killed(self: DirectoryStore, key: str, *given: object, **how: object) -> str:
        if key == keys.articles(SOURCE, FIRST):
            raise KeyboardInterrupt
        return real(self, key, *given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(DirectoryStore, "put", killed)
    where = ["--archive", stored.archive, "--sources", str(stored.sources)]
    assert CliRunner().invoke(main, ["verify", *where, "--repair"]).exit_code != 0
    monkeypatch.undo()
    assert not open_store(stored.archive).head(keys.articles(SOURCE, FIRST))
    code, said = repaired(stored, stored.sources)
    assert (code, "it is the table that was stored" in said) == (1, True), said
    assert rows_of(stored, FIRST) == before
    gone = keys.captures(SOURCE, FIRST) if left == "nothing" else keys.raw_part(SOURCE, FIRST, 1, 1)
    assert wrong(stored) == [(gone, Trouble.MISSING)]


def lose_rules(settings: Settings) -> None:
    for family, what in (("articles/", FIRST), ("runs/", FIRST)):
        remove(settings, family, what)


def test_rows_of_the_lake_come_before_those_of_rules_that_nobody_is_sure_of(stored: Settings) -> None:
    lake(stored)
    before = rows_of(stored, FIRST)
    lose_rules(stored)
    code, said = repaired(stored, stored.sources)
    assert (code, "not all is as it was stored" in said) == (0, True), said
    assert (rows_of(stored, FIRST), wrong(stored)) == (before, [])


def test_rules_that_a_re_clean_has_replaced_are_not_taken_for_those_of_the_run(stored: Settings) -> None:
    store = open_store(stored.archive)
    store.put(keys.attempt_rules(SOURCE, FIRST, 1), store.get(keys.run_source(SOURCE, FIRST)))
    reclean(stored)
    before = rows_of(stored, FIRST)
    lose_rules(stored)
    missing = keys.report(SOURCE, FIRST)
    code, said = repaired(stored, stored.sources)
    assert (code, "taken from the registry's present file" in said, missing in said) == (0, True, True), said
    assert rows_of(stored, FIRST) == before


def test_where_the_lake_has_other_rows_than_the_report_names_they_are_the_last_resort(stored: Settings) -> None:
    key = lake(stored)
    old = rows_of(stored, FIRST)
    reclean(stored)
    new = rows_of(stored, FIRST)
    assert old != new
    kept = Path(stored.archive) / keys.raw_part(SOURCE, FIRST, 1, 1)
    remove(stored, "articles/", FIRST)
    code, said = repaired(stored)
    assert (code, rows_of(stored, FIRST)) == (0, new), said
    remove(stored, "articles/", FIRST)
    kept.unlink()
    code, said = repaired(stored)
    assert (code, f"put back from {key}: the run may have been cleaned again since" in said) == (1, True), said
    assert rows_of(stored, FIRST) == old
    assert wrong(stored) == [(keys.raw_part(SOURCE, FIRST, 1, 1), Trouble.MISSING)]


@pytest.mark.parametrize("witness", [lake, index, frontier])
def test_a_source_of_which_nothing_is_left_is_missed(witness: object, stored: Settings) -> None:
    by = witness(stored)  # type: ignore[operator]
    remove_run(stored)
    remove_run(stored, SECOND)
    (found,) = bad(stored, sources=[SOURCE])
    assert (found.key, found.trouble) == (f"runs/src={SOURCE}/", Trouble.GONE)
    assert f"all of the source is gone: 2 runs, {FIRST} to {SECOND}; named by {by}" in found.detail
    assert repaired(stored)[0] == 1


def test_a_renamed_source_is_not_gone(stored: Settings) -> None:
    lake(stored)
    shutil.copytree(stored.archive, f"{stored.archive}-2")
    moved = stored.override(archive=f"{stored.archive}-2")
    for run in (FIRST, SECOND):
        remove_run(moved, run)
    assert [one.trouble for one in bad(moved)] == [Trouble.GONE]
    store = open_store(moved.archive)
    write_notice(store, Notice(source=SOURCE, at=datetime.now(UTC), renamed_to="kim-son"))
    assert [one.trouble for one in bad(moved)] == [Trouble.GONE], "the new name has nothing either"
    for run in (FIRST, SECOND):
        store.put(keys.articles("kim-son", run), open_store(stored.archive).get(keys.articles(SOURCE, run)))
    assert not [one for one in bad(moved) if one.trouble == Trouble.GONE]


def test_a_run_of_which_only_warc_parts_are_left_is_made_anew(stored: Settings) -> None:
    lake(stored)
    before = read(open_store(stored.archive), keys.articles(SOURCE, FIRST), Article)
    for family in ("captures", "articles", "runs"):
        remove(stored, f"{family}/", FIRST)
    missing = (keys.articles(SOURCE, FIRST), keys.captures(SOURCE, FIRST))
    assert wrong(stored) == [(key, Trouble.MISSING) for key in missing]
    (stored.sources / "kimson.yaml").write_text(dump_source(a_source()), "utf-8")
    code, said = repaired(stored)
    assert code == 0, said
    assert read(open_store(stored.archive), keys.articles(SOURCE, FIRST), Article) == before


def test_what_a_repair_cannot_make_stays_told(stored: Settings) -> None:
    lake(stored)
    for family in ("captures", "articles", "raw"):
        remove(stored, f"{family}/", FIRST)
    store = open_store(stored.archive)
    report = read_report(store, SOURCE, FIRST)
    assert report is not None
    write_report(store, replace(report, state=type(report.state)("failed"), reason="x", objects=[]))
    assert (keys.articles(SOURCE, FIRST), Trouble.MISSING) in wrong(stored)
    assert repaired(stored)[0] == 1


def test_replaced_tables_that_are_all_gone_are_missed(stored: Settings) -> None:
    reclean(stored)
    assert bad(stored) == []
    remove(stored, "superseded/")
    found = bad(stored)
    assert sorted({one.run for one in found if one.run}) == [FIRST, SECOND]
    assert {Path(one.key).suffix for one in found} == {".parquet", ".yaml"}
    assert all(one.trouble == Trouble.MISSING and "report.json names it" in one.detail for one in found)
    assert {one.key for one in bad(stored, quick=True)} == {one.key for one in found}
    code, said = repaired(stored)
    assert (code, said.splitlines()[-1]) == (1, "4 findings"), said


@pytest.mark.parametrize("named_by_report", [True, False])
def test_a_single_replaced_table_that_is_gone_is_missed_once(named_by_report: bool, stored: Settings) -> None:
    reclean(stored)
    store = open_store(stored.archive)
    report = read_report(store, SOURCE, FIRST)
    assert report is not None
    if not named_by_report:
        write_report(store, replace(report, replaced=[]))
    remove(stored, "superseded/", FIRST, ".parquet")
    (found,) = bad(stored)
    assert (found.key.startswith("superseded/"), found.trouble) == (True, Trouble.MISSING)
    assert "citations" in found.detail


def test_a_table_that_publish_replaced_is_missed_too(stored: Settings) -> None:
    store = open_store(stored.archive)
    store.put(keys.run_source(SOURCE, FIRST), dump_source(a_source(remove=[SLIP])).encode())
    from bantin.clean import clean_part

    clean_part(keys.raw_part(SOURCE, FIRST, 1, 1), stored)
    publish(SOURCE, FIRST, stored)
    assert bad(stored) == []
    remove(stored, "superseded/")
    (found,) = bad(stored)
    assert found.key.startswith("superseded/")


def test_the_report_of_an_earlier_version_tells_of_a_re_clean_at_least(stored: Settings) -> None:
    reclean(stored)
    store = open_store(stored.archive)
    for run in (FIRST, SECOND):
        report = read_report(store, SOURCE, run)
        assert report is not None
        write_report(store, replace(report, replaced=[]))
    assert bad(stored) == []
    remove(stored, "superseded/", FIRST)
    (found,) = bad(stored)
    assert found.key == f"superseded/src={SOURCE}/run={FIRST}/"
    assert "was cleaned again on" in found.detail


def test_a_re_clean_that_was_killed_before_its_table_has_lost_nothing(
    stored: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bantin.recleaning.rewrite.replace_articles", killed)
    with pytest.raises(KeyboardInterrupt):
        reclean(stored)
    monkeypatch.undo()
    assert not [one for one in bad(stored) if one.key.startswith("superseded/")]
    assert repaired(stored)[0] == 0
    assert bad(stored) == []
