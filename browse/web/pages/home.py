"""The front page: the latest across sources, articles a day, what changed, what vanished, what was hacked."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request

from browse.archive import Archive
from browse.catalog import Catalog, RunEntry, SourceEntry, Vanished
from browse.history.moments import stamp
from browse.index.seam import Hit, Order
from browse.query import Published, Query
from browse.web.rendering import page
from browse.web.tampered import tampered
from model.url import article_id, is_web_address
from storage import keys
from storage.errors import Corrupt, KeyNotFound
from storage.rows import READERS, Table, pick_rows

router = APIRouter(tags=["home"])

DAYS = 60
"""The timeline goes back so many days from the archive's newest run."""

LATEST, OF_A_SOURCE = 15, 3
"""So many articles stand on the front page, and so many of one source at most."""

CHANGES, LOSSES = 8, 8
_ROWS_LOOKED_AT = 12

Found = TypeVar("Found", Hit, Vanished)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An article whose text differs from the one before; `since` and `until` are the times of both, in UTC to the
    second, as `/articles/{id}/diff?from=&to=` takes them."""

    article: Hit
    since: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A page that vanished, and its article, if the index has it."""

    page: Vanished
    article: Hit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What is new in the archive. `today` is the day of its newest run; `struck` are the runs that found sources
    tampered with (see `tampered`), `failed` the newest runs that failed, each with its source."""

    today: date | None
    articles: int
    sources: int
    latest: list[Hit]
    published: list[tuple[date, int]]
    unit: str
    changed: list[Change]
    vanished: list[Loss]
    struck: list[tuple[SourceEntry, RunEntry]]
    failed: list[tuple[SourceEntry, RunEntry]]
    as_of: datetime | None


@page(router, "/", "home.html", json_path="/home.json")
def home(request: Request) -> HomePage:
    """The front page of the archive."""
    archive: Archive = request.app.state.archive
    catalog = archive.catalog
    newest, today = catalog.newest(), catalog.today
    period = Published(today - timedelta(days=DAYS - 1), today + timedelta(days=1)) if today else Published(None, None)
    found = archive.index.search(Query("", (period,)), order=Order.NEWEST, limit=100, timeline=True)
    if not found.total:  # nothing was published lately
        found = archive.index.search(Query(""), order=Order.NEWEST, limit=100, timeline=True)
    known = {one.id: one for one in catalog.sources()}
    last = [(known[name], run) for name, run in newest.items() if name in known]
    return HomePage(
        today=today,
        articles=archive.index.articles,
        sources=len(known),
        latest=_by_day(mixed(found.hits, OF_A_SOURCE)[:LATEST]),
        published=found.timeline,
        unit=found.timeline_unit,
        changed=_changes(archive),
        vanished=_losses(archive, catalog),
        struck=[(known[name], run) for name, run in sorted(tampered(archive).items()) if name in known],
        failed=[(source, run) for source, run in last if run.state == "failed"],
        as_of=found.as_of,
    )


def mixed(found: list[Found], most: int) -> list[Found]:
    """The same, with those of a source that come after its first `most` at the end: the others need room, too."""
    seen = Counter[str]()
    first: list[Found] = []
    rest: list[Found] = []
    for one in found:
        seen[one.source] += 1
        (first if seen[one.source] <= most else rest).append(one)
    return first + rest


def _by_day(found: list[Hit]) -> list[Hit]:
    """The same, the newest day first."""
    return sorted(found, key=lambda hit: (hit.published_on or date.min, hit.fetched_at), reverse=True)


def _changes(archive: Archive) -> list[Change]:
    """The articles whose text changed last, and the two moments to compare."""
    candidates = archive.index.changed(2 * CHANGES)
    if not candidates:
        return []
    with ThreadPoolExecutor(READERS) as readers:
        found = readers.map(lambda hit: _change(archive, hit), candidates)
        return [change for change in found if change][:CHANGES]


def _change(archive: Archive, hit: Hit) -> Change | None:
    """The last two rows of an article that follow each other with different texts, if the newest few have such."""
    after: dict[str, Any] | None = None
    for source, run in sorted(archive.index.runs_of(hit.id), key=lambda one: one[1])[: -_ROWS_LOOKED_AT - 1 : -1]:
        table = Table(run, source, keys.articles(source, run))
        try:
            rows = pick_rows(archive.store, table, [hit.id], ("id", "fetched_at", "text_sha256")).to_pylist()
        except (Corrupt, KeyNotFound):
            return None
        for row in sorted(rows, key=lambda row: row["fetched_at"], reverse=True):
            if after and row["text_sha256"] != after["text_sha256"]:
                return Change(article=hit, since=stamp(row["fetched_at"]), until=stamp(after["fetched_at"]))
            after = row
    return None


def _losses(archive: Archive, catalog: Catalog) -> list[Loss]:
    pages = mixed(catalog.vanished(limit=20 * LOSSES), OF_A_SOURCE)[:LOSSES]
    ids = [article_id(one.url) if is_web_address(one.url) else "" for one in pages]
    hits = {hit.id: hit for hit in archive.index.get([one for one in ids if one])}
    return [Loss(page=one, article=hits.get(id_)) for one, id_ in zip(pages, ids, strict=True)]
