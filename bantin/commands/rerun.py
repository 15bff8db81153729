"""`bantin rerun`: repair one run of a source, or the runs of some days."""

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bantin.commands.options import Day, Run, console, settings_of, with_archive
from bantin.completion import complete_runs, complete_sources
from bantin.errors import INTERRUPTED

if TYPE_CHECKING:
    from bantin.progress import CrawlProgress
    from bantin.rerun import Rerun
    from bantin.settings import Settings

_RUN = re.compile(r"\d{8}T")


def _complete(
    context: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """A source, then its runs or further sources."""
    named = context.params.get("ids")
    return [
        *(complete_runs(context, param, incomplete) if named else ()),
        *complete_sources(context, param, incomplete),
    ]


@click.command(short_help="Repair runs that failed or died.")
@with_archive
@click.argument("ids", metavar="SOURCE [RUN] | [SOURCE…]", nargs=-1, shell_complete=_complete)
@click.option("--since", type=Day(), help="All runs of this day and later, in UTC.")
@click.option("--until", type=Day(), help="All runs of this day and earlier.")
@click.option("--failed", is_flag=True, help="Of these only runs that are not published.")
@click.option("--fetch", is_flag=True, help="Crawl a further attempt, also into a run that is older than the newest.")
@click.option("--clean", is_flag=True, help="Clean every part again, also of a run of which nothing is missing.")
def rerun(
    archive: str | None,
    sources: Path | None,
    ids: tuple[str, ...],
    since: date | None,
    until: date | None,
    failed: bool,
    fetch: bool,
    clean: bool,
) -> None:
    """Repair a run that failed or died, from its last good step, and publish it. RUN is the newest by default.

    With --since, --until or --failed all runs of those days, the oldest first: of the sources that are named, or of the
    registry's. A run that is older than the newest asks no server: it is made of what is stored of it. Exits with 1
    where one could not be repaired, with 75 when interrupted.
    """
    from bantin.errors import Interrupted
    from bantin.logs import complain
    from bantin.progress import counted, crawl_progress
    from bantin.rerun import choose

    settings = settings_of(archive, sources)
    several = bool(since or until or failed)
    if several and fetch:
        raise click.UsageError("--fetch is for one run: what a site shows today does not belong into many")
    if several and any(map(_RUN.match, ids)):
        raise click.UsageError("name either a run, or days")
    source_id, run = ("", None) if several else _one(ids)
    chosen: list[tuple[str, str]] = []
    if several:
        whole = 0

        def on_done(done: int, of: int) -> None:
            nonlocal whole
            whole = of
            show_looked_at(done, of)

        with counted(console(stderr=True), "runs looked at") as (show_looked_at,):
            chosen = choose(settings, ids, since=since, until=until, failed=failed, on_done=on_done)
        if not chosen:
            _say_nothing_is_missing(settings, whole, named=bool(ids))
            return
    with crawl_progress(console(stderr=True)) as progress:
        try:
            if several:
                failures = _repair_all(settings, chosen, clean, progress)
            else:
                failures = _repair(settings, source_id, run, fetch, clean, progress)
        except Interrupted as err:
            flags = " --fetch" * fetch + " --clean" * clean
            again = "the same command goes on" if several else f"bantin rerun {err.source} {err.run}{flags}"
            complain(f"{err}: {again}")
            raise SystemExit(INTERRUPTED) from None
    if failures:
        raise SystemExit(1)


def _say_nothing_is_missing(settings: "Settings", whole: int, *, named: bool) -> None:
    """Says that no run was chosen: `whole` are all that were looked at, or else there is none."""
    from bantin.commands.asking import LISTED
    from bantin.logs import remark
    from bantin.rerun import unregistered

    if whole:
        remark(f"nothing to repair: {whole} of {whole} runs are whole")
        return
    remark("nothing to repair: there is no run of these days")
    if not named and (others := unregistered(settings)):
        theirs = ", ".join(others[:LISTED]) + (f" and {len(others) - LISTED} more" if len(others) > LISTED else "")
        remedy = "name them, or give the folder of their files by --sources"
        remark(f"not looked at, since {settings.sources} has no files of them: the runs of {theirs}: {remedy}")


def _one(words: tuple[str, ...]) -> tuple[str, str | None]:
    if not words:
        raise click.UsageError("name a source, or days (--since, --until, --failed)")
    if len(words) > 2:
        raise click.UsageError("of several sources only days can be run again: --since, --until, --failed")
    run: str | None = Run().convert(words[1], None, None) if len(words) == 2 else None
    return words[0], run


def _repair(
    settings: "Settings", source_id: str, run: str | None, fetch: bool, clean: bool, progress: "CrawlProgress"
) -> int:
    from functools import partial

    from bantin.rerun import rerun as repair

    told = partial(progress.on_step, source_id)
    outcome = repair(source_id, run, settings, fetch=fetch, clean=clean, on_step=told)
    with progress.ended(source_id):
        _show(outcome)
    return 0


def _repair_all(settings: "Settings", chosen: list[tuple[str, str]], clean: bool, progress: "CrawlProgress") -> int:
    """Returns how many could not be repaired."""
    from structlog.contextvars import bound_contextvars

    from bantin.logs import complain, remark
    from bantin.rerun import Rerun, rerun_each

    failures = 0
    for source_id, run, outcome in rerun_each(chosen, settings, clean=clean, on_step=progress.on_step):
        with progress.ended(source_id):
            if isinstance(outcome, Rerun):
                _show(outcome)
            else:
                failures += 1
                with bound_contextvars(source=source_id, run=run):
                    complain(f"{source_id}, run {run}: {outcome}")
    remark(f"{len(chosen) - failures} of {len(chosen)} runs are whole")
    return failures


def _show(outcome: "Rerun") -> None:
    from bantin.display import show_report
    from browse.escaping import safe

    show_report(console(), outcome.report)
    for line in outcome.done:
        console().print(f"  {safe(line)}", markup=False)
    if not outcome.done:
        again = f"bantin rerun {outcome.report.source} {outcome.report.run} --clean"
        console().print(f"  nothing is missing, and nothing was done; `{again}` cleans its pages again", markup=False)
