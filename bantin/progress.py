"""Showing how far long work is: moving lines on a terminal, a log's lines elsewhere."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

logger = logging.getLogger("bantin.progress")

_MANY = 1_000
"""Of fewer things a log is not told how far they are: they are done at once."""


class CrawlProgress:
    """Lines that move, one a source under way; nothing without a `progress`. Steps may be told from any thread."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._lines: dict[str, TaskID] = {}

    def on_step(self, source_id: str, step: str, event: dict[str, Any]) -> None:
        """What `crawl_all` tells of its sources' steps."""
        if self._progress is None:
            return
        line = self._lines.get(source_id)
        if line is None:
            line = self._lines[source_id] = self._progress.add_task(source_id, total=None)
        if step == "fetch":
            self._progress.update(
                line,
                description=f"{source_id}: fetch, {event['lists']} lists",
                total=event["asked"] or None,
                completed=event["answered"],
            )
        else:
            self._progress.update(line, description=f"{source_id}: {step}", completed=event["done"])

    @contextmanager
    def ended(self, source_id: str) -> Iterator[None]:
        """Takes the source's line away, and all lines while something is printed."""
        if self._progress is None:
            yield
            return
        self._progress.stop()
        line = self._lines.pop(source_id, None)
        if line is not None:
            self._progress.remove_task(line)
        try:
            yield
        finally:
            self._progress.start()


class SourceOfLine(logging.Filter):
    """Gives a log record the `source` it is about, as a prefix: the thread that logs bears its name. A handler's."""

    def __init__(self, source_ids: list[str]) -> None:
        super().__init__()
        self._prefixes = {source_id: f"{source_id}: " for source_id in source_ids}

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass."""
        prefix = self._prefixes.get(record.threadName or "", "")
        record.source = "" if record.getMessage().startswith(prefix) else prefix
        return True


@contextmanager
def crawl_progress(console: Console, source_ids: list[str]) -> Iterator[CrawlProgress]:
    """Shows the progress of these sources on `console` until the block ends. Where there are several, log lines begin
    with the source they are about."""
    _log_to(console, SourceOfLine(source_ids if len(source_ids) > 1 else []))
    if not console.is_terminal:
        yield CrawlProgress(None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield CrawlProgress(progress)


@contextmanager
def counting(console: Console, what: str, total: int) -> Iterator[Callable[..., None]]:
    """Shows how many of `total` steps are done until the block ends: a bar on a terminal, elsewhere a log line for each
    tenth. Yields what is to be called after each."""
    _log_to(console, SourceOfLine([]))
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            line = progress.add_task(what, total=total)
            yield lambda *_: progress.advance(line)
        return
    yield tenths(what, total)


def tenths(what: str, total: int) -> Callable[..., None]:
    """To be called after each of `total` steps, with anything: logs each tenth."""
    done = 0

    def step(*_: object) -> None:
        nonlocal done
        done += 1
        if 10 * done // total != 10 * (done - 1) // total:
            logger.info("%s: %d of %d", what, done, total)

    return step


def _log_to(console: Console, names: SourceOfLine) -> None:
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if not console.is_terminal:
        plain = logging.StreamHandler(sys.stderr)
        plain.addFilter(names)
        logging.basicConfig(
            handlers=[plain], level=logging.INFO, format="%(asctime)s %(source)s%(message)s", force=True
        )
        return
    rich = RichHandler(console=console, show_path=False, show_level=False, markup=False, log_time_format="%X")
    rich.addFilter(names)
    logging.basicConfig(handlers=[rich], level=logging.WARNING, format="%(source)s%(message)s", force=True)


@contextmanager
def counted(console: Console, *things: str) -> Iterator[list[Callable[[int, int], None]]]:
    """For each of these things a function that is told how many of how many are done: a bar each on a terminal, a line
    with every tenth elsewhere."""
    if not console.is_terminal:
        yield [_tenths(console, thing) for thing in things]
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        lines = [progress.add_task(thing, total=None) for thing in things]
        yield [lambda done, total, line=line: progress.update(line, completed=done, total=total) for line in lines]  # type: ignore[misc]


def _tenths(console: Console, thing: str) -> Callable[[int, int], None]:
    told = 0

    def on_done(done: int, total: int) -> None:
        nonlocal told
        if total >= _MANY and done * 10 // total > told:
            told = done * 10 // total
            console.print(f"{done} of {total} {thing}")

    return on_done


@contextmanager
def counted_progress(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how many of `what` are done: a bar on a terminal, elsewhere a line for each tenth. The block is given what
    tells it: so many are done, of so many."""
    if not console.is_terminal:
        tenths = -1

        def line(done: int, of: int) -> None:
            nonlocal tenths
            if (now := 10 * done // max(of, 1)) > tenths:
                tenths = now
                console.print(f"{what}: {done} of {of}", markup=False)

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
