"""Reading the archive: lists of articles, and one article by its id."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from bantin.settings import Settings
from model.article import Article
from model.errors import BantinError
from storage import keys
from storage.store import ObjectStore, open_store
from storage.tables import read, read_columns


class NoSuchArticle(BantinError):
    """No article of the archive has that id, or several begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article in a list: its newest row."""

    id: str
    source: str
    url: str
    title: str
    author: str | None
    language: str | None
    published_on: date | None
    fetched_at: datetime
    quarantined: bool


_COLUMNS = ("id", "source", "url", "title", "author", "language", "published_on", "fetched_at", "quarantined")


def list_articles(settings: Settings, source: str | None = None) -> list[Entry]:
    """The articles of the archive, or of one source, newest day first. Raises `StorageError`."""
    store = open_store(settings.archive)
    newest: dict[str, Entry] = {}
    for key in _tables(store, source):
        for row in read_columns(store, key, _COLUMNS):
            known = newest.get(row["id"])
            if known is None or known.fetched_at < row["fetched_at"]:
                newest[row["id"]] = Entry(**row)
    return sorted(newest.values(), key=lambda e: (e.published_on or date.min, e.fetched_at), reverse=True)


def find_article(settings: Settings, wanted: str) -> Article:
    """The newest row of the article whose id is, or begins with, `wanted`. Raises `NoSuchArticle`, `StorageError`."""
    store = open_store(settings.archive)
    found: dict[str, tuple[datetime, str]] = {}
    for key in _tables(store, None):
        for row in read_columns(store, key, ("id", "fetched_at")):
            if row["id"].startswith(wanted):
                found[row["id"]] = max(found.get(row["id"], (row["fetched_at"], key)), (row["fetched_at"], key))
    if not wanted or not found:
        raise NoSuchArticle(f"{wanted!r}: no article of this id in {settings.archive}: `bantin list` names them")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5])
        raise NoSuchArticle(f"{wanted!r}: {len(found)} articles begin so ({some}): give more of the id")
    (article_id, (fetched_at, key)) = next(iter(found.items()))
    return next(a for a in read(store, key, Article) if a.id == article_id and a.fetched_at == fetched_at)


def _tables(store: ObjectStore, source: str | None) -> Iterator[str]:
    return (info.key for info in store.list(keys.articles_prefix(source)) if keys.parse_table(info.key))
