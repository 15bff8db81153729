"""The verb copy: an archive, or sources of it, from one store to another: back-up and restore.

WARC parts go first, then rules and captures, articles, reports, and what is derived, so that a copy that is broken off
never shows a row whose record it does not have. It can be run again at any time: what is there already is left out.

What is there already is known without ETags, which no two stores make alike:

* Objects that are never written again (WARC parts, replaced tables) by their size: they appear whole or not at all,
  and each was read back when it was copied.
* Tables and rules by the reports, where both stores have the very same one: it names their hashes. Else they are read
  on both sides and compared. With `check` everything is.

An object that differs replaces the one at the target only where it is newer by design: a re-run or re-clean has written
it again, and the source's report is not older than the target's (replacing.py). Nothing is deleted at the
target.

Whatever is read is compared with its report, or, where none tells of it, checked by itself (soundness.py): what is
damaged at the source is told each time that it is read, and replaces nothing.
"""

import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path

from bantin.copying.replacing import Hashed, Refusal, Reports, keep_before_replacing
from bantin.copying.soundness import problem_of
from bantin.parallel import in_parallel
from model.errors import BantinError
from storage import keys
from storage.errors import KeyNotFound, PreconditionFailed, StoreRefused, StoreUnavailable
from storage.inventory import BLOCK_BYTES, digest
from storage.places import Place, place_of
from storage.replaced import carry_time, is_table, table_noted
from storage.store import ObjectInfo, ObjectStore, check_writable, open_object, open_store

STAGES = (
    ("raw",),
    ("superseded", "damaged"),
    ("rules",),
    ("captures",),
    ("articles",),
    ("report",),
    ("lake", "notices", "unknown"),
)
"""The order of copying, by what keys name; one stage begins when the one before is over. `leases/`, `alarms/`, `work/`,
the frontier's snapshot and the index (which know their tables by ETag) are of no use elsewhere."""

ONCE = ("raw", "superseded", "damaged")
"""What is never written again under the same key."""


class Outcome(StrEnum):
    """What became of an object."""

    COPIED = "copied"
    REPLACED = "replaced"
    THERE = "there already"
    DAMAGED = "copied, but damaged at the source"
    THERE_DAMAGED = "there already, and damaged on both sides"
    REFUSED = "refused"
    CHANGED = "written meanwhile: a further copy takes it"


WRONG = (Outcome.DAMAGED, Outcome.THERE_DAMAGED, Outcome.REFUSED)
"""What somebody must look at."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of the object at `key`, and `why` where that is not plain."""

    key: str
    outcome: Outcome
    size_bytes: int = 0
    why: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.outcome}" + (f": {self.why}" if self.why else "")


class SameStore(BantinError):
    """An archive was to be copied onto itself, or into itself, where the next copy would take the copy along."""


def copy(
    from_url: str,
    to_url: str,
    sources: Sequence[str] = (),
    *,
    since: date | None = None,
    check: bool = False,
    jobs: int = 4,
    on_done: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Copied]:
    """Copies the archive at `from_url`, `sources` of it or runs of the day `since` and later, `jobs` objects at a time,
    and says of each what became of it. With `check` what is there already is read and compared.

    Raises `SameStore`, and `StorageError` where a store does not answer.
    """
    origin, target = open_store(from_url), open_store(to_url)
    if f"{target.url}/".startswith(f"{origin.url}/"):
        raise SameStore(f"{target.url}: expected a place outside {origin.url}, which is to be copied")
    listed = _by_family(_listed(origin, sources), since)
    if not listed:
        return
    check_writable(target)
    there = {info.key: info for info in _listed(target, sources)}
    reports = Reports(origin, target)
    noted = {table for info in listed.get("superseded", ()) if (table := _noted(info.key))}
    total, done = sum(len(infos) for infos in listed.values()), 0
    for stage in STAGES:
        work = (
            partial(_Copy(origin, target, reports, family, info, there.get(info.key), check).run)
            for family in stage
            for info in listed.get(family, ())
        )
        for one in in_parallel(work, jobs):
            done += 1
            yield one
            on_done(done, total)
        if "superseded" in stage:
            _carry_times(target, [one for one in listed.get("superseded", ()) if one.key not in noted], there)


def _noted(key: str) -> str | None:
    """The key of the replaced table that the object at `key` is a note of; None where it is none."""
    table, place = table_noted(key), place_of(key)
    if table is None or place is None or place.source is None or place.run is None:
        return None
    return keys.superseded(place.source, place.run, table)


def _carry_times(target: ObjectStore, infos: Sequence[ObjectInfo], there: Container[str]) -> None:
    """Notes at the target when the source wrote replaced tables that have no note there."""
    for info in infos:
        place = place_of(info.key)
        if is_table(info.key) and place and place.source and place.run:
            carry_time(target, place.source, place.run, info, there)


def _listed(store: ObjectStore, sources: Sequence[str]) -> Iterator[ObjectInfo]:
    """The objects of a store that others may be writing to: WARC parts are listed after what names them, so that they
    are complete; all that a report names was there before it."""
    if sources:
        for source in sources:
            raw, captures, articles, runs, superseded, lake = keys.source_prefixes(source)
            for prefix in (lake, runs, articles, captures, superseded, raw):
                yield from store.list(prefix)
            yield from store.list(keys.notice(source))
        return
    yield from store.list(keys.reports_prefix())
    yield from (info for info in store.list("") if not info.key.startswith(keys.reports_prefix()))


def _by_family(infos: Iterator[ObjectInfo], since: date | None) -> dict[str, list[ObjectInfo]]:
    found: dict[str, list[ObjectInfo]] = {}
    for info in infos:
        place = place_of(info.key)
        if since is not None and not (place and _is_of(place, since)):
            continue
        found.setdefault(place.family if place else "unknown", []).append(info)
    return found


def _is_of(place: Place, since: date) -> bool:
    if place.family == "lake":
        return f"{place.month}-01" >= since.isoformat()  # of a month that is copied in part it has rows of other runs
    return place.run is not None and keys.run_time(place.run).date() >= since


@dataclass(frozen=True, slots=True)
class _Copy:
    """The copy of one object; `there` is what the target had of it when it was listed."""

    origin: ObjectStore
    target: ObjectStore
    reports: Reports
    family: str
    info: ObjectInfo
    there: ObjectInfo | None
    check: bool

    def run(self) -> Copied:
        """Copies it where that is needed and right. Raises `StorageError` where a store does not answer."""
        key = self.info.key
        if self.there is not None and not self.check and self._is_known():
            return Copied(key, Outcome.THERE)
        try:
            with tempfile.TemporaryDirectory(prefix="bantin-copy-") as folder:
                return self._compare(Path(folder, "object"))
        except (KeyNotFound, PreconditionFailed):
            return Copied(key, Outcome.CHANGED)
        except Refusal as err:
            return Copied(key, Outcome.REFUSED, why=str(err))

    def _is_known(self) -> bool:
        """Whether what is there is the same, as far as that can be told without reading it."""
        there = self.there
        if there is None or there.size_bytes != self.info.size_bytes:
            return False
        if self.family in ONCE:
            return self.reports.may_be_right(self.info)
        return self.reports.both_name(self.info)

    def _compare(self, file: Path) -> Copied:
        key = self.info.key
        ours = self._download(file)
        now = self.origin.head(key)
        if now is None or now.etag != self.info.etag:
            return Copied(key, Outcome.CHANGED)
        damage = self._damage(file, ours)
        if self.there is None:
            self._put(file, ours, None)
            return Copied(key, Outcome.DAMAGED if damage else Outcome.COPIED, ours.size_bytes, damage)
        with open_object(self.target, key, BLOCK_BYTES) as theirs_file:
            theirs = Hashed(*digest(theirs_file))
        if ours == theirs:
            return Copied(key, Outcome.THERE_DAMAGED if damage else Outcome.THERE, why=damage)
        if damage:
            raise Refusal(damage)
        broken = partial(self._is_broken, file.with_name("theirs"))
        why = keep_before_replacing(self.reports, key, self.family, theirs, broken)
        self._put(file, ours, self.there.etag)
        return Copied(key, Outcome.REPLACED, ours.size_bytes, why)

    def _damage(self, file: Path, ours: Hashed) -> str:
        """What shows that the source's object is damaged, and what to do; nothing where nothing does."""
        key = self.info.key
        right = self.reports.is_right(key, ours.sha256)
        problem = "it is not the object that its report at the source names" if right is False else None
        if right is False and self.family == "report":
            problem = "it cannot be read, or does not have the hash that it says"
        if right is None:
            problem = problem_of(self.family, key, file)
        return f"{problem}: bantin verify --archive {self.origin.url}" if problem else ""

    def _is_broken(self, file: Path) -> bool:
        """Whether the target's object, which is not the source's, cannot be read."""
        self._fetch(self.target, file)
        return problem_of(self.family, self.info.key, file) is not None

    def _download(self, file: Path) -> Hashed:
        self._fetch(self.origin, file)
        with file.open("rb") as whole:
            return Hashed(*digest(whole))

    def _fetch(self, store: ObjectStore, file: Path) -> None:
        try:
            with open_object(store, self.info.key, BLOCK_BYTES) as source, file.open("wb") as out:
                while block := source.read(BLOCK_BYTES):
                    out.write(block)
        except OSError as err:
            room = f"expected room for {self.info.size_bytes / 1e6:.1f} MB: set TMPDIR to a folder with more"
            raise StoreRefused(f"{file.parent}: {err.strerror or err}: {room}", key=self.info.key) from err

    def _put(self, file: Path, ours: Hashed, etag: str | None) -> None:
        """Stores the file, where the target is still as it was, and reads it back."""
        key = self.info.key
        self.target.put(key, file, if_absent=etag is None, if_match=etag)
        with open_object(self.target, key, BLOCK_BYTES) as stored:
            back = Hashed(*digest(stored))
        if back != ours:
            if etag is None:
                self.target.delete([key])  # else the next copy would take it for right, by its size
            message = f"{key}: what was read back is not what was sent; copy again, and look at the store if it stays"
            raise StoreUnavailable(message, self.target.url, key)
