"""The DAG audit, as Airflow runs it."""

import json
from dataclasses import replace
from pathlib import Path

from bantin.settings import Settings
from tests.browse.indexed import publish, row
from tests.dags.parsed import write_source
from tests.dags.ran import Airflow


def test_alarms_turn_nothing_red_and_who_cannot_be_told_does(
    airflow: Airflow, settings: Settings, tmp_path: Path
) -> None:
    """A source whose only run was months ago, told into a file and to a webhook without a connection."""
    write_source(tmp_path / "sources", "kimson", None)
    publish(settings, "kimson", "20260101T000000Z", [row("kimson", "20260101T000000Z", 1, "một")])
    settings = replace(settings.override(sources=tmp_path / "sources"), alarms=f"file:{tmp_path}/told.jsonl")
    done = airflow.run("audit", settings)
    assert done["state"] == "success", done["log"]
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert [one["subject"] for one in told] == ["bantin: kimson: overdue"]
    untold = airflow.run("audit", replace(settings, alarms="slack:nobody"))
    assert untold["state"] == "failed"
    assert "slack:nobody" in untold["log"]
