"""The verb rerun: repair a run that died anywhere, from its last good step.

What each step has stored says how far it came: the captures table that fetch is done, a cleaned part in `work/` that
its part is, the articles table and the report after it that the run is. A run that is older than the source's newest
one never fetches today's pages into the past, unless that is asked for (bantin/runs.py, bantin/salvage.py).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from bantin.clean import uncleaned_parts
from bantin.errors import Interrupted
from bantin.fetch import Fetch, committed_captures, parts_with_pages
from bantin.publish import publish
from bantin.registry import find_source, load_registry
from bantin.run import OnStep, clean_parts
from bantin.runs import expect_archive, find_run, newer_run, runs_of
from bantin.salvage import stored_parts
from bantin.settings import Settings
from model.article import Article
from model.errors import BantinError
from model.report import RunReport, State
from storage import keys, reports
from storage.errors import Corrupt, KeyNotFound
from storage.places import place_of
from storage.store import ObjectStore, open_store
from storage.tables import read_table, schema_of

logger = logging.getLogger("bantin.rerun")

OnSourceStep = Callable[[str, str, dict[str, Any]], None]
"""Told of progress: a source's id, and what `bantin.run.run_source` tells."""

_NAMED = 4
"""So many parts are named in one line."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """A run's report, and what was done to it: a line each; none where nothing was missing."""

    report: RunReport
    done: list[str]


def rerun(
    source_id: str,
    run: str | None,
    settings: Settings,
    *,
    fetch: bool = False,
    clean: bool = False,
    on_step: OnStep | None = None,
) -> Rerun:
    """Does what is missing of a run, by default the source's newest, and publishes the whole of it.

    With `fetch` a further attempt is crawled whatever is stored, with `clean` every part is cleaned again. `on_step` is
    told of progress, as by `bantin.run.run_source`. Raises `NoSuchRun`, `SourceError`, and what the steps raise.
    """
    tell = on_step or (lambda step, event: None)
    store = open_store(settings.archive)
    run = find_run(store, source_id, run)
    newer = newer_run(store, source_id, run)
    is_committed = store.head(keys.captures(source_id, run)) is not None
    done = []
    if fetch or not (is_committed or newer):
        parts = Fetch(find_source(settings.sources, source_id), run, settings, lambda event: tell("fetch", event)).run()
        done.append(
            "a further attempt was crawled" + (f", with what is there now: run {newer} is newer" if newer else "")
        )
    elif newer and not is_committed:
        parts = stored_parts(source_id, run, newer, settings)
        done.append(f"older than run {newer}: what its attempts had stored was committed, and no server asked")
    else:
        parts = parts_with_pages(store, source_id, run)
        report = _published(store, source_id, run)
        if report is not None and not clean:
            return Rerun(report, [])
    missing = parts if clean else uncleaned_parts(store, source_id, run, parts)
    clean_parts(missing, settings, tell)
    done.append(f"{_cleaned(missing, parts)}, and the run published")
    return Rerun(publish(source_id, run, settings), done)


def choose(
    settings: Settings,
    sources: Sequence[str] = (),
    *,
    since: date | None = None,
    until: date | None = None,
    failed: bool = False,
    on_done: Callable[[int, int], None] = lambda done, of: None,
) -> list[tuple[str, str]]:
    """The runs of these sources (default: the registry's) on the days from `since` to `until`, in UTC: source and run,
    the oldest first. With `failed` only those that are not published, or whose report cannot be read: `on_done` is told
    how many were looked at, and of how many. Raises `NoArchive`, `NoSuchRun` where one that is named has no run at all,
    `SourceError` and `StorageError`."""
    store = open_store(settings.archive)
    expect_archive(store)
    for source in sources:
        find_run(store, source, None)
    named = sources or [source.id for source in load_registry(settings.sources)]
    of_days = [
        (source, run)
        for source in dict.fromkeys(named)
        for run in runs_of(store, source)
        if (since is None or since <= keys.run_time(run).date())
        and (until is None or keys.run_time(run).date() <= until)
    ]
    if not failed:
        return of_days
    unpublished = []
    for done, (source, run) in enumerate(of_days, start=1):
        try:
            is_published = _published(store, source, run) is not None
        except Corrupt:
            is_published = False
        unpublished += [] if is_published else [(source, run)]
        on_done(done, len(of_days))
    return unpublished


def unregistered(settings: Settings) -> list[str]:
    """The sources of which the archive has runs and the registry no file. Raises `SourceError` and `StorageError`."""
    known = {source.id for source in load_registry(settings.sources)}
    places = (place_of(info.key) for info in open_store(settings.archive).list(keys.reports_prefix()))
    return sorted({place.source for place in places if place and place.source} - known)


def rerun_each(
    chosen: Iterable[tuple[str, str]], settings: Settings, *, clean: bool = False, on_step: OnSourceStep
) -> Iterator[tuple[str, str, Rerun | BantinError]]:
    """Does what is missing of each of these runs, one after the other, as `rerun`; yields each with what was done, or
    with the error that ended it: the others go on. `on_step` is told of progress, and of whose it is. Raises
    `Interrupted`."""
    for source_id, run in chosen:
        try:
            told = partial(on_step, source_id)
            yield source_id, run, rerun(source_id, run, settings, clean=clean, on_step=told)
        except Interrupted:
            raise
        except BantinError as err:
            yield source_id, run, err


def complete(source_id: str, run: str, settings: Settings) -> RunReport:
    """Publishes a run that is fetched, and cleans first what is missing of it: what Airflow's task publish does, so
    that it can be cleared when `work/` has long been swept. Raises what clean and publish raise."""
    store = open_store(settings.archive)
    if parts := parts_with_pages(store, source_id, run):
        missing = uncleaned_parts(store, source_id, run, parts)
        clean_parts(missing, settings, lambda step, event: None)
        logger.info("%s, run %s: %s", source_id, run, _cleaned(missing, parts))
    return publish(source_id, run, settings)


def _cleaned(missing: Sequence[str], parts: Sequence[str]) -> str:
    """How many parts were cleaned, and which had been before."""
    reused = [keys.parse_raw_part(part) for part in parts if part not in missing]
    told = f"{len(missing)} of {len(parts)} parts were cleaned"
    named = ", ".join(f"attempt-{part.attempt}-part-{part.part}" for part in reused[:_NAMED])
    more = "" if len(reused) <= _NAMED else f" and {len(reused) - _NAMED} more"
    return told + (f" ({named}{more} had been cleaned already)" if reused else "")


def _published(store: ObjectStore, source_id: str, run: str) -> RunReport | None:
    """The report of a run of which nothing is missing; None of any other."""
    report = reports.read_report(store, source_id, run)
    if report is None or report.state != State.PUBLISHED:
        return None
    try:
        read_table(store, keys.articles(source_id, run), schema_of(Article))
    except (KeyNotFound, Corrupt):
        return None
    captures = committed_captures(store, source_id, run) or []
    # A further attempt that died right after its commit has left the report of the one before.
    last = max((keys.attempt_of(c.warc_key) for c in captures if c.warc_key), default=0)
    return report if last <= report.attempts else None
