"""A crawl in a child process, and what it tells. Twisted's reactor starts once a process, and ends with its task.

However this process ends, and whatever the crawl is at: a moment later the crawl has ended, too (bantin/watchdog.py).
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import IO, Any

from bantin.settings import CHECKOUT, Settings
from model.logs import JSON, VARIABLE, read_record

logger = logging.getLogger("bantin.fetch")

OnProgress = Callable[[dict[str, Any]], None]

END_S = 8.0
"""How long a crawl that was asked to stop may take, before it is killed; its own limit is 3 s."""


class CrawlProcess:
    """`python -m spiders.crawl` with some `arguments`. `run` blocks until its end; `stop`, from a signal handler or
    another thread, ends it early. `secrets` go into its environment, and nowhere else."""

    def __init__(
        self,
        settings: Settings,
        arguments: Sequence[str],
        secrets: Mapping[str, str],
        on_progress: OnProgress | None = None,
    ) -> None:
        self._command = [sys.executable, "-m", "spiders.crawl", "--with-parent", "--archive", settings.archive]
        self._command += ["--user-agent", settings.user_agent, "--part-bytes", str(settings.part_bytes)]
        self._command += ["--work", str(settings.work)] if settings.work else []
        self._command += arguments
        self._environment = {**os.environ, **secrets, VARIABLE: JSON}
        self._on_progress = on_progress or (lambda event: None)
        self._child: subprocess.Popen[str] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self) -> tuple[int, dict[str, Any]]:
        """Runs the crawl; returns its exit code and its last event, empty where it has not come to one.

        Its log lines are logged here as they are written, by the loggers and levels that they have there, its progress
        is handed to `on_progress`.
        """
        with (
            subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # never written to: it closes when this process ends, however that happens
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                cwd=CHECKOUT,
                env=self._environment,
            ) as child,
            self._watched(child),
        ):
            self._child = child
            if self._stopped:
                self.stop()
            assert child.stdout is not None  # noqa: S101 - for mypy: a pipe was asked for
            assert child.stderr is not None  # noqa: S101
            log = threading.Thread(target=copy_context().run, args=(_pass_on, child.stderr), daemon=True)
            log.start()
            try:
                end = self._listen(child.stdout)
            except BaseException:
                self._end(child)
                raise
            child.wait()
            log.join()
            if self._stopped and child.returncode == -signal.SIGKILL:
                logger.error("the crawl did not end within %g s, and was killed", END_S)
            return child.returncode, end

    def stop(self) -> None:
        """Asks the crawl to store what it has and end; in `END_S` seconds it is killed."""
        self._stopped = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            if self._watchdog is not None and self._watchdog.stdin:
                self._watchdog.stdin.close()

    @contextmanager
    def _watched(self, child: "subprocess.Popen[str]") -> Iterator[None]:
        """Sees to it that a crawl that hangs is killed when it was asked to stop, or when this process is gone.

        Where the system has no descriptors of processes (Linux has), there is nobody to see to it.
        """
        try:
            descriptor = os.pidfd_open(child.pid)
        except (AttributeError, OSError):
            yield
            return
        try:
            self._watchdog = subprocess.Popen(
                [sys.executable, "-m", "bantin.watchdog", str(descriptor), str(END_S)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # so that a signal handler may close it
                pass_fds=[descriptor],
                cwd=CHECKOUT,
                process_group=0,  # what Airflow or a terminal sends to all of a task is not for it
            )
        except BaseException:
            self._end(child)
            raise
        finally:
            os.close(descriptor)
        with self._watchdog:
            yield

    def _listen(self, lines: IO[str]) -> dict[str, Any]:
        """Hands on the child's progress until its last event."""
        for line in lines:
            if not line.startswith('{"event": '):
                logger.info("%s", line.rstrip())  # a library that prints
                continue
            try:
                event: dict[str, Any] = json.loads(line)
            except ValueError:  # cut short, by the end that the crawl sets itself
                continue
            if event.pop("event") == "end":
                return event
            self._on_progress(event)
        return {}

    def _end(self, child: "subprocess.Popen[str]") -> None:
        """Ends the crawl, which closes its part first."""
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()


def _pass_on(lines: IO[str]) -> None:
    for line in lines:
        record = read_record(line)
        if record is None:
            logger.info("%s", line.rstrip())  # a library that prints
        elif (its_own := logging.getLogger(record.name)).isEnabledFor(record.levelno):
            its_own.handle(record)
