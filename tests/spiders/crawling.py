"""Crawling in tests: a fetch of a source into a fresh archive, and what it captured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bantin.fetch import Fetch, committed_captures
from bantin.settings import Settings
from model.capture import Capture
from model.report import RunReport
from model.source import Source
from storage.reports import write_report
from storage.store import open_store

RUN, LATER = "20261122T000000Z", "20991231T000000Z"


def fetch(source: Source, settings: Settings, run: str = RUN) -> list[Capture]:
    """Fetches and returns the committed captures."""
    Fetch(source, run, settings).run()
    return committed_captures(open_store(settings.archive), source.id, run) or []


def wait_ends(settings: Settings, report: RunReport, in_s: float = -1) -> None:
    """Lets the waits that hosts asked for in the run of this report end in so many seconds from now."""
    until = (datetime.now(UTC) + timedelta(seconds=in_s)).isoformat()
    ended = replace(report, wait_until=dict.fromkeys(report.wait_until, until))
    write_report(open_store(settings.archive), ended)


def pages(captures: list[Capture]) -> set[str]:
    """The addresses of the article pages among them."""
    return {c.url for c in captures if c.is_page}
