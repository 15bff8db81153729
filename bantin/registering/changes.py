"""The verbs pause, resume and retire: whether a source is crawled, and how that is said in its file.

A paused source has no schedule; its DAG stays, so that its runs can be looked at, cleared and started by hand. A
retired one has no DAG: its file lies in `retired/` below the registry, and a notice in the archive says so, since
readers of the archive do not see the registry. Each verb may be killed and called again.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bantin.registering import files
from bantin.registry import find_source
from bantin.runs import expect_published, runs_of
from bantin.settings import Settings
from model.errors import SourceError
from model.source import RETIRED, Source, load_source, retired_files
from storage import keys
from storage.lease import Lease
from storage.notices import Notice, read_notice, write_notice
from storage.store import open_store


def pause(folder: Path, source_id: str, *, until: date | None = None, reason: str | None = None) -> str:
    """Takes the source's schedule away; says in its file since when, until when that is meant, and why. Returns what
    was done. Of one that is paused only the note is changed, where there is anything to note. Raises `SourceError`."""
    source = find_source(folder, source_id)
    path = folder / f"{source_id}.yaml"
    if not source.enabled and until is None and reason is None:
        return f"{source_id} is paused already: {files.note_of(path) or 'its file says enabled: false'}"
    said = files.note("paused", _today(source), until, reason)
    _change(path, source, files.with_enabled(files.read(path), False, said), enabled=False)
    return f"{source_id}: {said}; a crawl that is under way goes on to its end"


def resume(settings: Settings, source_id: str) -> str:
    """Gives a paused or retired source its schedule again; returns what was done. Raises `SourceError`, and
    `StorageError` where the archive cannot be told of a retired one's return: the file is as it is to be then."""
    folder = settings.sources
    path, retired = folder / f"{source_id}.yaml", folder / RETIRED / f"{source_id}.yaml"
    is_retired = retired in retired_files(folder)
    if is_retired and path.is_file():
        _expect_alike(path, retired)
        files.remove(retired)
        is_retired = False
    source = load_source(retired, folder) if is_retired else find_source(folder, source_id)
    if is_retired:
        text = files.with_enabled(files.read(retired), True, None)
        files.expect_says(text, path, folder, source.model_copy(update={"enabled": True}))
        files.move(retired, path, text)
    elif not source.enabled:
        _change(path, source, files.with_enabled(files.read(path), True, None), enabled=True)
    _forget(settings, source_id)
    return f"{source_id} is " + ("crawled again" if is_retired or not source.enabled else "not paused")


def retire(settings: Settings, source_id: str, *, reason: str | None = None) -> str:
    """Takes the source out of the registry, for good or until it is resumed; its archive stays, and says so. Returns
    what was done. Raises `SourceError`, `LeaseHeld` while a crawl of it is under way, `NotReady` where one waits to be
    published, and `StorageError`."""
    folder = settings.sources
    path, retired = folder / f"{source_id}.yaml", folder / RETIRED / f"{source_id}.yaml"
    if retired.is_file() and not path.is_file():
        return f"{source_id} is retired already: {files.note_of(retired) or 'its file lies in retired/'}"
    source = find_source(folder, source_id)
    if retired.is_file():
        _expect_alike(path, retired)
    said = files.note("retired", _today(source), None, reason)
    text = f"# {said}\n" + files.NOTE.sub("", files.read(path))
    files.expect_says(text, retired, folder, source)
    files.expect_writable(folder)
    store = open_store(settings.archive)
    if runs_of(store, source_id):
        now = datetime.now(UTC)
        with Lease.acquire(store, source_id, run=keys.run_id(now), attempt=0):
            expect_published(store, source_id)
            write_notice(store, Notice(source=source_id, at=now, reason=reason))
            files.move(path, retired, text)
    else:
        files.move(path, retired, text)
    return f"{source_id}: {said}; its archive stays as it is, its file is {retired}"


def _forget(settings: Settings, source_id: str) -> None:
    """Deletes the notice that the source is retired."""
    store = open_store(settings.archive)
    notice = read_notice(store, source_id)
    if notice is not None and notice.renamed_to is None:
        store.delete([keys.notice(source_id)])


def _change(path: Path, source: Source, text: str, *, enabled: bool) -> None:
    files.expect_says(text, path, path.parent, source.model_copy(update={"enabled": enabled}))
    if text != files.read(path):
        files.write(path, text)


def _expect_alike(path: Path, retired: Path) -> None:
    """Raises `SourceError` where a source's two files say different things: they are not those of one who was killed
    while it was retired, or brought back."""
    here, there = load_source(path), load_source(retired, path.parent)
    if here.model_copy(update={"enabled": True}) != there.model_copy(update={"enabled": True}):
        raise SourceError([f"{retired}: is there besides {path}, and says other things: remove the one that is wrong"])


def _today(source: Source) -> date:
    return datetime.now(ZoneInfo(source.timezone)).date()
