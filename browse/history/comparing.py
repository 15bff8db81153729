"""Which two versions of an article are compared."""

from collections.abc import Sequence
from itertools import pairwise

from browse.history.citations import find, log_unread
from browse.history.diff import Diff, diff
from browse.history.moments import Moment
from browse.reading import Watch, find_versions, read_article
from storage.rows import Table
from storage.store import ObjectStore


def compare(
    store: ObjectStore,
    wanted: str,
    times: Sequence[Moment],
    watch: Watch | None = None,
    tables: list[Table] | None = None,
) -> Diff:
    """What became of the article from the first time on: until the second, or until now. Its rows are looked for in
    `tables`, or in all. Raises `NoSuchArticle`, `StorageError`."""
    old, new = times[0], times[1] if len(times) > 1 else None
    before, after = (find(store, wanted, moment, watch=watch, tables=tables) for moment in (old, new))
    log_unread(before, after)
    return diff(before.article, after.article)


def newest_change(
    store: ObjectStore, wanted: str, watch: Watch | None = None, tables: list[Table] | None = None
) -> Diff:
    """What changed between the two newest versions of which a reader would say that they differ; where there are none,
    between the first and the last row. Its rows are looked for in `tables`, or in all. Raises `NoSuchArticle`,
    `StorageError`."""
    versions = find_versions(store, wanted, watch, tables)
    for after, before in pairwise(reversed(versions)):
        found = diff(read_article(store, before.newest), read_article(store, after.newest))
        if not found.unchanged:
            return found
    return diff(read_article(store, versions[0].rows[0]), read_article(store, versions[-1].newest))
