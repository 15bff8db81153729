"""Showing what a re-clean would change: counts by field and by rule, rows that appear and vanish, a sample of diffs."""

import difflib
import io
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bantin.recleaning.changes import Changes, Gone, Sample
from bantin.recleaning.reclean import Preview, Problem
from browse.escaping import safe

RULES_SHOWN = 30
AROUND = 60
"""So many characters of a line are shown before the place where it differs, and three times as many after."""


def show_preview(console: Console, made: Preview) -> None:
    """The counts, then the sample."""
    console.print(Text(summary(made), style="bold"))
    changes = made.changes
    if changes.fields:
        console.print(_table(("field", "rows changed"), changes.fields.most_common()))
    if changes.vanished:
        console.print(_table(("rows that vanish, by reason", "rows"), changes.vanished.most_common()))
    if by_rule := changes.blocks_by_rule():
        console.print(_table(("removed by rule", "blocks before", "after"), by_rule[:RULES_SHOWN]))
        if len(by_rule) > RULES_SHOWN:
            console.print(Text(f"and {len(by_rule) - RULES_SHOWN} rules more", style="dim"))
    _show_samples(console, changes)


def told(made: Preview) -> str:
    """The same as plain lines, for a log."""
    out = io.StringIO()
    show_preview(Console(file=out, width=10_000, highlight=False), made)
    return out.getvalue()


def show_problems(console: Console, problems: list[Problem]) -> None:
    """The runs that stay as they are."""
    for problem in problems:
        console.print(Text(safe(f"  stays as it is: {problem}"), style="red"))


def summary(made: Preview) -> str:
    """The counts in one line."""
    changes, vanished = made.changes, made.changes.vanished.total()
    head = f"{made.runs} runs cleaned again, {changes.rows} rows"
    would = f"{changes.changed} change, {changes.appeared} appear, {vanished} vanish, in {len(made.to_write)} runs"
    told = (
        (made.reused, "of the runs were cleaned already, by an earlier look"),
        (made.emptied, "of the runs lose every article"),
        (made.unpublished, "not published and left alone"),
        (len(made.problems), "could not be cleaned and stay as they are"),
    )
    return f"{head}: {would}" + "".join(f"; {count} {what}" for count, what in told if count)


def _show_samples(console: Console, changes: Changes) -> None:
    for gone in changes.vanished_samples:
        console.print(Text(safe(f"vanishes: {_where(gone)}: {gone.reason}"), style="red"))
    for gone in changes.appeared_samples:
        console.print(Text(safe(f"appears: {_where(gone)}"), style="green"))
    for sample in sorted(changes.samples, key=lambda one: one.field):
        console.print(Text(safe(f"{sample.field} of {_where(sample)}"), style="cyan"))
        for sign, line in diff_lines(sample.before, sample.after):
            console.print(Text(f"  {sign} {safe(line)}", style={"-": "red", "+": "green"}.get(sign, "dim")))


def _where(of: Sample | Gone) -> str:
    return f"{of.url} ({of.source}, run {of.run})"


def diff_lines(before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """The lines in which two values differ: a sign (`-`, `+`, or ` ` for what stands around) and the line. A line that
    takes another's place is cut to where they differ."""
    old, new = lines_of(before), lines_of(after)
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(1):
        for kind, at, to, new_at, new_to in group:
            if kind == "equal":
                yield from ((" ", _cut(line, 0)) for line in old[at:to])
                continue
            taken, put = old[at:to], new[new_at:new_to]
            starts = [_first_difference(*pair) for pair in zip(taken, put, strict=False)]
            starts += [0] * (max(len(taken), len(put)) - len(starts))
            yield from (("-", _cut(line, start)) for line, start in zip(taken, starts, strict=False))
            yield from (("+", _cut(line, start)) for line, start in zip(put, starts, strict=False))


def lines_of(value: Any) -> list[str]:
    """A field's value as lines: of a text its own, of a list or map an entry each, none of null."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [f"{name}: {one}" for name, one in value.items()]
    if isinstance(value, list):
        return [_entry(one) for one in value]
    return str(value).split("\n")


def _entry(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return " | ".join(str(one) for one in value.values() if one is not None)


def _first_difference(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _cut(line: str, start: int) -> str:
    begin = max(0, start - AROUND)
    shown = line[begin : start + 3 * AROUND]
    return "…" * (begin > 0) + shown + "…" * (len(line) > begin + len(shown))


def _table(heads: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(Text(safe(value)) for value in row))
    return table
