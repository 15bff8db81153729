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
from bantin.settings import Settings
from bantin.verifying.displacing import Meanwhile, displace, meanwhile, older, write_report
from bantin.verifying.findings import MADE_ANEW, Finding, Repaired, Trouble, some
from bantin.verifying.findings import told as said
from bantin.verifying.lake_rows import put_back
from bantin.verifying.rules import mend_rules
from bantin.verifying.verify import check_run, objects_of
from model.article import Article
from model.capture import Capture
from model.errors import BantinError
from model.report import RunReport, State
from spiders.verdict import count_captures
from storage import keys, reports
from storage.errors import Corrupt, KeyNotFound, PreconditionFailed
from storage.inventory import Entry, digest, entry_of, inventory, parts_of, unread_places
from storage.members import members
from storage.places import place_of
from storage.replaced import names_in
from storage.store import ObjectInfo, ObjectStore, open_object, open_store
from storage.superseded import is_whole
from storage.tables import encode, read_columns, read_whole
from storage.warc import is_another_part, part_named, read_capture

logger = logging.getLogger("bantin.repair")

MAX_BODY_BYTES = 1 << 30
"""Stored bodies are read whatever today's rules allow; this only keeps a forged record from filling the memory."""


def repair_run(settings: Settings, source: str, run: str, findings: Sequence[Finding]) -> Iterator[Repaired]:
    """Makes anew what `findings` of one run name and WARC parts can give; says what it did, and what it could not, a
    sentence each. Raises `StorageError` where the store refuses.

    What is made anew, and is not what its report named, counts as older than that: so a copy puts a back-up's in its
    place, and never the other way round.
    """
    store = open_store(settings.archive)
    there = objects_of(store, source, run)
    seen = {key: info.etag for key, info in there.items()}
    wrong = _still_wrong(store, source, run, there, findings)
    if not wrong:
        yield Repaired(f"{source}, run {run}: nothing is wrong with it any more: somebody else has repaired it", True)
        return
    rules, captures, articles, report = (
        keys.run_source(source, run),
        keys.captures(source, run),
        keys.articles(source, run),
        keys.report(source, run),
    )
    known = _report_of(store, source, run)
    named = {str(entry["key"]): str(entry["sha256"]) for entry in known.objects} if known else {}
    done: list[Repaired] = []
    if rules in wrong or (captures in wrong and store.head(rules) is None):
        done.append(mend_rules(store, settings, source, run, named.get(rules), seen.get(rules)))
        yield done[-1]
    if articles in wrong and (exact := put_back(store, source, run, known, seen.get(articles), exact=True)):
        wrong.discard(articles)
        yield exact
    if captures in wrong:
        before = _pages(store, source, run)
        done.append(_mend_captures(store, source, run, known, seen.get(captures)))
        yield done[-1]
        if before is not None and before != _pages(store, source, run) and store.head(articles) is not None:
            wrong.add(articles)  # the records that were damaged can be read again
    if store.head(captures) is None:
        is_wanted = articles in wrong and not _is_table(store, articles)
        if is_wanted and (rows := put_back(store, source, run, known, seen.get(articles))):
            yield rows
            return
        is_lost = report in wrong and known is None and captures not in wrong
        yield from _without_captures(store, source, run, seen.get(report) if is_lost else None)
        return
    if wrong & {report, captures, rules} or known is None:
        again = _report_again(store, source, run, known, is_wrong=articles in wrong)
        again = replace(again, warnings=[*again.warnings, *(one.text for one in done if one.differs)])
        again = older(again) if any(one.differs for one in done) and known else again
        write_report(store, again, seen.get(report), is_damaged=known is None)
        yield Repaired(f"{report}: written anew from the tables{_unvouched(store, again)}", differs=known is None)
    if articles in wrong:
        # Rows that were stored once are worth more than those that rules give of which nobody knows whether they were.
        is_unsure = known is None and any(one.differs for one in done) and not _is_table(store, articles)
        if is_unsure and (rows := put_back(store, source, run, known, seen.get(articles))):
            yield rows
            return
        yield from _mend_articles(store, settings, source, run, known, seen.get(articles))


def _still_wrong(
    store: ObjectStore, source: str, run: str, there: dict[str, ObjectInfo], findings: Sequence[Finding]
) -> set[str]:
    """The keys of what is wrong with the run's objects as they are now, `there`: another repair may have been quicker.
    What others name alone counts as long as it is missing."""
    fresh = [finding for finding in check_run(store, source, run, there) if not finding.harmless]
    wrong = {finding.key for finding in fresh if finding.trouble != Trouble.VERSION}
    return wrong | {one.key for one in findings if one.trouble == Trouble.MISSING and store.head(one.key) is None}


def _without_captures(store: ObjectStore, source: str, run: str, seen: str | None) -> Iterator[Repaired]:
    """Of a run without captures the report alone can be made anew where it is damaged (`seen` is its ETag then):
    nothing was committed, and it says that."""
    key = keys.report(source, run)
    if seen is None:
        yield Repaired(f"{source}, run {run}: it has no captures table, and nothing else can be made anew")
        return
    parts = [info.key for info in store.list(keys.raw_prefix(source, run)) if place_of(info.key)]
    rules = [info.key for info in store.list(keys.work_prefix(source, run)) if info.key.endswith(".yaml")]
    at = keys.run_time(run)
    goes_on = f"goes on from the {len(parts)} WARC parts that its attempts stored" if parts else "tries it again"
    reason = "nothing was committed; its report was damaged, and why it failed is lost with it: "
    failed = RunReport(
        source=source,
        run=run,
        state=State.FAILED,
        reason=f"{reason}bantin rerun {source} {run} {goes_on}",
        attempts=max([1, *map(keys.attempt_of, (*parts, *rules))]),
        started_at=at,
        finished_at=at,
        warnings=[f"{MADE_ANEW}: all that it said of the run is lost"],
    )
    data = displace(store, key, seen, reports.encode_report(failed)) or b""
    kept = keys.damaged(key, hashlib.sha256(data).hexdigest())
    yield Repaired(f"{key}: written anew: {failed.summary}; the damaged one is kept as {kept}", differs=True)


def _report_of(store: ObjectStore, source: str, run: str) -> RunReport | None:
    """The report of a run; None where there is none that can be trusted."""
    try:
        report = reports.read_report(store, source, run)
        return report if report and reports.is_whole(store, source, run) else None
    except Corrupt:
        return None


def _pages(store: ObjectStore, source: str, run: str) -> set[tuple[str | None, int | None]] | None:
    """The places of the pages that the captures table names; None where it is not there, or cannot be read."""
    try:
        captures = committed_captures(store, source, run)
    except Corrupt:
        return None
    return None if captures is None else {(c.warc_key, c.warc_offset) for c in captures if c.is_page}


def _mend_captures(store: ObjectStore, source: str, run: str, report: RunReport | None, seen: str | None) -> Repaired:
    """Makes the captures table from the run's WARC parts: of those that its report names, else of all. It notes which
    records are damaged, so that it is made again once their part is whole."""
    key = keys.captures(source, run)
    entries = {str(entry["key"]): entry for entry in report.objects} if report else {}
    there = [info.key for info in store.list(keys.raw_prefix(source, run)) if place_of(info.key)]
    parts = [part for part in there if part in entries] or there
    parts += sorted({part for part, _ in _unread(store, key)} & set(there) - set(parts))
    if not parts:
        return Repaired(f"{key}: it cannot be made anew: no WARC part of the run is left")
    rows: list[Capture] = []
    unread = [(part, 0) for part in sorted(entries) if part.startswith("raw/") and part not in there]
    for part in parts:
        if _is_of_other_source(store, part, entries.get(part)):
            unread.append((part, 0))
            continue
        for found in salvage(store, part):
            if isinstance(found, Capture):
                rows.append(found)
            else:
                unread.append(found)
    data = encode(sorted(rows, key=lambda c: (c.fetched_at, c.warc_offset or 0)), Capture, unread=unread)
    displace(store, key, seen, data)
    waiting = report.waiting if report else 0
    lost = f"; {waiting} addresses that waited are lost, and will be found again" if waiting else ""
    unsure = "" if waiting or report else "; addresses that waited, if any, are lost"
    lacks = f"; it lacks the damaged records of {some(sorted({part for part, _ in unread}))}" if unread else ""
    same = key in entries and entries[key]["sha256"] == hashlib.sha256(data).hexdigest()
    made = f"{key}: made anew, {len(rows)} captures of {len(parts)} WARC parts{lost}{unsure}{lacks}"
    return Repaired(made, differs=not same)


def salvage(store: ObjectStore, part_key: str) -> Iterator[Capture | tuple[str, int]]:
    """The captures of a part whose records are whole, and the places of the damaged ones, which may have been captures.
    Raises `StorageError`."""
    with open_object(store, part_key) as file:
        if is_another_part(file, part_key):
            yield part_key, 0
            return
        for member in members(file):
            if member.problem:
                yield part_key, member.offset
            elif member.keeps:
                capture = read_capture(file, part_key, member.offset, MAX_BODY_BYTES)
                if capture is not None:
                    yield capture


def _is_of_other_source(store: ObjectStore, part_key: str, entry: Entry | None) -> bool:
    """Whether a part is not the one that the report names, and was written for another source. (Of one that was written
    under an id that the source had before, its report names the hash.)"""
    with open_object(store, part_key) as file:
        named = part_named(file)
        if entry is None or named is None or place_of(named) is None:
            return False
        file.seek(0)
        return place_of(named) != place_of(part_key) and digest(file)[1] != entry["sha256"]


def _unread(store: ObjectStore, key: str) -> set[tuple[str, int]]:
    """The records that the captures table was made anew without; none where it cannot tell."""
    try:
        return unread_places(store, key)
    except (KeyNotFound, Corrupt):
        return set()


def _lost_parts(store: ObjectStore, source: str, run: str) -> list[str]:
    """The damaged or missing parts that held pages of the run which its captures table does not know: what is cleaned
    from the captures that are left is not all."""
    pages = _pages(store, source, run) or set()
    parts = {part for part, _ in _unread(store, keys.captures(source, run))}
    try:
        rows = read_columns(store, keys.articles(source, run), ("warc_key", "warc_offset"))
    except (KeyNotFound, Corrupt):
        rows = []
    of_rows = {row["warc_key"] for row in rows if (row["warc_key"], row["warc_offset"]) not in pages}
    own = ("raw", source, run)
    raw = {part for part in of_rows - parts if (place := place_of(str(part))) and place[:3] == own}
    return sorted(parts | {part for part in raw if not _is_whole(store, part)})


def _is_whole(store: ObjectStore, part_key: str) -> bool:
    try:
        entry_of(store, part_key)
    except (KeyNotFound, Corrupt):
        return False
    return True


def _mend_articles(
    store: ObjectStore, settings: Settings, source: str, run: str, known: RunReport | None, seen: str | None
) -> Iterator[Repaired]:
    """Cleans the run's pages and publishes them. Where that fails, or where it would drop pages whose records are
    damaged, what was there stays; where nothing was, or nothing that can be read, what the lake has takes its place. A
    table of the hash that its report names is no damaged one: publish keeps it among the replaced tables, where its
    citations lead."""
    key = keys.articles(source, run)
    sha256 = next((str(entry["sha256"]) for entry in known.objects if entry["key"] == key), None) if known else None
    if lost := _lost_parts(store, source, run):
        rest = f"bantin rerun {source} {run} --clean publishes what is left"
        why = f"records of its pages are damaged in {some(lost)}: restore that from a back-up, and repair again"
        if not _is_table(store, key) and (rows := put_back(store, source, run, known, seen)):
            yield rows
        yield Repaired(f"{key}: it stays as it is: {why}; where no back-up has it, {rest}")
        return
    told = reports.read_report(store, source, run)
    try:
        source_of_run(store, source, run)
        for part in parts_with_pages(store, source, run):
            clean_part(part, settings)
        report = publish(source, run, settings, damaged=_damaged_sha256(store, key, seen, sha256))
    except Meanwhile:
        raise
    except BantinError as err:
        if told is not None and told.state == State.PUBLISHED:  # publish calls it failed now, and forgets the table
            reports.write_report(store, told)
        if not _is_table(store, key) and (rows := put_back(store, source, run, known, seen)):
            yield rows
        yield Repaired(f"{key}: it cannot be made anew: {said(err)}")
        return
    same = hashlib.sha256(store.get(key)).hexdigest() == sha256
    if told is not None:
        as_before = same and told.state == State.PUBLISHED
        told = replace(told, objects=inventory(store, source, run, told.objects))  # the table is there again
        reports.write_report(store, told if as_before else older(replace(report, finished_at=told.finished_at)))
    yield Repaired(f"{key}: cleaned and published anew: {report.summary}", differs=not same)


def _is_table(store: ObjectStore, key: str) -> bool:
    """Whether there is a table that can be read to its end."""
    try:
        return is_whole(store.get(key))
    except KeyNotFound:
        return False


def _damaged_sha256(store: ObjectStore, key: str, seen: str | None, named: str | None) -> str | None:
    """The hash of the damaged table at `key`, which had the ETag `seen` when it was judged; None where there is none,
    or it is the one of the hash `named`. Raises `Meanwhile`."""
    try:
        there = hashlib.sha256(store.get(key, if_match=seen)).hexdigest()
    except (KeyNotFound, PreconditionFailed) as err:
        if seen is None and isinstance(err, KeyNotFound):
            return None
        raise meanwhile(key) from err
    if seen is None:  # it was missing when it was judged
        raise meanwhile(key)
    return None if there == named else there


def _unvouched(store: ObjectStore, report: RunReport) -> str:
    """Says which parts the report has no hash of."""
    named = {entry["key"] for entry in report.objects}
    parts = [part for part in parts_of(store, report.source, report.run) if part not in named]
    return f"; it has no hash of {some(parts)}: damaged or missing, and to be restored from a back-up" if parts else ""


def _report_again(store: ObjectStore, source: str, run: str, known: RunReport | None, *, is_wrong: bool) -> RunReport:
    """The report as the tables tell it. What only the report knew (rejections, timings …) is kept where it can be
    read; and all that it says of the articles, where their table (`is_wrong`) is still to be made anew."""
    captures = committed_captures(store, source, run) or []
    times = [c.fetched_at for c in captures] or [datetime.now(UTC)]
    report = known or RunReport(
        source=source,
        run=run,
        state=State.FETCHED,
        attempts=max([1, *(keys.attempt_of(c.warc_key) for c in captures if c.warc_key)]),
        started_at=min(times),
        finished_at=max(times),
        warnings=[f"{MADE_ANEW}: rejections, skipped addresses and timings are lost"],
    )
    report = replace(
        report,
        captures=dict(count_captures(captures)),
        waiting=sum(c.waiting for c in captures),
        objects=inventory(store, source, run, report.objects),
        replaced=sorted({*report.replaced, *names_in(store, source, run)}),
    )
    if known and is_wrong:
        named = [entry for entry in known.objects if entry["key"] == keys.articles(source, run)]
        others = [entry for entry in report.objects if entry["key"] != keys.articles(source, run)]
        return replace(report, objects=[*others, *named])
    try:
        articles = read_whole(store, keys.articles(source, run), Article)
    except (KeyNotFound, Corrupt):
        return report
    counted = count_rows(articles, texts_before(store, source, run, articles))
    counted["cleaner_version"] = counted["cleaner_version"] or report.cleaner_version
    return replace(report, state=report.state if known else State.PUBLISHED, **counted)
