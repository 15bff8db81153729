"""verify names each kind of damage by the object it is in, and repair makes anew what WARC parts can give."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from bantin.cli import main
from bantin.rerun import rerun
from bantin.settings import Settings
from bantin.verifying.findings import Finding, Trouble
from bantin.verifying.verify import verify
from browse.history.citations import find
from browse.history.moments import citation, parse_reference
from model.article import Article
from model.capture import Capture
from storage import keys, reports
from storage.errors import StoreUnavailable
from storage.store import ObjectReader, open_store
from storage.tables import encode, read, schema_of
from tests.bantin.stored import RUN, SOURCE, flip, parts

CAPTURES, ARTICLES = keys.captures(SOURCE, RUN), keys.articles(SOURCE, RUN)
REPORT, RULES = keys.report(SOURCE, RUN), keys.run_source(SOURCE, RUN)


def wrong(settings: Settings, **how: object) -> list[tuple[str, Trouble]]:
    found = sorted(verify(settings, **how), key=lambda finding: finding.key)  # type: ignore[arg-type]
    return [(finding.key, finding.trouble) for finding in found if not finding.harmless]


def repaired(settings: Settings, sources: Path | None = None) -> tuple[int, str]:
    """What `bantin verify --repair` exits with and says."""
    where = ["--archive", settings.archive, "--sources", str(sources or settings.sources)]
    result = CliRunner().invoke(main, ["verify", *where, "--repair"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def test_what_was_stored_is_right_and_the_report_lists_it(archive: Path, settings: Settings) -> None:
    assert wrong(settings) == []
    assert wrong(settings, quick=True) == []
    report = reports.read_report(open_store(settings.archive), SOURCE, RUN)
    assert report is not None
    listed = {str(entry["key"]): entry["sha256"] for entry in report.objects}
    assert len(parts(archive)) > 2
    assert listed == {
        key: hashlib.sha256((archive / key).read_bytes()).hexdigest()
        for key in [*(str(part.relative_to(archive)) for part in parts(archive)), RULES, CAPTURES, ARTICLES]
    }


def test_a_report_without_a_list_of_objects_is_verified_by_structure(archive: Path, settings: Settings) -> None:
    values = json.loads((archive / REPORT).read_text("utf-8"))
    del values["objects"], values["schema"], values["sha256"]
    (archive / REPORT).write_text(json.dumps(values), "utf-8")
    assert wrong(settings) == []
    part = parts(archive)[1]
    flip(part, part.stat().st_size // 2)
    assert wrong(settings) == [(str(part.relative_to(archive)), Trouble.ROT)]
    text = pq.read_metadata(archive / ARTICLES).row_group(0).column(schema_of(Article).names.index("text"))
    flip(archive / ARTICLES, text.data_page_offset + text.total_compressed_size - 100)
    assert (ARTICLES, Trouble.ROT) in wrong(settings)


@pytest.mark.parametrize("key", [CAPTURES, ARTICLES, REPORT])
def test_a_bit_that_turns_is_found_wherever_it_is(key: str, archive: Path, settings: Settings) -> None:
    size = (archive / key).stat().st_size
    for at in range(3, size, size // 12):
        flip(archive / key, at)
        assert key in dict(wrong(settings)), f"bit of byte {at} of {size}"
        flip(archive / key, at)
    assert wrong(settings) == []


def test_a_bit_that_turns_in_a_part_is_found_and_its_pages_named(archive: Path, settings: Settings) -> None:
    captures = read(open_store(settings.archive), CAPTURES, Capture)
    page = next(c for c in captures if c.is_page and c.warc_key is not None and c.warc_offset)
    assert page.warc_key is not None
    assert page.warc_offset is not None
    assert page.warc_length is not None
    for at in range(0, page.warc_length, page.warc_length // 10):
        flip(archive / page.warc_key, page.warc_offset + at)
        (found,) = [finding for finding in verify(settings) if not finding.harmless]
        assert (found.key, found.trouble) == (page.warc_key, Trouble.ROT)
        assert page.final_url in found.detail or "each record can be read" in found.detail
        assert "bantin copy" in found.remedy
        flip(archive / page.warc_key, page.warc_offset + at)


@pytest.mark.parametrize("quick", [False, True])
def test_cut_off_and_missing_objects_are_named(quick: bool, archive: Path, settings: Settings) -> None:
    first, second, *_ = parts(archive)
    first.write_bytes(first.read_bytes()[:-100])
    second.unlink()
    for key in (ARTICLES, REPORT):
        (archive / key).write_bytes((archive / key).read_bytes()[:300])
    found = set(wrong(settings, quick=quick))
    assert {(str(second.relative_to(archive)), Trouble.MISSING), (ARTICLES, Trouble.TRUNCATED)} <= found
    assert (REPORT, Trouble.ROT) in found
    if not quick:
        assert (str(first.relative_to(archive)), Trouble.TRUNCATED) in found


@pytest.mark.parametrize("key", [CAPTURES, ARTICLES, REPORT, RULES])
def test_a_missing_object_of_a_published_run_is_named(key: str, archive: Path, settings: Settings) -> None:
    (archive / key).unlink()
    assert wrong(settings, quick=True) == [(key, Trouble.MISSING)]
    assert (key, Trouble.MISSING) in wrong(settings)


def test_rows_that_contradict_the_captures_are_found(archive: Path, settings: Settings) -> None:
    store = open_store(settings.archive)
    rows = read(store, ARTICLES, Article)
    forged = [
        replace(rows[0], text="Chữ khác."),
        replace(rows[1], warc_offset=7),
        replace(rows[2], url="http://portal.example/khac"),
        *rows[3:],
        rows[-1],
    ]
    store.put(ARTICLES, encode(forged, Article))
    said = [finding.detail for finding in verify(settings) if finding.key == ARTICLES]
    for what in ("hash that they say", "no capture has their record", "another address", "that of another row"):
        assert any(what in one for one in said), what
    assert (ARTICLES, Trouble.ROT) in wrong(settings), "no re-run wrote it: it would have kept the one before"
    assert repaired(settings)[0] == 0
    assert read(store, ARTICLES, Article) == rows


def test_a_later_version_is_told_and_not_repaired(archive: Path, settings: Settings) -> None:
    table = pq.read_table(archive / ARTICLES, partitioning=None)
    pq.write_table(table.replace_schema_metadata({b"bantin.schema": b"articles 99"}), archive / ARTICLES)
    before = (archive / ARTICLES).read_bytes()
    (found,) = [finding for finding in verify(settings) if finding.key == ARTICLES]
    assert (found.trouble, found.remedy) == (Trouble.VERSION, "update bantin")
    assert repaired(settings)[0] == 1
    assert (archive / ARTICLES).read_bytes() == before


def test_orphans_are_told_and_are_no_mistake(archive: Path, settings: Settings) -> None:
    part = parts(archive)[1]
    left = part.with_name("attempt-9-part-1.warc.gz")
    left.write_bytes(part.read_bytes())
    other = archive / keys.raw_prefix(SOURCE, "20261123T000000Z") / "attempt-1-part-1.warc.gz"
    other.parent.mkdir()
    other.write_bytes(part.read_bytes())
    (archive / "notes.txt").write_text("x")
    (archive / keys.raw_prefix(SOURCE, RUN) / "part.bak").write_text("x")
    found = list(verify(settings))
    assert all(finding.harmless and finding.trouble == Trouble.ORPHAN for finding in found)
    assert sorted(Path(finding.key).name for finding in found) == [
        "attempt-1-part-1.warc.gz",
        "attempt-9-part-1.warc.gz",
        "notes.txt",
        "part.bak",
    ]


def test_replaced_and_derived_tables_are_checked(archive: Path, settings: Settings) -> None:
    store = open_store(settings.archive)
    data = (archive / ARTICLES).read_bytes()
    kept = keys.superseded(SOURCE, RUN, hashlib.sha256(data).hexdigest())
    lake = keys.lake(SOURCE, keys.month_of(RUN))
    for key in (kept, lake):
        store.put(key, data)
    assert wrong(settings) == []
    flip(archive / lake, 2_000)
    wrong_name = keys.superseded(SOURCE, RUN, "0" * 64)
    store.put(wrong_name, data)
    assert wrong(settings) == [(lake, Trouble.ROT), (wrong_name, Trouble.ROT)]


def test_sources_runs_and_days_can_be_chosen(archive: Path, settings: Settings) -> None:
    from datetime import date

    (archive / ARTICLES).unlink()
    assert wrong(settings, sources=["kimson"]) == []
    assert wrong(settings, sources=[SOURCE]) == [(ARTICLES, Trouble.MISSING)]
    assert wrong(settings, since=date(2026, 11, 23)) == []
    assert wrong(settings, since=date(2026, 11, 22), run=RUN) == [(ARTICLES, Trouble.MISSING)]


@pytest.mark.parametrize("key", [CAPTURES, ARTICLES, REPORT, RULES])
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_what_parts_can_give_is_made_anew(key: str, how: str, archive: Path, settings: Settings) -> None:
    whole = (archive / key).read_bytes()
    captures, articles = (
        read(open_store(settings.archive), k, r) for k, r in ((CAPTURES, Capture), (ARTICLES, Article))
    )
    if how == "gone":
        (archive / key).unlink()
    else:
        (archive / key).write_bytes(whole[: len(whole) // 2])
    damaged = (archive / key).read_bytes() if how == "damaged" else None
    code, said = repaired(settings)
    assert (code, key in said) == (0, True), said
    assert wrong(settings) == []
    store = open_store(settings.archive)
    assert read(store, CAPTURES, Capture) == [c for c in captures if not c.waiting]
    assert read(store, ARTICLES, Article) == articles
    if key in (ARTICLES, RULES, CAPTURES):
        assert (archive / key).read_bytes() == whole
    if damaged is not None:
        assert (archive / keys.damaged(key, hashlib.sha256(damaged).hexdigest())).read_bytes() == damaged


def test_a_run_that_has_only_its_parts_left_is_made_anew(archive: Path, settings: Settings) -> None:
    before = read(open_store(settings.archive), ARTICLES, Article)
    for key in (CAPTURES, ARTICLES):
        (archive / key).write_bytes(b"")
    (archive / REPORT).write_bytes(b"{")
    (archive / RULES).unlink()
    for rules in (archive / keys.work_prefix(SOURCE, RUN)).iterdir():
        rules.unlink()
    code, said = repaired(settings)
    assert code == 0, said
    assert "the registry's present file" in said
    assert [a.text_sha256 for a in read(open_store(settings.archive), ARTICLES, Article)] == [
        a.text_sha256 for a in before
    ]
    report = reports.read_report(open_store(settings.archive), SOURCE, RUN)
    assert report is not None
    assert (report.state, report.captures["article 200"]) == ("published", 9)
    assert any("made anew" in warning for warning in report.warnings)


def test_a_damaged_part_is_kept_and_its_rows_too(archive: Path, settings: Settings) -> None:
    store = open_store(settings.archive)
    page = next(c for c in read(store, CAPTURES, Capture) if c.is_page and c.warc_offset)
    assert page.warc_key is not None
    flip(archive / page.warc_key, (page.warc_offset or 0) + 200)
    before = {key: (archive / key).read_bytes() for key in (page.warc_key, CAPTURES, ARTICLES)}
    rows = read(store, ARTICLES, Article)
    code, said = repaired(settings)
    assert code == 1
    assert page.final_url in said
    assert {key: (archive / key).read_bytes() for key in before} == before
    (archive / CAPTURES).unlink()
    assert repaired(settings)[0] == 1
    rest = read(store, CAPTURES, Capture)
    assert page.final_url not in {c.final_url for c in rest if c.is_page}
    assert len([c for c in rest if c.is_page]) == 8, "the records around the damage are saved"
    assert repaired(settings)[0] == 1
    assert read(store, ARTICLES, Article) == rows
    cited = next(row for row in rows if row.url == page.final_url)
    assert find(open_store(settings.archive), *parse_reference(citation(cited.id, cited.fetched_at))).article == cited


def test_articles_of_a_damaged_part_stay_where_they_cannot_be_made_anew(archive: Path, settings: Settings) -> None:
    store = open_store(settings.archive)
    rows = read(store, ARTICLES, Article)
    store.put(ARTICLES, encode([replace(rows[0], text="khác"), *rows[1:]], Article))
    flip(archive / rows[0].warc_key, rows[0].warc_offset + 200)
    before = (archive / ARTICLES).read_bytes()
    code, said = repaired(settings)
    assert (code, "cannot be made anew" in said) == (1, True)
    assert (archive / ARTICLES).read_bytes() == before


def test_what_the_disk_cannot_read_is_a_finding_and_the_rest_is_checked(
    archive: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = keys.lake(SOURCE, "2026-10")
    open_store(settings.archive).put(other, b"no table")
    bad = str(parts(archive)[1].relative_to(archive))
    readinto = ObjectReader.readinto

    def failing(self: ObjectReader, buffer: Any) -> int:
        if self.name == bad:
            raise StoreUnavailable(f"{bad}: Input/output error", settings.archive, bad)
        return readinto(self, buffer)

    monkeypatch.setattr(ObjectReader, "readinto", failing)
    assert set(wrong(settings)) == {(bad, Trouble.ROT), (other, Trouble.TRUNCATED)}


def test_a_source_of_which_nothing_is_stored_is_no_success(archive: Path, settings: Settings) -> None:
    result = CliRunner().invoke(main, ["verify", "kimsn", "--archive", settings.archive])
    assert (result.exit_code, "nothing is stored" in result.output) == (1, True)


def test_findings_are_lines_of_json_on_demand(archive: Path, settings: Settings) -> None:
    (archive / ARTICLES).unlink()
    result = CliRunner().invoke(main, ["verify", "--archive", settings.archive, "--json"])
    assert result.exit_code == 1
    (line,) = [one for one in result.stdout.splitlines() if one]
    values = json.loads(line)
    assert set(values) == set(Finding.__dataclass_fields__)
    assert (values["key"], values["trouble"], values["harmless"]) == (ARTICLES, "missing", False)
    assert CliRunner().invoke(main, ["verify", "--quick", "--repair"]).exit_code == 2


def test_what_cannot_be_repaired_does_not_keep_other_runs_from_it(archive: Path, settings: Settings) -> None:
    other = "20261121T000000Z"
    for key in (keys.captures, keys.articles, keys.run_source):
        place = archive / key(SOURCE, other)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive / key(SOURCE, RUN), place)
    (archive / keys.captures(SOURCE, other)).write_bytes(b"no table")
    (archive / REPORT).write_bytes(b"{")
    code, said = repaired(settings)
    assert (code, "no WARC part of the run is left" in said) == (1, True)
    assert not [finding for finding in verify(settings, run=RUN) if not finding.harmless]


def test_a_finding_sends_nobody_to_verify(archive: Path, settings: Settings) -> None:
    (archive / REPORT).write_bytes(b"{")
    (found,) = [finding for finding in verify(settings) if not finding.harmless]
    assert str(found).count("bantin verify") == 1
    assert "--repair" in found.remedy


def test_a_run_whose_articles_rotted_is_published_again_and_all_is_right(archive: Path, settings: Settings) -> None:
    text = pq.read_metadata(archive / ARTICLES).row_group(0).column(schema_of(Article).names.index("text"))
    flip(archive / ARTICLES, text.data_page_offset + text.total_compressed_size - 100)
    assert wrong(settings) == [(ARTICLES, Trouble.ROT)]
    rerun(SOURCE, RUN, settings, clean=True)
    assert wrong(settings) == []


def test_the_remedy_of_a_part_that_rotted_is_one(archive: Path, settings: Settings, tmp_path: Path) -> None:
    back_up = str(tmp_path / "back-up")
    shutil.copytree(archive, back_up)
    flip(parts(archive)[1], 500)
    (found,) = [finding for finding in verify(settings) if not finding.harmless]
    remedy = found.remedy.partition("bantin ")[2].split()
    where = {"BACKUP": back_up, "ARCHIVE": settings.archive}
    assert CliRunner().invoke(main, [where.get(word, word) for word in remedy]).exit_code == 0
    assert wrong(settings) == []


def test_where_no_archive_is_nothing_is_as_it_was_stored(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["verify", "--archive", str(tmp_path / "mistyped")])
    assert (result.exit_code, "no archive" in result.output) == (1, True)


def test_a_finding_is_one_line(archive: Path, settings: Settings) -> None:
    finding = Finding(key="k", trouble=Trouble.ROT, detail="cannot be read:\n header\n", remedy="restore it")
    assert str(finding) == "k: bit rot: cannot be read: header; restore it"


def test_a_part_that_is_cut_off_is_one_finding(archive: Path, settings: Settings) -> None:
    part = parts(archive)[0]
    data = part.read_bytes()
    part.write_bytes(data[: len(data) * 2 // 3])
    found = [one for one in verify(settings) if one.key == str(part.relative_to(archive))]
    assert [one.trouble for one in found] == [Trouble.TRUNCATED]
    assert "are lost: http" in found[0].detail


@pytest.mark.parametrize(("option", "expected"), [("--since", "a day like 2026-11-22"), ("--run", "a run like")])
def test_what_is_no_day_or_run_is_a_mistake_of_the_user(option: str, expected: str) -> None:
    result = CliRunner().invoke(main, ["verify", option, "yesterday"])
    assert (result.exit_code, expected in result.output) == (2, True)
