"""Files of every earlier version are read, later ones are told, and no schema changes without a version of its own.

After a change: count the version up in storage/schema.py, then `BANTIN_WRITE_FILES=1 uv run pytest
tests/storage/test_schema.py` writes the file of the new one, which is committed with the change.
"""

import io
import json
import os
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from model.alarm import Alarm, Kind, Severity, Told
from model.article import Alternate, Article, Attachment, SpamLink
from model.capture import Capture
from model.report import RunReport, State
from storage import keys, reports, schema
from storage.alarms import change_alarms, read_alarms
from storage.errors import Corrupt, UnknownVersion
from storage.holder import Holder
from storage.notices import Notice, name_now, read_notice
from storage.store import ObjectStore, open_store
from storage.tables import encode, mark_of, read, read_columns, schema_of
from storage.warc import PartWriter, read_captures
from tests.records import AT, RUN, URL, article, capture, exchange

FILES = Path(__file__).parent / "files"
PART = keys.raw_part("kimson", RUN, 1, 1)
LIMIT = 1_000_000
ROWS = {
    Article: article(
        tags=["lễ hội"],
        locality="Kim Sơn, Ninh Bình",
        attachments=[Attachment(url="http://portal.example/kh.pdf", name="Kế hoạch")],
        alternates=[Alternate(language="en", url="http://portal.example/en/x")],
        spam=[SpamLink(text="nhà cái", url="http://192.0.2.1/", rule="bare-ip", hidden=True, path="div#footer/p")],
    ),
    Capture: capture(etag='"abc"', warc_key=PART, warc_offset=100, warc_length=50),
}
PATHLESS = [{"text": "nhà cái", "url": "http://192.0.2.1/", "rule": "bare-ip", "hidden": True, "path": None}]
"""The injected links of an article from before they had a path."""

REPORT = RunReport(
    source="kimson", run=RUN, state=State.PUBLISHED, started_at=AT, finished_at=AT, captures={"a 200": 1}
)
ALARM = Alarm(
    source="kimson",
    kind=Kind.FIELD,
    subject="author",
    severity=Severity.WARNING,
    since=AT.date(),
    usual="96 % of articles have author",
    seen="0 of 12 have",
    cause="the template has changed",
    raised_at=AT,
    last_seen=AT,
    told={"slack": Told(at=AT, severity=Severity.WARNING)},
)
NOTICE = Notice(source="kimson", at=AT, renamed_to="kimson-cu", moving=True, reason="sáp nhập")
HOLDER = Holder.here("kimson", RUN, 1, since=AT, expires=AT).model_copy(update={"host": "h", "boot_id": "b"})


def written(name: str, folder: Path) -> bytes:
    """A file of the present version."""
    if name == "report":
        store = open_store(str(folder))
        return store.get(reports.write_report(store, REPORT))
    if name == "alarms":
        store = open_store(str(folder))
        change_alarms(store, lambda there: [ALARM])
        return store.get(keys.alarms())
    if name == "lease":
        return HOLDER.encode()
    if name == "notice":
        return NOTICE.encode()
    if name == "part":
        writer = PartWriter(folder / "part", PART, "bantin-test", LIMIT)
        writer.write(exchange())
        writer.close()
        return writer.path.read_bytes()
    record = next(record for record, of in schema.OF_RECORD.items() if of.name == name)
    return encode([ROWS[record]], record)


SCHEMAS = {
    of.name: (of, ending)
    for of, ending in (
        (schema.ARTICLES, "parquet"),
        (schema.CAPTURES, "parquet"),
        (schema.REPORT, "json"),
        (schema.LEASE, "json"),
        (schema.ALARMS, "json"),
        (schema.NOTICE, "json"),
        (schema.PART, "warc.gz"),
    )
}


def present(name: str) -> Path:
    of, ending = SCHEMAS[name]
    return FILES / f"{name}-{of.version}.{ending}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_there_is_a_file_of_every_version(name: str, tmp_path: Path) -> None:
    of, ending = SCHEMAS[name]
    if os.environ.get("BANTIN_WRITE_FILES") and not present(name).exists():
        present(name).write_bytes(written(name, tmp_path))
    expected = [f"{name}-{number}.{ending}" for number in range(1, of.version + 1)]
    assert [one for one in expected if not (FILES / one).is_file()] == []


@pytest.mark.parametrize("record", [Article, Capture])
def test_a_table_has_the_schema_that_its_version_names(record: type) -> None:
    of = schema.OF_RECORD[record]
    kept = pq.read_schema(present(of.name))
    assert kept.equals(schema_of(record)), f"count up {of.name} in storage/schema.py, and add a file of it"
    assert mark_of(pq.ParquetFile(present(of.name))) == of.mark
    assert mark_of(pq.ParquetFile(io.BytesIO(encode([], record, unread=[(PART, 1)])))) == of.mark


def test_json_has_the_fields_that_its_version_names() -> None:
    kept = json.loads(present("report").read_text("utf-8"))
    told = "count up its version in storage/schema.py, and add a file of it"
    assert list(kept) == [schema.JSON_FIELD, *(field.name for field in fields(RunReport)), "sha256"], told
    assert kept[schema.JSON_FIELD] == schema.REPORT.mark
    lease = json.loads(present("lease").read_text("utf-8"))
    assert sorted(lease) == sorted(json.loads(HOLDER.encode())), told
    assert lease[schema.JSON_FIELD] == schema.LEASE.mark
    alarms = json.loads(present("alarms").read_text("utf-8"))
    assert list(alarms["alarms"][0]) == [field.name for field in fields(Alarm)], told
    assert alarms[schema.JSON_FIELD] == schema.ALARMS.mark
    assert Notice.decode("notices/src=kimson.json", present("notice").read_bytes()) == NOTICE
    assert present("notice").read_bytes() == NOTICE.encode(), told


def stored(folder: Path, name: str, key: str) -> ObjectStore:
    store = open_store(str(folder))
    store.put(key, FILES / name)
    return store


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("articles-1", {"locality": None, "spam": PATHLESS}),
        ("articles-2-unmarked", {"spam": PATHLESS}),
        ("articles-2", {"spam": PATHLESS}),
        ("articles-3", {}),
    ],
)
def test_articles_of_every_version_are_read(name: str, absent: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(stored(tmp_path, f"{name}.parquet", "t"), "t", Article)
    assert asdict(row) == asdict(ROWS[Article]) | absent
    assert row.published_on == date(2026, 11, 21)


@pytest.mark.parametrize("name", ["captures-1", "captures-2-unmarked", "captures-2"])
def test_captures_of_every_version_are_read(name: str, tmp_path: Path) -> None:
    (row,) = read(stored(tmp_path, f"{name}.parquet", "t"), "t", Capture)
    assert (row.url, row.status, row.etag, row.location, row.unchanged) == (URL, 200, '"abc"', None, False)
    assert (row.warc_key, row.warc_offset, row.warc_length) == (PART, 100, 50)


@pytest.mark.parametrize(
    ("version", "absent"),
    [
        (1, {"waiting", "vanished", "warnings", "retry", "objects"}),
        (2, {"retry", "objects"}),
        (3, {"objects"}),
        (4, set()),
    ],
)
def test_reports_of_every_version_are_read(version: int, absent: set[str], tmp_path: Path) -> None:
    report = reports.read_report(stored(tmp_path, f"report-{version}.json", keys.report("kimson", RUN)), "kimson", RUN)
    assert report is not None
    assert (report.attempts, report.articles["new"], report.rejected) == (2, 1, {"empty": 1})
    assert {
        name for name in ("waiting", "vanished", "warnings", "retry", "objects") if not getattr(report, name)
    } == absent


@pytest.mark.parametrize("name", ["part-unmarked", "part-1"])
def test_parts_of_every_version_are_read(name: str, tmp_path: Path) -> None:
    (row,) = read_captures(stored(tmp_path, f"{name}.warc.gz", PART), PART, LIMIT)
    assert (row.url, row.status, row.fetched_at) == (URL, 200, AT)


def test_alarms_are_read(tmp_path: Path) -> None:
    assert read_alarms(stored(tmp_path, "alarms-1.json", keys.alarms())) == [ALARM]


@pytest.mark.parametrize(
    "changes",
    [
        {"renamed_to": "../x"},
        {"renamed_to": ""},
        {"at": "yesterday"},
        {"further": 1},
        {"source": None},
    ],
)
def test_a_notice_that_says_what_none_can_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    store = open_store(str(tmp_path))
    store.put(keys.notice("kimson"), json.dumps(json.loads(NOTICE.encode()) | changes).encode())
    with pytest.raises(Corrupt, match=r"notices/src=kimson\.json: .*expected a notice"):
        read_notice(store, "kimson")


def test_notices_that_lead_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    for source, other in (("a", "b"), ("b", "a")):
        store.put(keys.notice(source), Notice(source=source, at=AT, renamed_to=other).encode())
    assert name_now(store, "a") is None


def test_leases_without_a_mark_are_read() -> None:
    said = json.loads(present("lease").read_text("utf-8"))
    assert Holder.decode(json.dumps(said).encode()).run == RUN
    del said[schema.JSON_FIELD]
    assert Holder.decode(json.dumps(said).encode()).run == RUN


def test_a_later_version_is_told_with_what_to_do(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    table = pq.read_table(present("articles"))
    pq.write_table(table.replace_schema_metadata({schema.PARQUET_KEY: "articles 99"}), tmp_path / "t")
    for call in (lambda: read(store, "t", Article), lambda: read_columns(store, "t", ["id"])):
        with pytest.raises(
            UnknownVersion, match=r"^t: it is of version 'articles 99'.* up to articles \d+: update bantin"
        ):
            call()
    report = json.loads(present("report").read_text("utf-8")) | {schema.JSON_FIELD: "report 99", "state": "dreamt"}
    store.put(keys.report("kimson", RUN), json.dumps(report).encode())
    with pytest.raises(UnknownVersion, match="'report 99'"):
        reports.read_report(store, "kimson", RUN)
    lease = json.loads(HOLDER.encode()) | {schema.JSON_FIELD: "lease 99"}
    with pytest.raises(Corrupt, match="'lease 99'"):
        Holder.decode(json.dumps(lease).encode())


def test_a_part_of_a_later_version_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "PART", schema.Schema("part", 99))
    (tmp_path / "open").mkdir()
    data = written("part", tmp_path / "open")
    monkeypatch.undo()
    store = open_store(str(tmp_path / "archive"))
    store.put(PART, data)
    with pytest.raises(UnknownVersion, match="'part 99'"):
        list(read_captures(store, PART, LIMIT))
