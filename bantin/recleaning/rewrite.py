"""Writing what a re-clean made: rules, report and articles of each run that changes, in this order.

The articles table comes last: as long as it is the old one, a further re-clean finds the run changed and writes all
three again. So a re-clean may be killed between any two of them.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from bantin.clean import source_of_run
from bantin.crew import LOST
from bantin.errors import NotReady, NotRecleaned
from bantin.progress import steps, tenths
from bantin.publish import describe
from bantin.recleaning.reclean import Preview, Problem, Recleaned, Rules, Selection, choose, preview, state_of
from bantin.recleaning.show_changes import told
from bantin.settings import Settings
from model.article import Article
from model.errors import BantinError
from model.report import RunReport
from model.source import dump_source
from storage import keys, reports
from storage.errors import KeyNotFound, PreconditionFailed, StoreRefused
from storage.inventory import entry_for
from storage.places import table_of
from storage.replaced import names_in
from storage.store import ObjectStore, open_store
from storage.superseded import replace_articles
from storage.tables import read_columns, read_whole

logger = logging.getLogger("bantin.reclean")


def reclean_all(
    selection: Selection, rules: str, settings: Settings, *, dry_run: bool, allow_empty: bool = False
) -> dict[str, int]:
    """Looks, logs what changes, and writes it without asking, unless `dry_run`. Returns the counts. With `allow_empty`
    also runs that lose every article.

    Raises `NotRecleaned` in the end where runs stay as they are, and what `choose` and `preview` raise.
    """
    chosen = choose(settings, selection)
    on_run = steps(tenths("cleaning runs again"), len(chosen))
    made = preview(chosen, Rules(rules), settings, on_run, allow_empty=allow_empty)
    for line in told(made).splitlines():
        logger.info("%s", line)
    if not dry_run:
        made.problems += write(made, settings)
        forget(made, chosen, settings)
    for problem in made.problems:
        logger.error("stays as it is: %s", problem)
    if made.problems:
        raise NotRecleaned(f"{len(made.problems)} runs could not be cleaned and stay as they are: {made.problems[0]}")
    changes = made.changes
    counts = {"changed": changes.changed, "appeared": changes.appeared, "vanished": changes.vanished.total()}
    return {"runs": made.runs, "rows": changes.rows, **counts, "runs_changed": len(made.to_write)}


def write(made: Preview, settings: Settings, on_run: Callable[[], None] = lambda: None) -> list[Problem]:
    """Writes the runs that change, and returns those that could not be: who was fetched or published again since it
    was looked at stays as it is. May be interrupted between any two runs, and called again. Raises `StoreRefused`."""
    store = open_store(settings.archive)
    problems = []
    for source, runs in groupby(made.to_write, lambda one: one.source):
        texts = _Texts(store, source)
        for recleaned in runs:
            try:
                _write(store, recleaned, texts)
            except StoreRefused:
                raise
            except BantinError as err:
                problems.append(Problem(source, recleaned.run, str(err)))
            on_run()
    return problems


def forget(made: Preview, chosen: list[tuple[str, str]], settings: Settings) -> None:
    """Deletes what waited in `work/` for runs that are written, or need not be."""
    store = open_store(settings.archive)
    failed = {(problem.source, problem.run) for problem in made.problems}
    for source, run in chosen:
        if (source, run) not in failed:
            store.delete([info.key for info in store.list(keys.recleaned_prefix(source, run))])


def _write(store: ObjectStore, recleaned: Recleaned, texts: "_Texts") -> None:
    source, run = recleaned.source, recleaned.run
    key = keys.work_recleaned(source, run, recleaned.fingerprint)
    report = reports.read_report(store, source, run)
    if report is None or state_of(store, source, run) != recleaned.seen:
        changed = "it was fetched or published again while it was cleaned again: re-clean it once more"
        raise NotReady(f"run {run} of {source}: {changed}", source=source, run=run)
    try:
        table, articles = store.get(key), read_whole(store, key, Article)
        told = json.loads(store.get(keys.work_recleaned_told(source, run, recleaned.fingerprint)))
    except KeyNotFound as err:
        gone = f"{key}: it was deleted before it was written: re-clean the run once more"
        raise NotReady(gone, source=source, run=run) from err
    rows = articles.select(_TEXTS).to_pylist()
    _replace_rules(store, recleaned)
    now = datetime.now(UTC)
    report = describe(report, articles, [_as_published(one) for one in told], texts.before(run, rows))
    report = _as_written(report, keys.run_source(source, run), store.get(keys.run_source(source, run)))
    report = _as_written(report, keys.articles(source, run), table)
    before = hashlib.sha256(store.get(keys.articles(source, run))).hexdigest()
    replaced = {*report.replaced, *names_in(store, source, run), f"{before}.parquet"}
    reports.write_report(store, replace(report, recleaned_at=now, replaced=sorted(replaced)))
    replace_articles(store, source, run, table)
    texts.put(run, rows)


def _as_written(report: RunReport, key: str, data: bytes) -> RunReport:
    """The report, which says of the object at `key` what it is once `data` is written there. A report of a version that
    lists no objects goes on so: a list of some would be taken for one of all."""
    if not report.objects:
        return report
    written = entry_for(key, data)
    return replace(report, objects=[written if entry["key"] == key else entry for entry in report.objects])


def _replace_rules(store: ObjectStore, recleaned: Recleaned) -> None:
    """Makes the run keep the rules that its articles are now made by, and keeps the ones before, under their hash."""
    key = keys.run_source(recleaned.source, recleaned.run)
    if source_of_run(store, recleaned.source, recleaned.run) != recleaned.rules:
        old = store.get(key)
        sha256 = hashlib.sha256(old).hexdigest()
        with suppress(PreconditionFailed):
            store.put(keys.superseded_rules(recleaned.source, recleaned.run, sha256), old, if_absent=True)
        store.put(key, dump_source(recleaned.rules).encode())


def _as_published(told: dict[str, Any]) -> dict[str, Any]:
    """Of a page that was rejected what a report says: of one that was lost also where its record is."""
    return told if told["kind"] in LOST else {name: told[name] for name in ("url", "kind", "detail")}


_TEXTS = ("id", "fetched_at", "text_sha256")


class _Texts:
    """The texts of a source's articles, run by run, so that a report can say which were new when a run found them."""

    def __init__(self, store: ObjectStore, source: str) -> None:
        self._by_article: dict[str, dict[str, tuple[datetime, str]]] = defaultdict(dict)
        self._by_run: dict[str, list[str]] = {}
        for info in store.list(keys.articles_prefix(source)):
            table = table_of(info.key)
            if table is not None:
                self.put(table[1], read_columns(store, info.key, _TEXTS))

    def before(self, run: str, rows: list[dict[str, Any]]) -> dict[str, str]:
        """By article the hash of the newest text of other runs, fetched before any of `rows`."""
        found: dict[str, str] = {}
        if not rows:
            return found
        begin = min(row["fetched_at"] for row in rows)
        for row in rows:
            texts = [text for other, text in self._by_article[row["id"]].items() if other != run and text[0] < begin]
            if texts:
                found[row["id"]] = max(texts)[1]
        return found

    def put(self, run: str, rows: list[dict[str, Any]]) -> None:
        """Makes the articles of `rows` those of the run."""
        for article in self._by_run.get(run, []):
            self._by_article[article].pop(run, None)
        self._by_run[run] = [row["id"] for row in rows]
        for row in rows:
            self._by_article[row["id"]][run] = (row["fetched_at"], row["text_sha256"])
