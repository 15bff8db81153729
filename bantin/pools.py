"""Politeness groups as Airflow pools of one slot: sources that share a host or a server are crawled one by one.

A task whose pool does not exist waits for ever, so whoever runs Airflow makes them: `bantin up` and `bantin demo` by
`make_pools`, a larger installation by `bantin source pools > pools.json && airflow pools import pools.json`.
"""

import logging
from functools import lru_cache
from pathlib import Path

from model.errors import SourceError
from model.source import load_source, source_files

DESCRIPTION = "bantin: sources of this politeness group are crawled one at a time"

logger = logging.getLogger("bantin.pools")


def pool_of(group: str) -> str:
    """The pool in which the sources of `group` are fetched."""
    return f"group-{group}"


def pools_of(folder: Path) -> list[str]:
    """The pools that the registry in `folder` needs besides Airflow's own. Files with mistakes, which have no fetch
    task, need none. Cheap when repeated: a file is read again only where it has changed."""
    groups = set()
    for path in source_files(folder):
        try:
            groups.add(_group(path, path.stat().st_mtime_ns))
        except (SourceError, FileNotFoundError):  # the latter: removed this moment
            continue
    return sorted(pool_of(group) for group in groups if group)


def as_airflow_imports(folder: Path) -> dict[str, dict[str, object]]:
    """The same, as `airflow pools import` reads them."""
    return {name: {"slots": 1, "description": DESCRIPTION, "include_deferred": False} for name in pools_of(folder)}


def make_pools(folder: Path) -> list[str]:
    """Makes those of the registry's pools that Airflow's database lacks, and returns their names. What is there stays
    as an operator has set it. Raises `SourceError` where `folder` is none, and SQLAlchemy's errors."""
    from airflow.models.pool import Pool

    there = {pool.pool for pool in Pool.get_pools()}
    missing = [name for name in pools_of(folder) if name not in there]
    for name in missing:
        Pool.create_or_update_pool(name, slots=1, description=DESCRIPTION, include_deferred=False)
        logger.info("made the pool %s", name)
    return missing


@lru_cache(maxsize=100_000)
def _group(path: Path, _modified_ns: int) -> str | None:
    return load_source(path).fetch.group
