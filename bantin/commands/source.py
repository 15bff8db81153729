"""The commands of the registry of sources."""

from pathlib import Path

import click

from bantin.commands.options import MISTAKE, console, settings_of, with_archive
from bantin.completion import complete_sources
from model.errors import SourceError


@click.group()
def source() -> None:
    """The registry of sources."""


@source.command("list")
@with_archive
def source_list(archive: str | None, sources: Path | None) -> None:
    """List the sources, their schedules and ways in."""
    from bantin.display import show_sources
    from bantin.registry import load_registry

    show_sources(console(), load_registry(settings_of(archive, sources).sources))


@source.command("pools")
@with_archive
def source_pools(archive: str | None, sources: Path | None) -> None:
    """Print Airflow's pools for the politeness groups, as `airflow pools import` reads them.

    `bantin up` makes them by itself; any other Airflow needs them before sources of a group are crawled there.
    """
    import json

    from bantin.pools import as_airflow_imports

    click.echo(json.dumps(as_airflow_imports(settings_of(archive, sources).sources), indent=2))


@source.command("try")
@with_archive
@click.argument("source_id", metavar="ID", shell_complete=complete_sources)
def source_try(archive: str | None, sources: Path | None, source_id: str) -> None:
    """Look ahead: what the next crawl would ask for, and why. Asks for lists only, and stores nothing."""
    from bantin.display import show_outlook
    from bantin.look import look_ahead
    from bantin.progress import crawl_progress
    from bantin.registry import find_source

    settings = settings_of(archive, sources)
    source = find_source(settings.sources, source_id)
    with crawl_progress(console(stderr=True)) as progress:
        outlook = look_ahead(source, settings, on_progress=lambda event: progress.on_step(source_id, "fetch", event))
    show_outlook(console(), source_id, outlook)


@source.command("check")
@with_archive
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(path_type=Path))
def source_check(archive: str | None, sources: Path | None, files: tuple[Path, ...]) -> None:
    """Check source files (default: the registry's). One line a mistake; exit code 2 where there is one."""
    from model.source import load_source, source_files

    named = files or (settings_of(archive, sources).sources,)
    paths = [path for name in named for path in (source_files(name) if not files or name.is_dir() else [name])]
    mistakes: list[str] = []
    for path in paths:
        try:
            load_source(path)
        except SourceError as err:
            mistakes += err.mistakes
    for mistake in mistakes:
        click.echo(mistake)
    if mistakes:
        raise SystemExit(MISTAKE)
    click.echo(f"{len(paths)} source file{'s are' if len(paths) != 1 else ' is'} right")
