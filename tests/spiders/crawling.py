"""Crawling in tests: a fetch of a source into a fresh archive, and what it captured."""

from bantin.fetch import Fetch, committed_captures
from bantin.settings import Settings
from model.capture import Capture
from model.source import Source
from storage.store import open_store

RUN, LATER = "20261122T000000Z", "20991231T000000Z"


def fetch(source: Source, settings: Settings, run: str = RUN) -> list[Capture]:
    """Fetches and returns the committed captures."""
    Fetch(source, run, settings).run()
    return committed_captures(open_store(settings.archive), source.id, run) or []


def pages(captures: list[Capture]) -> set[str]:
    """The addresses of the article pages among them."""
    return {c.url for c in captures if c.is_page}
