"""Runs that die when they are told to, each in a process of its own: what a test says to them and hears of them.

The processes are forked from a warm one (tests/forked.py), since Scrapy and the cleaner take seconds to import and a
hundred runs are to die.
"""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from bantin.settings import Settings
from tests.forked import FORKED


@dataclass(frozen=True, slots=True)
class Death:
    """What ends at the moment before the call numbered `before`, counted from 1 over all processes of the run.

    `all`: every process of it, as by a power cut. `crawl`: the crawl alone; its parent reports. `parent`: the crawl
    lives on as an orphan, but waits until somebody opens the pipe `held` for writing. Nothing ends, but stands still:
    `hang`: the crawl for good, which hears no signal but SIGKILL; `pause`: every process, as on a machine that is
    suspended, until `Running.resume`.
    """

    before: int
    victim: str = "all"
    held: Path | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: by which error, if any, in its own words; `killed` where it was, and said nothing."""

    error: str | None = None
    message: str = ""
    retryable: bool = False
    killed: bool = False

    @property
    def well(self) -> bool:
        return self.error is None and not self.killed


@dataclass(slots=True)
class Running:
    """A run under way in a process of its own."""

    process: Any
    outcome: Connection

    def wait_for_standstill(self) -> None:
        """Returns when its crawl stands still."""
        while psutil.STATUS_STOPPED not in [_status(one) for one in psutil.Process(self.process.pid).children()]:
            assert self.process.is_alive()
            time.sleep(0.01)

    def resume(self) -> None:
        """Lets what stands still go on."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def wait(self) -> Ended:
        """How it ended, once no process of it is left but those the kernel has yet to clear away."""
        said = self.wait_for_parent()
        with suppress(EOFError):
            self.outcome.recv()
        return said

    def wait_for_parent(self) -> Ended:
        """How it ended, for the process that supervises the crawl; an orphan may be alive."""
        self.process.join()
        if self.process.exitcode == -signal.SIGKILL:
            return Ended(killed=True)
        assert self.process.exitcode == 0, self.process.exitcode
        return Ended(**self.outcome.recv())


def start(
    verb: str, rules: str, run: str, settings: Settings, log: Path, death: Death | None = None, **environment: str
) -> Running:
    """Starts `verb` for a run in a process of its own: `run`, all of it; `fetch`; or `finish`, what follows it.

    `environment` is added to that of the fork server. Of it `READ_TIMEOUT_S` is how long a bucket may be
    silent, `CLOCK_H` by how much its clock is ahead of the machine's, `END_S` how long a crawl may take that was asked
    to stop.
    """
    ours, theirs = FORKED.Pipe(duplex=False)
    arguments = (verb, rules, run, settings, log, death, theirs, environment)
    process = FORKED.Process(target=_work, args=arguments)
    process.start()
    theirs.close()
    return Running(process, ours)


def _status(process: psutil.Process) -> str | None:
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return None


def _work(*arguments: Any) -> None:
    from tests.faults import watch

    watch.work(*arguments)
