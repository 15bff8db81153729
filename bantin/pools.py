"""Airflow's pools: how many sources are crawled at a time, how many tasks clean, and politeness groups, pools of one
slot, whose sources share a host or a server and are crawled one by one.

A task has one pool. A source of a group is fetched in its group's, which takes the place of `crawl`: a group never has
more than one crawl under way, so that there are at most as many more of them as there are groups.

A task whose pool does not exist waits for ever, so whoever runs Airflow makes them: `bantin up` and `bantin demo` by
`make_pools`, a larger installation by `bantin source pools > pools.json && airflow pools import pools.json`.
"""

import logging
from functools import lru_cache
from pathlib import Path

from model.errors import SourceError
from model.source import load_source, source_files

CRAWL, CLEAN = "crawl", "clean"
CRAWLS, CLEANINGS = 16, 2
"""The slots of the two, where nothing is said. A crawl mostly waits for its server; one task that cleans keeps all
processors busy (`BANTIN_PROCESSES`), and while it reads or writes, another does."""

DESCRIPTIONS = {
    CRAWL: "bantin: so many sources are crawled at a time, besides those of politeness groups",
    CLEAN: "bantin: so many tasks clean pages, or publish, at a time",
}
DESCRIPTION = "bantin: sources of this politeness group are crawled one at a time"

logger = logging.getLogger("bantin.pools")


def pool_of(group: str | None) -> str:
    """The pool in which the sources of `group`, or those of none, are fetched."""
    return f"group-{group}" if group else CRAWL


def pools_of(folder: Path, crawls: int = CRAWLS) -> dict[str, int]:
    """The pools that the registry in `folder` needs besides Airflow's own, and their slots. Files with mistakes, which
    have no fetch task, need none. Cheap when repeated: a file is read again only where it has changed."""
    groups = set()
    for path in source_files(folder):
        try:
            groups.add(_group(path, path.stat().st_mtime_ns))
        except (SourceError, FileNotFoundError):  # the latter: removed this moment
            continue
    return {CLEAN: CLEANINGS, CRAWL: crawls, **dict.fromkeys(sorted(pool_of(group) for group in groups if group), 1)}


def as_airflow_imports(folder: Path) -> dict[str, dict[str, object]]:
    """The same, as `airflow pools import` reads them."""
    return {
        name: {"slots": slots, "description": describe(name), "include_deferred": False}
        for name, slots in pools_of(folder).items()
    }


def make_pools(folder: Path, crawls: int = CRAWLS) -> list[str]:
    """Makes those of the registry's pools that Airflow's database lacks, and returns their names. What is there stays
    as an operator has set it. Raises `SourceError` where `folder` is none, and SQLAlchemy's errors."""
    from airflow.models.pool import Pool

    there = {pool.pool for pool in Pool.get_pools()}
    missing = {name: slots for name, slots in pools_of(folder, crawls).items() if name not in there}
    for name, slots in missing.items():
        Pool.create_or_update_pool(name, slots=slots, description=describe(name), include_deferred=False)
        logger.info("made the pool %s", name)
    return list(missing)


def describe(name: str) -> str:
    """What a pool is for."""
    return DESCRIPTIONS.get(name, DESCRIPTION)


@lru_cache(maxsize=100_000)
def _group(path: Path, _modified_ns: int) -> str | None:
    return load_source(path).fetch.group
