"""What repair must not do: vouch for what is damaged, drop what a back-up can bring back, or hide that something is
lost."""

import hashlib
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import bantin.lake
from bantin.copying.copy import WRONG, copy
from bantin.lake import refresh
from bantin.settings import Settings
from bantin.verifying.findings import Finding, Trouble
from bantin.verifying.verify import verify
from model.article import Article
from model.capture import Capture
from model.report import RunReport, State
from model.source import dump_source, parse_source
from storage import keys, reports
from storage.inventory import inventory
from storage.members import Member, members
from storage.store import open_store
from storage.tables import encode, read
from tests.bantin.stored import RUN, SOURCE, flip, parts
from tests.bantin.test_verify import ARTICLES, CAPTURES, REPORT, RULES, repaired, wrong

AS_STORED, NOT_AS_STORED = "all is as it was stored", "nothing is damaged now, but not all is as it was stored"


def told(settings: Settings, key: str) -> list[Finding]:
    return [finding for finding in verify(settings) if finding.key == key]


def report_of(settings: Settings) -> RunReport:
    report = reports.read_report(open_store(settings.archive), SOURCE, RUN)
    assert report is not None
    return report


def named(settings: Settings) -> dict[str, str]:
    return {str(entry["key"]): str(entry["sha256"]) for entry in report_of(settings).objects}


def damage_record(archive: Path, kind: str) -> str:
    """Turns a bit of the last record of this kind in the second part, and returns the part's key."""
    part = parts(archive)[1]
    with part.open("rb") as file:
        record: Member = [member for member in members(file) if member.kind == kind][-1]
    flip(part, record.offset + record.length // 2)
    return str(part.relative_to(archive))


def damage_page(archive: Path, settings: Settings) -> tuple[str, str]:
    """Turns a bit of a page's record, and returns the part's key and the page's address."""
    rows = read(open_store(settings.archive), ARTICLES, Article)
    flip(archive / rows[3].warc_key, rows[3].warc_offset + rows[3].warc_length // 2)
    return rows[3].warc_key, rows[3].url


@pytest.fixture
def back_up(archive: Path, tmp_path: Path) -> Path:
    """A copy of the archive that nobody damages."""
    return Path(shutil.copytree(archive, tmp_path / "back-up"))


def test_a_report_made_anew_does_not_vouch_for_a_damaged_part(archive: Path, back_up: Path, settings: Settings) -> None:
    part = damage_record(archive, "request")
    (archive / REPORT).write_bytes(b"{")
    (archive / ARTICLES).write_bytes((archive / ARTICLES).read_bytes()[:300])
    code, said = repaired(settings)
    assert (code, f"it has no hash of {part}" in said) == (1, True), said
    assert part not in named(settings)
    assert named(settings).keys() > {CAPTURES, ARTICLES, RULES}
    for _ in range(2):
        assert wrong(settings) == [(part, Trouble.ROT)]
        assert "its report has no hash of it" in told(settings, part)[0].detail
        assert wrong(settings, quick=True) == [(REPORT, Trouble.STALE)]
        repaired(settings)

    good = {key: (back_up / key).read_bytes() for key in (part, REPORT, ARTICLES)}
    copied = list(copy(settings.archive, str(back_up)))
    assert [one.key for one in copied if one.outcome in WRONG] == [REPORT]
    assert {key: (back_up / key).read_bytes() for key in good} == good
    assert wrong(settings.override(archive=str(back_up))) == []
    assert not [one for one in copy(str(back_up), settings.archive, check=True) if one.outcome in WRONG]
    assert {key: (archive / key).read_bytes() for key in good} == good
    assert wrong(settings) == []


def test_a_part_that_is_whole_again_gets_its_hash_into_the_report(
    archive: Path, back_up: Path, settings: Settings
) -> None:
    part = damage_record(archive, "request")
    (archive / REPORT).write_bytes(b"{")
    repaired(settings)
    shutil.copyfile(back_up / part, archive / part)
    assert wrong(settings) == [(REPORT, Trouble.STALE)]
    assert repaired(settings)[0] == 0
    assert named(settings)[part] == hashlib.sha256((back_up / part).read_bytes()).hexdigest()
    assert wrong(settings) == []


def test_no_repair_drops_a_row_whose_record_is_damaged(archive: Path, back_up: Path, settings: Settings) -> None:
    store = open_store(settings.archive)
    captures, articles = read(store, CAPTURES, Capture), (archive / ARTICLES).read_bytes()
    part, url = damage_page(archive, settings)
    (archive / CAPTURES).write_bytes(b"no table")
    for _ in range(3):
        code, _said = repaired(settings)
        assert code == 1
        assert (archive / ARTICLES).read_bytes() == articles
        assert len(read(store, CAPTURES, Capture)) == len([c for c in captures if not c.waiting]) - 1
        assert set(wrong(settings)) == {(part, Trouble.ROT), (ARTICLES, Trouble.ORPHAN)}
        (found,) = told(settings, ARTICLES)
        assert (url in found.detail, "from a back-up" in found.remedy) == (True, True)
        assert wrong(settings, quick=True) == [(CAPTURES, Trouble.MISMATCH)]

    refused = [one.key for one in copy(settings.archive, str(back_up)) if one.outcome in WRONG]
    assert refused == [CAPTURES, REPORT], "what was made anew of less takes no back-up's place"
    shutil.copyfile(back_up / part, archive / part)
    assert (CAPTURES, Trouble.MISMATCH) in wrong(settings)
    assert repaired(settings)[0] == 0
    assert read(store, CAPTURES, Capture) == [c for c in captures if not c.waiting]
    assert (archive / ARTICLES).read_bytes() == articles
    assert wrong(settings) == []


def test_a_restore_brings_back_all_that_a_repair_made_anew_of_less(
    archive: Path, back_up: Path, settings: Settings
) -> None:
    damage_page(archive, settings)
    (archive / CAPTURES).write_bytes(b"no table")
    repaired(settings)
    repaired(settings)
    assert not [one for one in copy(str(back_up), settings.archive, check=True) if one.outcome in WRONG]
    for key in (CAPTURES, ARTICLES, REPORT):
        assert (archive / key).read_bytes() == (back_up / key).read_bytes()
    assert wrong(settings) == []


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_articles_are_not_made_anew_of_less_either(how: str, archive: Path, back_up: Path, settings: Settings) -> None:
    part, _ = damage_page(archive, settings)
    for key in (CAPTURES, ARTICLES):
        (archive / key).unlink() if how == "gone" else (archive / key).write_bytes(b"no table")
    code, said = repaired(settings)
    assert (code, f"{ARTICLES}: it stays as it is" in said) == (1, True), said
    assert (archive / ARTICLES).exists() is (how == "damaged")
    shutil.copyfile(back_up / part, archive / part)
    assert repaired(settings)[0] == 0
    assert (archive / ARTICLES).read_bytes() == (back_up / ARTICLES).read_bytes()
    assert wrong(settings) == []


def test_a_part_that_is_gone_is_missed_though_the_captures_were_made_anew_without(
    archive: Path, back_up: Path, settings: Settings
) -> None:
    part = str(parts(archive)[1].relative_to(archive))
    for key in (part, CAPTURES, REPORT):
        (archive / key).unlink()
    assert repaired(settings)[0] == 1
    (archive / CAPTURES).write_bytes(b"no table")
    shutil.copyfile(back_up / REPORT, archive / REPORT)
    assert repaired(settings)[0] == 1
    assert (part, Trouble.MISSING) in wrong(settings)
    assert part in named(settings), "a restore must know what is right"
    shutil.copyfile(back_up / part, archive / part)
    assert repaired(settings)[0] == 0
    assert wrong(settings) == []
    assert (archive / ARTICLES).read_bytes() == (back_up / ARTICLES).read_bytes()


def test_a_run_whose_report_and_articles_are_lost_is_published_again(archive: Path, settings: Settings) -> None:
    rows = read(open_store(settings.archive), ARTICLES, Article)
    for key in (REPORT, ARTICLES):
        (archive / key).unlink()
    assert wrong(settings) == [(ARTICLES, Trouble.MISSING), (REPORT, Trouble.MISSING)]
    assert "nothing says whether the run was published" in told(settings, ARTICLES)[0].detail
    open_store(settings.archive).put(keys.superseded(SOURCE, RUN, "0" * 64), b"")
    assert "was replaced once" in told(settings, ARTICLES)[0].detail
    (archive / keys.superseded(SOURCE, RUN, "0" * 64)).unlink()
    code, said = repaired(settings)
    assert (code, NOT_AS_STORED in said) == (0, True), said
    assert read(open_store(settings.archive), ARTICLES, Article) == rows
    assert report_of(settings).state == State.PUBLISHED
    assert wrong(settings) == []


def test_articles_that_are_lost_with_their_report_stay_named_until_they_are_there(
    archive: Path, back_up: Path, settings: Settings
) -> None:
    part, _ = damage_page(archive, settings)
    for key in (REPORT, ARTICLES):
        (archive / key).unlink()
    for _ in range(2):
        assert repaired(settings)[0] == 1
        assert wrong(settings) == [(ARTICLES, Trouble.MISSING), (part, Trouble.ROT)]
    shutil.copyfile(back_up / part, archive / part)
    assert repaired(settings)[0] == 0
    assert (archive / ARTICLES).read_bytes() == (back_up / ARTICLES).read_bytes()


def test_a_run_that_was_never_published_is_no_damage_and_said_to_wait(archive: Path, settings: Settings) -> None:
    store, report = open_store(settings.archive), report_of(settings)
    (archive / ARTICLES).unlink()
    objects = [entry for entry in report.objects if entry["key"] != ARTICLES]
    reports.write_report(store, replace(report, state=State.FETCHED, articles={}, objects=objects))
    (found,) = verify(settings)
    assert (found.key, found.trouble, found.harmless) == (ARTICLES, Trouble.UNPUBLISHED, True)
    assert f"bantin rerun {SOURCE} {RUN}" in found.remedy
    reports.write_report(
        store, replace(report, state=State.FAILED, reason="all rejected", articles={}, objects=objects)
    )
    assert list(verify(settings)) == []


@pytest.mark.parametrize("with_parts", [False, True])
def test_the_damaged_report_of_a_run_that_failed_has_a_way_out(
    with_parts: bool, archive: Path, settings: Settings
) -> None:
    count = len(parts(archive))
    for key in (CAPTURES, ARTICLES, RULES):
        (archive / key).unlink()
    if not with_parts:
        shutil.rmtree(archive / "raw")
    (archive / REPORT).write_bytes(b'{"state": "fai\xff')
    damaged = (archive / REPORT).read_bytes()
    assert wrong(settings) == [(REPORT, Trouble.ROT)]
    code, said = repaired(settings)
    assert (code, NOT_AS_STORED in said) == (0, True), said
    report = report_of(settings)
    assert report.state == State.FAILED
    assert f"bantin rerun {SOURCE} {RUN}" in (report.reason or "")
    assert (f"{count} WARC parts" in (report.reason or "")) is with_parts
    assert (archive / keys.damaged(REPORT, hashlib.sha256(damaged).hexdigest())).read_bytes() == damaged
    assert wrong(settings) == []


def reclean(archive: Path, settings: Settings) -> bytes:
    """Gives the run other rules than its attempt's, as a re-clean does, and returns them."""
    store, report = open_store(settings.archive), report_of(settings)
    source = parse_source((archive / RULES).read_text("utf-8"), RULES)
    rules = dump_source(source.model_copy(update={"name": "Tên khác"})).encode()
    (archive / RULES).write_bytes(rules)
    reports.write_report(store, replace(report, objects=inventory(store, SOURCE, RUN, report.objects)))
    assert wrong(settings) == []
    return rules


@pytest.mark.parametrize("where", ["sibling", "superseded"])
def test_lost_rules_are_looked_for_with_the_other_runs(where: str, archive: Path, settings: Settings) -> None:
    rules = reclean(archive, settings)
    sha256 = hashlib.sha256(rules).hexdigest()
    other = "20261121T000000Z"
    place = keys.run_source(SOURCE, other) if where == "sibling" else keys.superseded_rules(SOURCE, other, sha256)
    open_store(settings.archive).put(place, rules)
    (archive / RULES).unlink()
    code, said = repaired(settings)
    expected = (0, AS_STORED) if where == "sibling" else (1, "1 finding")  # of the other run nothing else is left
    assert (code, said.splitlines()[-1]) == expected, said
    assert f"taken from {place}" in said
    assert (archive / RULES).read_bytes() == rules


def test_where_other_rules_take_the_place_of_lost_ones_nobody_says_that_all_is_as_it_was(
    archive: Path, settings: Settings
) -> None:
    reclean(archive, settings)
    (archive / RULES).unlink()
    code, said = repaired(settings)
    assert (code, said.splitlines()[-1]) == (0, NOT_AS_STORED), said
    assert "the run's report names others, which are not found" in said
    assert any("taken from" in warning for warning in report_of(settings).warnings)


def test_articles_that_come_out_as_they_were_leave_the_report_as_it_was(
    archive: Path, back_up: Path, settings: Settings
) -> None:
    (archive / ARTICLES).unlink()
    code, said = repaired(settings)
    assert (code, said.splitlines()[-1]) == (0, AS_STORED), said
    for key in (ARTICLES, REPORT):
        assert (archive / key).read_bytes() == (back_up / key).read_bytes()


def test_a_table_that_comes_out_otherwise_counts_as_older_than_the_back_ups(
    archive: Path, back_up: Path, settings: Settings
) -> None:
    store, report = open_store(str(back_up)), report_of(settings)
    rows = [replace(row, section="Khác") for row in read(store, ARTICLES, Article)]  # as an earlier cleaner made them
    for folder in (back_up, archive):
        there = open_store(str(folder))
        there.put(ARTICLES, encode(rows, Article))
        reports.write_report(there, replace(report, objects=inventory(there, SOURCE, RUN, report.objects)))
    before = (back_up / ARTICLES).read_bytes()
    (archive / ARTICLES).unlink()
    assert repaired(settings)[1].splitlines()[-1] == NOT_AS_STORED
    assert {one.key for one in copy(settings.archive, str(back_up)) if one.outcome in WRONG} == {ARTICLES, REPORT}
    assert (back_up / ARTICLES).read_bytes() == before


@pytest.fixture
def month(archive: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run's month in the lake."""
    monkeypatch.setattr(bantin.lake, "MARGIN", timedelta(days=-40_000))
    refresh(settings)
    return archive / keys.lake(SOURCE, keys.month_of(RUN))


def test_a_bit_that_turns_in_the_lake_is_found_in_the_footer_too(month: Path, settings: Settings) -> None:
    key = keys.lake(SOURCE, keys.month_of(RUN))
    data = month.read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    assert wrong(settings) == []
    for at in [*range(4, footer, footer // 6), *range(footer - 48, len(data), (len(data) - footer) // 30)]:
        flip(month, at)
        assert [found for found, _ in wrong(settings)] == [key], f"byte {at} of {len(data)}, the footer is at {footer}"
        flip(month, at)
    assert wrong(settings) == []


@pytest.mark.parametrize("place", ["page", "footer"])
def test_a_rotten_object_of_the_lake_is_built_anew(place: str, month: Path, settings: Settings) -> None:
    data = month.read_bytes()
    flip(month, len(data) // 2 if place == "page" else data.rindex(b"bantin.lake"))
    (found,) = [finding for finding in verify(settings) if not finding.harmless]
    assert "bantin verify --repair" in found.remedy
    code, said = repaired(settings)
    assert (code, "built anew" in said) == (0, True), said
    assert month.read_bytes() == data
    assert wrong(settings) == []


def test_an_object_of_the_lake_stays_where_its_tables_are_damaged(
    month: Path, archive: Path, settings: Settings
) -> None:
    flip(month, month.stat().st_size // 2)
    damage_page(archive, settings)
    (archive / ARTICLES).write_bytes(b"no table")
    damaged = month.read_bytes()
    code, said = repaired(settings)
    assert (code, "cannot be built anew" in said) == (1, True), said
    assert month.read_bytes() == damaged


@pytest.mark.parametrize("lost", [(ARTICLES,), (CAPTURES, ARTICLES), (RULES, ARTICLES)], ids=len)
def test_a_report_that_stays_names_the_table_that_was_made_again(
    lost: tuple[str, ...], archive: Path, settings: Settings
) -> None:
    before = named(settings)
    if RULES in lost:
        (archive / "kept").mkdir()
        shutil.copyfile(archive / RULES, archive / "kept" / "demo-portal.yaml")
    for key in lost:
        (archive / key).unlink()
    assert repaired(settings, archive / "kept" if RULES in lost else None)[0] == 0
    assert named(settings) == before
