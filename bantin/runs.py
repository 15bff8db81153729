"""Which runs a source has, and which of them is the newest: it alone may ask servers for anything unasked.

A run that has begun counts, however it ended. One whose time is still to come does not: a wrong clock, or a mistyped
`--run`, must not make every other run a past one.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from bantin.errors import NoArchive, NoSuchRun, NotReady, PastRun
from model.report import State
from storage import keys, reports
from storage.notices import name_now, read_notice
from storage.places import place_of
from storage.store import ObjectStore


def expect_archive(store: ObjectStore) -> None:
    """Raises `NoArchive` where nothing is stored, and `StorageError`."""
    if next(iter(store.list("")), None) is None:
        raise NoArchive(
            f"{store.url}: no archive: expected one there; correct --archive or ARCHIVE_URL, or mount its disk"
        )


def runs_of(store: ObjectStore, source: str) -> list[str]:
    """The runs of which the archive has anything, oldest first. Raises `StorageError`."""
    prefixes = (keys.reports_prefix, keys.captures_prefix, keys.articles_prefix, keys.raw_prefix, keys.work_prefix)
    found = (place_of(info.key) for prefix in prefixes for info in store.list(prefix(source)))
    return sorted({place.run for place in found if place and place.run})


def newer_run(store: ObjectStore, source: str, run: str) -> str | None:
    """The newest run of the source, where that is newer than `run`; None where `run` is not past.

    Raises `StorageError`.
    """
    newest = newest_of(runs_of(store, source))
    return newest if newest and newest > run else None


def newest_of(runs: Iterable[str]) -> str | None:
    """The newest of these runs whose time has come."""
    now = keys.run_id(datetime.now(UTC))
    return max((run for run in runs if run <= now), default=None)


def expect_newest(store: ObjectStore, source: str, run: str) -> None:
    """Raises `PastRun` where `run` is older than the newest run of the source, and `StorageError`."""
    if newer := newer_run(store, source, run):
        stored = f"`bantin rerun {source} {run}` publishes what is stored of it"
        reason = f"run {run} is older than run {newer} of {source}, and what is there today does not belong into it"
        raise PastRun(f"{reason}: {stored}, with --fetch it is crawled all the same", source=source, run=run)


def expect_published(store: ObjectStore, source: str) -> None:
    """Raises `NotReady` where the source's newest run is fetched and still to be published, and `StorageError`."""
    run = newest_of(runs_of(store, source))
    report = reports.read_report(store, source, run) if run else None
    if run and report and report.state == State.FETCHED:
        remedy = f"wait until it is, or call `bantin rerun {source} {run}`"
        raise NotReady(f"run {run} of {source} is fetched and not published yet: {remedy}", source=source, run=run)


def expect_not_moving(store: ObjectStore, source: str) -> None:
    """Raises `NotReady` where a rename of the source was begun and not ended, and `StorageError`."""
    notice = read_notice(store, source)
    if notice and notice.moving:
        remedy = f"`bantin source rename {source} {notice.renamed_to}` goes on with it"
        raise NotReady(f"{source} is being renamed to {notice.renamed_to}: {remedy}", source=source, run="")


def expect_captures(store: ObjectStore, source: str, run: str) -> None:
    """Raises `NotReady` where a run that was published has lost its captures table: what is fetched now, or found in
    the parts that are left, would take the place of its articles. Raises `StorageError`."""
    captures, articles = keys.captures(source, run), keys.articles(source, run)
    if store.head(articles) is not None and store.head(captures) is None:
        remedy = f"`bantin verify {source} --run {run} --repair` makes it anew, or says what to restore"
        raise NotReady(f"{captures}: it is gone, and the run is published: {remedy}", source=source, run=run)


def find_run(store: ObjectStore, source: str, run: str | None) -> str:
    """`run`, or where none is named the newest of the source. Raises `NoSuchRun`, `InvalidKey` and `StorageError`."""
    if run is not None:
        keys.run_time(run)
    runs = runs_of(store, source)
    if run in runs:
        return run
    if not runs:
        if now := name_now(store, source):
            raise NoSuchRun(f"{source} was renamed: it is {now} now, and so are its runs", source=source, run=run or "")
        reason = f"{source} has no run in {store.url}: `bantin crawl {source}` makes one"
        raise NoSuchRun(reason, source=source, run=run or "")
    if run is not None:
        reason = f"run {run}: {source} has no such run: expected one like {', '.join(runs[-3:])}"
        raise NoSuchRun(reason, source=source, run=run)
    return newest_of(runs) or runs[-1]
