"""A whole run of a source in this process: fetch, clean, publish. What the DAG does, without a scheduler."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bantin.clean import clean_part
from bantin.fetch import Fetch
from bantin.publish import publish
from bantin.settings import Settings
from model.report import RunReport
from model.scope import AS_USUAL, Scope
from model.source import Source
from storage.keys import run_id

OnStep = Callable[[str, dict[str, Any]], None]


def run_source(
    source: Source,
    settings: Settings,
    run: str | None = None,
    on_step: OnStep | None = None,
    on_fetch: Callable[[Fetch], None] | None = None,
    scope: Scope = AS_USUAL,
) -> RunReport:
    """Crawls `source` as `run` (default: the present second), cleans what is new, publishes it; returns the report.

    `on_step` is told of progress: `("fetch", {lists, found, asked, answered})`, `("clean", {done})`. `on_fetch` is
    handed the fetch before it begins, so that another thread can stop it. `scope` is how far it goes. Raises `RunError`
    and `StorageError`.
    """
    run = run or run_id(datetime.now(UTC))
    tell = on_step or (lambda step, event: None)
    fetch = Fetch(source, run, settings, lambda event: tell("fetch", event), scope=scope)
    if on_fetch:
        on_fetch(fetch)
    clean_parts(fetch.run(), settings, tell)
    return publish(source.id, run, settings)


def clean_parts(parts: list[str], settings: Settings, tell: OnStep) -> None:
    """Cleans WARC parts, one after the other, and tells how many pages are done: `("clean", {done})`. Raises as
    `clean_part`."""
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        tell("clean", {"done": done})

    for part in parts:
        clean_part(part, settings, count)
