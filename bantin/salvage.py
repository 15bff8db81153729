"""The verb salvage: commit what the attempts of a past run stored, without asking any server."""

import logging
from dataclasses import replace

from structlog.contextvars import bound_contextvars

from bantin.errors import NothingStored
from bantin.fetch import parts_with_pages
from bantin.registry import find_source
from bantin.runs import expect_captures
from bantin.settings import Settings
from model.capture import Capture, Kind
from model.report import RunReport, State
from model.source import dump_source, parse_source
from storage import keys, reports
from storage.commit import Commit
from storage.lease import Lease
from storage.store import ObjectStore, open_store

logger = logging.getLogger("bantin.fetch")

LISTED = 100
"""So many errors are written out in a report."""


def stored_parts(source_id: str, run: str, newer: str, settings: Settings) -> list[str]:
    """The keys of the WARC parts of a past run that hold pages of articles, as fetch returns them where it crawls.
    Where its fetch was never committed, what its attempts stored is committed now. `newer` is the run that makes it a
    past one.

    Raises as `salvage`.
    """
    store = open_store(settings.archive)
    with bound_contextvars(source=source_id, run=run):
        if store.head(keys.captures(source_id, run)) is None:
            salvage(store, source_id, run, newer, settings)
        else:
            logger.warning("run %s is older than run %s: it stays as it was fetched, no server is asked", run, newer)
    return parts_with_pages(store, source_id, run)


def salvage(store: ObjectStore, source_id: str, run: str, newer: str, settings: Settings) -> None:
    """Commits what the attempts of `run` stored in their WARC parts, and says so in the run's report.

    The rules are the last attempt's, or the registry's where `work/` has been emptied. What was found and never asked
    for, later runs find again. Raises `NothingStored` where no page was answered, `LeaseHeld` while a crawl of the
    source is under way, `NotReady` where the run has articles and no captures, `SourceError` and `StorageError`.
    """
    from spiders.attempts import Attempts, captures_so_far  # they take Scrapy along

    expect_captures(store, source_id, run)
    rules, attempt = _last_rules(store, source_id, run, settings)
    source = parse_source(rules.decode(), f"the rules of {source_id}, run {run}")
    with Lease.acquire(store, source_id, run=run, attempt=attempt) as lease:
        lease.keep_alive()
        commit = Commit(store, lease)
        captures = Attempts(captures_so_far(store, source, run), source).finished()
        if not any(c.kind == Kind.ARTICLE and not c.failed for c in captures):
            reason = (
                f"run {run} of {source_id} is older than run {newer}, and no page of it is stored: nothing to publish"
            )
            expected = f"`bantin rerun {source_id} {run} --fetch` crawls what is there today"
            raise NothingStored(f"{reason}; {expected}", source=source_id, run=run)
        commit.write(rules, captures)
    pages = sum(c.is_page for c in captures)
    logger.info("%s, run %s: %d pages of %d attempts are stored", source_id, run, pages, attempt)
    note = f"older than run {newer}: what its attempts had stored was committed, and no server asked"
    logger.warning("%s, run %s: %s", source_id, run, note)
    reports.write_report(store, _report(store, source_id, run, attempt, captures, note))


def _last_rules(store: ObjectStore, source_id: str, run: str, settings: Settings) -> tuple[bytes, int]:
    """The rules of the run's last attempt, and its number."""
    places = (keys.work_prefix(source_id, run), keys.raw_prefix(source_id, run))
    found = [info.key for place in places for info in store.list(place)]
    attempt = max(map(keys.attempt_of, found), default=1)
    for number in range(attempt, 0, -1):
        if (key := keys.attempt_rules(source_id, run, number)) in found:
            return store.get(key), attempt
    return dump_source(find_source(settings.sources, source_id)).encode(), attempt


def _report(
    store: ObjectStore, source_id: str, run: str, attempt: int, captures: list[Capture], note: str
) -> RunReport:
    from spiders.verdict import count_captures, last_answers

    first, last = captures[0].fetched_at, captures[-1].fetched_at
    earlier = reports.read_report(store, source_id, run)
    failed = [c for c in last_answers(captures) if c.failed and c.kind != Kind.ROBOTS]
    return replace(
        earlier or RunReport(source=source_id, run=run, state=State.FETCHED, started_at=first, finished_at=last),
        state=State.FETCHED,
        reason=None,
        attempts=attempt,
        captures=dict(count_captures(captures)),
        errors=[{"url": c.url, "error": c.problem} for c in failed[:LISTED]],
        waiting=0,
        warnings=[*(earlier.warnings if earlier else []), note],
    )
