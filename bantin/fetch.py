"""The verb fetch: crawl a source in a child process, and commit its captures."""

import json
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from structlog.contextvars import bound_contextvars

from bantin.child import CrawlProcess, OnProgress
from bantin.errors import HELD, INTERRUPTED, FetchFailed, Interrupted
from bantin.runs import expect_captures, expect_not_moving
from bantin.settings import Settings
from bantin.waits import asked_to_wait
from model.capture import Capture
from model.report import RunReport, State
from model.scope import AS_USUAL, Scope
from model.source import Source, dump_source
from storage import keys, reports
from storage.errors import KeyNotFound, PreconditionFailed, StorageError
from storage.inventory import inventory
from storage.store import ObjectStore, open_store
from storage.tables import read

logger = logging.getLogger("bantin.fetch")


class Fetch:
    """One attempt to fetch a source. `run` blocks until the crawl's end; `stop`, from a signal handler or another
    thread, ends it early. `secrets` go into the environment of the crawl's process, and nowhere else; `scope` says how
    far it goes, where that is not as usual."""

    def __init__(
        self,
        source: Source,
        run: str,
        settings: Settings,
        on_progress: OnProgress | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        scope: Scope = AS_USUAL,
    ) -> None:
        self._scope = scope
        self._source = source
        self._run = run
        self._settings = settings
        self._on_progress = on_progress
        self._secrets = secrets or {}
        self._attempt = 0
        self._wait_until: dict[str, str] = {}
        self._crawl: CrawlProcess | None = None
        self._stopped = False

    def run(self) -> list[str]:
        """Crawls, and returns the keys of the WARC parts that hold pages of articles.

        The crawl's log lines are logged here as they are written, its progress is handed to `on_progress`, and its end
        is told in the run's report; but where another crawl of the source is under way, only by the error. Raises
        `FetchFailed` (`Interrupted` where it was stopped), `NotReady` where the source is being renamed or
        the run has articles and no captures, and `StorageError`.
        """
        with bound_contextvars(source=self._source.id, run=self._run):
            return self._attempted()

    def _attempted(self) -> list[str]:
        started = datetime.now(UTC)
        store = open_store(self._settings.archive)
        expect_not_moving(store, self._source.id)
        expect_captures(store, self._source.id, self._run)
        self._attempt = reserve_attempt(store, self._source, self._run)
        if self._settings.contact is None:
            logger.warning("BANTIN_CONTACT is not set: the sites you crawl cannot tell whom to write to")
        arguments = ["--source", self._source.id, "--run", self._run, "--attempt", str(self._attempt)]
        arguments += self._scope.arguments
        self._wait_until = asked_to_wait(store, self._source.id, self._run)
        arguments += ["--wait-until", json.dumps(self._wait_until)]
        self._crawl = CrawlProcess(self._settings, arguments, self._secrets, self._on_progress)
        if self._stopped:
            self._crawl.stop()
        with _on_interrupt(self.stop):
            exit_code, end = self._crawl.run()
            reason = end.get("reason") or f"the crawl died with exit code {exit_code}; its log says why"
            if exit_code != HELD:  # the run is another attempt's, or has not begun: its report is not ours to write
                self._report(store, started, exit_code, reason, end)
            else:
                self._withdraw(store)
        if exit_code in (INTERRUPTED, -signal.SIGTERM):  # the latter: before the crawl listened
            raise Interrupted(reason, source=self._source.id, run=self._run, exit_code=exit_code)
        if exit_code:
            raise FetchFailed(reason, source=self._source.id, run=self._run, exit_code=exit_code)
        logger.info("%s: %s", self._source.id, reason)
        return parts_with_pages(store, self._source.id, self._run)

    def stop(self) -> None:
        """Asks the crawl to store what it has and end; `run` then raises `Interrupted`."""
        self._stopped = True
        if self._crawl is not None:
            self._crawl.stop()

    def _withdraw(self, store: ObjectStore) -> None:
        """Takes the attempt's reservation back, where nothing came of it: a run that never began must not make the one
        a past one that kept it out."""
        try:
            stored = store.list(keys.raw_prefix(self._source.id, self._run))
            if not any(keys.attempt_of(info.key) == self._attempt for info in stored):
                store.delete([keys.attempt_rules(self._source.id, self._run, self._attempt)])
        except StorageError:
            logger.exception("run %s never began, and its reservation could not be taken back", self._run)

    def _report(self, store: ObjectStore, started: datetime, exit_code: int, reason: str, end: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        report = RunReport(
            source=self._source.id,
            run=self._run,
            state=State.FAILED if exit_code else State.FETCHED,
            reason=reason if exit_code else None,
            attempts=self._attempt,
            started_at=started,
            finished_at=now,
            captures=end.get("captures", {}),
            skipped=end.get("skipped", {}),
            errors=end.get("errors", []),
            waiting=end.get("waiting", 0),
            vanished=end.get("vanished", []),
            cloaked=end.get("cloaked", []),
            warnings=end.get("warnings", []),
            wait_until=end.get("wait_until", self._wait_until),
            timings_s={"fetch": round((now - started).total_seconds(), 3)},
        )
        try:
            earlier = reports.read_report(store, report.source, report.run)
            if earlier:
                report = replace(
                    report, started_at=earlier.started_at, objects=earlier.objects, replaced=earlier.replaced
                )
            if not exit_code:
                objects = inventory(store, report.source, report.run, report.objects)
                report = replace(report, objects=objects)
            reports.write_report(store, report)
        except StorageError:
            if not exit_code:
                raise
            logger.exception("the run's report could not be written")  # the crawl's own failure is the news


def reserve_attempt(store: ObjectStore, source: Source, run: str) -> int:
    """The number of a new attempt, which no other process can get, with the rules it is to crawl by in place."""
    prefixes = (keys.raw_prefix(source.id, run), keys.work_prefix(source.id, run))
    attempt = 1 + max((keys.attempt_of(info.key) for prefix in prefixes for info in store.list(prefix)), default=0)
    while True:
        try:
            store.put(keys.attempt_rules(source.id, run, attempt), dump_source(source).encode(), if_absent=True)
        except PreconditionFailed:
            attempt += 1
        else:
            return attempt


def committed_captures(store: ObjectStore, source: str, run: str) -> list[Capture] | None:
    """The captures of a run; None where its fetch has not been committed."""
    try:
        return read(store, keys.captures(source, run), Capture)
    except KeyNotFound:
        return None


def parts_with_pages(store: ObjectStore, source: str, run: str) -> list[str]:
    """The keys of the run's WARC parts that hold pages of articles, in order."""
    captures = committed_captures(store, source, run) or []
    return sorted({c.warc_key for c in captures if c.is_page and c.warc_key}, key=keys.parse_raw_part)


@contextmanager
def _on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls `stop`, where this is the thread that gets signals, instead of unwinding: the crawl ends by itself
    then, and tells how."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
