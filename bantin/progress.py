"""Showing how far a run is: bars on a terminal, the log's lines elsewhere."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bantin.run import OnStep


@contextmanager
def step_progress(console: Console, source_id: str) -> Iterator[OnStep]:
    """What `run_source` tells of its steps, shown on `console` until the block ends."""
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if not console.is_terminal:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s", force=True)
        yield lambda step, event: None
        return
    handler = RichHandler(console=console, show_path=False, show_level=False, markup=False, log_time_format="%X")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler], force=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {
            step: progress.add_task(f"{source_id}: {step}", total=None, visible=step == "fetch")
            for step in ("fetch", "clean")
        }

        def on_step(step: str, event: dict[str, Any]) -> None:
            if step == "fetch":
                progress.update(tasks["fetch"], total=event["asked"] or None, completed=event["answered"])
                progress.update(tasks["clean"], total=event["answered"] or None)
            else:
                progress.update(tasks["clean"], visible=True, completed=event["done"])

        yield on_step
