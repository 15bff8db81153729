"""The verb reclean: run the present rules and the present cleaner over stored captures, and see what would change.

Nothing of the archive is changed here: what is made of each run waits in `work/` under a fingerprint of all that it
depends on, so that a re-clean that was interrupted goes on, and what was looked at is what is written (rewrite.py).
Runs are cleaned side by side, all by one crew: most have too few pages to keep two processes busy.
"""

import hashlib
import json
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

import pyarrow as pa

from bantin.clean import MOST_LOST, source_of_run
from bantin.crew import LOST, crew_of
from bantin.errors import NotReady, PagesLost
from bantin.fetch import committed_captures
from bantin.publish import one_row_a_page, unread_places
from bantin.recleaning.changes import Changes, compare_tables
from bantin.recleaning.emptied import REMEDY, may_all_be_emptied
from bantin.settings import Settings
from cleaning.version import cleaner_sha256
from model.article import Article, Rejected
from model.capture import Capture
from model.errors import BantinError, SourceError
from model.report import State
from model.source import Source, dump_source, load_source, source_files
from storage import keys, reports
from storage.errors import Corrupt, KeyNotFound, StoreRefused
from storage.places import table_of
from storage.store import ObjectStore, open_object, open_store
from storage.tables import as_table, encode_table, read_whole, schema_of
from storage.warc import read_body

logger = logging.getLogger("bantin.reclean")

RUNS_A_PROCESS = 3
"""So many runs are under way for each process of the crew: while tables of some are read or written, it cleans pages of
the others, of which most runs have few."""

PRESENT = ("name", "url", "hosts", "languages", "editions", "timezone", "locality", "clean")
"""What the cleaner goes by of a source, besides `fetch.encoding`."""


class Rules(StrEnum):
    """Which rules a run is cleaned by: what the registry's file says now, where there is one, or those it keeps."""

    CURRENT = "current"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Runs: of these sources (of all, where none is named) from `since` to `until`, both included; or `run` alone."""

    sources: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Recleaned:
    """A run that was cleaned again and would change: what is to be written, and the state of the archive (`seen`, see
    `state_of`) that it was made from and compared with. `emptied` says, where every article would go and the source's
    file does not allow that, why they would."""

    source: str
    run: str
    rules: Source
    fingerprint: str
    seen: tuple[str, ...]
    emptied: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A run that stays as it is, and why."""

    source: str
    run: str
    message: str

    def __str__(self) -> str:
        return f"{self.source}, run {self.run}: {self.message}"


@dataclass(slots=True)
class Preview:
    """What a re-clean would change. `runs` were cleaned, `reused` of them by an earlier, interrupted re-clean;
    `unpublished` were left alone, since they are not published. `emptied` counts those of `to_write` that lose every
    article."""

    runs: int = 0
    reused: int = 0
    unpublished: int = 0
    emptied: int = 0
    changes: Changes = field(default_factory=Changes)
    to_write: list[Recleaned] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def choose(settings: Settings, selection: Selection) -> list[tuple[str, str]]:
    """Source and run of the articles tables that `selection` names, by source and time. Raises `SourceError` where a
    source that is named has none at all, and `StorageError`."""
    store = open_store(settings.archive)
    chosen = []
    for source in selection.sources or (None,):
        found = [table for info in store.list(keys.articles_prefix(source)) if (table := table_of(info.key))]
        if source and not found:
            expected = f"expected a source with articles in {settings.archive}"
            raise SourceError([f"{source!r}: nothing of it is published: {expected}"])
        chosen += [(source_id, run) for source_id, run in found if _is_selected(run, selection)]
    return sorted(dict.fromkeys(chosen))


def preview(
    chosen: list[tuple[str, str]],
    rules: Rules,
    settings: Settings,
    on_run: Callable[[int], None] = lambda pages: None,
    *,
    allow_empty: bool = False,
) -> Preview:
    """Cleans the runs again and says what would change; `on_run` is told of each run how many pages were cleaned.

    A run whose captures, WARC parts or table are damaged, or on which the cleaner fails, is a problem of the preview,
    and the others go on. So is one that would lose every article, unless that may be (bantin/recleaning/emptied.py) or
    `allow_empty` says so. KeyboardInterrupt ends it within a page; the runs that were done are not cleaned again.
    Raises `SourceError` for a mistake in a source's file, and `StoreRefused` where the archive takes nothing.
    """
    again = _Again(rules, settings, {source for source, _ in chosen})
    whole, rows = Preview(), Counter[str]()
    emptied: list[tuple[Recleaned, Changes]] = []
    for found, pages in again.run(chosen):
        if found is None:
            whole.unpublished += 1
        elif isinstance(found, Problem):
            whole.problems.append(found)
        else:
            recleaned, changes = found
            whole.runs += 1
            whole.reused += pages is None
            rows[recleaned.source] += changes.rows
            if recleaned.emptied:
                emptied.append((recleaned, changes))
            else:
                whole.changes.add(changes)
                whole.to_write += [recleaned] if changes else []
                whole.emptied += changes.rows > 0 and changes.vanished.total() == changes.rows and not changes.appeared
        on_run(pages or 0)
    for _, of_source in groupby(emptied, lambda one: one[0].source):
        _judge_emptied(whole, list(of_source), rows, allow_empty)
    whole.to_write.sort(key=lambda one: (one.source, one.run))
    return whole


def _judge_emptied(
    whole: Preview, emptied: list[tuple[Recleaned, Changes]], rows: Mapping[str, int], allow_empty: bool
) -> None:
    """Takes in the runs of one source that would lose every article, or makes each a problem."""
    of_source = rows[emptied[0][0].source]
    allowed = allow_empty or may_all_be_emptied([changes.rows for _, changes in emptied], of_source)
    for recleaned, changes in emptied:
        if allowed:
            whole.changes.add(changes)
            whole.to_write.append(recleaned)
            whole.emptied += 1
        else:
            whole.problems.append(Problem(recleaned.source, recleaned.run, f"{recleaned.emptied}: {REMEDY}"))


def state_of(store: ObjectStore, source: str, run: str) -> tuple[str, ...]:
    """The ETags of what a run's re-clean is made from and compared with: its captures, rules and articles."""
    read_from = (keys.captures(source, run), keys.run_source(source, run), keys.articles(source, run))
    return tuple(info.etag if (info := store.head(key)) else "" for key in read_from)


def with_present_rules(kept: Source, present: Source) -> Source:
    """The source as a run keeps it, with what the cleaner goes by as its file says now. How it was crawled stays."""
    fetch = kept.fetch.model_copy(update={"encoding": present.fetch.encoding})
    return kept.model_copy(update={**{name: getattr(present, name) for name in PRESENT}, "fetch": fetch})


_Found = tuple[Recleaned, Changes] | Problem | None
"""What came of a run; None where it is not published."""


class _Again:
    """What the threads of one re-clean share."""

    def __init__(self, rules: Rules, settings: Settings, sources: set[str]) -> None:
        self._store = open_store(settings.archive)
        self._settings = settings
        self._crew = crew_of(settings.processes, settings.page_limit_s)
        self._stopping = threading.Event()
        present = source_files(settings.sources) if rules == Rules.CURRENT else []
        self._present = {path.stem: load_source(path) for path in present if path.stem in sources}
        self._rules: dict[bytes, tuple[Source, str]] = {}
        self._same: dict[str, Source] = {}

    def run(self, chosen: list[tuple[str, str]]) -> Iterator[tuple[_Found, int | None]]:
        """What came of each run, in their order, and how many pages were cleaned for it (None: an earlier time)."""
        with ThreadPoolExecutor(RUNS_A_PROCESS * self._settings.processes, "reclean") as pool:
            try:
                waiting = deque(pool.submit(self._one, source, run) for source, run in chosen)
                while waiting:
                    yield waiting.popleft().result()
            finally:
                self._stopping.set()
                pool.shutdown(cancel_futures=True)

    def _one(self, source: str, run: str) -> tuple[_Found, int | None]:
        try:
            return self._reclean(source, run)
        except StoreRefused:
            raise
        except BantinError as err:
            return Problem(source, run, str(err)), 0
        except _StoppedError:
            raise
        except Exception as err:  # a task's edge: it is told by the run's name, and the others go on
            logger.exception("%s, run %s: a mistake of bantin's own", source, run)
            return Problem(source, run, f"{type(err).__name__}: {err}: the log has a traceback"), 0

    def _reclean(self, source_id: str, run: str) -> tuple[_Found, int | None]:
        store = self._store
        report = reports.read_report(store, source_id, run)
        if report is None or report.state != State.PUBLISHED:
            return None, 0
        seen = state_of(store, source_id, run)
        before = read_whole(store, keys.articles(source_id, run), Article)
        source, dumped = self._rules_for(source_id, run)
        fingerprint = _fingerprint(dumped, seen[0])
        done, pages = self._stored(source_id, run, fingerprint), None
        if done is None:
            captures = committed_captures(store, source_id, run)
            if captures is None:
                missing = f"{keys.captures(source_id, run)}: not there: bantin verify tells what is missing"
                raise NotReady(missing, source=source_id, run=run)
            done = self._clean(captures, source, run, fingerprint)
            pages = len(done[0]) + len(done[1])
        after, told = done
        _expect_sound(before, told, source, run)
        why = {(one["warc_key"], one["warc_offset"]): (one["kind"], one["detail"]) for one in told}
        present = self._present.get(source_id)
        may_be_empty = source.may_be_empty or (present is not None and present.may_be_empty)
        emptied = None if may_be_empty or len(after) or not len(before) else _all_rejected(len(before), told)
        recleaned = Recleaned(source_id, run, source, fingerprint, seen, emptied)
        return (recleaned, compare_tables(before, after, why)), pages

    def _rules_for(self, source_id: str, run: str) -> tuple[Source, str]:
        """The source to clean a run by, and its YAML. One object for equal rules: a process of the crew is sent them
        only when they change. Runs that keep the same file, as most do, cost no reading of YAML."""
        kept = self._store.get(keys.run_source(source_id, run))
        if kept not in self._rules:
            source = source_of_run(self._store, source_id, run)
            if present := self._present.get(source_id):
                source = with_present_rules(source, present)
            dumped = dump_source(source)
            self._rules[kept] = self._same.setdefault(dumped, source), dumped
        return self._rules[kept]

    def _stored(self, source: str, run: str, fingerprint: str) -> tuple[pa.Table, list[dict[str, Any]]] | None:
        """What an earlier re-clean left, unless pages were lost then: those may fare better now."""
        try:
            told = json.loads(self._store.get(keys.work_recleaned_told(source, run, fingerprint)))
            if any(one["kind"] in LOST for one in told):
                return None
            return read_whole(self._store, keys.work_recleaned(source, run, fingerprint), Article), told
        except (KeyNotFound, Corrupt, ValueError):
            return None

    def _clean(
        self, captures: list[Capture], source: Source, run: str, fingerprint: str
    ) -> tuple[pa.Table, list[dict[str, Any]]]:
        pages = sorted((c for c in captures if c.is_page), key=lambda c: (c.warc_key or "", c.warc_offset or 0))
        articles: list[Article] = []
        told: list[dict[str, Any]] = []
        lost = 0
        with closing(self._crew.clean(_bodies(self._store, pages, source), source, len(pages))) as results:
            for capture, result in results:
                if self._stopping.is_set():
                    raise _StoppedError
                if isinstance(result, Article):
                    articles.append(result)
                    continue
                told.append(_told(capture, result))
                if result.kind not in LOST:
                    continue
                logger.error("lost %s: %s", capture.url, result.reason)
                lost += 1
                if lost > MOST_LOST:
                    reason = f"gave up: {lost} pages were lost, the last {capture.url}: {result.reason}"
                    raise PagesLost(reason, source=source.id, run=run)
        table = as_table(one_row_a_page(articles), Article)
        encoded = encode_table(table, Article, unread=unread_places(told))
        self._store.put(keys.work_recleaned(source.id, run, fingerprint), encoded)
        as_json = json.dumps(told, ensure_ascii=False).encode()
        self._store.put(keys.work_recleaned_told(source.id, run, fingerprint), as_json)
        return table, told


def _told(capture: Capture, rejected: Rejected) -> dict[str, Any]:
    place = {"warc_key": capture.warc_key, "warc_offset": capture.warc_offset}
    return {"url": capture.url, "kind": rejected.kind, "detail": rejected.detail, **place}


class _StoppedError(Exception):
    """The re-clean is to end."""


def _is_selected(run: str, selection: Selection) -> bool:
    if selection.run is not None:
        return run == selection.run
    moment = keys.run_time(run)
    since, until = selection.since, selection.until
    return (since is None or moment >= since) and (until is None or moment <= until)


def _fingerprint(source: str, captures: str) -> str:
    """Of all that a run's articles are a function of: the source's YAML, the ETag of the captures, the cleaner."""
    depends_on = (source, captures, cleaner_sha256(), str(schema_of(Article)))
    return hashlib.sha256("\0".join(depends_on).encode()).hexdigest()[:32]


def _bodies(store: ObjectStore, pages: list[Capture], source: Source) -> Iterator[tuple[Capture, bytes | Rejected]]:
    """The pages with their bodies. Raises `Corrupt` where one is not what was captured: an article that is made from
    the remains of a page must not take the place of the whole one's."""
    for part, captures in groupby(pages, lambda capture: capture.warc_key or ""):
        with open_object(store, part) as file:
            for capture in captures:
                place = f"{part} at {capture.warc_offset}"
                try:
                    body = read_body(file, capture, source.fetch.max_body_bytes)
                except BantinError:
                    raise
                except Exception as err:  # damage shows as whatever gzip, zlib and warcio's parsers raise
                    raise Corrupt(f"{place}: {err}: expected the record of {capture.url}", key=part) from err
                if capture.body_sha256 and hashlib.sha256(body).hexdigest() != capture.body_sha256:
                    raise Corrupt(f"{place}: damaged: expected the body that was captured of {capture.url}", key=part)
                yield capture, body


def _expect_sound(before: pa.Table, told: list[dict[str, Any]], source: Source, run: str) -> None:
    """Raises where rows would go that most likely should not: the run then stays as it is."""
    lost = {(one["warc_key"], one["warc_offset"]) for one in told if one["kind"] in LOST}
    there = zip(*(before[name].to_pylist() for name in ("url", "warc_key", "warc_offset")), strict=True)
    rows = [url for url, *place in there if tuple(place) in lost] if lost else []
    if rows:
        reason = f"{len(rows)} pages that are articles could not be cleaned (docs/operations.md), the first {rows[0]}"
        raise PagesLost(f"{reason}: mend what they hang on, or try again", source=source.id, run=run)


def _all_rejected(rows: int, told: list[dict[str, Any]]) -> str:
    seen = "; ".join(f"{one['url']}: {one['kind']}: {one['detail']}" for one in told[:3])
    return f"every one of its {rows} articles would be rejected: {seen}"
