"""`bantin health`: whether each source still works."""

from pathlib import Path

import click

from bantin.commands.options import console, settings_of, with_archive
from bantin.completion import complete_sources


@click.command(short_help="Does each source still work?")
@with_archive
@click.argument("ids", metavar="[SOURCE…]", nargs=-1, shell_complete=complete_sources)
@click.option("--trouble", is_flag=True, help="Only those in trouble.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.option(
    "--prometheus",
    "metrics",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write metrics into FILE instead, for node_exporter's textfile collector.",
)
def health(
    archive: str | None,
    sources: Path | None,
    ids: tuple[str, ...],
    trouble: bool,
    json_: bool,
    metrics: Path | None,
) -> None:
    """Show how the sources are, of the archive and the registry, or these alone; those in trouble first.

    Exits with 1 where one of them is in trouble (its file has mistakes, its last run failed, it is late, an alarm
    stands), else with 0.
    """
    from dataclasses import replace

    from bantin.health import health_json, show_health, write_metrics
    from browse.archive import Archive
    from browse.health import health as health_of
    from browse.health import registry_in

    settings = settings_of(archive, sources)
    if metrics:
        write_metrics(settings, metrics)
        return
    found = health_of(Archive(settings.archive, settings.cache), registry_in(settings.sources))
    if ids:
        if unknown := {*ids} - {one.source for one in found.sources}:
            raise click.UsageError(f"{', '.join(sorted(unknown))}: neither the archive nor the registry has it")
        found = found.only(ids)
    shown = [one for one in found.sources if one.standing.is_trouble] if trouble else found.sources
    if json_:
        click.echo(health_json(replace(found, sources=shown)))
    else:
        show_health(console(), replace(found, sources=shown))
    if not found.is_well:
        raise SystemExit(1)
