"""What commands ask of the index: the one article that somebody means, the articles that fit a query."""

import re
from typing import TYPE_CHECKING

import click

from bantin.commands.options import console
from bantin.settings import Settings

if TYPE_CHECKING:
    from browse.index.seam import Found, SearchIndex
    from browse.index.shipped import ShippedIndex
    from browse.query import Query

LISTED = 5
"""So many articles are named where one was meant."""

_ID = re.compile(r"[0-9a-f]+", re.IGNORECASE | re.ASCII)


def is_id(text: str) -> bool:
    """Whether `text` may be an article's id, or the beginning of one; else it is a query."""
    return _ID.fullmatch(text.strip()) is not None


def index_of(settings: Settings) -> "ShippedIndex":
    """The archive's index; fetching what this machine has not of it is shown. Raises `NoIndex`, `StorageError`."""
    from bantin.progress import counted
    from browse.index.shipped import open_index
    from storage.store import open_store

    with counted(console(stderr=True), "files of the index") as (on_done,):
        return open_index(open_store(settings.archive), settings.cache, on_done=on_done)


def tell_what_is_left(found: "Found") -> None:
    """Says how many articles fit besides those that are shown, and how to see them; or that none does."""
    from browse.index.seam import MOST_HITS

    if left := found.total - len(found.hits):
        click.echo(f"{left} more: -n, up to {MOST_HITS}, shows them", err=True)
    if not found.total:
        click.echo("no article fits", err=True)


def tell_what_is_alike(index: "SearchIndex", query: "Query") -> None:
    """Says which values that the query asks for no article has, and which are like them."""
    from browse.escaping import safe
    from browse.query import SHORT

    for unknown in index.alike(query):
        name = SHORT.get(unknown.field, unknown.field)
        others = ", ".join(f'{name}:"{value}"' for value in unknown.values)
        click.echo(safe(f'no article has {name}:"{unknown.value}"; there are {others}'), err=True)


def article_meant(settings: Settings, text: str) -> str:
    """The id, or its beginning, that `text` is; or the id of the only article that fits it as a query.

    Raises `NoSuchArticle` where none fits, or several do; `InvalidQuery`, `StorageError`.
    """
    from browse.errors import NoIndex
    from browse.query import parse_query
    from browse.reading import NoSuchArticle

    if is_id(text):
        return text.strip().lower()
    query = parse_query(text)
    try:
        found = index_of(settings).search(query, limit=LISTED)
    except NoIndex as err:
        raise NoSuchArticle(f"{text!r}: no article of this id; to be found by words: {err}") from err
    if found.total == 1:
        return found.hits[0].id
    if not found.total:
        raise NoSuchArticle(f"{text!r}: no article fits: `bantin list` names them")
    named = "".join(f"\n  {hit.id}  {hit.published_on!s:10}  {' '.join(hit.title.text.split())}" for hit in found.hits)
    raise NoSuchArticle(f"{text!r}: {found.total} articles fit: give an id, or more words:{named}")
