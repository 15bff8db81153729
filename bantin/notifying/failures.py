"""A run that failed, told at once: an alarm like others, so that a source that fails every hour is told once a day at
most, and that it is over when a watch finds a run that was published since. Runs of many sources that fail at once, as
where the network is down, are one alarm of the archive after the first few."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bantin.dag_ids import source_of
from bantin.notifying.tell import tell
from bantin.settings import Settings
from bantin.watching.judge import MANY_SOURCES
from bantin.watching.standing import seen_again
from bantin.watching.watched import Finding
from model.alarm import Alarm, Kind, Severity
from model.causes import cause_of_many
from model.errors import BantinError
from storage.alarms import change_alarms
from storage.errors import InvalidKey
from storage.keys import run_id
from storage.reports import read_report
from storage.store import ObjectStore, open_store

AT_ONCE = timedelta(hours=6)
"""When runs of `MANY_SOURCES` sources began to fail within this time, those of others that do are one problem."""

MANY = "many sources"
"""What that is about."""


def tell_of_failure(context: Any) -> None:
    """Raises an alarm for the DAG run of `context`, which failed, and tells who is to be told.

    What it raises Airflow writes into the DAG processor's log. Who could not be told is told by the next `bantin alarms
    --tell`; where the alarm could not be stored, only a watch that finds the source overdue makes up for it.
    """
    settings = Settings.from_environment()
    store, at = open_store(settings.archive), datetime.now(UTC)
    failed = failure(store, context, at)

    def raised(there: Sequence[Alarm]) -> list[Alarm]:
        finding = _folded(failed, there, at)
        before = next((alarm for alarm in there if alarm.problem == finding.problem), None)
        others = [alarm for alarm in there if alarm.problem != finding.problem]
        severity = before.severity if before and before.stands else finding.severity  # a watch may have found it worse
        return [*others, seen_again(before, finding._replace(severity=severity), at)]

    change_alarms(store, raised)
    tell(settings)


def failure(store: ObjectStore, context: Any, at: datetime) -> Finding:
    """What is to be said of the DAG run of `context`: of a crawl, with the reason of its report."""
    dag_id = str(context["dag"].dag_id)
    source = source_of(dag_id)
    dag_run, task = context.get("dag_run"), context.get("ti")
    run = run_id(dag_run.run_after) if dag_run else None
    reason = _reason(store, source, run) if source and run else None
    where = f"task {task.task_id}: " if task else ""
    told = reason or f"{where}{context.get('reason') or 'see its log in Airflow'}"
    again = f", or `bantin rerun {source} {run}`: what is stored is not fetched again" if source and run else ""
    what_to_do = f"*Clear* the failed task in Airflow{again}."
    cause = f"the reason names it; docs/operations.md (When a run is red) says what to do. Then {what_to_do}"
    return Finding(
        kind=Kind.FAILED,
        severity=Severity.WARNING,
        since=at.date(),
        usual="its runs end well",
        seen=f"run {run or context.get('run_id')} failed: {told}",
        cause=cause,
        subject="" if source else re.sub(r"[^\w.-]", "-", dag_id, flags=re.ASCII),
        source=source,
    )


def _folded(finding: Finding, there: Sequence[Alarm], at: datetime) -> Finding:
    """The finding, or that many sources fail, where this is one more."""
    standing = [alarm for alarm in there if alarm.kind == Kind.FAILED and alarm.stands]
    lately = [alarm for alarm in standing if alarm.source and at - alarm.raised_at < AT_ONCE]
    is_wide = any(alarm.subject == MANY and at - alarm.last_seen < AT_ONCE for alarm in standing)
    is_told = finding.source in {None, *(alarm.source for alarm in standing)}
    if is_told or not (is_wide or len(lately) >= MANY_SOURCES):
        return finding
    return finding._replace(
        source=None,
        subject=MANY,
        severity=Severity.SERIOUS,
        usual="a run of one source or another fails",
        seen=f"runs of more than {MANY_SOURCES} sources failed at once; the last of {finding.source}: {finding.seen}",
        cause=cause_of_many(Kind.FAILED),
    )


def _reason(store: ObjectStore, source: str, run: str) -> str | None:
    try:
        report = read_report(store, source, run)
    except InvalidKey:  # the DAG of a file with mistakes
        return None
    except BantinError as err:
        return str(err)
    return report.reason if report else None
