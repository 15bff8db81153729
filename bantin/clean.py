"""The verb clean: turn the stored pages of one WARC part into articles."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from bantin.errors import NotReady
from bantin.fetch import committed_captures
from bantin.settings import Settings
from model.article import Article, Rejected
from model.capture import Capture
from model.source import Source, parse_source
from storage import keys
from storage.content_encoding import ContentEncodingError
from storage.errors import KeyNotFound
from storage.store import ObjectStore, open_object, open_store
from storage.tables import encode
from storage.warc import read_body

logger = logging.getLogger("bantin.clean")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many pages of a part became articles, and how many did not."""

    articles: int
    rejected: int


def clean_part(part_key: str, settings: Settings, on_page: Callable[[], None] = lambda: None) -> Cleaned:
    """Cleans the pages in the part at `part_key` by the rules its run keeps, and leaves the result for publish.

    `on_page` is called after each page. Given the same captures, rules and libraries it writes the same bytes. Raises
    `NotReady` where the part's run is not committed, and `StorageError`.
    """
    from cleaning import clean

    store = open_store(settings.archive)
    name = keys.parse_raw_part(part_key)
    source = source_of_run(store, name.source, name.run)
    articles: list[Article] = []
    rejections: list[dict[str, str]] = []
    with open_object(store, part_key) as file:
        for capture in _pages(store, part_key):
            try:
                body = read_body(file, capture, source.fetch.max_body_bytes)
                result = clean(capture, body, source)
            except ContentEncodingError as err:
                result = Rejected("unreadable", str(err))
            if isinstance(result, Article):
                articles.append(result)
            else:
                logger.info("rejected %s: %s", capture.url, result.reason)
                rejections.append({"url": capture.url, "kind": result.kind, "detail": result.detail})
            on_page()
    store.put(keys.work_rejected(part_key), json.dumps(rejections, ensure_ascii=False).encode())
    store.put(keys.work_articles(part_key), encode(articles, Article))
    logger.info("%s: %d articles, %d rejected", part_key, len(articles), len(rejections))
    return Cleaned(len(articles), len(rejections))


def source_of_run(store: ObjectStore, source: str, run: str) -> Source:
    """The source as the run used it. Raises `NotReady` where the run never began."""
    key = keys.run_source(source, run)
    try:
        return parse_source(store.get(key).decode(), key)
    except KeyNotFound as err:
        raise NotReady(f"{key}: not there: expected the run to have been fetched", source=source, run=run) from err


def _pages(store: ObjectStore, part_key: str) -> list[Capture]:
    """The captures of pages in a part, by their place in it."""
    name = keys.parse_raw_part(part_key)
    captures = committed_captures(store, name.source, name.run)
    if captures is None:
        expected = f"expected {keys.captures(name.source, name.run)}: fetch the run first"
        raise NotReady(f"{part_key}: {expected}", source=name.source, run=name.run)
    return sorted((c for c in captures if c.is_page and c.warc_key == part_key), key=lambda c: c.warc_offset or 0)
