"""The commands of the registry of sources."""

from datetime import date
from pathlib import Path

import click

from bantin.commands.options import MISTAKE, Day, console, settings_of, source_argument, with_archive
from bantin.completion import complete_sources
from bantin.errors import INTERRUPTED
from model.errors import SourceError


@click.group()
def source() -> None:
    """The registry of sources."""


@source.command("list")
@with_archive
@click.option("--all", "retired", is_flag=True, help="Also those that have retired.")
def source_list(archive: str | None, sources: Path | None, retired: bool) -> None:
    """List the sources, their schedules and ways in, and since when and why one is paused."""
    from bantin.display import show_sources
    from bantin.registering.files import note_of
    from bantin.registry import load_registry, load_retired
    from model.source import RETIRED

    folder = settings_of(archive, sources).sources
    known = [(one, folder / f"{one.id}.yaml") for one in load_registry(folder)]
    known += [(one, folder / RETIRED / f"{one.id}.yaml") for one in (load_retired(folder) if retired else ())]
    at_rest = {path: "retired" if path.parent != folder else "" if one.enabled else "paused" for one, path in known}
    show_sources(console(), [(one, at_rest[path] and (note_of(path) or at_rest[path])) for one, path in known])


@source.command("pause")
@with_archive
@source_argument
@click.option("--until", type=Day(), help="Until when it is meant: noted, and no more. `resume` ends it.")
@click.option("--reason", metavar="TEXT", help="Noted in its file, and listed.")
def source_pause(
    archive: str | None, sources: Path | None, source_id: str, until: date | None, reason: str | None
) -> None:
    """Take a source's schedule away. Its DAG and runs stay, and can be cleared and started by hand."""
    from bantin.registering.changes import pause
    from browse.escaping import safe

    click.echo(safe(pause(settings_of(archive, sources).sources, source_id, until=until, reason=reason)))


@source.command("resume")
@with_archive
@source_argument
def source_resume(archive: str | None, sources: Path | None, source_id: str) -> None:
    """Crawl a paused or retired source again."""
    from bantin.registering.changes import resume
    from browse.escaping import safe

    click.echo(safe(resume(settings_of(archive, sources), source_id)))


@source.command("retire")
@with_archive
@source_argument
@click.option("--reason", metavar="TEXT", help="Told where the source is listed and shown.")
def source_retire(archive: str | None, sources: Path | None, source_id: str, reason: str | None) -> None:
    """Crawl a source no more. Its DAG goes, its archive stays; `resume` brings it back."""
    from bantin.registering.changes import retire
    from browse.escaping import safe

    click.echo(safe(retire(settings_of(archive, sources), source_id, reason=reason)))


@source.command("rename")
@with_archive
@click.argument("old", metavar="OLD", shell_complete=complete_sources)
@click.argument("new", metavar="NEW")
@click.option("--dry-run", is_flag=True, help="Only say how much there is to move.")
def source_rename(archive: str | None, sources: Path | None, old: str, new: str, dry_run: bool) -> None:
    """Give a source another id, in the registry and in the archive. Old citations and addresses lead to the new one.

    Interrupted or killed, it goes on when it is called again; until then the source is not crawled.
    """
    from bantin.logs import complain
    from bantin.progress import counted
    from bantin.registering.rename import plan, refresh_derived, rename

    settings = settings_of(archive, sources)
    if dry_run:
        click.echo(plan(settings, old, new).line)
        return
    try:
        with counted(console(stderr=True), "runs moved") as (on_done,):
            done = rename(settings, old, new, on_done)
    except KeyboardInterrupt:
        complain(f"interrupted, and nothing is lost: bantin source rename {old} {new} goes on")
        raise SystemExit(INTERRUPTED) from None
    click.echo(done.line)
    for problem in refresh_derived(settings, done):
        complain(problem)


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
@source_argument
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
