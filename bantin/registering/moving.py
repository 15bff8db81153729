"""Moving what the archive has of a source under another id, run by run, so that nothing is ever lost or twice there.

Of a run everything is copied first: WARC parts and replaced tables byte for byte, rules, tables and report with the new
id in their rows and keys. What is rewritten is compared with its report before, and the copy is verified as `bantin
verify` does. Then its objects under the old id are removed. So at any moment each run is whole under one of the two
ids, and whoever is killed is followed by one who does the same: what is left under the old id is copied, or found to be
there as it should be, before it is removed.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bantin.verifying.verify import check_run
from model.article import Article
from model.capture import Capture
from model.errors import BantinError, SourceError
from model.source import dump_source, parse_source
from storage import keys, lake, reports
from storage.errors import KeyNotFound, PreconditionFailed
from storage.inventory import BLOCK_BYTES, digest, entry_of
from storage.lease import Lease
from storage.places import Place, place_of
from storage.store import ObjectInfo, ObjectStore, open_object
from storage.tables import UNREAD, encode_table, read_table, read_whole

OnDone = Callable[[int, int], None]

ORDER = ("raw", "superseded", "work", "rules", "captures", "articles", "report")
"""How the objects of a run are copied; they are removed the other way round, but for the report, which is the last."""

_NOTED = pa.schema([("warc_key", pa.string())])


class NotMoved(BantinError):
    """An object cannot be moved as it is: it is damaged, or another one lies under its new key."""


@dataclass(frozen=True, slots=True)
class Move:
    """The move of all that `store` has of the source `old` under the id `new`, while `leases` are held on both."""

    store: ObjectStore
    old: str
    new: str
    leases: tuple[Lease, ...]

    def run(self, on_done: OnDone) -> None:
        """Moves run by run, and tells how many are done. Raises `NotMoved`, `LeaseLost` and `StorageError`; what has
        been moved by then stays moved."""
        self.store.delete([info.key for info in derived(self.store, self.old)])
        moved, runs = 0, dict(objects(self.store, self.old))
        while runs:  # a worker that had not heard of it may have stored something meanwhile
            for run, infos in runs.items():
                self._copy(run, infos)
                for lease in self.leases:
                    lease.check()
                self._clear(infos)
                moved += 1
                on_done(moved, max(len(runs), moved))
            runs = dict(objects(self.store, self.old))

    def _copy(self, run: str, infos: list[ObjectInfo]) -> None:
        known = {finding.trouble for finding in check_run(self.store, self.old, run) if not finding.harmless}
        hashes = self._hashes(run, {info.key for info in infos})
        for info in sorted(infos, key=_step):
            place = place_of(info.key)
            if place is None or (place.family == "work" and not _is_rules(info.key)):
                continue  # cleaned parts are made again
            if place.family in ("raw", "superseded"):
                self._copy_bytes(info.key)
            else:
                self._put(info.key, self._rewritten(info.key, place, run, hashes.get(info.key)))
        for finding in check_run(self.store, self.new, run):
            if not finding.harmless and finding.trouble not in known:
                raise NotMoved(f"{finding}: it was not so under {self.old}, where all of it still is: call it again")

    def _rewritten(self, key: str, place: Place, run: str, sha256: str | None) -> bytes | None:
        """The object's bytes with the new id; None of a report, which is written by its own verb."""
        if place.family == "report":
            self._write_report(run)
            return None
        if sha256 is not None and hashlib.sha256(self.store.get(key)).hexdigest() != sha256:
            raise NotMoved(f"{key}: it is not as its report says: `bantin verify {self.old} --repair` first")
        if place.family == "captures":
            table = self._renamed(read_whole(self.store, key, Capture))
            return encode_table(table, Capture, unread=self._unread(key))
        if place.family == "articles":
            table = self._renamed(read_whole(self.store, key, Article))
            return encode_table(table, Article, unread=self._unread(key))
        try:
            rules = parse_source(self.store.get(key).decode(), key)
        except (SourceError, UnicodeDecodeError) as err:
            raise NotMoved(f"{err}: `bantin verify {self.old} --repair` first") from err
        return dump_source(rules.model_copy(update={"id": self.new})).encode()

    def _renamed(self, table: pa.Table) -> pa.Table:
        """The rows with the new id, and the new keys of their WARC parts."""
        before, after = keys.raw_prefix(self.old), keys.raw_prefix(self.new)
        columns = {
            "source": pa.array([self.new] * len(table), pa.string()),
            "warc_key": pc.replace_substring(table["warc_key"], before, after, max_replacements=1),
        }
        for name, column in columns.items():
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(name), column)
        return table

    def _unread(self, key: str) -> list[tuple[str, int]]:
        noted = (read_table(self.store, key, _NOTED).schema.metadata or {}).get(UNREAD, b"[]")
        return [(keys.moved(part, self.new), offset) for part, offset in json.loads(noted)]

    def _write_report(self, run: str) -> None:
        report = reports.read_report(self.store, self.old, run)
        if report is None or not reports.is_whole(self.store, self.old, run):
            key = keys.report(self.old, run)
            raise NotMoved(f"{key}: it cannot be relied upon: `bantin verify {self.old} --repair` first")
        there = reports.read_report(self.store, self.new, run)
        moved = replace(
            report,
            source=self.new,
            retry=[self._led(page, "warc_key") for page in report.retry],
            objects=[self._entry(entry) for entry in report.objects],
        )
        if there is None:
            reports.write_report(self.store, moved)
        elif there != moved:
            raise self._differs(keys.report(self.new, run))

    def _entry(self, entry: dict[str, str | int]) -> dict[str, str | int]:
        """What a report names, as it is under the new id. Of a WARC part the hash stays that of its writing."""
        moved = self._led(entry, "key")
        place = place_of(str(moved["key"]))
        if place and place.family != "raw":
            try:
                return entry_of(self.store, str(moved["key"]))
            except KeyNotFound:
                return moved
        return moved

    def _led(self, values: dict[str, Any], name: str) -> dict[str, Any]:
        return {**values, name: keys.moved(str(values[name]), self.new)} if values.get(name) else values

    def _hashes(self, run: str, there: set[str]) -> dict[str, str]:
        """What the run's report says of its objects."""
        if keys.report(self.old, run) not in there:
            return {}
        report = reports.read_report(self.store, self.old, run)
        return {str(entry["key"]): str(entry["sha256"]) for entry in report.objects} if report else {}

    def _put(self, key: str, data: bytes | None) -> None:
        target = keys.moved(key, self.new)
        if data is None:
            return
        if self.store.head(target) is None:
            self.store.put(target, data)
        elif self.store.get(target) != data:
            raise self._differs(target)

    def _copy_bytes(self, key: str) -> None:
        target = keys.moved(key, self.new)
        with tempfile.TemporaryDirectory(prefix="bantin-rename-") as folder, open_object(self.store, key) as source:
            file = Path(folder, "object")
            with file.open("wb") as out:
                while block := source.read(BLOCK_BYTES):
                    out.write(block)
            with file.open("rb") as whole:
                read = digest(whole)
            if self.store.head(target) is None:
                self.store.put(target, file)
        with open_object(self.store, target, BLOCK_BYTES) as stored:
            if digest(stored) != read:
                raise self._differs(target)

    def _differs(self, target: str) -> NotMoved:
        return NotMoved(f"{target}: another object lies there: compare it with {self.old}'s, and move one of them away")

    def _clear(self, infos: list[ObjectInfo]) -> None:
        """Removes the objects of a run that is whole under the new id, the report last: rows before what they lead
        to."""
        rows = sorted(infos, key=_step, reverse=True)
        rows.sort(key=lambda info: info.key.endswith("/report.json"))
        self.store.delete([info.key for info in rows])


def objects(store: ObjectStore, source: str) -> Iterator[tuple[str, list[ObjectInfo]]]:
    """The objects of each run of a source, by run. What is derived is not among them. Raises `StorageError`."""
    found: dict[str, list[ObjectInfo]] = {}
    prefixes = (
        *(keys.raw_prefix, keys.superseded_prefix, keys.work_prefix),
        *(keys.captures_prefix, keys.articles_prefix, keys.reports_prefix),
    )
    for prefix in prefixes:
        for info in store.list(prefix(source)):
            place = place_of(info.key)
            if place and place.run:
                found.setdefault(place.run, []).append(info)
    yield from sorted(found.items())


def derived(store: ObjectStore, source: str) -> list[ObjectInfo]:
    """What is made again where it is missing: the source's objects in the lake, the snapshot of its frontier."""
    snapshot = store.head(keys.frontier(source))
    return [*store.list(keys.lake_prefix(source)), *([snapshot] if snapshot else [])]


def expect_rows_elsewhere(store: ObjectStore, source: str, new: str) -> None:
    """Raises `NotMoved` where an object of the source's lake was made of tables that are gone: it may be the last that
    has their rows, and a move removes it."""
    for info in store.list(keys.lake_prefix(source)):
        try:
            named = lake.named_in(store, info)
        except (KeyNotFound, PreconditionFailed):
            continue
        there = {one.key for prefix in (source, new) for one in store.list(keys.articles_prefix(prefix))}
        gone = [key for key in named or () if key not in there and keys.moved(key, new) not in there]
        if gone or named is None:
            what = f"{len(gone)} tables that it was made of are gone, the first {gone[0]}" if gone else "it is damaged"
            remedy = f"`bantin verify {source} --repair` first; if they were deleted on purpose, delete it"
            raise NotMoved(f"{info.key}: {what}, and it may be the last that has their rows: {remedy}")


def _step(info: ObjectInfo) -> tuple[int, str]:
    place = place_of(info.key)
    return ORDER.index(place.family) if place else len(ORDER), info.key


def _is_rules(key: str) -> bool:
    return key.endswith(".yaml")
