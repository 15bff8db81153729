"""The DAG audit, as Airflow parses and runs it."""

import json
from dataclasses import replace
from pathlib import Path

from bantin.engine import run_dags
from bantin.settings import Settings
from tests.browse.indexed import publish, row
from tests.dags.test_source_dags import parse, write_source


def test_each_verb_is_a_task_and_only_the_messages_wait(settings: Settings) -> None:
    found = parse(settings, _AIRFLOW_PARSING_CONTEXT_DAG_ID="audit")
    assert (found["errors"], found["heavy"], list(found["dags"])) == ({}, [], ["audit"])
    assert found["dags"]["audit"]["tasks"] == {"verify": [], "sweep": [], "watch": ["tell"], "tell": []}


def test_alarms_turn_nothing_red_and_who_cannot_be_told_does(settings: Settings, tmp_path: Path) -> None:
    """A source whose only run was months ago, told into a file and to a webhook without a connection."""
    write_source(tmp_path / "sources", "kimson", None)
    publish(settings, "kimson", "20260101T000000Z", [row("kimson", "20260101T000000Z", 1, "một")])
    settings = replace(settings.override(sources=tmp_path / "sources"), alarms=f"file:{tmp_path}/told.jsonl")
    assert dict(run_dags(["audit"], settings, tmp_path / "log")) == {"audit": "success"}, (tmp_path / "log").read_text()
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert [one["subject"] for one in told] == ["bantin: kimson: overdue"]
    nobody = replace(settings, alarms="slack:nobody")
    assert dict(run_dags(["audit"], nobody, tmp_path / "log")) == {"audit": "failed"}
    assert "slack:nobody" in (tmp_path / "log").read_text()
