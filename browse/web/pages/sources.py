"""Sources: all of them by province, and each with its volume, coverage, runs, and what was done to it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request

from browse.archive import Archive
from browse.catalog import Catalog, RunEntry, SourceEntry
from browse.query import parse_query
from browse.web.renamed import lead_on
from browse.web.rendering import page
from browse.web.tampered import tampered
from model.report import RunReport
from model.url import article_id, is_web_address
from storage import keys
from storage.errors import Corrupt, KeyNotFound, UnknownVersion
from storage.notices import read_notice
from storage.reports import read_report

router = APIRouter(tags=["sources"])

DAYS = 30
"""A sparkline's length."""

PAGE = 300
"""So many sources stand on a page."""

LAST_RUNS = 20
"""So many runs of a source are shown, and its coverage is told of."""

_LOOKED_AT = 200
_LINKED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source in the table: how many articles the index has of it, its newest run, the run that found it tampered
    with (see `tampered`), and how many new texts it had on each of the last `DAYS` days, up to the archive's newest
    run."""

    source: SourceEntry
    articles: int
    last: RunEntry | None
    struck: RunEntry | None
    news: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesPage:
    """A page of the sources, by province (those without one come last), then by name. `total` are all."""

    provinces: list[tuple[str | None, list[SourceLine]]]
    total: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the newest run that found any says was done to a site: injected links (`page`, `url`, `text`, `rule`), pages
    that lead search engines' visitors elsewhere (`url`, `leads_to`), and the number of spam pages. `known` are the ids
    of those addresses that the index has an article of."""

    run: str
    spam: list[dict[str, str]]
    cloaked: list[dict[str, str]]
    quarantined: int
    known: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A source. `published` counts its articles by day (or month: `unit`) of publication, `coverage` tells which share
    of its last runs' articles has each field, `rules` is its YAML as its newest run used it. Since `retired` it is not
    crawled any more, for the reason `retired_why`."""

    source: SourceEntry
    retired: datetime | None
    retired_why: str | None
    articles: int
    published: list[tuple[date, int]]
    unit: str
    coverage: dict[str, float]
    runs: list[RunEntry]
    run_count: int
    evidence: Evidence | None
    warnings: list[str]
    rules: str | None


@page(router, "/sources", "sources.html")
def sources(request: Request, number: Annotated[int, Query(alias="page", ge=1, le=1_000)] = 1) -> SourcesPage:
    """All sources, by province."""
    archive: Archive = request.app.state.archive
    catalog = archive.catalog
    all_sources = sorted(
        catalog.sources(), key=lambda one: (one.province is None, one.province, one.district or "", one.name)
    )
    shown = all_sources[(number - 1) * PAGE : number * PAGE]
    facets = archive.index.search(parse_query(""), limit=0, facets=("source",), facet_limit=max(len(all_sources), 1))
    counts = {one.value: one.count for one in facets.facets["source"]}
    newest, news, struck = catalog.newest(), catalog.news(DAYS), tampered(archive)
    provinces = defaultdict[str | None, list[SourceLine]](list)
    for one in shown:
        line = SourceLine(
            source=one,
            articles=counts.get(one.id, 0),
            last=newest.get(one.id),
            struck=struck.get(one.id),
            news=news.get(one.id, [0] * DAYS),
        )
        provinces[one.province].append(line)
    pages = -(-len(all_sources) // PAGE)
    return SourcesPage(provinces=list(provinces.items()), total=len(all_sources), number=number, pages=max(pages, 1))


@page(router, "/sources/{source}", "source.html")
def source(request: Request, source: str) -> SourcePage:
    """A source: what it is, what it gave, how its runs went, and what was done to it."""
    archive: Archive = request.app.state.archive
    catalog = archive.catalog
    entry = catalog.source(source)
    if entry is None:
        lead_on(request, source)
        raise HTTPException(404, f"No source is called {source}: /sources names them.")
    found = archive.index.search(parse_query("", {"source": [source]}), limit=0, timeline=True)
    newest = next(iter(catalog.runs(source, limit=1)), None)
    report = _report(archive, newest) if newest else None
    notice = read_notice(archive.store, source)
    return SourcePage(
        source=entry,
        retired=notice.at if notice and notice.renamed_to is None else None,
        retired_why=notice.reason if notice else None,
        articles=found.total,
        published=found.timeline,
        unit=found.timeline_unit,
        coverage=catalog.coverage(source, LAST_RUNS),
        runs=catalog.runs(source, limit=LAST_RUNS),
        run_count=catalog.count(source),
        evidence=_evidence(archive, catalog, source),
        warnings=report.warnings if report else [],
        rules=_rules(archive, newest) if newest else None,
    )


def _evidence(archive: Archive, catalog: Catalog, source: str) -> Evidence | None:
    runs = catalog.runs(source, limit=_LOOKED_AT)
    struck = next((one for one in runs if one.spam or one.cloaked or one.quarantined), None)
    if struck is None:
        return None
    report = _report(archive, struck)
    return Evidence(
        run=struck.run,
        spam=report.spam if report else [],
        cloaked=report.cloaked if report else [],
        quarantined=struck.quarantined,
        known=known_articles(archive, report) if report else {},
    )


def known_articles(archive: Archive, report: RunReport) -> dict[str, str]:
    """Of the pages that a report names, the ids of those that the index has an article of."""
    named = [one.get("page", one.get("url", "")) for one in (*report.spam, *report.cloaked, *report.vanished)]
    ids = {url: article_id(url) for url in dict.fromkeys(named[:_LINKED]) if is_web_address(url)}
    there = {hit.id for hit in archive.index.get(list(ids.values()))}
    return {url: one for url, one in ids.items() if one in there}


def _report(archive: Archive, run: RunEntry) -> RunReport | None:
    try:
        return read_report(archive.store, run.source, run.run)
    except (Corrupt, UnknownVersion):
        return None


def _rules(archive: Archive, run: RunEntry) -> str | None:
    try:
        return archive.store.get(keys.run_source(run.source, run.run)).decode("utf-8", "replace")
    except KeyNotFound:
        return None
