"""Showing how far long work is: moving lines on a terminal, a log's lines elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
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

from bantin.logs import about, as_json, log_as_json
from model.logs import is_read

logger = logging.getLogger("bantin.progress")

SOON_S = 5
"""What takes less is not told of in a log."""

OnDone = Callable[[int, int], None]
"""Told how many of how many are done."""


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


def _is_about(record: logging.LogRecord) -> bool:
    """A handler's filter, which lets every record pass, and gives it the source and run it is `about`, as a prefix."""
    told = about()
    record.about = f"{told}: " if told else ""
    return True


def _is_our_own(record: logging.LogRecord) -> bool:
    """Not a crawl's, which comes from another process: the run's report says what of that matters."""
    return not is_read(record)


@contextmanager
def crawl_progress(console: Console) -> Iterator[CrawlProgress]:
    """Shows the progress of sources on `console` until the block ends."""
    _log_to(console)
    if not _moves(console):
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
def counted(console: Console, *things: str) -> Iterator[list[OnDone]]:
    """For each of these things a function that is told how many of how many are done: a bar each on a terminal, log
    lines elsewhere."""
    _log_to(console)
    if not _moves(console):
        yield [tenths(thing) for thing in things]
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield [_bar(progress, thing) for thing in things]


def tenths(thing: str) -> OnDone:
    """Logs each tenth of what it is told, but for what is done within seconds."""
    began, told = time.monotonic(), 0

    def on_done(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // max(total, 1)
        if tenth > told and time.monotonic() - began > SOON_S:
            told = tenth
            logger.info("%s: %d of %d", thing, done, total)

    return on_done


def steps(on_done: OnDone, total: int) -> Callable[..., None]:
    """To be called after each of `total` steps, with anything: counts them for `on_done`."""
    done = count(1)
    return lambda *_: on_done(next(done), total)


def _bar(progress: Progress, thing: str) -> OnDone:
    line = progress.add_task(thing, total=None)
    return lambda done, total: progress.update(line, completed=done, total=total)


def _moves(console: Console) -> bool:
    return console.is_terminal and not as_json()


def _log_to(console: Console) -> None:
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if as_json():
        log_as_json()
        return
    if not console.is_terminal:
        plain = logging.StreamHandler(sys.stderr)
        plain.addFilter(_is_about)
        logging.basicConfig(handlers=[plain], level=logging.INFO, format="%(asctime)s %(about)s%(message)s", force=True)
        return
    rich = RichHandler(console=console, show_path=False, show_level=False, markup=False, log_time_format="%X")
    rich.addFilter(_is_about)
    rich.addFilter(_is_our_own)
    logging.basicConfig(handlers=[rich], level=logging.WARNING, format="%(about)s%(message)s", force=True)
