"""Repair: what can be made anew from a run's WARC parts is. What was damaged is kept below `damaged/`.

WARC parts themselves cannot be made anew, and are never moved: the records around the damage can still be read.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bantin.clean import clean_part, source_of_run
from bantin.fetch import committed_captures, parts_with_pages
from bantin.publish import count_rows, publish, texts_before
from bantin.registry import find_source
from bantin.settings import Settings
from bantin.verifying.findings import Finding, Trouble, told
from model.article import Article
from model.capture import Capture
from model.errors import BantinError
from model.report import RunReport, State
from model.source import dump_source, parse_source
from spiders.verdict import count_captures
from storage import keys, reports
from storage.errors import Corrupt, KeyNotFound
from storage.inventory import inventory
from storage.members import members
from storage.places import place_of
from storage.store import ObjectStore, open_object, open_store
from storage.tables import encode, read_whole
from storage.warc import read_capture

logger = logging.getLogger("bantin.repair")

MAX_BODY_BYTES = 1 << 30
"""Stored bodies are read whatever today's rules allow; this only keeps a forged record from filling the memory."""


def repair_run(settings: Settings, source: str, run: str, findings: Sequence[Finding]) -> Iterator[str]:
    """Makes anew what `findings` of one run name and WARC parts can give; says what it did, and what it could not, a
    sentence each. Raises `StorageError` where the store refuses."""
    store = open_store(settings.archive)
    wrong = {finding.key for finding in findings if not finding.harmless and finding.trouble != Trouble.VERSION}
    rules, captures, articles, report = (
        keys.run_source(source, run),
        keys.captures(source, run),
        keys.articles(source, run),
        keys.report(source, run),
    )
    known = _report_of(store, source, run)
    named = {str(entry["key"]): str(entry["sha256"]) for entry in known.objects} if known else {}
    if rules in wrong:
        yield _mend_rules(store, settings, source, run, known)
    if captures in wrong:
        yield _mend_captures(store, source, run, known)
    if committed_captures(store, source, run) is None:
        yield f"{source}, run {run}: it has no captures table, and nothing else can be made anew"
        return
    if wrong & {report, captures, rules} or known is None:
        if known is None:
            _set_aside(store, report)
        known = _report_again(store, source, run, known)
        reports.write_report(store, known)
        yield f"{report}: written anew from the tables"
    if articles in wrong:
        yield from _mend_articles(store, settings, source, run, named.get(articles))


def _report_of(store: ObjectStore, source: str, run: str) -> RunReport | None:
    """The report of a run; None where there is none that can be trusted."""
    try:
        report = reports.read_report(store, source, run)
        return report if report and reports.is_whole(store, source, run) else None
    except Corrupt:
        return None


def _set_aside(store: ObjectStore, key: str) -> bytes | None:
    """Moves the object at `key` below `damaged/`, where there is one, and returns its bytes."""
    try:
        data = store.get(key)
    except KeyNotFound:
        return None
    store.put(keys.damaged(key, hashlib.sha256(data).hexdigest()), data)
    store.delete([key])
    return data


def _mend_rules(store: ObjectStore, settings: Settings, source: str, run: str, report: RunReport | None) -> str:
    """Puts in the place of the run's rules those that its report names, where they are kept: a re-clean that was killed
    has replaced them. Else the newest attempt's, which may have been killed before its report; where there are none any
    more, the registry's."""
    key = keys.run_source(source, run)
    named = next((str(entry["sha256"]) for entry in report.objects if entry["key"] == key), None) if report else None
    attempts = sorted(
        (info.key for info in store.list(keys.work_prefix(source, run)) if info.key.endswith(".yaml")),
        key=keys.attempt_of,
        reverse=True,
    )
    kept = keys.superseded_rules(source, run, named) if named else None
    places = [*attempts, kept] if kept and store.head(kept) else attempts
    known = {place: store.get(place) for place in places}
    there = store.get(key) if store.head(key) else None
    wanted = [place for place in attempts[:1] if known[place] == there]
    wanted += [place for place in places if hashlib.sha256(known[place]).hexdigest() == named]
    if whence := next(iter([*wanted, *attempts]), ""):
        data = known[whence]
        parse_source(data.decode(), whence)
        whence += "" if wanted or named is None else ": the run's report names another"
    else:
        data = dump_source(find_source(settings.sources, source)).encode()
        whence = "the registry's present file: the run may have used another"
    _set_aside(store, key)
    store.put(key, data)
    return f"{key}: taken from {whence}"


def _mend_captures(store: ObjectStore, source: str, run: str, report: RunReport | None) -> str:
    """Makes the captures table from the run's WARC parts: of those that its report names, else of all."""
    key = keys.captures(source, run)
    named = {str(entry["key"]) for entry in report.objects} if report else set()
    there = [info.key for info in store.list(keys.raw_prefix(source, run)) if place_of(info.key)]
    parts = [part for part in there if part in named] or there
    if not parts:
        return f"{key}: it cannot be made anew: no WARC part of the run is left"
    rows = [row for part in parts for row in salvage(store, part)]
    _set_aside(store, key)
    store.put(key, encode(sorted(rows, key=lambda c: (c.fetched_at, c.warc_offset or 0)), Capture))
    waiting = report.waiting if report else 0
    lost = f"; {waiting} addresses that waited are lost, and will be found again" if waiting else ""
    unsure = "" if waiting or report else "; addresses that waited, if any, are lost"
    return f"{key}: made anew, {len(rows)} captures of {len(parts)} WARC parts{lost}{unsure}"


def salvage(store: ObjectStore, part_key: str) -> Iterator[Capture]:
    """The captures of a part whose records are whole, though others may be damaged. Raises `StorageError`."""
    with open_object(store, part_key) as file:
        for member in members(file):
            if member.keeps and not member.problem:
                capture = read_capture(file, part_key, member.offset, MAX_BODY_BYTES)
                if capture is not None:
                    yield capture


def _mend_articles(store: ObjectStore, settings: Settings, source: str, run: str, sha256: str | None) -> Iterator[str]:
    """Cleans the run's pages and publishes them. Where that fails, what was there stays. A table of the hash that its
    report names is no damaged one: publish keeps it among the replaced tables, where its citations lead."""
    key = keys.articles(source, run)
    before = None
    try:
        source_of_run(store, source, run)
        for part in parts_with_pages(store, source, run):
            clean_part(part, settings)
        there = store.head(key) is not None and store.get(key)
        if there and hashlib.sha256(there).hexdigest() != sha256:
            before = _set_aside(store, key)
        report = publish(source, run, settings)
    except BantinError as err:
        if before is not None:
            store.put(key, before)
        yield f"{key}: it cannot be made anew: {told(err)}"
        return
    yield f"{key}: cleaned and published anew: {report.summary}"


def _report_again(store: ObjectStore, source: str, run: str, known: RunReport | None) -> RunReport:
    """The report as the tables tell it. What only the report knew (rejections, timings …) is kept where it can be
    read."""
    captures = committed_captures(store, source, run) or []
    times = [c.fetched_at for c in captures] or [datetime.now(UTC)]
    report = known or RunReport(
        source=source,
        run=run,
        state=State.FETCHED,
        attempts=max([1, *(keys.attempt_of(c.warc_key) for c in captures if c.warc_key)]),
        started_at=min(times),
        finished_at=max(times),
        warnings=["made anew by bantin verify --repair: rejections, skipped addresses and timings are lost"],
    )
    report = replace(
        report,
        captures=dict(count_captures(captures)),
        waiting=sum(c.waiting for c in captures),
        objects=inventory(store, source, run, report.objects),
    )
    try:
        articles = read_whole(store, keys.articles(source, run), Article)
    except (KeyNotFound, Corrupt):
        return report
    counted = count_rows(articles, texts_before(store, source, run, articles))
    counted["cleaner_version"] = counted["cleaner_version"] or report.cleaner_version
    return replace(report, state=report.state if known else State.PUBLISHED, **counted)
