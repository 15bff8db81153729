"""A run: what was fetched, what became of it, and why of the rest nothing did."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request

from browse.archive import Archive
from browse.catalog import RunEntry
from browse.history.moments import citation
from browse.web.pages.sources import known_articles
from browse.web.refusal import without_places
from browse.web.renamed import lead_on
from browse.web.rendering import page
from model.article import Article
from model.report import RunReport
from storage import keys
from storage.errors import Corrupt, KeyNotFound, UnknownVersion
from storage.reports import read_report
from storage.tables import read_table, schema_of

router = APIRouter(tags=["sources"])

PAGE = 100
"""So many articles of a run stand on a page."""

_COLUMNS = ("id", "title", "url", "language", "published_on", "fetched_at", "quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArticle:
    """An article as a run found it. `ref` names this text for ever."""

    ref: str
    id: str
    title: str
    url: str
    language: str | None
    published_on: date | None
    fetched_at: datetime
    quarantined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """A run: its report, or in `problem` why it has none that can be read; some of its articles. `known` are the ids
    of addresses in the report that the index has an article of, `before` and `after`
    are the source's runs beside it, `airflow` is where Airflow tells of it."""

    source: str
    name: str
    run: str
    at: datetime
    report: RunReport | None
    problem: str | None
    articles: list[RunArticle]
    known: dict[str, str]
    total: int
    number: int
    pages: int
    before: str | None
    after: str | None
    airflow: str | None


@page(router, "/runs/{source}/{run}", "run.html")
def run(
    request: Request, source: str, run: str, number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1
) -> RunPage:
    """A run of a source."""
    archive: Archive = request.app.state.archive
    catalog = archive.catalog
    at = keys.run_time(run)
    problem = None
    try:
        report = read_report(archive.store, source, run)
    except (Corrupt, UnknownVersion) as err:
        report, problem = None, str(err)
    entry: RunEntry | None = catalog.run(source, run)
    if report is None and entry is None and problem is None:
        lead_on(request, source)
        raise HTTPException(404, f"{source} has no run {run}: /sources/{source} names its last ones.")
    if entry and (entry.problem or report is None):
        problem = entry.problem or entry.reason or problem
    table = _articles(archive, source, run) if not (entry and entry.problem) else None
    total = len(table) if table else 0
    rows = table.slice((number - 1) * PAGE, PAGE).to_pylist() if table else []
    known = catalog.source(source)
    before, after = catalog.beside(source, run)
    return RunPage(
        source=source,
        name=known.name if known else source,
        run=run,
        at=at,
        report=report,
        problem=without_places(request, problem) if problem else None,
        articles=[RunArticle(ref=citation(row["id"], row["fetched_at"]), **row) for row in rows],
        known=known_articles(archive, report) if report else {},
        total=total,
        number=number,
        pages=max(1, -(-total // PAGE)),
        before=before,
        after=after,
        airflow=_airflow(request.app.state.settings.airflow, source, run),
    )


def _articles(archive: Archive, source: str, run: str) -> pa.Table | None:
    schema = pa.schema([schema_of(Article).field(name) for name in _COLUMNS])
    try:
        return read_table(archive.store, keys.articles(source, run), schema)
    except KeyNotFound:
        return None


def _airflow(address: str | None, source: str, run: str) -> str | None:
    """Where Airflow's plugin (bantin/tab.py) leads to the DAG run. What that is called depends on who started it."""
    return None if address is None else f"{address.rstrip('/')}/bantin/dag-runs/{source}/{run}"
