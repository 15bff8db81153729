"""`bantin audit`: sweep what runs leave behind."""

from contextlib import nullcontext
from pathlib import Path

import click

from bantin.commands.options import console, settings_of, with_archive


@click.command(short_help="Sweep what nobody needs any more.")
@with_archive
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
def audit(archive: str | None, sources: Path | None, dry_run: bool) -> None:
    """Sweep what nobody needs: work/ older than a week, remains of killed writers, ended leases, old parts of index/.

    May be called while crawls are under way. Airflow does it every day.
    """
    from bantin.audit import audit as sweep
    from bantin.runs import expect_archive
    from storage.store import open_store

    settings, out = settings_of(archive, sources), console(stderr=True)
    expect_archive(open_store(settings.archive))
    with out.status("looking") if out.is_terminal else nullcontext() as status:
        found = sweep(
            settings,
            dry_run=dry_run,
            on_step=lambda what: status.update(f"looking through {what}") if status else None,
        )
    for line in found.lines:
        click.echo(f"{line} (a dry run: all is still there)" if dry_run else line)
