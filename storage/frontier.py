"""The frontier: what is known of each URL of a source, as a fold over its captures and articles.

For each URL the newest fact by `fetched_at` wins, whatever order the runs were committed in. A URL's revisit interval
grows ×1.5 while its text stays and shrinks ×0.8 when it changes, between the source's bounds (the rule of
StormCrawler's AdaptiveScheduler, with the text's hash in place of the body's: portals print counters on every page).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from model.capture import Kind
from model.url import normalise_url
from storage import keys
from storage.store import ObjectStore
from storage.tables import read_columns

GROWTH = 1.5
SHRINKAGE = 0.8

_CAPTURE_COLUMNS = ("url", "final_url", "kind", "fetched_at", "status", "etag", "last_modified", "body_sha256", "error")
_ARTICLE_COLUMNS = ("id", "url", "fetched_at", "text_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one URL. `failures` counts the tries that failed since the last success; `etag` and
    `last_modified` are those of the last full answer."""

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
    failures: int = 0


def fold(
    store: ObjectStore, source: str, *, leave_out: str | None = None, min_h: float, max_h: float
) -> dict[str, Known]:
    """Everything known of the URLs of `source`, by normalised URL, without the run `leave_out`.

    `min_h` and `max_h` bound the revisit interval, in hours. Raises `StorageError`.
    """
    # An article bears the address that answered, which redirects may have made another than the one asked for.
    texts = {(row["url"], row["fetched_at"]): row["text_sha256"] for row in _articles(store, source, leave_out)}
    rows = sorted(_captures(store, source, leave_out), key=lambda row: row["fetched_at"])
    frontier: dict[str, Known] = {}
    for row in rows:
        url = normalise_url(row["url"])
        text = texts.get((row["final_url"], row["fetched_at"]))
        frontier[url] = _step(frontier.get(url), url, row, text, (min_h, max_h))
    return frontier


def last_texts(store: ObjectStore, source: str, *, leave_out: str, before: datetime) -> dict[str, str]:
    """By article id, the hash of the newest text fetched earlier than `before` in another run than `leave_out`."""
    rows = [row for row in _articles(store, source, leave_out) if row["fetched_at"] < before]
    return {row["id"]: row["text_sha256"] for row in sorted(rows, key=lambda row: row["fetched_at"])}


def _step(known: Known | None, url: str, row: dict[str, Any], text: str | None, bounds: tuple[float, float]) -> Known:
    """What is known of `url` after one more capture of it."""
    at, status = row["fetched_at"], row["status"]
    if known is None:
        known = Known(
            url=url, kind=Kind(row["kind"]), first_seen=at, last_fetched=at, next_due=at, interval_h=bounds[0]
        )
    failed = row["error"] is not None or status is None or status == 429 or status >= 500
    if failed:
        # Asked for again at the next run: the failure may have been the server's mood.
        return replace(known, last_fetched=at, next_due=at, status=status, failures=known.failures + 1)
    interval = known.interval_h
    if status in (304, 404, 410) or (text is not None and text == known.text_sha256):
        interval *= GROWTH
    elif text is not None and known.text_sha256 is not None:
        interval *= SHRINKAGE
    interval = min(max(interval, bounds[0]), bounds[1])
    known = replace(
        known,
        last_fetched=at,
        next_due=at + timedelta(hours=interval),
        interval_h=interval,
        status=known.status if status == 304 else status,
        failures=0,
    )
    if status == 304:
        return known
    return replace(
        known,
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_sha256=row["body_sha256"],
        text_sha256=text or known.text_sha256,
    )


def _captures(store: ObjectStore, source: str, leave_out: str | None) -> Iterable[dict[str, Any]]:
    return _rows(store, keys.captures_prefix(source), _CAPTURE_COLUMNS, leave_out)


def _articles(store: ObjectStore, source: str, leave_out: str | None) -> Iterable[dict[str, Any]]:
    return _rows(store, keys.articles_prefix(source), _ARTICLE_COLUMNS, leave_out)


def _rows(store: ObjectStore, prefix: str, columns: tuple[str, ...], leave_out: str | None) -> Iterable[dict[str, Any]]:
    for info in store.list(prefix):
        found = keys.parse_table(info.key)
        if found is not None and found[1] != leave_out:
            yield from read_columns(store, info.key, columns)
