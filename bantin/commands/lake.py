"""`bantin lake`: the monthly tables for bulk readers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bantin.commands.options import console, settings_of, sources_argument, with_archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from bantin.lake import Built


@click.command(short_help="Bring lake/, the monthly tables, up to date.")
@with_archive
@sources_argument
@click.option("--month", metavar="MONTH", help="This month alone, e.g. 2026-10. [every month that is closed]")
@click.option("--dry-run", is_flag=True, help="Say what would be built, and build nothing.")
def lake(archive: str | None, sources: Path | None, ids: tuple[str, ...], month: str | None, dry_run: bool) -> None:
    """Bring lake/ up to date: one Parquet object a source and closed month, made of the articles of its runs.

    Only what is missing or stale is built. Interrupted, it goes on when it is called again. Exits with 1 where a month
    could not be built.
    """
    from rich.text import Text

    from bantin.lake import State, build, survey
    from bantin.runs import expect_archive
    from browse.escaping import safe
    from storage.store import open_store

    settings = settings_of(archive, sources)
    expect_archive(open_store(settings.archive))
    found = list(survey(settings, tuple(dict.fromkeys(ids)), month))
    due = [one for one in found if one.state is not State.FRESH]
    out = console()
    if dry_run:
        for one in due:
            out.print(Text(f"{one.key}: {one.state}, of {len(one.tables)} tables"))
    failed = 0
    for built in [] if dry_run else _shown(build(settings, due), len(due), console(stderr=True)):
        failed += built.error is not None
        said = f"failed: {safe(built.error)}" if built.error else built.done
        out.print(Text(f"{built.month.key}: {built.month.state}, {said}", style="red" if built.error else ""))
    told = f"{len(found) - len(due)} months were up to date, {len(due)} were not"
    click.echo(told if found else f"{settings.archive} has no runs of {month or 'a month that is closed'}", err=True)
    if failed:
        raise SystemExit(1)


def _shown(months: "Iterable[Built]", count: int, out: "Console") -> "Iterator[Built]":
    """Passes the months on, with a bar on a terminal."""
    from rich.progress import track

    return iter(track(months, "lake", count, console=out, transient=True, disable=not out.is_terminal))
