"""What must hold of an archive once a run has been mended, whatever happened before."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from bantin.fetch import committed_captures
from model.article import Article
from model.capture import Capture
from model.report import State
from storage import keys, reports
from storage.frontier import Fate, Frontier, fold
from storage.store import ObjectStore, open_object
from storage.tables import read
from storage.warc import read_body, read_captures

SOURCE = "scripted"
RUN, LATER = "20261122T000000Z", "20261123T000000Z"
LIMIT = 1_000_000
_KNOWN = re.compile(
    r"raw/src=scripted/run=\w+/attempt-\d+-part-\d+\.warc\.gz|(captures|articles)/src=scripted/day=[\d-]+/\w+\.parquet"
    r"|runs/src=scripted/\w+/(source\.yaml|report\.json)|frontier/src=scripted\.parquet"
    r"|work/src=scripted/run=\w+/attempt-\d+(\.yaml|-part-\d+(\.parquet|\.rejected\.json))"
)


def rows_of(store: ObjectStore, run: str = RUN) -> list[Article]:
    """The articles of a run."""
    return read(store, keys.articles(SOURCE, run), Article)


def frontier_of(store: ObjectStore) -> Frontier:
    """What is known of the source's pages."""
    return fold(store, SOURCE, min_h=0, max_h=720)


def _moment(capture: Capture) -> tuple[datetime, str]:
    return capture.fetched_at, capture.final_url


def expect_whole(store: ObjectStore, pages: Iterable[str], run: str = RUN, *, dead: str = "") -> None:
    """Fails unless every page is in the run's two tables exactly once, each row says truly where its record lies, the
    frontier knows them, and nothing else lies there: no lease, no table that was replaced, nothing unfinished.

    `dead` says what a dead process may have left for good: `lease`, which the next crawl takes away; `orphan`, that and
    parts which no table names.
    """
    pages = sorted(pages)
    captures = committed_captures(store, SOURCE, run) or []
    rows = rows_of(store, run)
    assert sorted(c.url for c in captures if c.is_page) == pages, "captures: every page once"
    assert sorted(row.url for row in rows) == pages, "articles: every page once"
    places = {c.url: (c.warc_key, c.warc_offset, c.warc_length) for c in captures if c.is_page}
    assert {row.url: (row.warc_key, row.warc_offset, row.warc_length) for row in rows} == places
    assert max(Counter((c.warc_key, c.warc_offset) for c in captures if c.warc_key).values()) == 1
    for capture in captures:
        if capture.warc_key and not capture.unchanged:
            with open_object(store, capture.warc_key) as file:
                body = read_body(file, capture, LIMIT)
            assert hashlib.sha256(body).hexdigest() == capture.body_sha256, capture.url
    parts = {info.key for info in store.list(keys.raw_prefix(SOURCE, run))}
    if dead == "orphan":
        parts &= {capture.warc_key or "" for capture in captures}
    stored = [capture for part in parts for capture in read_captures(store, part, LIMIT)]
    assert sorted(stored, key=_moment) == sorted(captures, key=_moment), "the table says what the parts say"
    report = reports.read_report(store, SOURCE, run)
    assert report is not None
    assert (report.state, sum(report.articles[kind] for kind in ("new", "changed", "unchanged"))) == (
        State.PUBLISHED,
        len(pages),
    )
    known = {one.url: one for one in frontier_of(store)}
    for row in rows:
        assert known[row.url].fate is Fate.LIVE
        assert known[row.url].text_sha256 is not None
    found = [info.key for info in store.list("") if not (dead and info.key == keys.source_lease(SOURCE))]
    strange = [key for key in found if not _KNOWN.fullmatch(key)]
    assert strange == [], "nothing lies there that the format does not name"
    if not store.url.startswith("s3://"):
        unfinished = [path.name for path in Path(store.url, ".tmp").iterdir() if path.name != "lock"]
        assert unfinished == []
