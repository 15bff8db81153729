"""The verb rename: a source under another id, in the registry and in the archive.

Keys and rows name the source, so what the archive has of it moves (moving.py). A notice under the old id says so: first
that the move is under way, and keeps crawls away should it be interrupted; afterwards where old citations and addresses
lead. The registry's file is renamed when all is there. The same call goes on with a rename that was interrupted, and
does in a back-up what was done in the archive.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bantin import index, lake
from bantin.errors import NotReady
from bantin.registering import files
from bantin.registering.moving import Move, OnDone, derived, expect_rows_elsewhere, objects
from bantin.runs import expect_published, runs_of
from bantin.settings import Settings
from browse.index.manifest import read_manifest
from model.errors import BantinError, SourceError
from model.source import RETIRED, Source, load_source
from storage import keys
from storage.lease import Lease
from storage.notices import Notice, read_notice, write_notice
from storage.store import ObjectStore, open_store


@dataclass(frozen=True, slots=True)
class Plan:
    """What is left to be done of a rename: so many runs, objects and bytes of the archive; whether the `lake` has
    months of the source, and whether its file is still to be renamed."""

    old: str
    new: str
    runs: int
    objects: int
    size_bytes: int
    lake: bool
    file: bool

    @property
    def line(self) -> str:
        """The plan in one line."""
        if not (self.runs or self.file):
            return f"{self.old} is called {self.new} already, and nothing is left to be done"
        told = f"{self.runs} runs: {self.objects} objects, {self.size_bytes / 1e6:.1f} MB"
        return f"{self.old} → {self.new}: {told}" + ("" if self.file else "; its file bears the new id already")


def plan(settings: Settings, old: str, new: str) -> Plan:
    """What `rename` would do. Raises as it does; writes nothing."""
    store = open_store(settings.archive)
    return _Rename(settings, store, old, new).plan()


def rename(settings: Settings, old: str, new: str, on_done: OnDone = lambda done, of: None) -> Plan:
    """Calls the source `old` `new`, in the archive and in the registry; returns what was done. Tells how many runs have
    been moved.

    Raises `SourceError` where the registry forbids it, `NotReady` where a run is not published yet or `new` has runs of
    its own, `LeaseHeld` while a crawl is under way, `NotMoved`, `StorageError`. Called again, it goes on.
    """
    store = open_store(settings.archive)
    return _Rename(settings, store, old, new).run(on_done)


def refresh_derived(settings: Settings, done: Plan) -> Iterator[str]:
    """Makes anew what was derived of the source: the months of the lake that it had, and the index, where there is one.
    Yields what could not be made, which harms nothing that is stored."""
    if done.lake:
        try:
            lake.refresh(settings, (done.new,))
        except BantinError as err:
            yield f"{err}: `bantin lake {done.new}` makes its months anew"
    try:
        if read_manifest(open_store(settings.archive)) is not None:
            index.refresh(settings, (done.old, done.new))
    except BantinError as err:
        yield f"{err}: `bantin index` brings the index up to date"


class _Rename:
    """One call; looks at the registry and the notice, and so knows what is left to be done."""

    def __init__(self, settings: Settings, store: ObjectStore, old: str, new: str) -> None:
        self._settings, self._store, self._old, self._new = settings, store, old, new
        self._path = settings.sources / f"{old}.yaml"
        self._target = settings.sources / f"{new}.yaml"
        keys.notice(new)  # an id, or `InvalidKey`
        self._notice = read_notice(store, old)
        self._begun = self._notice is not None and self._notice.renamed_to == new
        if old == new:
            raise SourceError([f"{self._path}: id: {new!r}: expected another id than it has"])
        self._expect_free()

    def _expect_free(self) -> None:
        notice = self._notice
        if notice and notice.moving and not self._begun:
            remedy = f"`bantin source rename {self._old} {notice.renamed_to}` goes on with it"
            raise SourceError([f"{self._path}: it is being renamed to {notice.renamed_to}: {remedy}"])
        retired = self._settings.sources / RETIRED
        for path in (retired / self._path.name, retired / self._target.name):
            if path.is_file():
                raise SourceError([f"{path}: it is retired: `bantin source resume {path.stem}` first, or another id"])
        if self._path.is_file() and self._target.is_file() and not (self._begun and notice and notice.moving):
            raise SourceError([f"{self._target}: is there already: expected an id that no source has"])
        known = self._begun or any(objects(self._store, self._old))
        if not self._path.is_file() and not (self._target.is_file() and known):
            raise SourceError([f"{self._path}: is not there: expected the file of the source that is to be renamed"])
        if not self._begun and runs_of(self._store, self._new):
            reason = (
                f"{self._new} has runs of its own in {self._store.url}: expected an id that the archive does not know"
            )
            raise NotReady(reason, source=self._new, run="")

    def plan(self) -> Plan:
        runs = dict(objects(self._store, self._old))
        infos = [info for of in runs.values() for info in of]
        size_bytes = sum(info.size_bytes for info in infos)
        goes_on = self._notice is not None and self._notice.moving  # its months of the lake may be gone already
        in_lake = any(self._store.list(keys.lake_prefix(None if goes_on else self._old)))
        return Plan(self._old, self._new, len(runs), len(infos), size_bytes, in_lake, self._path.is_file())

    def run(self, on_done: OnDone) -> Plan:
        plan = self.plan()
        text = None
        if self._path.is_file():
            text = self._text()
            files.expect_writable(self._settings.sources)
        if plan.runs or derived(self._store, self._old) or (self._notice and self._notice.moving):
            self._move(on_done, text)
        else:
            self._rename_file(text)
        return plan

    def _move(self, on_done: OnDone, text: str | None) -> None:
        store, now = self._store, datetime.now(UTC)
        with ExitStack() as stack:
            held = (Lease.acquire(store, one, run=keys.run_id(now), attempt=0) for one in (self._old, self._new))
            leases = tuple(stack.enter_context(lease) for lease in held)
            for lease in leases:
                lease.keep_alive()
            if not self._begun:
                expect_published(store, self._old)
            expect_rows_elsewhere(store, self._old, self._new)
            begun = self._notice if self._begun and self._notice else Notice(source=self._old, at=now)
            notice = replace(begun, renamed_to=self._new, moving=True)
            write_notice(store, notice)
            store.delete([keys.notice(self._new)])  # of a time when the new id was an old one
            Move(store, self._old, self._new, leases).run(on_done)
            self._rename_file(text)
            write_notice(store, replace(notice, moving=False))

    def _text(self) -> str:
        """What the file under the new id is to say."""
        source = load_source(self._path)
        text = files.with_id(files.read(self._path), self._new)
        files.expect_says(text, self._target, self._path.parent, _called(source, self._new))
        return text

    def _rename_file(self, text: str | None) -> None:
        if text is not None:
            files.move(self._path, self._target, text)


def _called(source: Source, source_id: str) -> Source:
    return source.model_copy(update={"id": source_id})
