"""The objects of one run against each other and their report: what `verify` finds in them."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bantin.verifying import lost
from bantin.verifying.findings import (
    REPAIR,
    REPAIR_CAPTURES,
    RESTORE,
    RESTORE_FIRST,
    UPDATE,
    Finding,
    Trouble,
    some,
    told,
)
from bantin.verifying.missing import damage, missing_articles
from bantin.verifying.revisits import Read, answer_of
from bantin.verifying.table_checks import NO_CAPTURE, ROW_COLUMNS, check_table, is_as_written, rows_of, wrong_with
from model.article import Article
from model.capture import Capture
from model.errors import SourceError
from model.report import RunReport, State
from model.source import parse_source
from storage import keys, reports
from storage.errors import Corrupt, KeyNotFound, UnknownVersion
from storage.inventory import BLOCK_BYTES, parts_of, unread_places
from storage.members import Digesting, Member, members
from storage.places import place_of
from storage.store import ObjectInfo, ObjectStore, open_object
from storage.tables import read
from storage.warc import is_another_part, part_named

_ANSWERS = ("response", "revisit")

LOST = "no capture has their record, which lies in a damaged WARC part"


@dataclass(slots=True)
class RunCheck:
    """The check of one run, whose objects the store has listed as `infos`. `quick` reads no WARC part, and of tables
    only the footer: it finds what is missing, cut off or of another version, and no bit rot."""

    store: ObjectStore
    source: str
    run: str
    infos: dict[str, ObjectInfo]
    quick: bool
    findings: list[Finding] = field(default_factory=list)
    read: Read = field(default_factory=Read)
    _known: RunReport | None = None
    _entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)
    """The WARC parts that were read through, and have no damage."""
    _lacking: set[str] = field(default_factory=set)
    """Those that are damaged or missing, and held records that the captures table was made anew without."""

    def findings_of(self) -> list[Finding]:
        """Checks, and returns what is wrong. Raises `StorageError` where the store does not answer."""
        source, run = self.source, self.run
        articles = keys.articles(source, run)
        self._known = report = self._report()
        self._entries = {str(entry["key"]): dict(entry) for entry in report.objects} if report else {}
        parts = sorted(key for key in self.infos if key.startswith("raw/"))
        published = report is not None and report.state == State.PUBLISHED
        committed = keys.captures(source, run) in self.infos
        if not committed:
            self._uncommitted(parts, published)
        captures = self._captures() if committed else None
        self._rules(committed)
        self._parts(parts, captures, committed)
        if captures is not None:
            self._made_anew()
            self._vouched(report)
        rows = self._articles(captures, report)
        if report and captures is not None:
            self._counts(report, captures, rows)
        if report:
            self.findings += lost.missing_replaced(self.store, report)
        told = {finding.key for finding in self.findings}
        for key in sorted(self._entries.keys() - self.infos.keys() - told):
            remedy = RESTORE if key.startswith("raw/") else self._remedy if key == articles else REPAIR
            self._tell(key, Trouble.MISSING, "its report names it", remedy)
        return self.findings

    def _tell(self, key: str, trouble: Trouble, detail: str, remedy: str, *, harmless: bool = False) -> None:
        finding = Finding(
            key=key,
            trouble=trouble,
            detail=detail,
            remedy=remedy,
            source=self.source,
            run=self.run,
            harmless=harmless,
        )
        self.findings.append(finding)

    def _report(self) -> RunReport | None:
        key = keys.report(self.source, self.run)
        try:
            report = reports.read_report(self.store, self.source, self.run)
        except UnknownVersion as err:
            self._tell(key, Trouble.VERSION, str(err), UPDATE)
            return None
        except Corrupt as err:
            self._tell(key, Trouble.ROT, told(err), REPAIR)
            return None
        if report and not reports.is_whole(self.store, self.source, self.run):
            self._tell(key, Trouble.ROT, "it does not have the hash that it says", REPAIR)
            return None  # what it says of others is worth nothing
        if report is None and keys.captures(self.source, self.run) in self.infos:
            self._tell(key, Trouble.MISSING, "its run is committed", REPAIR)
        return report

    def _uncommitted(self, parts: list[str], published: bool) -> None:
        key, articles = keys.captures(self.source, self.run), keys.articles(self.source, self.run)
        if published or key in self._entries or articles in self.infos:
            remedy = REPAIR_CAPTURES if parts else RESTORE
            self._tell(key, Trouble.MISSING, "its run was published, and its articles have no captures", remedy)
        elif parts:
            go_on = f"bantin rerun {self.source} {self.run} goes on from there"
            what = f"{len(parts)} WARC parts of a crawl that was not committed"
            self._tell(parts[0], Trouble.ORPHAN, what, go_on, harmless=True)

    def _captures(self) -> list[Capture] | None:
        """The rows of the captures table; None where it cannot be read."""
        key = keys.captures(self.source, self.run)
        if self._table(key, Capture, REPAIR_CAPTURES) is None:
            return None
        try:
            captures = read(self.store, key, Capture)
        except (Corrupt, KeyNotFound, TypeError, ValueError) as err:
            self._tell(key, Trouble.ROT, told(err), REPAIR_CAPTURES)
            return None
        if other := next((c for c in captures if (c.source, c.run) != (self.source, self.run)), None):
            self._tell(key, Trouble.ROT, f"it has captures of {other.source}, run {other.run}", REPAIR_CAPTURES)
            return None
        return captures

    def _rules(self, committed: bool) -> None:
        key = keys.run_source(self.source, self.run)
        if key not in self.infos:
            if committed:
                self._tell(key, Trouble.MISSING, "its run is committed", REPAIR)
            return
        data = self.store.get(key)
        try:
            parse_source(data.decode(), key)
        except (SourceError, ValueError) as err:
            self._tell(key, Trouble.ROT, f"it is no source file: {err}", REPAIR)
            return
        entry = self._entries.get(key)
        if entry and entry["sha256"] != hashlib.sha256(data).hexdigest():
            self._tell(key, Trouble.MISMATCH, "it is not the file that its report names", REPAIR)

    def _table(self, key: str, record: type, remedy: str) -> int | None:
        """Reads a table to its end; returns the number of its rows, None where it is damaged."""
        info, entry = self.infos[key], self._entries.get(key)
        problem = check_table(self.store, key, quick=self.quick)
        if isinstance(problem, Finding):
            self._tell(key, problem.trouble, problem.detail, UPDATE if problem.trouble == Trouble.VERSION else remedy)
            return None
        differs = entry is not None and (
            entry["size_bytes"] != info.size_bytes
            or entry.get("rows", problem.rows) != problem.rows
            or (problem.sha256 is not None and entry["sha256"] != problem.sha256)
        )
        if differs:
            report = keys.report(self.source, self.run)
            if self._is_rewritten(key, record):
                self._tell(report, Trouble.STALE, f"it tells of another {key}", REPAIR)
            else:
                self._tell(key, Trouble.ROT, "it does not have the hash that its report names", remedy)
        return problem.rows

    def _is_rewritten(self, key: str, record: type) -> bool:
        """Whether a table that is not the one its report names was written by a re-run or re-clean that did not come to
        its report, or came no further. These keep the articles they replace, and a further attempt has captures of its
        own; another table that merely lies there, however whole, has neither."""
        if not (self.quick or is_as_written(self.store, key, record)):
            return False
        report, named = self._known, str(self._entries[key]["sha256"])
        if record is Capture:
            attempts = (keys.attempt_of(row["warc_key"] or "") for row in rows_of(self.store, key, ["warc_key"]))
            return report is not None and max(attempts, default=0) > report.attempts
        there = f"{hashlib.sha256(self.store.get(key)).hexdigest()}.parquet"
        kept = (keys.superseded(self.source, self.run, named), keys.damaged(key, named))
        return (report is not None and there in report.replaced) or any(self.store.head(one) for one in kept)

    def _parts(self, parts: list[str], captures: list[Capture] | None, committed: bool) -> None:
        places: dict[str, dict[int, tuple[int, str]]] = {}
        for c in captures or ():
            if c.warc_key is not None:
                places.setdefault(c.warc_key, {})[c.warc_offset or 0] = (c.warc_length or 0, c.final_url)
        for key in places.keys() - self.infos.keys():
            urls = [url for _, url in places[key].values()]
            self._tell(key, Trouble.MISSING, f"{len(urls)} captures lie there: {some(urls)}", RESTORE)
        for key in parts:
            named = places.get(key, {})
            info, entry = self.infos[key], self._entries.get(key)
            if entry and info.size_bytes < entry["size_bytes"]:
                detail = f"{info.size_bytes} bytes of {entry['size_bytes']}"
                self._tell(key, Trouble.TRUNCATED, detail + self._lost_behind(named, info.size_bytes), RESTORE)
            elif entry and info.size_bytes > entry["size_bytes"]:
                self._tell(key, Trouble.ROT, f"{info.size_bytes} bytes, not {entry['size_bytes']}", RESTORE)
            if not self.quick:
                self._part(key, named, entry, captures is not None)
            elif committed and captures is not None and not named and not entry:
                self._tell(key, Trouble.ORPHAN, "no capture names it", "it may stay, or be deleted", harmless=True)

    def _lost_behind(self, named: dict[int, tuple[int, str]], end: int) -> str:
        lost = [url for offset, (length, url) in named.items() if offset + length > end]
        return f": the records of {len(lost)} captures are lost: {some(lost)}" if lost else ""

    def _part(self, key: str, named: dict[int, tuple[int, str]], entry: dict[str, Any] | None, committed: bool) -> None:
        """Reads a part to its end, and compares it with its captures."""
        broken: list[Member] = []
        astray: list[str] = []
        found, right = set[int](), set[int]()
        answers = 0
        with open_object(self.store, key, BLOCK_BYTES) as file:
            if (named or entry) and is_another_part(file, key):
                self.read.unsound.update((key, offset) for offset in named)
                what = f"it is another part, {part_named(file)}; lost: {some([url for _, url in named.values()])}"
                self._tell(key, Trouble.ROT, what, RESTORE)
                return
            read_through = Digesting(file)
            for member in members(read_through):
                answers += member.kind in _ANSWERS
                if member.problem:
                    broken.append(member)
                elif member.offset in named:
                    found.add(member.offset)
                    if member.kind not in _ANSWERS or (member.length, member.url) != named[member.offset]:
                        astray.append(f"{named[member.offset][1]} at {member.offset}")
                        continue
                    right.add(member.offset)
                    if member.refers_to and (answer := answer_of(member.refers_to)):
                        self.read.refers_to.setdefault(key, []).append(answer)
        self.read.unsound.update((key, offset) for offset in named.keys() - right)
        known = any(finding.key == key for finding in self.findings)
        if not (broken or known or (entry and read_through.sha256 != entry["sha256"])):
            self._whole.add(key)
        if broken:
            self._tell_broken(key, broken, named, read_through.size_bytes)
        elif entry and read_through.sha256 != entry["sha256"] and not known:
            self._tell(key, Trouble.ROT, "its hash is not that of its report, though each record can be read", RESTORE)
        behind = [m for m in broken if m.length]
        lost = {o for o in named if any(m.offset <= o < m.offset + m.length for m in behind)}
        astray += [f"{named[o][1]} at {o}" for o in named.keys() - found - lost if o < read_through.size_bytes]
        if cut := [named[o][1] for o in named if o >= read_through.size_bytes and not known]:
            detail = f"the records of {len(cut)} captures are lost: {some(cut)}"
            self._tell(key, Trouble.TRUNCATED, detail, RESTORE)
        if astray and (key in self._whole or not entry):
            captures = keys.captures(self.source, self.run)
            other = f"{key} holds other records than it says: {some(astray)}"
            self._tell(captures, Trouble.MISMATCH, other, REPAIR_CAPTURES)
        if committed and answers and not named:
            self._tell(key, Trouble.ORPHAN, "no capture names it", "it may stay, or be deleted", harmless=True)

    def _tell_broken(self, key: str, broken: list[Member], named: dict[int, tuple[int, str]], size_bytes: int) -> None:
        trouble, detail = damage(broken, named, size_bytes)
        is_cut = trouble == Trouble.TRUNCATED
        if is_cut and any(one.key == key and one.trouble == Trouble.TRUNCATED for one in self.findings):
            return  # its size has told, and names this record's address, too
        if self._entries and key not in self._entries:
            detail += "; its report has no hash of it"
        self._tell(key, trouble, detail, RESTORE)

    def _made_anew(self) -> None:
        """What the captures table lacks because its part was damaged when the table was made anew."""
        key = keys.captures(self.source, self.run)
        for part in sorted({part for part, _ in unread_places(self.store, key)}):
            if part in self._whole:
                lacks = f"it was made anew while {part} was damaged, which is whole now: it lacks records of that"
                self._tell(key, Trouble.MISMATCH, lacks, REPAIR_CAPTURES)
                continue
            self._lacking.add(part)
            if part not in self.infos and part not in self._entries:
                self._tell(part, Trouble.MISSING, "the captures table was made anew without its records", RESTORE)
            elif self.quick:
                lacks = f"it was made anew while {part} was damaged, and lacks records of that"
                self._tell(key, Trouble.MISMATCH, lacks, RESTORE_FIRST)

    def _vouched(self, report: RunReport | None) -> None:
        """A report that was made while a part was damaged has no hash of it."""
        key = keys.report(self.source, self.run)
        if report is None or not self._entries or any(one.trouble == Trouble.STALE for one in self.findings):
            return
        parts = parts_of(self.store, self.source, self.run)
        without = [part for part in parts if part in self.infos and part not in self._entries]
        if self.quick and without:
            detail = f"it has no hash of {some(without)}: damaged when it was written"
            self._tell(key, Trouble.STALE, detail, "bantin verify, without --quick, tells what is damaged still")
        elif whole := [part for part in without if part in self._whole]:
            self._tell(key, Trouble.STALE, f"it has no hash of {some(whole)}: damaged then, whole now", REPAIR)

    @property
    def _remedy(self) -> str:
        """The articles table's. As long as records of its pages are lost, it is not to be made anew."""
        return RESTORE_FIRST if self._lacking else REPAIR

    def _articles(self, captures: Sequence[Capture] | None, report: RunReport | None) -> int | None:
        """The number of rows of the articles table; None where there is none, or it is damaged."""
        key = keys.articles(self.source, self.run)
        if key not in self.infos:
            unreadable = report is None and any(one.trouble == Trouble.VERSION for one in self.findings)
            if key not in self._entries and captures is not None and not unreadable:
                self._no_articles(captures, report)
            return None
        rows = self._table(key, Article, self._remedy)
        if rows is None or self.quick or captures is None:
            return rows
        pages = {(c.warc_key, c.warc_offset): (c.warc_length, c.final_url) for c in captures if c.is_page}
        wrong: Counter[str] = Counter()
        examples: dict[str, str] = {}
        seen: set[str] = set()
        for row in rows_of(self.store, key, ROW_COLUMNS):
            for told_of_row in wrong_with(row, pages, seen, self.source, self.run):
                lost = told_of_row == NO_CAPTURE and self._is_lost(row["warc_key"])
                what = LOST if lost else told_of_row
                wrong[what] += 1
                examples.setdefault(what, row["url"])
            seen.add(row["id"])
        for place in unread_places(self.store, key) - pages.keys():
            what = LOST if self._is_lost(place[0]) else "pages that could not be read are no captures"
            wrong[what] += 1
            examples.setdefault(what, f"{place[0]} at {place[1]}")
        for what, count in wrong.items():
            trouble = Trouble.ORPHAN if what in (NO_CAPTURE, LOST) else Trouble.MISMATCH
            remedy = RESTORE_FIRST if LOST in wrong else self._remedy
            self._tell(key, trouble, f"{what}: {count} of {rows} rows, like {examples[what]}", remedy)
        return rows

    def _is_lost(self, part: str) -> bool:
        """Whether a row's record lies in a part that is damaged or missing."""
        place = place_of(part)
        is_own = place is not None and (place.family, place.source, place.run) == ("raw", self.source, self.run)
        return is_own and part not in self._whole

    def _no_articles(self, captures: Sequence[Capture], report: RunReport | None) -> None:
        key = keys.articles(self.source, self.run)
        if why := missing_articles(self.store, self.source, self.run, captures, report):
            self._tell(key, Trouble.MISSING, why, self._remedy)
        elif report and report.state == State.FETCHED:
            rerun = f"bantin rerun {self.source} {self.run} publishes it"
            self._tell(key, Trouble.UNPUBLISHED, "the run was fetched, and waits to be published", rerun, harmless=True)

    def _counts(self, report: RunReport, captures: Sequence[Capture], rows: int | None) -> None:
        if any(finding.trouble == Trouble.STALE for finding in self.findings):
            return
        key = keys.report(self.source, self.run)
        answered = sum(not c.waiting for c in captures)
        if report.state != State.FAILED and sum(report.captures.values()) not in (answered, 0):
            detail = f"it counts {sum(report.captures.values())} captures; the table has {answered}"
            self._tell(key, Trouble.MISMATCH, detail, REPAIR)
        counted = sum(report.articles.get(name, 0) for name in ("new", "changed", "unchanged"))
        articles = keys.articles(self.source, self.run)
        is_wrong = any(one.key == articles and one.trouble == Trouble.ROT for one in self.findings)
        if report.state == State.PUBLISHED and rows is not None and counted != rows and not is_wrong:
            self._tell(key, Trouble.MISMATCH, f"it counts {counted} articles; the table has {rows}", REPAIR)
