"""What is gone altogether: runs, sources and replaced tables of which nothing is left but what else names them.

An object that is gone tells nothing of itself. Others do: those of the lake and the snapshots of frontiers say of which
tables they were made, the index's catalog lists the runs, replaced tables and their notes lie in their run's folder.
"""

import hashlib
import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from bantin.verifying.findings import REPAIR, REPAIR_CAPTURES, RESTORE, Finding, Trouble, some
from browse.errors import DamagedIndex
from browse.index.manifest import read_manifest
from model.report import RunReport, State
from storage import keys, lake, snapshot
from storage.errors import Corrupt, KeyNotFound, PreconditionFailed, UnknownVersion
from storage.notices import name_now, read_notice
from storage.places import place_of, table_of
from storage.replaced import names_in, table_noted
from storage.store import ObjectInfo, ObjectStore

logger = logging.getLogger("bantin.verify")

Run = tuple[str, str]
"""Source and run."""

ON_PURPOSE = "if it was deleted on purpose, delete what names it as well (of the index: bantin index SOURCE)"


@dataclass(slots=True)
class Named:
    """The objects of runs that others name: by run, the keys, and of each who names it."""

    by_run: dict[Run, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, source: str, run: str, key: str, witness: str) -> None:
        """`witness` names the object at `key`, of this run."""
        witnesses = self.by_run.setdefault((source, run), {}).setdefault(key, [])
        if witness not in witnesses:
            witnesses.append(witness)


def named_by_others(
    store: ObjectStore, tables: Iterable[ObjectInfo], sources: Sequence[str], run: str | None, since: date | None
) -> Named:
    """What others name of the runs that are asked for. `tables` are the objects of `superseded/` and of the lake that
    were listed. Raises `StorageError`."""
    found = Named()
    for key, witness in _all_named(store, tables, sources):
        place = place_of(key)
        if place is None or place.source is None or place.run is None or (sources and place.source not in sources):
            continue
        if (run is None or place.run == run) and (since is None or keys.run_time(place.run).date() >= since):
            found.add(place.source, place.run, key, witness)
    return found


def _all_named(store: ObjectStore, tables: Iterable[ObjectInfo], sources: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Keys, and who names each."""
    for info in tables:
        place = place_of(info.key)
        if place and place.family == "superseded" and place.source and place.run:
            yield keys.articles(place.source, place.run), info.key
        elif place and place.family == "lake":
            try:
                yield from ((key, info.key) for key in lake.named_in(store, info) or ())
            except (KeyNotFound, PreconditionFailed):
                continue  # replaced this moment
    for source in sources or (None,):
        prefix = keys.frontier(source) if source else keys.frontiers_prefix()
        for info in store.list(prefix):
            if (place := place_of(info.key)) and place.source:
                yield from ((key, info.key) for key in snapshot.tables_in(store, info) if table_of(key))
    yield from _of_catalog(store)


def _of_catalog(store: ObjectStore) -> Iterator[tuple[str, str]]:
    try:
        manifest = read_manifest(store)
        if manifest is None:
            return
        data = store.get(keys.index_catalog(manifest.catalog.sha256))
        rows = pq.read_table(io.BytesIO(data), columns=["source", "run", "state", "articles_etag"]).to_pylist()
    except (DamagedIndex, KeyNotFound, pa.ArrowException, OSError, ValueError) as err:
        logger.info("the index names no runs: %s", err)  # it is made anew, and damage to it harms nothing
        return
    for row in rows:
        source, run = str(row["source"]), str(row["run"])
        if row["state"] in list(State):
            yield keys.report(source, run), "the index"
        if row["articles_etag"]:
            yield keys.articles(source, run), "the index"


def missing_objects(
    store: ObjectStore, of: Run, named: Mapping[str, Sequence[str]], there: Mapping[str, object], told: set[str]
) -> Iterator[Finding]:
    """What others name of a run of which something is left, and that is gone, but for what was `told`."""
    source, run = of
    captures, articles = keys.captures(source, run), keys.articles(source, run)
    gone = {key: by for key, by in named.items() if key not in told and key not in there and store.head(key) is None}
    if articles in named and captures not in told and captures not in there and store.head(captures) is None:
        gone.setdefault(captures, named[articles])
    has_parts = any(key.startswith("raw/") for key in there)
    for key, by in sorted(gone.items()):
        in_lake = key == articles and any(one.startswith("lake/") for one in by)
        remedy = REPAIR if in_lake or captures in there or (has_parts and key == articles) else RESTORE
        if key == captures:
            remedy = REPAIR_CAPTURES if has_parts else RESTORE
        detail = f"it was there: {some(by)} tells of it"
        yield Finding(key=key, trouble=Trouble.MISSING, detail=detail, remedy=remedy, source=source, run=run)


def gone_runs(store: ObjectStore, named: Named, there: Iterable[Run]) -> Iterator[Finding]:
    """The runs of which nothing is left; where nothing of a source is, the source. Raises `StorageError`."""
    left = set(there)
    by_source: dict[str, dict[str, list[str]]] = {}
    for (source, run), objects in sorted(named.by_run.items()):
        if (source, run) not in left and not any(store.head(key) for key in objects):
            witnesses = list(dict.fromkeys(one for by in objects.values() for one in by))
            by_source.setdefault(source, {})[run] = witnesses
    for source, of_source in by_source.items():
        runs = {run: by for run, by in of_source.items() if not _is_elsewhere(store, source, run)}
        if runs and not any(True for _ in store.list(keys.reports_prefix(source))):
            witnesses = list(dict.fromkeys(one for by in runs.values() for one in by))
            first, last = min(runs), max(runs)
            span = f"{len(runs)} runs, {first} to {last}" if len(runs) > 1 else f"run {first}"
            yield _gone(keys.reports_prefix(source), f"all of the source is gone: {span}", witnesses, source, None)
            continue
        for run, witnesses in runs.items():
            yield _gone(keys.report(source, run), "all of the run is gone", witnesses, source, run)


def _gone(key: str, what: str, witnesses: Sequence[str], source: str, run: str | None) -> Finding:
    rows = [one for one in witnesses if one.startswith("lake/")]
    last = "still has rows of it, the last copy perhaps: keep it; bantin verify --repair puts them back into articles/"
    kept = f"; {some(rows)} {last}" if rows else ""
    detail = f"{what}; named by {some(witnesses)}{kept}"
    remedy = f"{RESTORE}; {ON_PURPOSE.replace('SOURCE', source)}"
    return Finding(key=key, trouble=Trouble.GONE, detail=detail, remedy=remedy, source=source, run=run)


def _is_elsewhere(store: ObjectStore, source: str, run: str) -> bool:
    """Whether a notice says that the source was renamed, and the run is there under its present id."""
    try:
        notice, now = read_notice(store, source), name_now(store, source)
    except (Corrupt, UnknownVersion):
        return False
    if notice is None or now is None:
        return False
    objects = (keys.report(now, run), keys.captures(now, run), keys.articles(now, run))
    return notice.moving or any(store.head(key) for key in objects)


def lost_replaced(store: ObjectStore, tables: Sequence[ObjectInfo]) -> Iterator[Finding]:
    """The replaced tables that notes name and that are gone."""
    there = {info.key for info in tables}
    for info in tables:
        place, sha256 = place_of(info.key), table_noted(info.key)
        if sha256 is None or place is None or place.source is None or place.run is None:
            continue
        key = keys.superseded(place.source, place.run, sha256)
        if key not in there and store.head(key) is None:
            there.add(key)  # told once
            yield replaced_is_gone(key, place.source, place.run, info.key)


def missing_replaced(store: ObjectStore, report: RunReport) -> Iterator[Finding]:
    """The replaced tables and rules that a run's report names and that are gone. Raises `StorageError`."""
    source, run = report.source, report.run
    if not (report.replaced or report.recleaned_at):
        return
    there, articles = set(names_in(store, source, run)), keys.articles(source, run)
    for name in sorted(set(report.replaced) - there):
        if not _stands(store, articles, name.partition(".")[0]):
            key = f"{keys.superseded_prefix(source, run)}{name}"
            yield replaced_is_gone(key, source, run, keys.report(source, run))
    if report.recleaned_at and not report.replaced and not there:  # of a version that named none
        at = f"its run was cleaned again on {report.recleaned_at:%Y-%m-%d}, and the table from before is not kept"
        key = keys.superseded_prefix(source, run)
        yield Finding(key=key, trouble=Trouble.MISSING, detail=at, remedy=RESTORE, source=source, run=run)


def _stands(store: ObjectStore, articles: str, sha256: str) -> bool:
    """Whether the table of this hash is the run's still, since whoever was to replace it was killed before; or was
    found damaged, and is kept so."""
    try:
        if hashlib.sha256(store.get(articles)).hexdigest() == sha256:
            return True
    except KeyNotFound:
        pass
    return store.head(keys.damaged(articles, sha256)) is not None


def replaced_is_gone(key: str, source: str, run: str, witness: str) -> Finding:
    """That a replaced table, or rules, that `witness` names are gone."""
    detail = f"{witness} names it: citations of rows that it alone has lead nowhere"
    if key.endswith(".yaml"):
        detail = f"{witness} names it: by which rules a replaced table was made is lost"
    return Finding(key=key, trouble=Trouble.MISSING, detail=detail, remedy=RESTORE, source=source, run=run)
