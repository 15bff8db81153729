"""Health: how each source is, from its runs, the registry, the alarms; and the command that tells it."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from bantin.cli import main
from bantin.settings import Settings
from browse.archive import Archive
from browse.catalog import SourceEntry
from browse.health import Health, health
from browse.past import Past
from browse.registered import registry_in
from browse.source_health import Condition, Standing, StandingAlarm, times_around
from model.alarm import Severity
from storage import keys
from tests.browse.ailing import AT, LAST, NEW, REFUSED


@pytest.fixture(scope="module")
def found(ailing: Settings) -> Health:
    return health(Archive(ailing.archive, ailing.cache), registry_in(ailing.sources), at=AT)


def ask(settings: Settings, *words: str) -> Result:
    given = ["--archive", settings.archive, "--sources", str(settings.sources), *words]
    return CliRunner(env={"BANTIN_CACHE": str(settings.cache)}).invoke(main, ["health", *given])


def test_the_worst_come_first(found: Health) -> None:
    assert [(one.source, one.standing) for one in found.sources] == [
        ("sai-ten", Standing.BROKEN),
        ("om-nang", Standing.FAILED),
        ("cap-cuu", Standing.FAILED),
        ("tre-nai", Standing.LATE),
        ("yeu-dan", Standing.ALARMED),
        ("moi-tinh", Standing.NEW),
        ("binh-an", Standing.WELL),
        ("dang-tat", Standing.OFF),
        ("het-thoi", Standing.OFF),
    ]
    assert not found.is_well
    assert found.only(["binh-an", "moi-tinh", "dang-tat"]).is_well


def test_a_source_that_is_well(found: Health) -> None:
    one = next(one for one in found.sources if one.source == "binh-an")
    assert (one.last_success, one.success_run) == (LAST + timedelta(minutes=10), keys.run_id(LAST))
    assert (one.lag_s, one.next_run) == (600, LAST + timedelta(days=1))
    assert (one.today, one.usual, one.days) == (None, NEW, [NEW] * 30)
    assert (one.failures, one.reason, one.alarms) == (0, None, [])


def test_what_failed_says_why_and_how_often(found: Health) -> None:
    one = next(one for one in found.sources if one.source == "om-nang")
    assert (one.reason, one.failures, one.last_run) == ("5 of 5 pages failed", 2, keys.run_id(LAST))
    assert one.success_run == keys.run_id(LAST - timedelta(days=2))
    assert one.lag_s == (AT - (LAST - timedelta(days=1))).total_seconds()  # since the first that it has missed


def test_a_failure_that_no_index_knows_yet_is_found(found: Health, ailing: Settings) -> None:
    one = next(one for one in found.sources if one.source == "cap-cuu")
    assert (one.reason, one.failures) == (REFUSED, 1)
    unsought = health(Archive(ailing.archive, ailing.cache), at=AT, look=False)
    assert next(one.standing for one in unsought.sources if one.source == "cap-cuu") != Standing.FAILED


def test_a_source_that_never_ran_is_in_trouble_once_an_alarm_says_so() -> None:
    source = SourceEntry(id="moi-tinh", name="Mới tinh", schedule="0 0 * * *", timezone="UTC")
    alarm = StandingAlarm(
        kind="overdue", subject="", severity=Severity.SERIOUS, since=AT.date(), usual="", seen="", cause=""
    )
    assert Condition(source, Past(), [], None, AT).standing == Standing.NEW
    assert Condition(source, Past(), [alarm], None, AT).standing == Standing.ALARMED


def test_patience_grows_with_how_long_runs_take(ailing: Settings) -> None:
    archive = Archive(ailing.archive, ailing.cache)
    due = LAST + timedelta(days=1)

    def standing(after: timedelta) -> Standing:
        return next(one.standing for one in health(archive, at=due + after).sources if one.source == "binh-an")

    assert standing(timedelta(minutes=59)) == Standing.WELL
    assert standing(timedelta(minutes=61)) == Standing.LATE


def test_why_a_source_is_off_or_broken(found: Health) -> None:
    reasons = {one.source: one.reason or "" for one in found.sources}
    assert reasons["dang-tat"] == "switched off"
    assert reasons["het-thoi"] == "no longer in the registry"
    assert "expected 'sai-ten', as the file is named" in reasons["sai-ten"]


def test_a_retired_source_is_called_so_and_one_that_never_ran_is_not_mentioned(
    ailing: Settings, tmp_path: Path
) -> None:
    shutil.copytree(ailing.sources, tmp_path / "registry")
    (tmp_path / "registry" / "retired").mkdir()
    for name in ("het-thoi", "chua-chay"):
        (tmp_path / "registry" / "retired" / f"{name}.yaml").write_text("its rules, of whatever time")
    told = health(Archive(ailing.archive, ailing.cache), registry_in(tmp_path / "registry"), at=AT)
    assert next(one.reason for one in told.sources if one.source == "het-thoi") == "retired"
    assert "chua-chay" not in {one.source for one in told.sources}


def test_what_is_switched_off_is_not_late(found: Health) -> None:
    assert {one.lag_s for one in found.sources if one.standing == Standing.OFF} == {600}


def test_a_registry_of_another_archive_says_nothing_of_its_sources(ailing: Settings, tmp_path: Path) -> None:
    (tmp_path / "moi-tinh.yaml").write_bytes((ailing.sources / "moi-tinh.yaml").read_bytes())
    told = health(Archive(ailing.archive, ailing.cache), registry_in(tmp_path), at=AT)
    assert Standing.OFF not in told.counts
    assert told.counts[Standing.NEW] == 1


def test_all_together(found: Health) -> None:
    assert found.counts[Standing.FAILED] == 2
    assert found.usual == 5 * NEW  # of those that are crawled and known long enough
    assert found.last_success == LAST + timedelta(minutes=10)
    assert found.next_run == LAST + timedelta(days=1)


@pytest.mark.parametrize(
    ("schedule", "zone", "at", "before", "after"),
    [
        ("0 0 * * *", "Asia/Ho_Chi_Minh", "2026-11-22T12:00", "2026-11-21T17:00", "2026-11-22T17:00"),
        ("0 0 * * *", "Asia/Ho_Chi_Minh", "2026-11-22T17:00", "2026-11-22T17:00", "2026-11-23T17:00"),
        ("0 12 * * *", "Europe/Berlin", "2026-10-25T12:00", "2026-10-25T11:00", "2026-10-26T11:00"),  # back to winter
        ("0 12 * * *", "Europe/Berlin", "2026-10-24T11:00", "2026-10-24T10:00", "2026-10-25T11:00"),
        ("*/15 * * * *", "Asia/Kolkata", "2026-11-22T12:07", "2026-11-22T12:00", "2026-11-22T12:15"),
    ],
)
def test_when_a_run_was_due_and_is_next(schedule: str, zone: str, at: str, before: str, after: str) -> None:
    found = times_around(schedule, zone, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert [moment.strftime("%Y-%m-%dT%H:%M") for moment in found] == [before, after]


def test_the_command_is_a_probe(ailing: Settings) -> None:
    whole = ask(ailing)
    assert whole.exit_code == 1
    lines = [line.split("\t") for line in whole.stdout.splitlines()]
    assert {len(line) for line in lines} == {9}
    assert next(line for line in lines if line[0] == "moi-tinh")[1:6] == ["new", "", "", "", ""]
    assert lines[0][:2] == ["sai-ten", "broken"]
    told = next(line for line in lines if line[0] == "yeu-dan")
    assert "warning: few new articles since 2026-11-22: There were 0�[31m <b>today</b>.; usual: Usual are 5" in told[8]
    assert ask(ailing, "moi-tinh", "dang-tat").exit_code == 0
    assert ask(ailing, "nowhere").exit_code == 2
    assert "\nmoi-tinh" not in ask(ailing, "--trouble").stdout
    assert json.loads(ask(ailing, "--json", "om-nang").stdout)["sources"][0]["failures"] == 2


def test_an_archive_without_an_index_shows_what_the_registry_and_the_reports_say(
    ailing: Settings, tmp_path: Path
) -> None:
    told = health(Archive(str(tmp_path)), registry_in(ailing.sources), at=AT)
    assert {one.standing for one in told.sources} == {Standing.BROKEN, Standing.NEW, Standing.OFF}


@pytest.mark.parametrize("report", [b"{", b'{"source": "moi-tinh", "run": 3, "state": "failed"}'])
def test_a_newer_report_that_cannot_be_read_is_a_failure(ailing: Settings, tmp_path: Path, report: bytes) -> None:
    archive = Archive(str(tmp_path))
    archive.store.put(keys.report("moi-tinh", keys.run_id(LAST)), report)
    (one,) = health(archive, registry_in(ailing.sources), at=AT).only(["moi-tinh"]).sources
    assert (one.standing, one.failures) == (Standing.FAILED, 1)
    assert "expected a run report" in str(one.reason)


def test_no_archive_where_one_is_looked_for_is_not_well(ailing: Settings, tmp_path: Path) -> None:
    nowhere = ask(replace(ailing, archive=str(tmp_path / "not-mounted")), "moi-tinh")
    assert (nowhere.exit_code, nowhere.stdout[:13]) == (1, "moi-tinh\tnew\t")
    assert "not-mounted has no index: `bantin index` makes one" in nowhere.stderr


def test_metrics_are_written_for_a_textfile_collector(ailing: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bantin.prom"
    assert ask(ailing, "--prometheus", str(file)).exit_code == 0
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }
    ended = LAST + timedelta(minutes=10)
    assert values["bantin_source_last_success_timestamp_seconds", "binh-an"] == ended.timestamp()
    assert values["bantin_source_failures", "om-nang"] == 2
    assert (values["bantin_source_trouble", "om-nang"], values["bantin_source_trouble", "moi-tinh"]) == (1, 0)
    assert values["bantin_last_run_articles", "binh-an", "new"] == NEW
    assert values["bantin_last_run_articles", "binh-an", "rejected"] == 3
    assert (values["bantin_last_run_errors", "binh-an"], values["bantin_last_run_seconds", "binh-an"]) == (1, 600)
    assert values["bantin_alarms", "few new articles", "warning", "yeu-dan", ""] == 1
    assert values[("bantin_index_generation",)] == 1
    unwritable = ask(ailing, "--prometheus", str(file / "bantin.prom"))
    assert (unwritable.exit_code, "cannot be written" in unwritable.stderr) == (1, True)
    assert ask(ailing, "--prometheus", str(file), "binh-an").exit_code == 2
