"""Delivery: to a real webhook, a real mail server and a file, by Airflow's notifiers and connections."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bantin.notifying.tell
from bantin.notifying import run_failed
from bantin.notifying.tell import CLAIM, NotDelivered, tell
from bantin.settings import Settings
from bantin.watching.judge import MANY_SOURCES
from model.alarm import Alarm, Severity
from model.report import RunReport, State
from storage import keys
from storage.alarms import change_alarms, read_alarms
from storage.errors import Corrupt
from storage.reports import write_report
from storage.store import open_store
from tests.bantin.notifying.test_messages import ALARM, AT, HOSTILE, hours
from tests.servers.receiving import Mailbox, Webhook, mailbox, webhook

SECRET = "T000/B000/verysecret"
ME = "slack:bantin_slack"


@pytest.fixture(autouse=True)
def _airflow(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Airflow is imported here, and makes its folder then."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path_factory.getbasetemp() / "airflow"))


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as got:
        connection = {"conn_type": "slackwebhook", "host": f"{got.url}/services", "password": SECRET}
        monkeypatch.setenv("AIRFLOW_CONN_BANTIN_SLACK", json.dumps(connection))
        yield got


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mailbox() as got:
        extra = {"from_email": "bantin@news.example", "disable_ssl": True, "disable_tls": True}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": got.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_BANTIN_MAIL", json.dumps(connection))
        yield got


def standing(settings: Settings, *alarms: Alarm) -> None:
    change_alarms(open_store(settings.archive), lambda there: alarms)


def stored(settings: Settings) -> list[Alarm]:
    return read_alarms(open_store(settings.archive))


def with_targets(settings: Settings, *targets: str) -> Settings:
    return replace(settings, alarms=",".join(targets))


def test_every_target_is_told_once(settings: Settings, hook: Webhook, mail: Mailbox, tmp_path: Path) -> None:
    settings = with_targets(settings, ME, "email:bantin_mail:ops@news.example", f"file:{tmp_path}/alarms.jsonl")
    standing(settings, HOSTILE)
    assert [told.alarms for told in tell(settings, at=AT)] == [1, 1, 1]
    assert tell(settings, at=hours(23)) == []
    ((path, posted),) = hook.posts
    assert path == f"/services/{SECRET}"
    assert posted["text"].startswith("*[serious] kimson: no new articles, since 2026-11-20*\n")
    assert (posted["unfurl_links"], "<!here>" in posted["text"]) == (False, False)
    (letter,) = mail.mails
    assert (letter["To"], letter["From"]) == ("ops@news.example", "bantin@news.example")
    assert letter["Subject"] == "bantin: kimson: no new articles"
    body = letter.get_body(("html",))
    assert body is not None and "&lt;b onload=x&gt;" in body.get_content()  # noqa: PT018
    assert "{{ 7*7 }}" in body.get_content()  # no template
    (line,) = (tmp_path / "alarms.jsonl").read_text().splitlines()
    assert json.loads(line)["subject"] == letter["Subject"]


def test_that_it_is_over_is_told(settings: Settings, hook: Webhook) -> None:
    settings = with_targets(settings, ME)
    standing(settings, ALARM)
    tell(settings, at=AT)
    standing(settings, *(replace(alarm, over_at=hours(24)) for alarm in stored(settings)))
    assert [told.alarms for told in tell(settings, at=hours(24))] == [1]
    assert hook.posts[1][1]["text"].startswith("*[over] kimson")
    assert tell(settings, at=hours(48)) == []


def test_one_that_cannot_be_told_keeps_no_other_waiting_and_is_told_the_next_time(
    settings: Settings, hook: Webhook, tmp_path: Path
) -> None:
    settings = with_targets(settings, "slack:unknown", ME, f"file:{tmp_path}/alarms.jsonl")
    standing(settings, ALARM)
    hook.answers = [404]
    with pytest.raises(NotDelivered) as failed:
        tell(settings, at=AT)
    assert "slack:unknown" in str(failed.value)
    assert f"{ME}: " in str(failed.value)
    assert "404" in str(failed.value)
    assert SECRET not in str(failed.value)
    assert len((tmp_path / "alarms.jsonl").read_text().splitlines()) == 1
    again = with_targets(settings, ME, f"file:{tmp_path}/alarms.jsonl")
    assert [told.target for told in tell(again, at=hours(0.01))] == [ME]
    assert len((tmp_path / "alarms.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("died", ["before delivery", "after delivery"])
def test_who_dies_loses_nothing_and_doubles_once_at_most(
    settings: Settings, tmp_path: Path, died: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teller that ends without a word between two of its steps; the next one comes at once, and again later."""
    settings = with_targets(settings, f"file:{tmp_path}/alarms.jsonl")
    standing(settings, ALARM)
    dying = "_deliver" if died == "before delivery" else "_note"

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"bantin.notifying.tell.{dying}", die)
        with pytest.raises(KeyboardInterrupt):
            tell(settings, at=AT)
    with pytest.raises(NotDelivered, match="somebody else is about to tell it, or died"):
        tell(settings, at=AT + timedelta(seconds=1))
    told = [tell(settings, at=AT + CLAIM), tell(settings, at=hours(24)), tell(settings, at=hours(48))]
    assert [len(one) for one in told] == [1, 0, 0]
    lines = (tmp_path / "alarms.jsonl").read_text().splitlines()
    assert len(lines) == (1 if died == "before delivery" else 2)


def test_what_a_watch_finds_meanwhile_is_told_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_targets(settings, f"file:{tmp_path}/alarms.jsonl")
    standing(settings, ALARM)
    deliver = bantin.notifying.tell._deliver

    def meanwhile(target: Any, message: Any) -> None:
        if len(stored(settings)) == 1:
            (alarm,) = stored(settings)
            standing(settings, replace(alarm, seen="0 in the last 3 days"), replace(ALARM, source="hoa-lu"))
        deliver(target, message)

    monkeypatch.setattr("bantin.notifying.tell._deliver", meanwhile)
    assert [told.alarms for told in tell(settings, at=AT)] == [1, 1]
    assert {(alarm.source, alarm.seen, alarm.claimed_at, len(alarm.told)) for alarm in stored(settings)} == {
        ("kimson", "0 in the last 3 days", None, 1),
        ("hoa-lu", "0 in the last 2 days", None, 1),
    }


def test_alarms_are_taken_for_a_target_when_it_is_its_turn(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target before it may have taken minutes."""
    settings = with_targets(settings, f"file:{tmp_path}/first", f"file:{tmp_path}/second")
    standing(settings, ALARM)
    turns: list[tuple[Any, datetime]] = []

    def deliver(target: Any, message: Any) -> None:
        turns.append((stored(settings)[0].claimed_at, datetime.now(UTC)))

    monkeypatch.setattr("bantin.notifying.tell._deliver", deliver)
    tell(settings)
    assert turns[1][0] >= turns[0][1]


def test_two_that_write_at_once_lose_nothing(settings: Settings) -> None:
    store = open_store(settings.archive)
    other = replace(ALARM, source="hoa-lu")
    tried = []

    def change(there: Any) -> list[Alarm]:
        if not tried:
            tried.append(True)
            standing(settings, other)  # somebody else is first
        return [*there, ALARM]

    assert change_alarms(store, change) == [other, ALARM]


def test_an_object_that_is_no_alarms_says_what_to_do(settings: Settings) -> None:
    open_store(settings.archive).put(keys.alarms(), b'{"alarms": [{}]}')
    with pytest.raises(Corrupt, match="it may be deleted: the next watch tells all anew"):
        stored(settings)


def test_an_outage_is_a_few_messages_and_not_one_a_source(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in with_targets(settings, f"file:{tmp_path}/alarms.jsonl").environment().items():
        monkeypatch.setenv(name, value)
    for number in (*range(9), 0, 8):
        run_failed({"dag": SimpleNamespace(dag_id=f"crawl-s{number}"), "run_id": "x", "reason": "task_failure"})
    subjects = [json.loads(line)["subject"] for line in (tmp_path / "alarms.jsonl").read_text().splitlines()]
    own = [f"bantin: s{number}: a run failed" for number in range(MANY_SOURCES)]
    assert subjects == [*own, "bantin: the archive: a run failed (many sources)"]
    (wide,) = (alarm for alarm in stored(settings) if alarm.source is None)
    assert wide.seen == "runs of more than 5 sources failed at once; the last of s8: run x failed: task_failure"


def test_a_red_run_is_one_message_with_the_reason_of_its_report(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Airflow's DAG processor calls it, for a source that fails twice a day and for another DAG."""
    run = {"source": "kimson", "run": "20261122T000000Z", "started_at": AT, "finished_at": AT}
    report = RunReport(**run, state=State.FAILED, reason="2 of 2 ways in failed")
    write_report(open_store(settings.archive), report)
    for name, value in with_targets(settings, f"file:{tmp_path}/alarms.jsonl").environment().items():
        monkeypatch.setenv(name, value)
    for dag_id, hour in [("crawl-kimson", 0), ("crawl-kimson", 12), ("lake", 0)]:
        dag_run = SimpleNamespace(run_after=AT.replace(hour=hour))
        run_failed({"dag": SimpleNamespace(dag_id=dag_id), "dag_run": dag_run, "reason": "task_failure"})
    told = [json.loads(line) for line in (tmp_path / "alarms.jsonl").read_text().splitlines()]
    assert [one["subject"] for one in told] == [
        "bantin: kimson: a run failed",
        "bantin: the archive: a run failed (lake)",
    ]
    assert "run 20261122T000000Z failed: 2 of 2 ways in failed" in told[0]["text"]
    assert "`bantin rerun kimson 20261122T000000Z`" in told[0]["text"]

    standing(settings, *(replace(alarm, severity=Severity.SERIOUS) for alarm in stored(settings)))  # by a watch
    run_failed({"dag": SimpleNamespace(dag_id="crawl-kimson"), "run_id": "manual", "reason": "timed_out"})
    (again,) = (alarm for alarm in stored(settings) if alarm.source == "kimson")
    assert (again.severity, again.seen) == (Severity.SERIOUS, "run manual failed: timed_out")
    assert again.cause.endswith("*Clear* the failed task in Airflow.")
