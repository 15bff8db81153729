"""Crawls and commands as forks of a process that has imported Scrapy and the command line already.

A crawl is a process of its own. An interpreter that starts and imports Scrapy takes a second or two of a processor,
and the tests crawl hundreds of times; so those that call bantin's verbs get a fork instead, with the same arguments,
environment, folder and pipes, which ends in the same ways. So do those that call a command and wait for its end
(`run_command`). What starts `bantin` otherwise, Airflow or a program of its own knows nothing of this: there a crawl is
started as it is for users. So it is with the fixture `own_process`.
"""

import atexit
import gc
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace, TracebackType
from typing import NoReturn, Self

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["__main__", "tests.warm"])

_one_at_a_time = threading.Lock()
"""multiprocessing looks after all of its processes whenever one starts, and two threads may not ask for one's end."""


class ForkedCrawl:
    """What `bantin.child` uses of `subprocess.Popen`: `python -m spiders.crawl` with three pipes."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, errors: str, **pipes: object
    ) -> None:
        assert command[1:3] == ["-m", "spiders.crawl"]
        assert pipes == {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        (its_in, our_in), (our_out, its_out), (our_err, its_err) = os.pipe(), os.pipe(), os.pipe()
        self.stdin = open(our_in, "w")  # noqa: PTH123, SIM115 - no path; closed by `__exit__`, as are the next
        self.stdout = open(our_out, errors=errors)  # noqa: PTH123, SIM115
        self.stderr = open(our_err, errors=errors)  # noqa: PTH123, SIM115
        ends = [Connection(its_in), Connection(its_out), Connection(its_err)]
        self._process = FORKED.Process(target=_crawl, args=(command[3:], ends, dict(env), cwd), daemon=True)
        with _one_at_a_time:
            self._process.start()
        for end in ends:
            end.close()

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        with _one_at_a_time:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        if not wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired("a forked crawl", timeout or 0)
        return self.poll()

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.stdout, self.stderr, self.stdin):
            pipe.close()
        self.wait()


def run_command(
    words: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    timeout_s: float = 120,
) -> subprocess.CompletedProcess[str]:
    """`bantin` with these words, as `subprocess.run` gives it, its output captured. `stdin` is a descriptor."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err, Path(os.devnull).open() as nothing:
        given = nothing.fileno() if stdin == subprocess.DEVNULL else stdin
        ends = [Connection(os.dup(one)) for one in (given, out.fileno(), err.fileno())]
        environment = dict(os.environ if env is None else env)
        process = FORKED.Process(target=_command, args=(list(words), ends, environment, cwd or Path.cwd()))
        with _one_at_a_time:
            process.start()
        for end in ends:
            end.close()
        if not wait([process.sentinel], timeout_s):
            process.kill()
            raise subprocess.TimeoutExpired(list(words), timeout_s)
        with _one_at_a_time:
            process.join()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(words), process.exitcode or 0, out.read(), err.read())


def _crawl(arguments: list[str], ends: list[Connection], environment: dict[str, str], folder: Path) -> NoReturn:
    """What the fork of a crawl does."""
    import spiders.crawl

    _become(ends, environment, folder)
    sys.exit(spiders.crawl.main(arguments))


def _command(words: list[str], ends: list[Connection], environment: dict[str, str], folder: Path) -> None:
    """What the fork of a command does."""
    import bantin.cli
    from tests.forking import Forked

    _become(ends, environment, folder)
    subprocess.Popen = Forked  # type: ignore[misc]
    sys.stdin = os.fdopen(0)  # multiprocessing has given it another one
    try:
        bantin.cli.main(words, prog_name="bantin")
    finally:
        atexit._run_exitfuncs()  # which a fork of multiprocessing leaves out


def _become(ends: list[Connection], environment: dict[str, str], folder: Path) -> None:
    for descriptor, end in enumerate(ends):
        os.dup2(end.fileno(), descriptor)
        end.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    gc.enable()


SUBPROCESS = SimpleNamespace(Popen=ForkedCrawl, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired)
"""In the place of the module `subprocess` in `bantin.child`."""
