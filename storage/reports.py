"""Run folders: the source as a run used it, and the report of what it did."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from model.report import RunReport
from storage import keys, schema
from storage.errors import Corrupt, KeyNotFound
from storage.store import ObjectStore


def write_report(store: ObjectStore, report: RunReport) -> str:
    """Puts `report` in its place, over an earlier one of the run; returns its key."""
    key = keys.report(report.source, report.run)
    values = {schema.JSON_FIELD: schema.REPORT.mark, **asdict(report)}
    text = json.dumps(values, ensure_ascii=False, indent=1, default=lambda moment: moment.isoformat())
    store.put(key, text.encode())
    return key


def read_report(store: ObjectStore, source: str, run: str) -> RunReport | None:
    """The report of a run; None where it has none yet. Raises `Corrupt`, `UnknownVersion`."""
    key = keys.report(source, run)
    try:
        return _parse(key, store.get(key))
    except KeyNotFound:
        return None


def list_reports(store: ObjectStore, source: str | None = None) -> Iterator[RunReport]:
    """The reports of a source, or of all, by source and run. Raises `Corrupt`, `UnknownVersion`."""
    for info in store.list(keys.reports_prefix(source)):
        if info.key.endswith("/report.json"):
            yield _parse(info.key, store.get(info.key))


def _parse(key: str, data: bytes) -> RunReport:
    try:
        values = json.loads(data)
        schema.check_version(key, values.get(schema.JSON_FIELD))
        return RunReport.from_json(values)
    except (ValueError, TypeError, KeyError, AttributeError) as err:
        raise Corrupt(f"{key}: {err}: expected a run report", key=key) from err
