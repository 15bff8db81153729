"""Archives that are indexed: tables of articles by hand, and all that an index says of them."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from browse.catalog import Catalog
from browse.index.seam import FACETS, Hit, Order
from browse.index.shipped import ShippedIndex, open_index
from browse.query import parse_query
from model.article import Article
from model.report import RunReport, State
from storage import keys
from storage.reports import write_report
from storage.store import open_store
from storage.tables import encode
from tests.records import article

RUNS = ("20261120T000000Z", "20261121T000000Z", "20261122T000000Z")
SOURCES = ("hoa-lu", "kimson")


def row(source: str, run: str, number: int, text: str, **changes: Any) -> Article:
    """A row of the article `number`."""
    return article(
        id=f"{number:016x}",
        source=source,
        run=run,
        url=f"http://{source}.example/tin-{number}",
        title=f"Tin {number}",
        text=text,
        fetched_at=keys.run_time(run) + timedelta(seconds=number),
        **changes,
    )


def publish(settings: Settings, source: str, run: str, rows: list[Article]) -> None:
    """Stores a run's table, and a report."""
    store = open_store(settings.archive)
    store.put(keys.articles(source, run), encode(rows, Article))
    at = keys.run_time(run)
    counts = {"new": len(rows)}
    report = RunReport(source=source, run=run, state=State.PUBLISHED, started_at=at, finished_at=at, articles=counts)
    write_report(store, report)


def delete(settings: Settings, source: str, run: str) -> None:
    """Takes a run's table and report away."""
    open_store(settings.archive).delete([keys.articles(source, run), keys.report(source, run)])


def opened(settings: Settings) -> ShippedIndex:
    """The archive's index; it does not look for a newer one by itself."""
    return open_index(open_store(settings.archive), settings.cache, poll_s=1e9)


def told(index: ShippedIndex) -> dict[str, Any]:
    """All that an index says: its articles with their runs, what queries find, facets, timeline, catalog. Scores are
    left out, since they depend on what segments an index has."""
    everything = index.search(parse_query(""), order=Order.NEWEST, limit=1000, facets=FACETS, timeline=True)
    quarantined = index.search(parse_query("is:quarantined"), limit=1000)
    return {
        "hits": [_plain(hit) for hit in everything.hits],
        "facets": everything.facets,
        "timeline": everything.timeline,
        "quarantined": sorted(hit.id for hit in quarantined.hits),
        "words": {word: _found(index, word) for word in ("một", "hai", "ba", "tin", "is:changed", "is:injected")},
        "runs": {hit.id: index.runs_of(hit.id) for hit in everything.hits},
        "by run": {run: _found(index, f"run:{run}") for run in RUNS},
        "changed": [hit.id for hit in index.changed(1000)],
        "articles": index.articles,
        "catalog": catalog_of(index.catalog),
    }


def catalog_of(catalog: Catalog) -> list[dict[str, Any]]:
    """What a catalog says, without ETags."""
    entries = [
        {**asdict(entry), "articles_etag": None, "report_etag": None, "rules_etag": None}
        for entry in catalog.runs(limit=1000)
    ]
    return [*entries, *(asdict(source) for source in catalog.sources())]


def rebuilt(settings: Settings, name: str = "rebuilt") -> dict[str, Any]:
    """All that an index says which is made from nothing, of the archive as it is now; that is left as it is."""
    store = open_store(settings.archive)
    manifest = store.get(keys.index_manifest()) if store.head(keys.index_manifest()) else None
    bring_up_to_date(replace(settings, cache=(settings.cache or settings.airflow_home) / name), rebuild=True)
    found = told(opened(settings))
    if manifest is not None:
        store.put(keys.index_manifest(), manifest)
    return found


def _plain(hit: Hit) -> Hit:
    return replace(hit, score=None)


def _found(index: ShippedIndex, text: str) -> list[str]:
    return sorted(hit.id for hit in index.search(parse_query(text), limit=1000).hits)
