"""Run folders: the source as a run used it, and the report of what it did."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from model.report import RunReport
from storage import keys, schema
from storage.errors import Corrupt, KeyNotFound
from storage.store import ObjectStore

_SEAL = "sha256"
"""The field that holds the hash of all others."""


def write_report(store: ObjectStore, report: RunReport) -> str:
    """Puts `report` in its place, over an earlier one of the run; returns its key."""
    key = keys.report(report.source, report.run)
    store.put(key, encode_report(report))
    return key


def encode_report(report: RunReport) -> bytes:
    """What `write_report` puts."""
    text = json.dumps({schema.JSON_FIELD: schema.REPORT.mark, **asdict(report)}, default=lambda at: at.isoformat())
    values = json.loads(text)
    sealed = {**values, _SEAL: _sha256(values)}
    return json.dumps(sealed, ensure_ascii=False, indent=1).encode()


def read_report(store: ObjectStore, source: str, run: str) -> RunReport | None:
    """The report of a run; None where it has none yet. Raises `Corrupt` (also where it is another run's),
    `UnknownVersion`."""
    key = keys.report(source, run)
    try:
        report = _parse(key, store.get(key))
    except KeyNotFound:
        return None
    if (report.source, report.run) != (source, run):
        raise Corrupt(f"{key}: it is the report of {report.source}, run {report.run}", key=key)
    return report


def is_whole(store: ObjectStore, source: str, run: str) -> bool:
    """Whether the report of a run, which can be read, says what was written. One of an earlier version cannot tell."""
    values = json.loads(store.get(keys.report(source, run)))
    seal = values.pop(_SEAL, None)
    return seal == _sha256(values) if seal is not None else schema.JSON_FIELD not in values


def list_reports(store: ObjectStore, source: str | None = None) -> Iterator[RunReport]:
    """The reports of a source, or of all, by source and run. Raises `Corrupt`, `UnknownVersion`."""
    for info in store.list(keys.reports_prefix(source)):
        if info.key.endswith("/report.json"):
            yield _parse(info.key, store.get(info.key))


def _sha256(values: dict[str, Any]) -> str:
    """The hash of a report's values, however they are laid out."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _parse(key: str, data: bytes) -> RunReport:
    try:
        values = json.loads(data)
        schema.check_version(key, values.get(schema.JSON_FIELD))
        return RunReport.from_json(values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        raise Corrupt(f"{key}: {err}: expected a run report", key=key) from err
