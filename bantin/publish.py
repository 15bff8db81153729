"""The verb publish: make a run's articles visible with one PUT, and report what the run found."""

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from structlog.contextvars import bound_contextvars

from bantin.clean import source_of_run
from bantin.crew import LOST
from bantin.errors import AllRejected, NotReady
from bantin.fetch import committed_captures, parts_with_pages
from bantin.settings import Settings
from model.article import Article
from model.capture import Kind
from model.report import RunReport, State
from model.source import Source
from model.url import normalise_url
from storage import keys, reports
from storage.errors import Corrupt, KeyNotFound
from storage.frontier import fold, last_texts
from storage.inventory import inventory
from storage.replaced import names_in
from storage.row_groups import in_order
from storage.rows import read_each
from storage.store import ObjectStore, open_store
from storage.superseded import replace_articles
from storage.tables import encode_table, read_whole, schema_of

logger = logging.getLogger("bantin.publish")

LISTED = 200
"""So many rejections, lost pages and spam links are written out in a report; the counts are of all."""

LEAST_PAGES = 3
"""Where articles are there still as they were, so many other pages must have been rejected before that is called a
failure: on a quiet day one that has gone, or was none, may be all that is not as it was."""


def publish(source_id: str, run: str, settings: Settings, *, damaged: str | None = None) -> RunReport:
    """Publishes the cleaned parts of a run and returns its report, which it also writes. A table that stood there, with
    other rows, is kept (storage/superseded.py): in `damaged/` where it has the hash `damaged`.

    Raises `NotReady` where a part has not been cleaned, `AllRejected` where pages were fetched and none is an article
    (`_rejections_tell`; the source may allow that, and a run that is published so already may be again), and
    `StorageError`. Nothing is published then, and the report says why.
    """
    with bound_contextvars(source=source_id, run=run):
        return _publish(source_id, run, settings, damaged)


def _publish(source_id: str, run: str, settings: Settings, damaged: str | None) -> RunReport:
    started = datetime.now(UTC)
    store = open_store(settings.archive)
    source = source_of_run(store, source_id, run)
    if store.head(keys.captures(source_id, run)) is None:
        expected = f"expected {keys.captures(source_id, run)}: fetch the run first"
        raise NotReady(f"run {run} of {source_id}: {expected}", source=source_id, run=run)
    parts = parts_with_pages(store, source_id, run)
    logger.info("publishing %s, run %s: %d cleaned parts", source_id, run, len(parts))
    articles = _published(read_each(parts, partial(_cleaned, store), None))
    told = [rejection for part in parts for rejection in _rejected(store, part)]
    known = reports.read_report(store, source_id, run) or _blank(source_id, run, started)
    report = describe(known, articles, told, texts_before(store, source_id, run, articles))
    may_be_empty = source.may_be_empty or _is_published_empty(known)
    if not len(articles) and not may_be_empty and _rejections_tell(store, source, run, told):
        seen = "; ".join(f"{r['url']}: {r['kind']}: {r['detail']}" for r in told[:3])
        reason = f"every one of {len(told)} article pages was rejected: {seen}"
        _finish(store, report, started, State.FAILED, reason)
        raise AllRejected(reason, source=source_id, run=run)
    table = encode_table(articles, Article, unread=unread_places(told))
    replace_articles(store, source_id, run, table, damaged=damaged)
    return _finish(store, report, started, State.PUBLISHED, None)


def describe(report: RunReport, articles: pa.Table, told: list[dict[str, Any]], before: dict[str, str]) -> RunReport:
    """The report with what cleaning made of the run: its rows, what was `told` of the pages that are none,
    and how they compare with the texts that were known `before`, by article id."""
    return replace(
        report,
        **count_rows(articles, before),
        rejected=dict(Counter(rejection["kind"] for rejection in told)),
        rejections=[rejection for rejection in told if rejection["kind"] not in LOST][:LISTED],
        retry=[rejection for rejection in told if rejection["kind"] in LOST][:LISTED],
    )


def count_rows(articles: pa.Table, before: dict[str, str]) -> dict[str, Any]:
    """What a report says of a run's rows: how many are new, changed or unchanged against the texts that were known
    `before`, by id; the removed blocks by rule; the spam; the cleaner that made them."""
    counts = Counter({"new": 0, "changed": 0, "unchanged": 0})
    for article, text in zip(articles["id"].to_pylist(), articles["text_sha256"].to_pylist(), strict=True):
        known = before.get(article)
        counts["new" if known is None else "unchanged" if known == text else "changed"] += 1
    if len(articles):
        counts["quarantined"] = pc.sum(articles["quarantined"]).as_py()
    rules = pc.value_counts(pc.struct_field(pc.list_flatten(articles["removed"]), "rule"))
    marked = articles.select(["url", "spam"]).filter(pc.greater(pc.list_value_length(articles["spam"]), 0))
    return {
        "articles": dict(counts),
        "removed": dict(Counter({one["values"]: one["counts"] for one in rules.to_pylist()}).most_common()),
        "spam": [
            {"page": row["url"], "url": link["url"], "text": link["text"], "rule": link["rule"]}
            for row in marked.to_pylist()
            for link in row["spam"]
        ][:LISTED],
        "cleaner_version": articles["cleaner_version"][0].as_py() if len(articles) else None,
    }


def unread_places(told: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The records of the pages that could not be cleaned, of all that was `told`."""
    return [(page["warc_key"], page["warc_offset"]) for page in told if page["kind"] in LOST]


def _rejections_tell(store: ObjectStore, source: Source, run: str, rejections: list[dict[str, Any]]) -> bool:
    """Whether it is a failure that no page of a run became an article. It is none where earlier runs rejected these
    pages, too: on a quiet day such may be all that is due. Nor where they are fewer than `LEAST_PAGES`, and articles
    of the source are there as they were."""
    if not rejections:
        return False
    fetch = source.fetch
    known = fold(store, source.id, leave_out=run, min_h=fetch.revisit_min_h, max_h=fetch.revisit_max_h)
    before = known.rejected()
    news = {normalise_url(rejection["url"]) for rejection in rejections} - before
    if not news or len(news) >= LEAST_PAGES:
        return bool(news)
    captures = committed_captures(store, source.id, run) or []
    return not any(
        c.kind == Kind.ARTICLE and c.unchanged and not c.failed and normalise_url(c.url) not in before for c in captures
    )


def _is_published_empty(report: RunReport) -> bool:
    """Whether the run is published without any article, of these captures (a further attempt's report says `fetched`):
    nothing was an article then, or somebody has allowed a re-clean to empty it."""
    return report.state == State.PUBLISHED and not any(report.articles.values())


class _Place(NamedTuple):
    """What tells where a row belongs, and its number among the rows of all parts."""

    id: str
    url: str
    fetched_at: datetime
    warc_key: str
    warc_offset: int
    number: int


Row = TypeVar("Row", Article, _Place)


def one_row_a_page(articles: Iterable[Row]) -> list[Row]:
    """The articles by address, which is an order that does not depend on how fast servers answered; where two addresses
    of one run led to the same page, its last row."""
    by_time = sorted(articles, key=lambda a: (a.fetched_at, a.warc_key, a.warc_offset))
    return sorted({article.id: article for article in by_time}.values(), key=lambda a: (a.url, a.id))


def _published(cleaned: list[pa.Table]) -> pa.Table:
    """The rows of a run, of its cleaned parts. They stay Arrow's: an object for each removed block would take ten times
    as long."""
    if not cleaned:
        return schema_of(Article).empty_table()
    told = pa.concat_tables([part.select(_Place._fields[:-1]) for part in cleaned])
    places = map(_Place, *(column.to_pylist() for column in told.columns), count())
    return in_order(cleaned, [place.number for place in one_row_a_page(places)], Article)


def texts_before(store: ObjectStore, source: str, run: str, articles: pa.Table) -> dict[str, str]:
    """By id, the hash of the newest text of other runs that was fetched before all of `articles`."""
    if not len(articles):
        return {}
    return last_texts(store, source, leave_out=run, before=pc.min(articles["fetched_at"]).as_py())


def _cleaned(store: ObjectStore, part_key: str) -> pa.Table:
    key = keys.work_articles(part_key)
    try:
        return read_whole(store, key, Article)
    except (KeyNotFound, Corrupt) as err:
        raise _not_cleaned(key, part_key, err) from err


def _rejected(store: ObjectStore, part_key: str) -> list[dict[str, Any]]:
    key = keys.work_rejected(part_key)
    try:
        told: list[dict[str, Any]] = json.loads(store.get(key))
    except (KeyNotFound, ValueError) as err:
        raise _not_cleaned(key, part_key, err) from err
    return told


def _not_cleaned(key: str, part_key: str, err: Exception) -> NotReady:
    name = keys.parse_raw_part(part_key)
    problem = "not there" if isinstance(err, KeyNotFound) else "damaged"
    return NotReady(f"{key}: {problem}: expected {part_key} to be cleaned", source=name.source, run=name.run)


def _blank(source: str, run: str, now: datetime) -> RunReport:
    return RunReport(source=source, run=run, state=State.FETCHED, started_at=now, finished_at=now)


def _finish(store: ObjectStore, report: RunReport, started: datetime, state: State, reason: str | None) -> RunReport:
    now = datetime.now(UTC)
    timings: dict[str, Any] = {**report.timings_s, "publish": round((now - started).total_seconds(), 3)}
    objects = inventory(store, report.source, report.run, report.objects)
    replaced = sorted({*report.replaced, *names_in(store, report.source, report.run)})
    report = replace(
        report, state=state, reason=reason, finished_at=now, timings_s=timings, objects=objects, replaced=replaced
    )
    reports.write_report(store, report)
    logger.info("%s, run %s: %s", report.source, report.run, report.summary)
    return report
