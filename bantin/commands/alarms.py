"""`bantin watch` and `bantin alarms`: what is wrong with the archive's sources, and who is told."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bantin.commands.index import STEPS
from bantin.commands.options import console, settings_of, with_archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bantin.settings import Settings
    from model.alarm import Alarm


@click.command(short_help="Find out what is wrong with the sources.")
@with_archive
@click.option("--dry-run", is_flag=True, help="Store nothing, and leave the index as it is.")
def watch(archive: str | None, sources: Path | None, dry_run: bool) -> None:
    """Compare what every source did with its own past, and print what is unusual; what is over, too.

    Airflow does it every day. The index is brought up to date first. Exits with 0 whatever it finds: `bantin alarms
    --tell` sends it.
    """
    from bantin.progress import counted
    from bantin.watching.watch import watch as find

    settings, steps = settings_of(archive, sources), {**STEPS, "sources": "sources judged"}
    with counted(console(stderr=True), *steps.values()) as bars:
        on_done = dict(zip(steps, bars, strict=True))
        found = find(settings, dry_run=dry_run, on_done=lambda what, *counts: on_done[what](*counts))
    _show([*found.standing, *found.over])
    click.echo(f"sources watched: {found.sources}; problems that stand: {len(found.standing)}; over: {len(found.over)}")


@click.command(short_help="The problems that stand; tell whoever is to be told.")
@with_archive
@click.option("--over", "with_over", is_flag=True, help="Those of the last month, too, that are over.")
@click.option("--tell", "only_tell", is_flag=True, help="Send what is due to the targets in BANTIN_ALARMS.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def alarms(archive: str | None, sources: Path | None, with_over: bool, only_tell: bool, as_json: bool) -> None:
    """Print the problems that stand, as the last `bantin watch` found them; or, with --tell, send what is due.

    With --tell it exits with 1 where somebody could not be told; the same call tells those then.
    """
    from storage.alarms import read_alarms
    from storage.store import open_store

    if only_tell and (with_over or as_json):
        raise click.UsageError("--tell: expected no other option: it prints who was told")
    settings = settings_of(archive, sources)
    if only_tell:
        _tell(settings)
        return
    shown = [alarm for alarm in read_alarms(open_store(settings.archive)) if alarm.stands or with_over]
    if as_json:
        for alarm in shown:
            click.echo(json.dumps(asdict(alarm), default=lambda at: at.isoformat(), ensure_ascii=False))
        return
    _show(shown)
    click.echo(f"problems that stand: {sum(alarm.stands for alarm in shown)}")


def _tell(settings: "Settings") -> None:
    """Sends what is due, and prints who was told. Raises `SettingsError` where nobody is to be, and as `tell`."""
    from bantin.notifying.targets import EXPECTED, parse_targets
    from bantin.notifying.tell import tell
    from bantin.settings import SettingsError

    if not parse_targets(settings.alarms):
        raise SettingsError(f"BANTIN_ALARMS names nobody: {EXPECTED}")
    for told in tell(settings):
        click.echo(f"{told.target}: told of {told.alarms}")


def _show(shown: "Sequence[Alarm]") -> None:
    """The alarms in plain text, those that matter most first."""
    from bantin.notifying.messages import line_of, text_of
    from model.alarm import in_order

    for alarm in in_order(shown):
        click.echo(f"{text_of(line_of(alarm))}\n")
