"""What an article's address names: which article, as it was when, and in which tables its rows are.

The index knows the runs that hold an article's rows, so that no page scans the archive. Where it does not know the
article, or there is no index yet, all tables are read.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request

from browse.archive import Archive
from browse.errors import SearchFailed
from browse.history.citations import Found, find
from browse.history.moments import Moment, citation, parse_reference, stamp
from browse.index.seam import Hit
from browse.located import looked_up
from browse.reading import NoSuchArticle
from browse.web.rendering import href
from model.article import Article
from storage.rows import article_tables, find_rows

KEPT = 128
"""So many articles that were found are kept in memory; each takes 10 to 100 kB."""

ID_DIGITS = 16
_BEGINNING = re.compile(rf"[0-9a-f]{{1,{ID_DIGITS}}}")

Ref = Annotated[
    str,
    Path(max_length=60, description="An article's id, the beginning of one, or id@time: 2026-11-22T00:00:05Z, a day …"),
]
Mark = Annotated[str | None, Query(max_length=64, description="An earlier cleaning's mark: its text, not today's.")]


class Elsewhere(Exception):
    """What is asked for has an address of its own: `address`."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Of which article a page is. `ref` is what its addresses have: the id, or `id@time` where a time was asked for;
    `cleaned` the mark of an earlier cleaning. `source_name` is its source's, as far as the catalog knows it."""

    ref: str
    id: str
    citation: str
    cleaned: str | None
    title: str
    language: str | None
    source: str
    source_name: str
    run: str
    url: str
    fetched_at: datetime
    removed: int
    spam: int
    quarantined: bool


def locate(request: Request, ref: str, cleaned: str | None = None) -> Found:
    """The article that `ref` names; `cleaned` is the beginning of an earlier cleaning's mark. Raises `Elsewhere` where
    it is the beginning of one article's id, `NoSuchArticle`, `InvalidTime`, `StorageError`."""
    archive: Archive = request.app.state.archive
    wanted, moment = reference(request, ref)
    try:
        return _kept(archive, archive.index.generation, wanted, moment, cleaned)
    except SearchFailed:
        return _located(archive, wanted, moment, cleaned)


@lru_cache(maxsize=KEPT)
def _kept(archive: Archive, _generation: int, wanted: str, moment: Moment | None, cleaned: str | None) -> Found:
    """What was found by a generation of the index: people go from one page of an article to the next."""
    return _located(archive, wanted, moment, cleaned)


def _located(archive: Archive, wanted: str, moment: Moment | None, cleaned: str | None) -> Found:
    found = looked_up(
        archive,
        wanted,
        lambda tables: find(archive.store, wanted, moment, cleaned, tables=tables),
        newest=moment is None,
    )
    if found.as_of is not None and found.as_of.exact:  # perhaps in a run that is not indexed yet
        found = find(archive.store, wanted, moment, cleaned)
    return found


def reference(request: Request, ref: str) -> tuple[str, Moment | None]:
    """The id and the time that `ref` names. Raises as `locate`."""
    wanted, moment = parse_reference(ref)
    if not _BEGINNING.fullmatch(wanted):
        raise NoSuchArticle(f"{wanted!r}: expected an article's id: {ID_DIGITS} hexadecimal digits, or the first ones")
    if len(wanted) < ID_DIGITS:
        whole = _whole(request.app.state.archive, wanted)
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        given = ref.partition("@")[0]
        address = href(request, path.replace(f"/articles/{given}", f"/articles/{whole}", 1))
        raise Elsewhere(f"{address}?{request.url.query}" if request.url.query else address)
    return wanted, moment


def hits(archive: Archive, ids: list[str]) -> dict[str, Hit]:
    """The articles of these ids that are in the index; nothing where there is none."""
    try:
        return {hit.id: hit for hit in archive.index.get(ids)}
    except SearchFailed:
        return {}


def head_of(request: Request, ref: str, article: Article, cleaned: str | None = None) -> Head:
    """The head of the pages of the article that was found under `ref`, by an earlier cleaning perhaps."""
    cited = citation(article.id, article.fetched_at)
    return Head(
        ref=cited if "@" in ref else article.id,
        id=article.id,
        citation=cited,
        cleaned=cleaned,
        title=article.title,
        language=article.language,
        source=article.source,
        source_name=source_name(request.app.state.archive, article),
        run=article.run,
        url=article.url,
        fetched_at=article.fetched_at,
        removed=len(article.removed),
        spam=len(article.spam),
        quarantined=article.quarantined,
    )


def source_name(archive: Archive, article: Article) -> str:
    """What the article's source is called; its id where there is no catalog."""
    try:
        entry = archive.catalog.source(article.source)
    except SearchFailed:
        return article.source
    return entry.name if entry else article.source


def permanent(request: Request, article: Article) -> str:
    """The address of the article as it was fetched, for ever; absolute."""
    path = href(request, f"/articles/{citation(article.id, article.fetched_at)}")
    return f"{request.url.scheme}://{request.url.netloc}{path}"


def file_name(article: Article, ending: str) -> str:
    """What a download of the article is called: ASCII without signs that a file's name cannot have."""
    return f"{article.id}-{stamp(article.fetched_at).replace(':', '').replace('-', '')}.{ending}"


def _whole(archive: Archive, beginning: str) -> str:
    try:
        ids = archive.index.begins_with(beginning, 6)
    except SearchFailed:
        ids = []
    if not ids:
        rows = find_rows(archive.store, article_tables(archive.store), beginning, ("id",))
        ids = sorted(set(rows["id"].to_pylist()))
    if not ids:
        raise NoSuchArticle(f"{beginning!r}: no article's id begins so")
    if len(ids) > 1:
        shown = ", ".join(ids[:5])
        raise NoSuchArticle(f"{beginning!r}: several articles begin so ({shown} …): give more of the id")
    return ids[0]
