"""`bantin rerun`: repair one run of a source."""

from pathlib import Path

import click

from bantin.commands.options import Run, console, settings_of, with_archive
from bantin.completion import complete_runs, complete_sources
from bantin.errors import INTERRUPTED


@click.command(short_help="Repair a run that failed or died.")
@with_archive
@click.argument("source_id", metavar="SOURCE", shell_complete=complete_sources)
@click.argument("run", metavar="[RUN]", type=Run(), required=False, shell_complete=complete_runs)
@click.option("--fetch", is_flag=True, help="Crawl a further attempt, also into a run that is older than the newest.")
@click.option("--clean", is_flag=True, help="Clean every part again, also of a run of which nothing is missing.")
def rerun(archive: str | None, sources: Path | None, source_id: str, run: str | None, fetch: bool, clean: bool) -> None:
    """Repair a run that failed or died, from its last good step, and publish it. RUN is the newest by default.

    A run that is older than the newest asks no server: it is made of what is stored of it.
    """
    from bantin.display import show_report
    from bantin.errors import Interrupted
    from bantin.progress import crawl_progress
    from bantin.rerun import rerun as repair
    from browse.escaping import safe

    settings = settings_of(archive, sources)
    with crawl_progress(console(stderr=True)) as progress:
        try:
            outcome = repair(
                source_id,
                run,
                settings,
                fetch=fetch,
                clean=clean,
                on_step=lambda step, event: progress.on_step(source_id, step, event),
            )
        except Interrupted as err:
            click.echo(f"bantin: {safe(err)}: bantin rerun {err.source} {err.run}", err=True)
            raise SystemExit(INTERRUPTED) from None
    show_report(console(), outcome.report)
    for line in outcome.done:
        console().print(f"  {safe(line)}", markup=False)
    if not outcome.done:
        again = f"bantin rerun {outcome.report.source} {outcome.report.run} --clean"
        console().print(f"  nothing is missing, and nothing was done; `{again}` cleans its pages again", markup=False)
