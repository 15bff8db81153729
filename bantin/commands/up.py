"""The commands that start Airflow."""

import sys
from pathlib import Path

import click

from bantin.commands.options import console, settings_of, with_archive


@click.command(short_help="Run Airflow until Ctrl-C: sources on their schedules.")
@with_archive
@click.option("--port", default=8080, show_default=True, help="Port of Airflow's web interface on 127.0.0.1.")
def up(archive: str | None, sources: Path | None, port: int) -> None:
    """Run Airflow, scheduler and web interface, until Ctrl-C: the sources are crawled on their schedules."""
    from bantin.up import run_until_interrupted

    run_until_interrupted(settings_of(archive, sources), port, console())


@click.command(short_help="See it work: a small web on this machine, crawled.")
@with_archive
def demo(archive: str | None, sources: Path | None) -> None:
    """See it work: a small web on this machine, crawled through Airflow into the archive."""
    from bantin.demo import run_demo

    sys.exit(run_demo(settings_of(archive, sources), console()))
