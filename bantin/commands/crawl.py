"""The command that crawls sources now."""

from datetime import date
from pathlib import Path

import click

from bantin.commands.options import Day, Run, console, settings_of, sources_argument, with_archive
from bantin.completion import complete_runs
from bantin.errors import INTERRUPTED


@click.command(short_help="Crawl, clean and publish sources now.")
@with_archive
@sources_argument
@click.option("--all", "everything", is_flag=True, help="Every enabled source of the registry.")
@click.option(
    "--run",
    type=Run(),
    shell_complete=complete_runs,
    help="The newest run, to go on with it, e.g. 20261122T000000Z; also a name for a new one.",
)
@click.option("--jobs", type=click.IntRange(1), default=4, show_default=True, help="So many sources at a time.")
@click.option("--full", is_flag=True, help="Ask for every known article again, whether due or not, and in full.")
@click.option("--since", type=Day(), help="No article that its list dates before this day, or that was found before.")
@click.option("--pages", type=click.IntRange(1), help="A budget of pages, in the place of fetch.max_pages.")
def crawl(
    archive: str | None,
    sources: Path | None,
    ids: tuple[str, ...],
    everything: bool,
    run: str | None,
    jobs: int,
    full: bool,
    since: date | None,
    pages: int | None,
) -> None:
    """Crawl, clean and publish sources now, several at a time.

    Exits with 1 where one failed, and with 75 when interrupted, and says how to go on.
    """
    from datetime import UTC, datetime

    from structlog.contextvars import bound_contextvars

    from bantin.crawl_all import crawl_all
    from bantin.display import show_report
    from bantin.errors import HELD, FetchFailed, Interrupted
    from bantin.logs import complain
    from bantin.progress import crawl_progress
    from bantin.registry import find_source, load_registry
    from model.report import RunReport
    from model.scope import Scope
    from storage.keys import run_id

    if bool(ids) == everything:
        raise click.UsageError("name sources, or --all")
    settings = settings_of(archive, sources)
    wanted = (
        [source for source in load_registry(settings.sources) if source.enabled]
        if everything
        else [find_source(settings.sources, source_id) for source_id in dict.fromkeys(ids)]
    )
    run = run or run_id(datetime.now(UTC))
    scope = Scope(full=full, since=since, pages=pages)
    interrupted, failed, unfinished = [], [], []
    with crawl_progress(console(stderr=True)) as progress:
        for source, outcome in crawl_all(wanted, settings, run, jobs, progress.on_step, scope):
            with progress.ended(source.id):
                if isinstance(outcome, RunReport):
                    show_report(console(), outcome)
                elif isinstance(outcome, Interrupted):
                    interrupted.append(source.id)
                else:
                    failed.append(source.id)
                    if isinstance(outcome, FetchFailed) and outcome.exit_code != HELD:
                        unfinished.append(source.id)
                    with bound_contextvars(source=source.id, run=run):
                        whose = f"{source.id}: "  # what is wrong with its file begins so already
                        complain(whose + str(outcome).removeprefix(whose))
    if interrupted:
        left = [source.id for source in wanted if source.id in interrupted]
        how = " ".join(["bantin crawl", *left, "--run", run, *scope.arguments])
        with bound_contextvars(run=run):
            complain(f"interrupted; a further attempt goes on from what is stored: {how}")
        raise SystemExit(INTERRUPTED)
    if unfinished:
        how = " ".join(["bantin crawl", *sorted(unfinished), "--run", run, *scope.arguments])
        with bound_contextvars(run=run):
            complain(f"where the cause is mended, a further attempt goes on from what is stored: {how}")
    if failed:
        raise SystemExit(1)
