"""Whether an object of one store may take the place of another store's, and what is kept of that: the rules of copy.

The report of a run says which bytes are right, and of what no report tells it is asked whether it can be read at all.
What is damaged at the source replaces nothing; what is damaged at the target is moved to `damaged/`, and so a back-up
restores. Where both are right the newer report wins.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from model.errors import BantinError
from model.report import RunReport
from storage import keys, reports
from storage.errors import Corrupt, PreconditionFailed, UnknownVersion
from storage.places import place_of
from storage.store import ObjectInfo, ObjectStore
from storage.superseded import put_away

DAMAGED = "the target's was damaged; it is kept in damaged/"

_REWRITTEN = ("rules", "captures", "articles", "report")


class Refusal(BantinError):
    """The object at the target is not to be replaced; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """Size and SHA-256 of an object's bytes."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _Told:
    """What a report tells: the hashes of its run's objects, and when the run was published or re-cleaned last.
    `damaged`: it cannot be read."""

    hashes: dict[str, Hashed] = field(default_factory=dict)
    written_at: datetime | None = None
    damaged: bool = False


@dataclass(slots=True)
class Reports:
    """What the reports of two stores tell, each read once. May be asked from several threads."""

    origin: ObjectStore
    target: ObjectStore
    _known: dict[tuple[str, str], tuple[_Told, _Told]] = field(default_factory=dict)
    _reading: Lock = field(default_factory=Lock)

    def both_name(self, info: ObjectInfo) -> bool:
        """Whether the reports at both stores name the same bytes for the object, of this size."""
        ours, theirs = self.of(info.key)
        named = ours.hashes.get(info.key)
        return named is not None and named == theirs.hashes.get(info.key) and named.size_bytes == info.size_bytes

    def is_right(self, key: str, sha256: str) -> bool | None:
        """Whether the source's object with this hash is the one that was stored; None where nobody knows."""
        told = self.of(key)[0]
        place = place_of(key)
        if place and place.family == "report":
            return False if told.damaged else None
        return _is_right(key, sha256, told)

    def may_be_right(self, info: ObjectInfo) -> bool:
        """Whether the source's object has the size that its report names; also where it names none."""
        named = self.of(info.key)[0].hashes.get(info.key)
        return named is None or named.size_bytes == info.size_bytes

    def of(self, key: str) -> tuple[_Told, _Told]:
        """What the report of the key's run tells at the source, and at the target."""
        place = place_of(key)
        if place is None or place.source is None or place.run is None:
            return _Told(), _Told()
        run = (place.source, place.run)
        if run not in self._known:
            told = _told(self.origin, *run), _told(self.target, *run)
            with self._reading:
                self._known.setdefault(run, told)
        return self._known[run]


def keep_before_replacing(known: Reports, key: str, family: str, theirs: Hashed, broken: Callable[[], bool]) -> str:
    """Makes sure that the target's object, `theirs`, may be replaced by the source's, which is whole, and keeps of it
    what must be kept; says why it is replaced. `broken` tells whether theirs cannot be read. Raises `Refusal`."""
    at_source, at_target = known.of(key)
    right = _is_right(key, theirs.sha256, at_target if family in _REWRITTEN else at_source)
    rotten = right is False or (family == "report" and at_target.damaged) or (right is None and broken())
    if family in ("raw", "superseded", "damaged"):
        if not rotten:
            raise Refusal("both stores have one, they differ, and no report says which is right: compare them by hand")
    elif family in _REWRITTEN:
        newer = at_source.written_at and at_target.written_at and at_source.written_at < at_target.written_at
        if newer:
            raise Refusal("the target's report is newer: copy the other way round, or move the target's run away")
        if at_source.written_at is None and at_target.written_at is not None:
            raise Refusal("only the target has a report of the run, so its objects are taken for newer")
    place = place_of(key)
    if not rotten and family == "articles" and place and place.source and place.run:
        return _put_away(known.target, place.source, place.run, key, theirs.sha256)
    if rotten:
        _keep(known.target, keys.damaged(key, theirs.sha256), key)
        return DAMAGED
    return ""


def _put_away(target: ObjectStore, source: str, run: str, key: str, sha256: str) -> str:
    """Keeps the target's table among the replaced ones. Where it is there already, it came from the source with the
    note of when it was put away, and needs no other one."""
    kept = keys.superseded(source, run, sha256)
    if target.head(kept) is None or hashlib.sha256(target.get(kept)).hexdigest() != sha256:
        kept = put_away(target, source, run, target.get(key))
    return DAMAGED if kept.startswith("damaged/") else "the target's is kept in superseded/"


def _keep(target: ObjectStore, where: str, key: str) -> None:
    """Puts a copy of the target's object aside; twice does no harm, since its name is its hash."""
    if target.head(where) is None:
        try:
            target.put(where, target.get(key), if_absent=True)
        except PreconditionFailed:
            return


def _is_right(key: str, sha256: str, told: _Told) -> bool | None:
    place = place_of(key)
    named = place.sha256 if place else None
    if named is None and key in told.hashes:
        named = told.hashes[key].sha256
    return None if named is None else named == sha256


def _told(store: ObjectStore, source: str, run: str) -> _Told:
    try:
        report: RunReport | None = reports.read_report(store, source, run)
        if report is None:
            return _Told()
        if not reports.is_whole(store, source, run):
            return _Told(damaged=True)
    except UnknownVersion:
        raise
    except Corrupt:
        return _Told(damaged=True)
    hashes = {str(e["key"]): Hashed(int(e["size_bytes"]), str(e["sha256"])) for e in report.objects}
    return _Told(hashes, max(report.finished_at, report.recleaned_at or report.finished_at))
