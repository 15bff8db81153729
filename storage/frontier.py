"""The frontier: what is known of each URL of a source, as a fold over its captures and articles.

For each URL the newest fact by `fetched_at` wins, whatever order the runs were committed in. A URL's revisit interval
grows ×1.5 while its text stays and shrinks ×0.8 when it changes, between the source's bounds (the rule of
StormCrawler's AdaptiveScheduler, with the text's hash in place of the body's: portals print counters on every page).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from model.capture import Kind, is_failure
from model.url import normalise_url
from storage import keys
from storage.store import ObjectStore
from storage.tables import read_columns

GROWTH = 1.5
SHRINKAGE = 0.8

_CAPTURE_COLUMNS = (
    "url",
    "final_url",
    "kind",
    "fetched_at",
    "status",
    "etag",
    "last_modified",
    "body_sha256",
    "error",
    "warc_key",
    "warc_offset",
)
_ARTICLE_COLUMNS = ("id", "url", "fetched_at", "text_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one URL.

    `failures` counts the tries that failed since the last success. `etag`, `last_modified` and `body_sha256` are those
    of the last full answer, `place` is where its record lies; validators are None where another address gave it.
    `rejected`: the cleaner took the last full answer for no article.
    """

    url: str
    kind: Kind
    first_seen: datetime
    last_fetched: datetime
    next_due: datetime
    interval_h: float
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    text_sha256: str | None = None
    place: tuple[str, int] | None = None
    rejected: bool = False
    failures: int = 0


def fold(
    store: ObjectStore, source: str, *, leave_out: str | None = None, min_h: float, max_h: float
) -> dict[str, Known]:
    """Everything known of the URLs of `source`, by normalised URL, without the run `leave_out`.

    `min_h` and `max_h` bound the revisit interval, in hours. A page counts as known once its run is published: what
    was fetched and never became an article, or a rejection, is due at once. Raises `StorageError`.
    """
    tables = list(_tables(store, keys.articles_prefix(source), leave_out))
    published = {run for _, run in tables}
    # An article bears the address that answered, which redirects may have made another than the one asked for.
    texts = {
        (row["url"], row["fetched_at"]): row["text_sha256"]
        for key, _ in tables
        for row in read_columns(store, key, _ARTICLE_COLUMNS)
    }
    captures = [
        {**row, "run": run}
        for key, run in _tables(store, keys.captures_prefix(source), leave_out)
        for row in read_columns(store, key, _CAPTURE_COLUMNS)
    ]
    frontier: dict[str, Known] = {}
    for row in sorted(captures, key=lambda row: row["fetched_at"]):
        url = normalise_url(row["url"])
        known = frontier.get(url) or _first(url, row, min_h)
        text = texts.get((row["final_url"], row["fetched_at"]))
        is_page = row["kind"] == Kind.ARTICLE and row["status"] == 200
        if is_failure(row["kind"], row["status"], row["error"]) or (is_page and row["run"] not in published):
            frontier[url] = _after_failure(known, row)
        else:
            frontier[url] = _after_answer(known, row, text, (min_h, max_h))
    return frontier


def last_texts(store: ObjectStore, source: str, *, leave_out: str, before: datetime) -> dict[str, str]:
    """By article id, the hash of the newest text fetched earlier than `before` in another run than `leave_out`."""
    rows = [
        row
        for key, _ in _tables(store, keys.articles_prefix(source), leave_out)
        for row in read_columns(store, key, _ARTICLE_COLUMNS)
        if row["fetched_at"] < before
    ]
    return {row["id"]: row["text_sha256"] for row in sorted(rows, key=lambda row: row["fetched_at"])}


def _first(url: str, row: dict[str, Any], interval_h: float) -> Known:
    at = row["fetched_at"]
    return Known(url=url, kind=Kind(row["kind"]), first_seen=at, last_fetched=at, next_due=at, interval_h=interval_h)


def _after_failure(known: Known, row: dict[str, Any]) -> Known:
    """What is known after a failure: due at once, since it may have been the server's mood."""
    at = row["fetched_at"]
    return replace(known, last_fetched=at, next_due=at, status=row["status"], failures=known.failures + 1)


def _after_answer(known: Known, row: dict[str, Any], text: str | None, bounds: tuple[float, float]) -> Known:
    """What is known after an answer. The next is due an interval after the *run* began: so a daily interval fits a
    daily run, however long the crawl took to come to the page."""
    status = row["status"]
    is_page = row["kind"] == Kind.ARTICLE and status == 200
    rejected = is_page and text is None
    interval = known.interval_h
    if status in (304, 404, 410) or rejected or (text is not None and text == known.text_sha256):
        interval *= GROWTH
    elif text is not None and known.text_sha256 is not None:
        interval *= SHRINKAGE
    interval = min(max(interval, bounds[0]), bounds[1])
    known = replace(
        known,
        last_fetched=row["fetched_at"],
        next_due=keys.run_time(row["run"]) + timedelta(hours=interval),
        interval_h=interval,
        failures=0,
    )
    if status == 304:
        return known
    direct = normalise_url(row["final_url"]) == known.url
    return replace(
        known,
        status=status,
        etag=row["etag"] if direct else None,
        last_modified=row["last_modified"] if direct else None,
        body_sha256=row["body_sha256"],
        text_sha256=text or known.text_sha256,
        place=(row["warc_key"], row["warc_offset"]) if row["warc_key"] else None,
        rejected=rejected,
    )


def _tables(store: ObjectStore, prefix: str, leave_out: str | None) -> Iterator[tuple[str, str]]:
    """Key and run of each table below `prefix`."""
    for info in store.list(prefix):
        found = keys.parse_table(info.key)
        if found is not None and found[1] != leave_out:
            yield info.key, found[1]
