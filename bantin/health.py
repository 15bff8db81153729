"""Showing how the sources are: on a terminal, as lines, as JSON, as a file for Prometheus."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from babel.dates import format_timedelta
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bantin.display import show_rows
from bantin.settings import Settings
from browse.archive import Archive
from browse.escaping import safe
from browse.health import Health
from browse.registered import registry_in
from browse.source_health import SourceHealth, Standing, StandingAlarm

STYLES = {
    Standing.BROKEN: "bold red",
    Standing.FAILED: "bold red",
    Standing.LATE: "red",
    Standing.ALARMED: "yellow",
    Standing.NEW: "cyan",
    Standing.WELL: "green",
    Standing.OFF: "dim",
}
BLOCKS = "▁▂▃▄▅▆▇█"


def blocks(days: Sequence[int | None]) -> str:
    """A sparkline of characters; a day without a run to tell is a dot."""
    most = max((day for day in days if day), default=1)
    return "".join("·" if day is None else BLOCKS[-(-day * (len(BLOCKS) - 1) // most)] for day in days)


def health_json(health: Health) -> str:
    """The health as one JSON object, as the page's twin has it; times in ISO 8601."""
    return json.dumps(asdict(health), ensure_ascii=False, default=lambda moment: moment.isoformat())


def show_health(console: Console, health: Health) -> None:
    """A table on a terminal; elsewhere a line a source, with tabs between id, standing, last success, articles today
    and usual, seconds late, next run, the days, and what is wrong; the archive's own alarms have no id."""
    if not console.is_terminal:
        of_archive = (("", Standing.ALARMED, *[""] * 6, _said(alarm)) for alarm in health.alarms)
        show_rows(console, (), ((cells, "") for cells in (*map(_cells, health.sources), *of_archive)))
        return
    table = Table("source", "", "last success", "today", "usual", "30 days", "late by", "next run", box=None)
    for one in health.sources:
        table.add_row(
            Text(safe(one.source)),
            Text(one.standing, style=STYLES[one.standing]),
            _ago(health.at, one.last_success),
            _number(one.today),
            _number(one.usual),
            Text(blocks(one.days), style="blue"),
            "" if one.lag_s is None else _span(one.lag_s),
            "" if one.next_run is None else f"in {_span((one.next_run - health.at).total_seconds())}",
        )
    console.print(table)
    for one in health.sources:
        for line in _wrong(one):
            console.print(Text(f"{one.source}: ", style=STYLES[one.standing]).append(safe(line), style="default"))
    for alarm in health.alarms:
        console.print(Text("archive: ", style="red").append(safe(_said(alarm)), style="default"))
    console.print(Text(_summary(health), style="bold"))


def write_metrics(settings: Settings, file: Path) -> None:
    """Writes the archive's metrics into `file`, in one step, as node_exporter's textfile collector reads them. Raises
    `ExportError` where it cannot be written, and what `health` raises."""
    from prometheus_client import generate_latest

    from browse.exporting.destination import new_file
    from browse.metrics import metrics_of

    metrics = metrics_of(Archive(settings.archive, settings.cache), lambda: registry_in(settings.sources))
    with new_file(file, force=True) as unfinished:
        unfinished.write_bytes(generate_latest(metrics))


def _cells(one: SourceHealth) -> tuple[object, ...]:
    return (
        one.source,
        one.standing,
        _iso(one.last_success),
        one.today,
        None if one.usual is None else _number(one.usual),
        one.lag_s,
        _iso(one.next_run),
        blocks(one.days),
        "; ".join(" ".join(line.split()) for line in _wrong(one)),
    )


def _wrong(one: SourceHealth) -> list[str]:
    reason = [] if one.reason is None or one.standing == Standing.OFF else [one.reason]
    return [*reason, *map(_said, one.alarms)]


def _said(alarm: StandingAlarm) -> str:
    subject = f" ({alarm.subject})" if alarm.subject else ""
    told = f"{alarm.seen}; usual: {alarm.usual}; likely: {alarm.cause}"
    return f"{alarm.severity}: {alarm.kind}{subject} since {alarm.since}: {told}"


def _summary(health: Health) -> str:
    counts = ", ".join(f"{count} {standing}" for standing, count in health.counts.items())
    built = f"; the index is {_span((health.at - health.indexed_at).total_seconds())} old" if health.indexed_at else ""
    return f"{counts or 'no sources'}; {health.today} new articles today, usual are {health.usual:g}{built}"


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _number(count: float | None) -> str:
    return "–" if count is None else f"{count:g}"


def _span(seconds: float) -> str:
    return str(format_timedelta(timedelta(seconds=seconds), granularity="minute", format="short", locale="en"))


def _ago(at: datetime, moment: datetime | None) -> str:
    return "never" if moment is None else f"{_span((at - moment).total_seconds())} ago"
