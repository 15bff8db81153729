"""`bantin health`: whether each source still works."""

from pathlib import Path

import click

from bantin.commands.options import console, json_option, settings_of, sources_argument, with_archive


@click.command(short_help="Does each source still work?")
@with_archive
@sources_argument
@click.option("--trouble", is_flag=True, help="Only those in trouble.")
@json_option
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
    stands) or the archive has no index, else with 0.
    """
    from dataclasses import replace

    from bantin.health import health_json, show_health, write_metrics
    from bantin.logs import complain
    from browse.archive import Archive
    from browse.health import health as health_of
    from browse.registered import registry_in

    settings = settings_of(archive, sources)
    if metrics:
        if ids or trouble or json_:
            raise click.UsageError("--prometheus: expected no other option, and no sources: metrics are of all")
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
    if found.indexed_at is None:  # a mistyped address, or a disk that is not mounted, is not well
        complain(f"{settings.archive} has no index: `bantin index` makes one, where an archive is there")
    if not found.is_well or found.indexed_at is None:
        raise SystemExit(1)
