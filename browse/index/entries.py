"""What the catalog says of a run and of a source, made of their objects."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from browse.catalog import MISSING, UNREADABLE, Catalog, Gone, RunEntry, SourceEntry
from browse.index.ledger import Table
from browse.index.survey import Listed
from model.capture import Kind
from model.errors import SourceError
from model.report import RunReport
from model.source import Source, parse_source
from storage import keys
from storage.errors import Corrupt, KeyNotFound, UnknownVersion
from storage.reports import read_report
from storage.store import ObjectStore
from storage.tables import as_table

MOST_GONE = 50
"""So many vanished pages of a run stand in the catalog; its report has more."""

MOST_RULES = 12
"""So many rules of a run, those that removed most blocks, stand in the catalog."""

_RULES_TRIED = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What a run's table of articles tells: how many rows, how many of them have each of `COVERED`, and how many have
    a day in the `future`; or the `problem` that kept it from being read."""

    rows: int = 0
    covered: Mapping[str, int] = field(default_factory=dict)
    future: int = 0
    problem: str | None = None


def entry_of(store: ObjectStore, table: Table, listed: Listed, told: Told) -> RunEntry:
    """The entry of a run. A report that cannot be read, or says what none can, is an entry that says so. Raises
    `StorageError` where the store does not answer."""
    entry = RunEntry(
        source=table.source,
        run=table.run,
        state=MISSING,
        rows=told.rows,
        covered=dict(told.covered),
        future=told.future,
        problem=told.problem,
        articles_etag=None if told.problem else listed.articles,
        rules_etag=listed.rules,
    )
    try:
        report = read_report(store, table.source, table.run) if listed.report else None
        return _reported(entry, report, listed) if report else entry
    except (Corrupt, UnknownVersion) as err:
        return replace(entry, state=UNREADABLE, reason=str(err))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as err:  # wrong values show as any of these
        reason = f"{keys.report(table.source, table.run)}: {err}: expected a run report"
        return replace(entry, state=UNREADABLE, reason=reason)


def _reported(entry: RunEntry, report: RunReport, listed: Listed) -> RunEntry:
    """The entry with what the report says. What no catalog can hold shows here, not when all entries are written."""
    told = replace(entry, state=report.state, reason=report.reason, report_etag=listed.report, **_counts(report))
    as_table([told], RunEntry).to_pylist(maps_as_pydicts="strict")
    return told


def _counts(report: RunReport) -> dict[str, Any]:
    outcomes = {name: name.rpartition(" ")[2] for name in report.captures}
    failed = [name for name, outcome in outcomes.items() if outcome in ("error", "blocked") or outcome.startswith("5")]
    pages = {outcomes[name]: count for name, count in report.captures.items() if name.startswith(f"{Kind.ARTICLE} ")}
    return {
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "recleaned_at": report.recleaned_at,
        "attempts": int(report.attempts),
        "captures": sum(report.captures.values()),
        "errors": sum(report.captures[name] for name in failed),
        **{name: int(report.articles.get(name, 0)) for name in ("new", "changed", "unchanged", "quarantined")},
        "rejected": sum(report.rejected.values()),
        "removed": sum(report.removed.values()),
        "skipped": sum(report.skipped.values()),
        "waiting": int(report.waiting),
        "pages": sum(pages.values()),
        "absent": max(len(report.vanished), pages.get("404", 0) + pages.get("410", 0)),
        "blocked": int(report.blocked),
        "removed_by": dict(sorted(report.removed.items(), key=lambda one: (-one[1], one[0]))[:MOST_RULES]),
        "cleaner": report.cleaner_version,
        "gone": [Gone(page["url"], page.get("how", "")) for page in report.vanished[:MOST_GONE]],
        **{name: len(getattr(report, name)) for name in ("vanished", "cloaked", "spam", "retry", "warnings")},
    }


def source_of(store: ObjectStore, catalog: Catalog, source: str) -> SourceEntry:
    """The entry of a source, by the rules of its newest run, or of one of the few before where they cannot be read."""
    runs = catalog.count(source)
    for entry in catalog.runs(source, limit=_RULES_TRIED):
        try:
            if entry.rules_etag:
                return _described(store, source, entry.run, runs)
        except (KeyNotFound, SourceError, UnicodeError):
            continue
    return SourceEntry(id=source, name=source, runs=runs)


def _described(store: ObjectStore, source: str, run: str, runs: int) -> SourceEntry:
    key = keys.run_source(source, run)
    entry = described(parse_source(store.get(key).decode(), key), source, runs)
    json.dumps(asdict(entry), ensure_ascii=False).encode()  # half a character, which YAML can name, fits no catalog
    return entry


def described(rules: Source, source: str, runs: int) -> SourceEntry:
    """The entry of the source called `source` that its rules make, with the number of its runs."""
    return SourceEntry(
        id=source,
        name=rules.name,
        url=rules.url,
        kind=rules.kind,
        languages=list(rules.languages),
        province=rules.locality.province if rules.locality else None,
        district=rules.locality.district if rules.locality else None,
        schedule=rules.schedule,
        timezone=rules.timezone,
        enabled=rules.enabled,
        runs=runs,
    )
