"""The crew: processes that clean pages side by side, shared by all parts that this process cleans.

Pages are streamed: a few are under way at any time, and results come in the order of the pages, so that what is
written does not depend on how many processes there are. A page on which a process hangs or dies is answered by
`Rejected`, of a kind in `LOST`; the other pages go on.

The processes are plain children with a socket each (bantin/clean_worker.py). multiprocessing's pools do not survive
the death of a worker, and those of pebble share one pipe and its locks among all workers, where a kill at the wrong
moment stalls them all; neither may be used below a daemonic process, such as Celery's, in which Airflow runs tasks.
"""

import atexit
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait

from bantin.clean_worker import Page, is_last, opened
from bantin.settings import CHECKOUT
from model.article import Article, Rejected
from model.capture import Capture
from model.source import Source

logger = logging.getLogger("bantin.clean")

Results = Generator[tuple[Capture, Article | Rejected], None, None]

LOST = ("hung", "died", "failed")
"""Kinds of rejections that say nothing of the page: it took too long, its process died, the cleaner has a mistake."""

FINISHED_AHEAD = 256
"""So many results are held, at most, while a slower page before them is under way."""

PAGES_A_PROCESS = 40
"""A further process takes as long to start as this many pages to clean."""

TURN = 20
"""So many pages in a row a process cleans for one thread while others wait for it: to change hands takes a tenth of a
page's time, for which it has nothing to do."""


class Crew:
    """At most `processes` processes, started when they are needed. A page may take `limit_s` seconds."""

    def __init__(self, processes: int, limit_s: float) -> None:
        self.processes = processes
        self.limit_s = limit_s
        self._hired = 0
        self._idle: list[_Worker] = []
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    def clean(self, pages: Iterable[tuple[Capture, bytes | Rejected]], source: Source, count: int) -> Results:
        """What the cleaner makes of each of about `count` pages, in their order. A page may come rejected already.

        Closing the generator early ends the processes that are at its pages.
        """
        return _Stretch(self, source, min(self.processes, 1 + count // PAGES_A_PROCESS)).run(pages)

    def borrow(self, *, patiently: bool) -> "_Worker | None":
        """An idle process. Where all are busy, or others wait for one: waits its turn if `patiently`, else None."""
        ticket = object()
        with self._changed:
            if not patiently and (self._queue or not self._has_room):
                return None
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: self._queue[0] is ticket and self._has_room)
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
            if self._idle:
                worker = self._idle.pop()
                worker.pages = 0
                return worker
            self._hired += 1
        try:
            return _Worker(self.limit_s)
        except BaseException:
            self._dismiss()
            raise

    def give_back(self, worker: "_Worker") -> None:
        """Returns a process that is at no page."""
        with self._changed:
            self._idle.append(worker)
            self._changed.notify_all()

    def discard(self, worker: "_Worker") -> int:
        """Ends a process, if it has not ended; returns its exit code."""
        try:
            return worker.end()
        finally:
            self._dismiss()

    @property
    def is_waited_for(self) -> bool:
        """Whether another thread waits for a process."""
        return bool(self._queue)

    def close(self) -> None:
        """Ends the idle processes."""
        with self._changed:
            idle, self._idle = self._idle, []
        for worker in idle:
            self.discard(worker)

    @property
    def _has_room(self) -> bool:
        return bool(self._idle) or self._hired < self.processes

    def _dismiss(self) -> None:
        with self._changed:
            self._hired -= 1
            self._changed.notify_all()


@cache
def crew_of(processes: int, limit_s: float) -> Crew:
    """The crew of this process. Sources that are cleaned at the same time share it."""
    crew = Crew(processes, limit_s)
    atexit.register(crew.close)
    return crew


# A fork has copies of the sockets, and no claim to the processes behind them.
os.register_at_fork(after_in_child=crew_of.cache_clear)


@dataclass(slots=True, eq=False)
class _Task:
    """A page on its way. The body is let go once there is a result."""

    capture: Capture
    body: bytes = b""
    result: Article | Rejected | None = None
    deaths: int = 0


class _Stretch:
    """Some pages of one source, and the processes that are at them."""

    def __init__(self, crew: Crew, source: Source, abreast: int) -> None:
        self._crew = crew
        self._source = source
        self._abreast = abreast
        self._busy: dict[Connection, tuple[_Worker, _Task]] = {}
        self._order: deque[_Task] = deque()
        self._next: deque[_Task] = deque()

    def run(self, pages: Iterable[tuple[Capture, bytes | Rejected]]) -> Results:
        """Yields captures and results in the order of `pages`."""
        coming = iter(pages)
        try:
            while True:
                self._read(coming)
                if not self._order:
                    return
                while self._next and len(self._busy) < self._abreast and self._hand_out():
                    self._read(coming)  # the next pages are at hand when a process becomes free
                if self._busy:
                    for connection in wait(list(self._busy)):
                        self._collect(connection)  # type: ignore[arg-type]
                while self._order and (result := self._order[0].result) is not None:
                    yield self._order.popleft().capture, result
        finally:
            for worker, _ in self._busy.values():
                self._crew.discard(worker)

    def _read(self, coming: Iterator[tuple[Capture, bytes | Rejected]]) -> None:
        """Makes sure that there is a page at hand for each process, as far as there are some and none is too far
        ahead."""
        while len(self._next) < self._abreast and len(self._order) < FINISHED_AHEAD:
            if (page := next(coming, None)) is None:
                return
            capture, body = page
            if isinstance(body, Rejected):
                self._order.append(_Task(capture, result=body))
            else:
                self._order.append(_Task(capture, body))
                self._next.append(self._order[-1])

    def _hand_out(self) -> bool:
        """Gives the next page to a process, unless there is none to be had and others are at work."""
        worker = self._crew.borrow(patiently=not self._busy)
        if worker is None:
            return False
        self._give(worker)
        return True

    def _give(self, worker: "_Worker") -> None:
        """Gives it the next page."""
        task = self._next.popleft()
        self._busy[worker.connection] = (worker, task)
        worker.give(task.capture, task.body, self._source)

    def _collect(self, connection: Connection) -> None:
        """Takes a result, or notes that there will be none. The process is at its next page before this one's result
        is looked at."""
        worker, task = self._busy.pop(connection)
        answer = worker.take()
        if answer is None:
            self._lose(task, self._crew.discard(worker))
            return
        if is_last(answer):
            self._crew.discard(worker)
        elif self._next and (worker.pages < TURN or not self._crew.is_waited_for):
            self._give(worker)
        else:
            self._crew.give_back(worker)
        task.result, mistake = opened(answer)
        task.body = b""
        if mistake:
            logger.error("%s: a mistake of the cleaner's own\n%s", task.capture.url, mistake)

    def _lose(self, task: _Task, exit_code: int) -> None:
        """One death may be another's doing, the kernel's for lack of memory; an hour of patience mends no hang."""
        task.deaths += 1
        if exit_code == -signal.SIGALRM:
            task.result = Rejected("hung", f"not done after {self._crew.limit_s:g} s")
        elif task.deaths < 2:
            logger.warning("%s: the process died (%s); trying once more", task.capture.url, _how(exit_code))
            self._next.appendleft(task)
            return
        else:
            task.result = Rejected("died", f"the process died of it twice: {_how(exit_code)}")
        task.body = b""


def _how(exit_code: int) -> str:
    try:
        return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    except ValueError:
        return f"signal {-exit_code}"


class _Worker:
    """A process of the crew, and this end of its socket. `pages` counts those it was given since it was borrowed."""

    def __init__(self, limit_s: float) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bantin.clean_worker", str(theirs.fileno()), str(limit_s)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE,  # never written to: it closes when this process ends, however that happens
                stdout=subprocess.DEVNULL,
                cwd=CHECKOUT,
                process_group=0,  # Ctrl-C is for us: we end it
            )
        self.connection = Connection(ours.detach())
        self.pages = 0
        self._source: Source | None = None

    def give(self, capture: Capture, body: bytes, source: Source) -> None:
        """Hands it a page. Where it has died, `take` says so."""
        page: Page = (capture, body, None if self._source is source else source)
        self._source = source
        self.pages += 1
        try:
            self.connection.send(page)
        except OSError:
            return

    def take(self) -> bytes | None:
        """Its answer, as it was sealed; None where it has died."""
        try:
            return self.connection.recv_bytes()
        except (EOFError, OSError):
            return None

    def end(self) -> int:
        """Ends it, and returns its exit code."""
        self.connection.close()
        assert self._process.stdin is not None  # noqa: S101 - for mypy: a pipe was asked for
        self._process.stdin.close()  # it ends by this
        if self._process.poll() is None:
            try:
                self._process.wait(0.5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()
