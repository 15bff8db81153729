"""The command line. Each command imports what it needs when it runs: Airflow alone takes seconds."""

import sys
from pathlib import Path
from typing import Any

import click

from bantin.commands import history
from bantin.commands.audit import audit
from bantin.commands.export import export
from bantin.commands.lake import lake
from bantin.commands.options import MISTAKE, console, settings_of, with_archive
from bantin.commands.reclean import reclean
from bantin.commands.rerun import rerun
from bantin.commands.verify import copy, verify
from bantin.errors import INTERRUPTED
from bantin.settings import SettingsError
from model.errors import BantinError, SourceError
from storage.without_pandas import block_pandas


class Cli(click.Group):
    """Turns bantin's errors into one message on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. 2: a file or setting is wrong; 75: interrupted; 1: anything else."""
        block_pandas()
        try:
            return super().invoke(ctx)
        except (SourceError, SettingsError) as err:
            click.echo(str(err), err=True)
            ctx.exit(MISTAKE)
        except BantinError as err:
            click.echo(f"bantin: {err}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("bantin: interrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bantin")
def main() -> None:
    """bantin crawls news sites on a schedule, strips each page down to the article, and keeps a readable archive."""


main.add_command(reclean)
main.add_command(lake)


@main.command()
@with_archive
@click.argument("ids", metavar="SOURCE…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every enabled source of the registry.")
@click.option(
    "--run", metavar="RUN", help="The newest run, to go on with it, e.g. 20261122T000000Z; also a name for a new one."
)
@click.option("--jobs", type=click.IntRange(1), default=4, show_default=True, help="So many sources at a time.")
def crawl(
    archive: str | None, sources: Path | None, ids: tuple[str, ...], everything: bool, run: str | None, jobs: int
) -> None:
    """Crawl, clean and publish sources now, several at a time.

    Exits with 1 where one failed, and with 75 when interrupted: then it says how to go on.
    """
    from datetime import UTC, datetime

    from bantin.crawl_all import crawl_all
    from bantin.display import safe, show_report
    from bantin.errors import Interrupted
    from bantin.progress import crawl_progress
    from bantin.registry import find_source, load_registry
    from model.report import RunReport
    from storage.keys import run_id, run_time

    if bool(ids) == everything:
        raise click.UsageError("name sources, or --all")
    settings = settings_of(archive, sources)
    wanted = (
        [source for source in load_registry(settings.sources) if source.enabled]
        if everything
        else [find_source(settings.sources, source_id) for source_id in dict.fromkeys(ids)]
    )
    run = run or run_id(datetime.now(UTC))
    run_time(run)  # before anything is asked for: it may be no run
    interrupted, failed = [], []
    with crawl_progress(console(stderr=True), [source.id for source in wanted]) as progress:
        for source, outcome in crawl_all(wanted, settings, run, jobs, progress.on_step):
            with progress.ended(source.id):
                if isinstance(outcome, RunReport):
                    show_report(console(), outcome)
                elif isinstance(outcome, Interrupted):
                    interrupted.append(source.id)
                else:
                    failed.append(source.id)
                    click.echo(f"bantin: {source.id}: {safe(outcome)}", err=True)
    if interrupted:
        left = [source.id for source in wanted if source.id in interrupted]
        how = f"bantin crawl {' '.join(left)} --run {run}"
        click.echo(f"bantin: interrupted; a further attempt goes on from what is stored: {how}", err=True)
        raise SystemExit(INTERRUPTED)
    if failed:
        raise SystemExit(1)


@main.command()
@with_archive
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--url", required=True, help="The address the page was saved from.")
@click.option(
    "--source", "source_id", metavar="ID", help="Clean by this source's rules. [the one the address belongs to]"
)
@click.option("--json", "json_", is_flag=True, help="One JSON object a file.")
@click.option(
    "--html",
    "html",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page there, its texts tinted by what became of them.",
)
def clean(
    archive: str | None,
    sources: Path | None,
    files: tuple[Path, ...],
    url: str,
    source_id: str | None,
    json_: bool,
    html: Path | None,
) -> None:
    """Try the cleaner on saved pages: print each text, kept or removed, and by which rule.

    Exits with 1 where a page is no article.
    """
    import json

    from bantin.display import as_json, show_trial
    from bantin.try_out import clean_file, write_page
    from model.article import Rejected

    if html is not None and len(files) > 1:
        raise click.UsageError("--html: expected one page, since it names one file")
    settings = settings_of(archive, sources)
    rejected = False
    for file in files:
        trial = clean_file(file, url, settings, source_id)
        result = trial.outcome
        rejected |= isinstance(result, Rejected)
        if html is not None and trial.html:
            write_page(html, trial.html)
        if isinstance(result, Rejected):
            message = json.dumps({"rejected": result.reason}, ensure_ascii=False)
            click.echo(message if json_ else f"{file}: rejected: {result.reason}")
        elif json_:
            click.echo(as_json(result))
        else:
            show_trial(console(), result, trial.fates)
    if rejected:
        raise SystemExit(1)


@main.group()
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
@click.argument("source_id", metavar="ID")
def source_try(archive: str | None, sources: Path | None, source_id: str) -> None:
    """Look ahead: what the next crawl would ask for, and why. Asks for lists only, and stores nothing."""
    from bantin.display import show_outlook
    from bantin.look import look_ahead
    from bantin.progress import crawl_progress
    from bantin.registry import find_source

    settings = settings_of(archive, sources)
    source = find_source(settings.sources, source_id)
    with crawl_progress(console(stderr=True), [source_id]) as progress:
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


@main.command()
@with_archive
@click.option("--port", default=8080, show_default=True, help="Port of Airflow's web interface on 127.0.0.1.")
def up(archive: str | None, sources: Path | None, port: int) -> None:
    """Run Airflow, scheduler and web interface, until Ctrl-C: the sources are crawled on their schedules."""
    from bantin.up import run_until_interrupted

    run_until_interrupted(settings_of(archive, sources), port, console())


@main.command()
@with_archive
def demo(archive: str | None, sources: Path | None) -> None:
    """See it work: a small web on this machine, crawled through Airflow into the archive."""
    from bantin.demo import run_demo

    sys.exit(run_demo(settings_of(archive, sources), console()))


main.add_command(history.list_)
main.add_command(history.show)
main.add_command(history.history)
main.add_command(history.diff)
main.add_command(history.cite)
main.add_command(export)
main.add_command(rerun)
main.add_command(audit)
main.add_command(verify)
main.add_command(copy)
