"""The verb watch over a real archive: reports and tables, indexed, judged, stored, told; as commands and as a DAG."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bantin.cli import main
from bantin.commands.options import MISTAKE
from bantin.index import bring_up_to_date
from bantin.settings import Settings
from bantin.watching.watch import watch
from browse.errors import NoIndex
from model.alarm import Kind
from model.report import RunReport, State
from storage import keys
from storage.alarms import read_alarms
from storage.reports import write_report
from storage.store import open_store
from tests.browse.indexed import publish, row
from tests.dags.parsed import write_source
from tests.settings import settings_in

FIRST = date(2026, 9, 1)
LAST = FIRST + timedelta(days=39)
AT = keys.run_time("20261011T070000Z")


def write_runs(settings: Settings, source: str, since: date, until: date) -> None:
    """A run each day: six new articles with an author, until `until`; from then on none has an author."""
    for day in range((LAST - since).days + 1):
        at = since + timedelta(days=day)
        author = "Lan Anh" if at < until else None
        rows = [row(source, f"{at:%Y%m%d}T020000Z", 10 * day + number, "một", author=author) for number in range(6)]
        publish(settings, source, f"{at:%Y%m%d}T020000Z", rows)


def write_daily(folder: Path, source: str) -> None:
    """A source of the registry that is crawled at 02:00 UTC."""
    write_source(folder, source, None)
    file = folder / f"{source}.yaml"
    rules = yaml.safe_load(file.read_text("utf-8")) | {"schedule": "0 2 * * *", "timezone": "UTC"}
    file.write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two sources; one lost its authors three days ago. A third one is in the registry, and was crawled long ago."""
    folder = tmp_path_factory.mktemp("watched")
    for name in ("kimson", "hoa-lu", "old"):
        write_daily(folder / "sources", name)
    settings = settings_in(folder, sources=folder / "sources", processes=1, alarms=f"file:{folder}/alarms.jsonl")
    write_runs(settings, "kimson", FIRST, LAST - timedelta(days=2))
    write_runs(settings, "hoa-lu", FIRST, LAST + timedelta(days=1))
    publish(settings, "old", "20260901T020000Z", [row("old", "20260901T020000Z", 9000, "hai")])
    bring_up_to_date(settings)
    return settings


def test_it_finds_what_reports_and_tables_tell(archive: Settings) -> None:
    found = watch(archive, at=AT)
    assert [alarm.problem for alarm in found.standing] == [
        ("kimson", Kind.FIELD, "author"),
        ("old", Kind.OVERDUE, ""),
    ]
    assert read_alarms(open_store(archive.archive)) == list(found.standing)
    again = watch(archive, at=AT + timedelta(hours=1))
    assert [alarm.raised_at for alarm in again.standing] == [AT, AT]


def test_commands_print_and_tell_it(archive: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in archive.environment().items():
        monkeypatch.setenv(name, value)

    def says(*words: str) -> str:
        done = CliRunner().invoke(main, [*words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    watch(archive, at=AT)
    shown = says("alarms")
    assert "[serious] old: overdue, since 2026-09-02" in shown
    assert shown.endswith("problems that stand: 2\n")
    assert [json.loads(line)["kind"] for line in says("alarms", "--json").splitlines()] == [
        "a field is missing",
        "overdue",
    ]
    assert says("alarms", "--tell").endswith("told of 2\n")
    assert says("alarms", "--tell") == ""
    assert "sources watched: 3; problems that stand: " in says("watch", "--dry-run")
    assert CliRunner().invoke(main, ["alarms", "--tell", "--json"]).exit_code == MISTAKE
    monkeypatch.setenv("BANTIN_ALARMS", "")
    nobody = CliRunner().invoke(main, ["alarms", "--tell"])
    assert (nobody.exit_code, "names nobody: expected email:" in nobody.stderr) == (MISTAKE, True)


def test_an_index_that_nobody_builds_is_a_problem_and_is_built(archive: Settings, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, sources=archive.sources, processes=1)
    with pytest.raises(NoIndex):
        watch(settings, dry_run=True)
    publish(settings, "kimson", "20261008T020000Z", [row("kimson", "20261008T020000Z", 1, "một")])
    assert Kind.INDEX not in {alarm.kind for alarm in watch(settings, at=AT).standing}  # there was none before
    publish(settings, "kimson", "20261010T230000Z", [row("kimson", "20261010T230000Z", 2, "một")])
    failed = keys.run_time("20261009T230000Z")  # which starts no build
    report = RunReport(
        source="kimson", run=keys.run_id(failed), state=State.FAILED, started_at=failed, finished_at=failed
    )
    write_report(open_store(settings.archive), report)
    (alarm,) = (alarm for alarm in watch(settings, at=AT).standing if alarm.kind == Kind.INDEX)
    assert (alarm.source, alarm.since, alarm.seen[-4:]) == (None, date(2026, 10, 10), "t: 1")
    assert Kind.INDEX in {alarm.kind for alarm in watch(settings, at=AT).over}


def test_without_a_catalog_nothing_that_stands_is_over(archive: Settings) -> None:
    watch(archive, at=AT)
    store = open_store(archive.archive)
    manifest = store.get(keys.index_manifest())
    store.put(keys.index_manifest(), b"{}")
    found = watch(archive, at=AT + timedelta(days=1))
    store.put(keys.index_manifest(), manifest)
    assert found.over == ()
    (alarm,) = (alarm for alarm in found.standing if alarm.kind == Kind.INDEX)
    assert "bantin index --rebuild" in alarm.seen
    assert len(found.standing) == 3


def test_a_source_that_is_disabled_is_not_watched(archive: Settings, tmp_path: Path) -> None:
    watch(archive, at=AT)
    write_daily(tmp_path / "sources", "kimson")
    write_daily(tmp_path / "sources", "old")
    file = tmp_path / "sources" / "old.yaml"
    file.write_text("enabled: false\n" + file.read_text("utf-8"), "utf-8")
    found = watch(replace(archive, sources=tmp_path / "sources"), at=AT + timedelta(days=1))
    assert {alarm.source for alarm in found.standing if alarm.kind != Kind.INDEX} == {"kimson"}
    assert "old" in {alarm.source for alarm in found.over}
