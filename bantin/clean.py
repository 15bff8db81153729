"""The verb clean: turn the stored pages of one WARC part into articles."""

import json
import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from structlog.contextvars import bound_contextvars

from bantin.crew import LOST, crew_of
from bantin.errors import NotReady, PagesLost
from bantin.fetch import committed_captures
from bantin.settings import Settings
from model.article import Article, Rejected
from model.capture import Capture
from model.source import Source, dump_source, parse_source
from storage import keys
from storage.content_encoding import ContentEncodingError
from storage.errors import Corrupt, KeyNotFound
from storage.store import ObjectStore, open_object, open_store
from storage.tables import encode, made_by_of, read_table, schema_of
from storage.warc import read_body

logger = logging.getLogger("bantin.clean")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many pages of a part became articles, and how many did not."""

    articles: int
    rejected: int


MOST_LOST = 20
"""So many pages of a part may be lost. A cleaner that hangs on every page would take a minute for each."""


def clean_part(part_key: str, settings: Settings, on_page: Callable[[], None] = lambda: None) -> Cleaned:
    """Cleans the pages in the part at `part_key` by the rules its run keeps, and leaves the result for publish.

    The pages are cleaned in processes of their own (`bantin.crew`), `settings.processes` of them where there are pages
    enough. `on_page` is called after each page. Given the same captures, rules and libraries it writes the same bytes,
    however many processes there are, unless one dies. Raises `NotReady` where the part's run is not committed,
    `PagesLost`, and `StorageError`.
    """
    name = keys.parse_raw_part(part_key)
    with bound_contextvars(source=name.source, run=name.run):
        return _clean(part_key, settings, on_page)


def _clean(part_key: str, settings: Settings, on_page: Callable[[], None]) -> Cleaned:
    store = open_store(settings.archive)
    name = keys.parse_raw_part(part_key)
    source = source_of_run(store, name.source, name.run)
    captures = _pages(store, part_key)
    logger.info("cleaning %s: %d pages", part_key, len(captures))
    articles: list[Article] = []
    rejections: list[dict[str, str | int]] = []
    lost = 0
    crew = crew_of(settings.processes, settings.page_limit_s)
    with open_object(store, part_key) as file:
        pages = ((capture, _body(file, capture, source)) for capture in captures)
        with closing(crew.clean(pages, source, len(captures))) as results:
            for capture, result in results:
                if isinstance(result, Article):
                    articles.append(result)
                else:
                    rejections.append(_told(capture, result))
                    lost += result.kind in LOST
                    if lost > MOST_LOST:
                        reason = f"{part_key}: gave up: {lost} pages were lost, the last {capture.url}: {result.reason}"
                        raise PagesLost(reason, source=name.source, run=name.run)
                on_page()
    store.put(keys.work_rejected(part_key), json.dumps(rejections, ensure_ascii=False).encode())
    store.put(keys.work_articles(part_key), encode(articles, Article, made_by=rules_of(source)))
    logger.info("%s: %d articles, %d rejected", part_key, len(articles), len(rejections))
    return Cleaned(len(articles), len(rejections))


def uncleaned_parts(store: ObjectStore, source_id: str, run: str, parts: Iterable[str]) -> list[str]:
    """The keys of those of the run's `parts` that publish cannot take: their cleaned parts are missing or unreadable,
    or were made by other rules than the run keeps now, or by another version of the cleaner.

    Raises `NotReady` where the run never began, and `StorageError`.
    """
    rules = rules_of(source_of_run(store, source_id, run))
    return [part for part in parts if not _is_cleaned(store, part, rules)]


def rules_of(source: Source) -> str:
    """A hash of all that the cleaned form of a page depends on beside the page: the source's file, the cleaner."""
    from cleaning import cleaner_version  # takes trafilatura along

    return sha256(f"{cleaner_version()}\n{dump_source(source)}".encode()).hexdigest()


def _is_cleaned(store: ObjectStore, part_key: str, rules: str) -> bool:
    try:
        articles = read_table(store, keys.work_articles(part_key), schema_of(Article))
        json.loads(store.get(keys.work_rejected(part_key)))
    except (KeyNotFound, Corrupt, ValueError):
        return False
    return made_by_of(articles) == rules


def _body(file: BinaryIO, capture: Capture, source: Source) -> bytes | Rejected:
    try:
        return read_body(file, capture, source.fetch.max_body_bytes)
    except ContentEncodingError as err:
        return Rejected("unreadable", str(err))


def _told(capture: Capture, rejected: Rejected) -> dict[str, str | int]:
    """What publish is told of a page that is no article: of one that was lost also where its record is."""
    told: dict[str, str | int] = {"url": capture.url, "kind": rejected.kind, "detail": rejected.detail}
    if rejected.kind not in LOST:
        logger.info("rejected %s: %s", capture.url, rejected.reason)
        return told
    logger.error("lost %s: %s", capture.url, rejected.reason)
    return {**told, "warc_key": capture.warc_key or "", "warc_offset": capture.warc_offset or 0}


def source_of_run(store: ObjectStore, source: str, run: str) -> Source:
    """The source as the run used it. Raises `NotReady` where the run never began."""
    key = keys.run_source(source, run)
    try:
        return parse_source(store.get(key).decode(), key)
    except KeyNotFound as err:
        expected = "expected the run to have been fetched; where it was, `bantin verify --repair` makes the file anew"
        raise NotReady(f"{key}: not there: {expected}", source=source, run=run) from err


def _pages(store: ObjectStore, part_key: str) -> list[Capture]:
    """The captures of pages in a part, by their place in it."""
    name = keys.parse_raw_part(part_key)
    captures = committed_captures(store, name.source, name.run)
    if captures is None:
        expected = f"expected {keys.captures(name.source, name.run)}: fetch the run first"
        raise NotReady(f"{part_key}: {expected}", source=name.source, run=name.run)
    return sorted((c for c in captures if c.is_page and c.warc_key == part_key), key=lambda c: c.warc_offset or 0)
