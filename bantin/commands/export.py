"""The command export."""

import sys
from datetime import date
from pathlib import Path

import click

from bantin.commands.options import (
    Run,
    console,
    query_of,
    settings_of,
    with_archive,
    with_filters,
)
from bantin.completion import complete_runs, complete_words


@click.command(short_help="Write articles to JSONL, CSV, Parquet, text …")
@with_archive
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.argument("words", metavar="[QUERY…]", nargs=-1, shell_complete=complete_words)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["jsonl", "csv", "parquet", "hf", "text"]),
    help="What to write; hf and text are folders. [by the ending of OUT, jsonl for -]",
)
@with_filters
@click.option("--run", type=Run(), shell_complete=complete_runs, help="As this run found them.")
@click.option("--all-versions", is_flag=True, help="Every row of an article, not its newest alone.")
@click.option("--quarantined", is_flag=True, help="Also pages that are spam themselves.")
@click.option("--fields", metavar="NAME,…", help="These columns, and always source, url and fetched_at. [all]")
@click.option("--force", is_flag=True, help="Replace what is there.")
def export(
    archive: str | None,
    sources: Path | None,
    out: Path,
    words: tuple[str, ...],
    format_: str | None,
    ids: tuple[str, ...],
    run: str | None,
    since: date | None,
    until: date | None,
    languages: tuple[str, ...],
    all_versions: bool,
    quarantined: bool,
    fields: str | None,
    force: bool,
) -> None:
    """Write articles to OUT: a file, a folder, or - for standard output. All, or those that fit a query as `bantin
    search` takes it.

    jsonl and csv are compressed where OUT ends in .gz or .zst.
    """
    from bantin.commands.asking import index_of
    from bantin.progress import counted
    from bantin.runs import expect_archive
    from browse.articles import narrowed
    from browse.exporting.export import export as write
    from browse.exporting.export import target
    from browse.query import parse_query
    from storage.selection import Selection
    from storage.store import open_store

    selection = Selection(
        sources=ids,
        run=run,
        since=since,
        until=until,
        languages=languages,
        all_versions=all_versions,
        quarantined=quarantined,
    )
    names = [name.strip() for name in fields.split(",")] if fields else ()
    query = parse_query(query_of(words)) if words else None
    if query and quarantined:
        raise click.UsageError("--quarantined: with a query, write is:quarantined in it")
    settings = settings_of(archive, sources)
    store = open_store(settings.archive)
    expect_archive(store)  # else --force would put an empty file in the place of a good one
    to = target(None if str(out) == "-" else out, format_, names)
    if query:
        selection = narrowed(selection, query, index_of(settings))
    with counted(console(stderr=True), "tables looked at", "articles") as (on_table, on_rows):
        written = write(
            selection,
            to,
            store,
            sys.stdout.buffer,
            force=force,
            on_table=on_table,
            on_rows=on_rows,
        )
    click.echo(f"{written} articles" + (f" in {to.path}" if to.path else ""), err=True)
