"""`bantin index`: the search index and the catalog of runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bantin.commands.options import console, settings_of, sources_argument, with_archive

if TYPE_CHECKING:
    from bantin.settings import Settings

STEPS = {"tables": "tables read", "articles": "articles indexed", "reports": "reports read", "files": "files stored"}
"""What a build tells of, and how it is called where it is shown."""


@click.command(short_help="Bring the search index up to date.")
@with_archive
@sources_argument
@click.option("--rebuild", is_flag=True, help="Make it anew: after damage, or at will.")
@click.option(
    "--check", "only_check", is_flag=True, help="Read what is stored of it and what it lacks; change nothing."
)
def index(archive: str | None, sources: Path | None, ids: tuple[str, ...], rebuild: bool, only_check: bool) -> None:
    """Bring the index up to date with the runs of these sources, or of all: what is new, was cleaned anew or is gone.

    Airflow does it after each run. Interrupted, nothing has changed. Exits with 1 where a table could not be read (the
    others are indexed), and with --check where something is damaged or missing.
    """
    if only_check and (rebuild or ids):
        raise click.UsageError("--check: expected no other option, and no sources: it looks at the whole index")
    settings = settings_of(archive, sources)
    if not (_check(settings) if only_check else _build(settings, ids, rebuild)):
        raise SystemExit(1)


def _build(settings: "Settings", ids: tuple[str, ...], rebuild: bool) -> bool:
    from bantin.index import bring_up_to_date
    from bantin.progress import counted
    from browse.escaping import safe

    with counted(console(stderr=True), *STEPS.values()) as bars:
        on_done = dict(zip(STEPS, bars, strict=True))
        done = bring_up_to_date(
            settings, ids or None, rebuild=rebuild, on_done=lambda what, *counts: on_done[what](*counts)
        )
    for problem in done.problems:
        click.echo(f"left out: {safe(problem)}", err=True)
    told = f"{done.runs} runs indexed, {done.gone} taken out" if done.runs or done.gone else "nothing to do"
    click.echo(f"{told}: {done.articles:,} articles, {done.size_bytes / 1e6:,.1f} MB, generation {done.generation}")
    return not done.problems


def _check(settings: "Settings") -> bool:
    from bantin.index import check
    from bantin.progress import counted
    from browse.escaping import safe

    with counted(console(stderr=True), "objects read") as (on_done,):
        found = check(settings, lambda what, *counts: on_done(*counts))
    for line in found.damaged:
        click.echo(f"damaged: {safe(line)}")
    for problem in found.problems:
        click.echo(f"left out: {safe(problem)}")
    for table in sorted(found.due.changed):
        click.echo(f"not indexed as it is now: run {table.run} of {table.source}")
    for table in sorted(found.due.gone):
        click.echo(f"gone, and still indexed: run {table.run} of {table.source}")
    if found.damaged:
        click.echo("`bantin index --rebuild` makes it anew")
    elif found.due:
        click.echo("`bantin index` brings it up to date")
    elif not found.problems:
        click.echo(f"whole and up to date: generation {found.manifest.generation}")
    return not (found.damaged or found.due or found.problems)
