"""The command that tries the cleaner on saved pages."""

from pathlib import Path

import click

from bantin.commands.options import console, settings_of, with_archive
from bantin.completion import complete_sources


@click.command(short_help="Try the cleaner on saved pages.")
@with_archive
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--url", required=True, help="The address the page was saved from.")
@click.option(
    "--source",
    "source_id",
    metavar="ID",
    shell_complete=complete_sources,
    help="Clean by this source's rules. [the one the address belongs to]",
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
