"""`bantin reclean`: new rules over stored captures."""

import sys
from pathlib import Path

import click

from bantin.commands.options import Time, console, run_option, settings_of, sources_option, with_archive
from bantin.errors import INTERRUPTED
from browse.history.moments import Moment


@click.command(short_help="Clean stored pages again, by the present rules.")
@with_archive
@sources_option
@click.option("--since", metavar="TIME", type=Time(), help="Only runs from then on: a day, a time or a run.")
@click.option("--until", metavar="TIME", type=Time(), help="Only runs up to then; of a day all.")
@run_option
@click.option(
    "--rules",
    type=click.Choice(["current", "kept"]),
    default="current",
    show_default=True,
    help="The registry's source files as they are now, or those that each run keeps.",
)
@click.option("--allow-empty", is_flag=True, help="Also write runs of which the rules reject every article.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--yes", is_flag=True, help="Write without asking.")
def reclean(
    archive: str | None,
    sources: Path | None,
    ids: tuple[str, ...],
    since: Moment | None,
    until: Moment | None,
    run: str | None,
    rules: str,
    allow_empty: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Clean stored pages again, by the present rules and cleaner; show what changes, ask, and write it.

    Nothing is fetched. Tables that are replaced are kept. Interrupted, it goes on when it is called again. Exits with 1
    where a run could not be cleaned (it stays as it is, and the others go on), with 75 when interrupted.
    """
    from bantin.logs import complain, remark
    from bantin.progress import counted, steps
    from bantin.recleaning.reclean import Rules, Selection, choose, preview
    from bantin.recleaning.rewrite import forget, write
    from bantin.recleaning.show_changes import show_preview, show_problems

    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError("not on a terminal, nobody can be asked: give --dry-run to look, --yes to write")
    settings = settings_of(archive, sources)
    first, last = since.start if since else None, until.end if until else None
    chosen = choose(settings, Selection(sources=ids, since=first, until=last, run=run))
    if not chosen:
        complain(f"no published run in {settings.archive} is of these sources and times")
        raise SystemExit(1)
    told = console(stderr=True)
    try:
        with counted(told, "cleaning runs again") as (on_done,):
            made = preview(chosen, Rules(rules), settings, steps(on_done, len(chosen)), allow_empty=allow_empty)
        show_preview(console(), made)
        show_problems(told, made.problems)
        if made.to_write and not dry_run:
            if not yes:
                click.confirm(f"Write these {len(made.to_write)} runs?", abort=True)
            with counted(told, "writing runs") as (on_done,):
                made.problems += (unwritten := write(made, settings, steps(on_done, len(made.to_write))))
            show_problems(told, unwritten)
            remark(f"{len(made.to_write) - len(unwritten)} runs are written")
        if not dry_run:
            forget(made, chosen, settings)
    except KeyboardInterrupt:
        complain("interrupted; what is cleaned is kept: the same command goes on from there")
        raise SystemExit(INTERRUPTED) from None
    if made.problems:
        raise SystemExit(1)
