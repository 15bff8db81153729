"""Rows that the lake still has of a run whose own tables are gone, put back where they were.

An object of the lake has every row of the tables that it was made of, in their order, and is sealed: so a run's table
can be written again from it. Where the run's report names a hash, it tells whether this is the table that was stored.
Else nobody knows: the run may have been cleaned again since. What only captures and WARC parts tell stays lost, and
verify goes on to say so.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bantin.publish import count_rows, texts_before
from bantin.settings import Settings
from bantin.verifying.displacing import Meanwhile, displace, older, write_report
from bantin.verifying.findings import MADE_ANEW, Repaired
from bantin.verifying.verify import objects_of
from model.article import Article
from model.report import RunReport, State
from storage import keys, lake, reports
from storage.errors import Corrupt, KeyNotFound, PreconditionFailed, UnknownVersion
from storage.inventory import Entry, entry_for, inventory
from storage.lake import completed
from storage.places import table_of
from storage.replaced import names_in
from storage.schema import check_version
from storage.sealing import is_unbroken
from storage.store import ObjectStore, open_store
from storage.tables import Places, encode_table, mark_of, schema_of

LOST = "of its captures, WARC records and report nothing is left"


@dataclass(frozen=True, slots=True)
class Found:
    """A run's articles table as an object of the lake, at `key`, has it."""

    key: str
    table: pa.Table
    data: bytes

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def find_in_lake(store: ObjectStore, source: str, run: str, unread: Places = ()) -> Found | None:
    """The run's articles table, from the lake; None where that has no unbroken object which was made of it. `unread`
    are the pages that could not be cleaned, which the lake does not name. Raises `StorageError`."""
    key = keys.lake(source, keys.month_of(run))
    info = store.head(key)
    try:
        if info is None or keys.articles(source, run) not in (lake.named_in(store, info) or ()):
            return None
        data = store.get(key, if_match=info.etag)
    except (KeyNotFound, PreconditionFailed):  # replaced this moment
        return None
    if not is_unbroken(data):
        return None
    try:
        table = _rows_of(key, data, run)
    except (Corrupt, UnknownVersion):
        return None
    return Found(key, table, encode_table(table, Article, unread=unread))


def _rows_of(key: str, data: bytes, run: str) -> pa.Table:
    schema = schema_of(Article)
    try:
        parquet = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        check_version(key, mark_of(parquet))
        there = [name for name in schema.names if name in parquet.schema_arrow.names]
        batches = (
            completed(batch.filter(pc.equal(batch["run"], run)), schema)
            for batch in parquet.iter_batches(columns=there, use_threads=False)
        )
        return pa.Table.from_batches([batch for batch in batches if batch.num_rows], schema)
    except (pa.ArrowException, OSError, ValueError) as err:
        raise Corrupt(f"{key}: {err}: expected an object of the lake", key=key) from err


def put_back(
    store: ObjectStore, source: str, run: str, known: RunReport | None, seen: str | None, *, exact: bool = False
) -> Repaired | None:
    """Puts the lake's rows in the place of the run's articles table, which is missing or damaged and had the ETag
    `seen` when it was judged: where they give the very table that the report names (`known`, as far as it can be
    trusted), or unless `exact` asks for that. None where the lake has none, or not this one, or the table is there as
    it should be. Raises `Meanwhile` and `StorageError`."""
    key = keys.articles(source, run)
    named = next((entry["sha256"] for entry in known.objects if entry["key"] == key), None) if known else None
    if (exact and named is None) or (seen is not None and named == hashlib.sha256(store.get(key)).hexdigest()):
        return None
    unread = [(str(page["warc_key"]), int(page["warc_offset"])) for page in known.retry] if known else []
    found = find_in_lake(store, source, run, unread)
    if found is None or (exact and found.sha256 != named):
        return None
    told = f"{key}: {len(found.table)} rows were put back from {found.key}"
    if found.sha256 == named:
        displace(store, key, seen, found.data)
        return Repaired(f"{told}: it is the table that was stored")
    unsure = f"{told}: the run may have been cleaned again since they were stored there"
    _tell_in_report(store, source, run, found, unsure)  # first: who is killed here is followed by who finds the table
    displace(store, key, seen, found.data)
    return Repaired(unsure, differs=True)


def _tell_in_report(store: ObjectStore, source: str, run: str, found: Found, what: str) -> None:
    info = store.head(keys.report(source, run))
    try:
        there = reports.read_report(store, source, run)
        there = there if there and reports.is_whole(store, source, run) else None
    except Corrupt:
        there = None
    report = there or _report_of(store, source, run, found)
    again = replace(
        report,
        state=State.PUBLISHED,
        reason=None,
        warnings=[*report.warnings, what],
        objects=_with(inventory(store, source, run, report.objects), found, source, run),
        **count_rows(found.table, texts_before(store, source, run, found.table)),
    )
    write_report(store, older(again), info.etag if info else None, is_damaged=there is None)


def put_back_gone(settings: Settings, source: str, run: str | None) -> Iterator[tuple[str, Repaired]]:
    """Of a run, or of all runs of a source, of which nothing is left but what the lake has: its articles table is put
    back, with a report that says so. Yields each run, and what was done. Raises `Meanwhile` and `StorageError`."""
    store = open_store(settings.archive)
    for one in _in_lake(store, source) if run is None else [run]:
        if objects_of(store, source, one) or (found := find_in_lake(store, source, one)) is None:
            continue
        key = keys.articles(source, one)
        try:
            data = reports.encode_report(_report_of(store, source, one, found))
            store.put(keys.report(source, one), data, if_absent=True)  # first, as above
            store.put(key, found.data, if_absent=True)
        except PreconditionFailed as err:
            raise Meanwhile(f"{key}: somebody else has put something back meanwhile: verify again") from err
        yield one, Repaired(f"{key}: {len(found.table)} rows were put back from {found.key}; {LOST}", differs=True)


def _in_lake(store: ObjectStore, source: str) -> Sequence[str]:
    """The runs that the lake's objects of a source were made of."""
    runs = set[str]()
    for info in store.list(keys.lake_prefix(source)):
        try:
            named = lake.named_in(store, info) or ()
        except (KeyNotFound, PreconditionFailed):
            continue
        runs.update(table[1] for key in named if (table := table_of(key)))
    return sorted(runs)


def _with(objects: list[Entry], found: Found, source: str, run: str) -> list[Entry]:
    """The entries of a report, with that of the table which is about to be put back."""
    key = keys.articles(source, run)
    return [*(entry for entry in objects if entry["key"] != key), entry_for(key, found.data)]


def _report_of(store: ObjectStore, source: str, run: str, found: Found) -> RunReport:
    times = found.table["fetched_at"]
    at = keys.run_time(run)
    first, last = (pc.min(times).as_py(), pc.max(times).as_py()) if len(times) else (at, at)
    return RunReport(
        source=source,
        run=run,
        state=State.PUBLISHED,
        started_at=first,
        finished_at=last,
        warnings=[f"{MADE_ANEW}: its rows are those that {found.key} had; {LOST}"],
        objects=_with(inventory(store, source, run), found, source, run),
        replaced=names_in(store, source, run),
        **count_rows(found.table, texts_before(store, source, run, found.table)),
    )
