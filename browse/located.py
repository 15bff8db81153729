"""In which tables an article's rows are, as far as the index knows: so that nobody scans the archive for one."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from browse.archive import Archive
from browse.errors import SearchFailed
from browse.reading import NoSuchArticle
from storage import keys
from storage.errors import KeyNotFound
from storage.rows import Table

Answer = TypeVar("Answer")


def looked_up(
    archive: Archive, wanted: str, ask: Callable[[list[Table] | None], Answer], *, newest: bool = False
) -> Answer:
    """What `ask` finds in the tables that hold the article's rows, or its `newest` one; in all (None) where these are
    not known."""
    tables = tables_of(archive, wanted, newest=newest)
    if tables is not None:
        with suppress(NoSuchArticle, KeyNotFound):  # a run was cleaned anew, or deleted, since it was indexed
            return ask(tables)
    return ask(None)


def tables_of(archive: Archive, article_id: str, *, newest: bool = False) -> list[Table] | None:
    """The tables that hold the article's rows, or the one with its newest; None where the index does not know it."""
    try:
        if newest:
            runs = [(hit.source, hit.run) for hit in archive.index.get([article_id])]
        else:
            runs = archive.index.runs_of(article_id)
    except SearchFailed:
        return None
    return [Table(run, source, keys.articles(source, run)) for source, run in runs] or None
