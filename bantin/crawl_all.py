"""Several sources at once: one that is slow or dead holds up nobody but its own group."""

import logging
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from structlog.contextvars import bound_contextvars

from bantin.errors import INTERRUPTED, Interrupted
from bantin.fetch import Fetch
from bantin.run import run_source
from bantin.runs import expect_newest
from bantin.settings import Settings
from model.errors import BantinError
from model.report import RunReport
from model.scope import AS_USUAL, Scope
from model.source import Source
from storage.store import open_store

OnStep = Callable[[str, str, dict[str, Any]], None]
"""Told of progress: a source's id, and what `run_source` tells."""

TICK_S = 0.2
"""How soon Ctrl-C is noticed."""

STALLED_S = 2.0
"""A crawl that came no further for so long waits for its server, and costs nothing: another may begin beside it."""

logger = logging.getLogger("bantin.crawl")


def crawl_all(
    sources: list[Source],
    settings: Settings,
    run: str,
    jobs: int,
    on_step: OnStep,
    scope: Scope = AS_USUAL,
) -> Iterator[tuple[Source, RunReport | Exception]]:
    """Crawls, cleans and publishes `sources` as `run`, up to `jobs` of them at a time, and as many again in the place
    of those that wait for their servers; those of one politeness group one after the other. Each goes as far as `scope`
    says. Yields each with its report, or with the error that ended it, as it ends.

    One that has a newer run comes with `PastRun`, unasked for.

    Ctrl-C, where this is the main thread, stops all: those under way store what they have and come with `Interrupted`,
    and so do those that had not begun. A second Ctrl-C raises KeyboardInterrupt; crawls then end by themselves.
    """
    crawls = _Crawls(settings, run, on_step, lanes(sources), jobs, scope)
    with _on_interrupt(crawls.stopping):
        try:
            for _ in sources:
                yield crawls.next_ended()
        finally:
            crawls.stopping.set()
            crawls.stop()


def lanes(sources: list[Source]) -> list[list[Source]]:
    """The sources as rows that may be worked off side by side: a row a group, a row of its own for any other."""
    rows: dict[tuple[bool, str], list[Source]] = {}
    for source in sources:
        group = source.fetch.group
        rows.setdefault((group is not None, group or source.id), []).append(source)
    return list(rows.values())


class _Crawls:
    """What the threads of one command share."""

    def __init__(
        self, settings: Settings, run: str, on_step: OnStep, waiting: list[list[Source]], jobs: int, scope: Scope
    ) -> None:
        self._scope = scope
        self.stopping = threading.Event()
        self._settings = settings
        self._run = run
        self._on_step = on_step
        self._waiting = deque(waiting)
        self._jobs = jobs
        self._workers = 0
        self._moved: dict[str, tuple[float, dict[str, Any]]] = {}
        self._fetches: dict[str, Fetch] = {}
        self._ended: queue.SimpleQueue[tuple[Source, RunReport | Exception] | None] = queue.SimpleQueue()

    def next_ended(self) -> tuple[Source, RunReport | Exception]:
        """Waits for the next source to end, and begins others meanwhile."""
        while True:
            if self.stopping.is_set():
                self.stop()  # again and again: a fetch may only just have begun
            self._begin()
            try:
                ended = self._ended.get(timeout=TICK_S)
            except queue.Empty:
                continue
            if ended is not None:
                return ended
            self._workers -= 1

    def stop(self) -> None:
        """Asks every crawl under way to end."""
        for fetch in list(self._fetches.values()):
            fetch.stop()

    def _begin(self) -> None:
        """Starts as many rows as there is room for."""
        now = time.monotonic()
        stalled = sum(now - since >= STALLED_S for since, _ in list(self._moved.values()))
        while self._waiting and self._workers < self._jobs + min(stalled, self._jobs):
            self._workers += 1
            lane = self._waiting.popleft()
            # A daemon: it must not outlive a second Ctrl-C.
            threading.Thread(target=self._work, args=(lane,), daemon=True).start()

    def _work(self, lane: list[Source]) -> None:
        """What each thread does."""
        for source in lane:
            with bound_contextvars(source=source.id, run=self._run):
                self._ended.put((source, self._crawl(source)))
        self._ended.put(None)

    def _crawl(self, source: Source) -> RunReport | Exception:
        try:
            self._go_on(source)
            expect_newest(open_store(self._settings.archive), source.id, self._run)
            self._step(source, "fetch", {"lists": 0, "found": 0, "asked": 0, "answered": 0})
            hand_over = partial(self._fetches.__setitem__, source.id)
            step = partial(self._step, source)
            return run_source(source, self._settings, self._run, step, hand_over, self._scope)
        except BantinError as err:
            return err
        except Exception as err:  # a task's edge: it is told by the source's name, and the others go on
            logger.exception("%s: a mistake of bantin's own", source.id)
            return err
        finally:
            self._fetches.pop(source.id, None)
            self._moved.pop(source.id, None)

    def _step(self, source: Source, step: str, event: dict[str, Any]) -> None:
        if self._moved.get(source.id, (0, None))[1] != event:
            self._moved[source.id] = (time.monotonic(), event)
        if step != "fetch":  # which ends by itself, and stores what it has
            self._go_on(source)
        self._on_step(source.id, step, event)

    def _go_on(self, source: Source) -> None:
        if self.stopping.is_set():
            raise Interrupted("interrupted", source=source.id, run=self._run, exit_code=INTERRUPTED)


@contextmanager
def _on_interrupt(stopping: threading.Event) -> Iterator[None]:
    """The first Ctrl-C sets `stopping`, the next one is Python's own, where this is the thread that gets signals."""

    def stop(number: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            signal.default_int_handler(number, frame)
        stopping.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
