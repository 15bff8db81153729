"""The verb verify: whether the archive still holds what was stored, and, on demand, the repair of what can be.

Nothing is written unless it is asked for. Runs are checked several at a time, one object of each in memory at most,
and WARC parts in pieces. What is written while it is read is looked at again.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from bantin.parallel import in_parallel
from bantin.settings import Settings
from bantin.verifying import lost
from bantin.verifying.checks import RunCheck
from bantin.verifying.findings import REPAIR, RESTORE, UPDATE, Finding, Trouble, told
from bantin.verifying.revisits import Bodies
from bantin.verifying.table_checks import Sound, check_table
from model.errors import BantinError
from storage import keys, lake
from storage.errors import Corrupt, KeyNotFound, PreconditionFailed, StorageError, StoreUnavailable, UnknownVersion
from storage.notices import Notice
from storage.places import place_of, table_of
from storage.store import ObjectInfo, ObjectStore, open_store

logger = logging.getLogger("bantin.verify")

OnDone = Callable[[int, int], None]
"""Told of each step: how many are done, and of how many."""

_AT_A_TIME = 4
"""So many runs at least: a store far away answers late."""

_LOOKS = 3
"""So often is a run looked at whose objects are written meanwhile."""

_OF_RUNS = ("raw", "captures", "articles", "rules", "report")


class Damaged(BantinError):
    """Something of the archive is damaged or missing; the message says what, and what can be done."""


@dataclass(slots=True)
class Contents:
    """The objects of an archive that are to be checked: those of runs by source and run, replaced and derived tables,
    keys that nobody knows, and notices. `witnesses` are those of `tables`, and the rest of the lake: they name runs."""

    runs: dict[tuple[str, str], dict[str, ObjectInfo]] = field(default_factory=dict)
    tables: list[ObjectInfo] = field(default_factory=list)
    witnesses: list[ObjectInfo] = field(default_factory=list)
    unknown: list[ObjectInfo] = field(default_factory=list)
    notices: list[ObjectInfo] = field(default_factory=list)


def verify(
    settings: Settings,
    sources: Sequence[str] = (),
    *,
    run: str | None = None,
    since: date | None = None,
    quick: bool = False,
    on_done: OnDone = lambda done, of: None,
    bodies: Bodies | None = None,
) -> Iterator[Finding]:
    """What is wrong with the archive, with `sources` of it, with one `run`, or with runs of the day `since` and later.

    `quick` lists objects and reads reports and the tables' footers only. Findings come as soon as they are made, in no
    order. `bodies` is told which revisit captures have no body any more, for whoever asks again after a repair. Raises
    `StorageError` where the store does not answer.
    """
    store = open_store(settings.archive)
    bodies = bodies or Bodies(store)
    found = contents(store, sources, run=run, since=since)
    for info in found.unknown:
        remedy = "it may stay; bantin leaves it alone"
        detail = "its key is none of the archive's"
        yield Finding(key=info.key, trouble=Trouble.ORPHAN, detail=detail, remedy=remedy, harmless=True)
    named = lost.named_by_others(store, found.witnesses, sources, run, since)
    yield from lost.gone_runs(store, named, found.runs)
    replaced = {one.key: one for one in lost.lost_replaced(store, found.tables)}
    yield from replaced.values()
    work: list[Callable[[], tuple[str | None, list[Finding]]]] = [
        lambda of=of, infos=infos: (of[0], _check_named(store, of, infos, named, quick, bodies))  # type: ignore[misc]
        for of, infos in sorted(found.runs.items())
    ]
    work += [lambda info=info: (None, check_notice(store, info)) for info in found.notices]  # type: ignore[misc]
    runs_left = Counter(source for source, _ in found.runs)
    work += [lambda info=info: (None, check_derived(store, info, quick)) for info in found.tables]  # type: ignore[misc]
    for done, (source, findings) in enumerate(in_parallel(work, max(_AT_A_TIME, settings.processes)), 1):
        yield from (one for one in findings if one.key not in replaced)
        if source is not None:
            runs_left[source] -= 1
            if not runs_left[source]:
                yield from bodies.lost(source)
        on_done(done, len(work))


def expect_whole(settings: Settings, since: date) -> int:
    """The quick check of the runs of the day `since` and later, for a scheduler: returns how many notes there are,
    which are no mistakes. Raises `Damaged`, and what `verify` raises."""
    findings = list(verify(settings, since=since, quick=True))
    wrong = [str(finding) for finding in findings if not finding.harmless]
    for line in wrong:
        logger.error("%s", line)
    if wrong:
        raise Damaged(f"{len(wrong)} findings: {'; '.join(wrong[:3])}")
    return len(findings)


def contents(
    store: ObjectStore, sources: Sequence[str] = (), *, run: str | None = None, since: date | None = None
) -> Contents:
    """What there is to check. Raises `InvalidKey` where a source or run is none, and `StorageError`."""
    if run is not None:
        keys.run_time(run)
    of_sources = [[*keys.source_prefixes(source), keys.notice(source)] for source in sources]
    prefixes = [prefix for prefixes in of_sources for prefix in prefixes] if sources else [""]
    found = Contents()
    for prefix in prefixes:
        for info in store.list(prefix):
            place = place_of(info.key)
            if place is None:
                if not (run or since):
                    found.unknown.append(info)
            elif place.source is None:
                continue
            elif place.family == "lake" and (run or since):
                found.witnesses.append(info)
            elif not _wanted(place.run, run, since):
                continue
            elif place.family in _OF_RUNS and place.run is not None:
                found.runs.setdefault((place.source, place.run), {})[info.key] = info
            elif place.family in ("superseded", "lake"):
                found.tables.append(info)
            elif place.family == "notices":
                found.notices.append(info)
    found.witnesses += found.tables
    return found


def gone_of(store: ObjectStore, source: str, run: str | None) -> list[Finding]:
    """What is gone altogether of a source, or of one run of it. Raises `StorageError`."""
    found = contents(store, [source], run=run)
    named = lost.named_by_others(store, found.witnesses, [source], run, None)
    return list(lost.gone_runs(store, named, found.runs))


def _check_named(
    store: ObjectStore,
    of: tuple[str, str],
    infos: dict[str, ObjectInfo],
    named: lost.Named,
    quick: bool,
    bodies: Bodies,
) -> list[Finding]:
    """What is wrong with one run, and what is gone of it that others name."""
    findings = check_run(store, *of, infos, quick=quick, bodies=bodies)
    told = {finding.key for finding in findings if not finding.harmless}
    missing = list(lost.missing_objects(store, of, named.by_run.get(of, {}), infos, told))
    return [one for one in findings if not (one.harmless and missing)] + missing


def check_run(
    store: ObjectStore,
    source: str,
    run: str,
    infos: dict[str, ObjectInfo] | None = None,
    *,
    quick: bool = False,
    bodies: Bodies | None = None,
) -> list[Finding]:
    """What is wrong with one run. `infos` are its objects, where somebody has listed them; `bodies` is told what its
    WARC parts refer to. What is being written while it is checked is checked again. Raises `StorageError`."""
    bodies = bodies or Bodies(store)
    infos = infos if infos is not None else objects_of(store, source, run)
    findings: list[Finding] = []
    for _ in range(_LOOKS):
        check = RunCheck(store, source, run, infos, quick)
        try:
            findings = check.findings_of()
        except KeyNotFound as err:  # it has gone since it was listed
            findings = [_unreadable(err, source, run)]
        except StoreUnavailable as err:  # a bad sector; where the store is away altogether, the next request says so
            findings = [*check.findings, _unreadable(err, source, run)]
        if not findings or (now := objects_of(store, source, run)) == infos:
            bodies.add(source, check.read)
            return findings
        infos = now
    logger.warning("%s, run %s: it is being written: verify it again", source, run)
    bodies.add(source, check.read)
    return findings


def _unreadable(err: StorageError, source: str, run: str) -> Finding:
    return Finding(
        key=err.key or keys.report(source, run),
        trouble=Trouble.MISSING if isinstance(err, KeyNotFound) else Trouble.ROT,
        detail=f"it cannot be read, and what is behind it in the run was not checked: {err}",
        remedy=RESTORE,
        source=source,
        run=run,
    )


def objects_of(store: ObjectStore, source: str, run: str) -> dict[str, ObjectInfo]:
    """The objects of a run, as they are now."""
    listed = store.list(keys.raw_prefix(source, run))
    single = [
        keys.captures(source, run),
        keys.articles(source, run),
        keys.run_source(source, run),
        keys.report(source, run),
    ]
    infos = [*(i for i in listed if place_of(i.key)), *(i for key in single if (i := store.head(key)))]
    return {info.key: info for info in infos}


def _wanted(of: str | None, run: str | None, since: date | None) -> bool:
    if run is not None and of != run:
        return False
    return since is None or (of is not None and keys.run_time(of).date() >= since)


def check_derived(store: ObjectStore, info: ObjectInfo, quick: bool) -> list[Finding]:
    """What was replaced must have the hash that is its name, a table of the lake must be readable and have the hash
    that it was sealed with."""
    place = place_of(info.key)
    assert place is not None  # noqa: S101 - it was listed as such
    try:
        if info.key.endswith(".parquet"):
            found = check_table(store, info.key, quick=quick)
        else:
            found = Sound(0, hashlib.sha256(store.get(info.key)).hexdigest())
    except KeyNotFound:  # it has gone since it was listed
        return []
    is_lake = place.family == "lake"
    remedy = REPAIR if is_lake else "restore it from a back-up, or re-clean the run"
    detail, trouble = "", Trouble.ROT
    if isinstance(found, Finding):
        detail, trouble = found.detail, found.trouble
        remedy = found.remedy if trouble == Trouble.VERSION else remedy
    elif is_lake and not quick:
        detail = "it does not have the hash that it was sealed with" if _has_rotted(store, info.key) else ""
    elif not (is_lake or quick) and found.sha256 != place.sha256:
        detail = "its content does not have the hash that is its name"
    if is_lake and not detail and (other := _of_others(store, info)):
        detail, trouble = f"it was made of tables of another source or month, the first {other}", Trouble.MISMATCH
    if not detail:
        return []
    finding = Finding(key=info.key, trouble=trouble, detail=detail, remedy=remedy, source=place.source, run=place.run)
    return [finding]


def check_notice(store: ObjectStore, info: ObjectInfo) -> list[Finding]:
    """What is wrong with what tells that a source was renamed or retired."""
    place = place_of(info.key)
    try:
        notice = Notice.decode(info.key, store.get(info.key))
        problem = None if place and notice.source == place.source else f"it is of {notice.source}"
    except UnknownVersion as err:
        return [Finding(key=info.key, trouble=Trouble.VERSION, detail=str(err), remedy=UPDATE)]
    except KeyNotFound:
        return []
    except Corrupt as err:
        problem = told(err)
    if problem is None:
        return []
    return [Finding(key=info.key, trouble=Trouble.ROT, detail=problem, remedy=RESTORE)]


def _of_others(store: ObjectStore, info: ObjectInfo) -> str | None:
    """A table that the object of the lake was made of, and which belongs into another one."""
    place = place_of(info.key)
    try:
        named = lake.named_in(store, info) or ()
    except (KeyNotFound, PreconditionFailed):  # replaced this moment
        return None
    for key in named:
        of = table_of(key)
        if of is not None and place is not None and (of[0], keys.month_of(of[1])) != (place.source, place.month):
            return key
    return None


def _has_rotted(store: ObjectStore, key: str) -> bool:
    try:
        return lake.has_rotted(store.get(key))
    except KeyNotFound:
        return False
