"""The commands that read articles and what time did to them: list, show, history, diff, cite.

An article is named by its id, by the beginning of it, or by a query that it alone fits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bantin.commands.asking import article_meant, index_of, is_id, tell_what_is_left
from bantin.commands.options import Time, console, json_option, query_of, settings_of, with_archive
from bantin.completion import complete_list
from browse.history.moments import InvalidTime, Moment, parse_reference

if TYPE_CHECKING:
    from bantin.settings import Settings
    from browse.history.citations import Found
    from browse.reading import Watch
    from storage.store import ObjectStore


class Reference(click.ParamType[tuple[str, Moment | None]]):
    """An article's id, or the beginning of one, with or without a time: ID[@TIME]; or a query, as it is."""

    name = "reference"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Fails with what was expected of the time."""
        if not is_id(value.partition("@")[0]):
            return value, None
        try:
            return parse_reference(value)
        except InvalidTime as err:
            self.fail(str(err), param, ctx)


@contextmanager
def watching() -> Iterator["Watch | None"]:
    """Shows on a terminal how many tables have been read."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield None
        return
    from rich.progress import Progress

    with Progress(console=err, transient=True) as progress:
        lines = {what: progress.add_task(what, total=None, visible=False) for what in ("articles", "captures")}
        yield lambda what, done, total: progress.update(lines[what], completed=done, total=total, visible=True)


@click.command("list", short_help="List articles, newest day first.")
@with_archive
@click.argument("words", metavar="[SOURCE | QUERY…]", nargs=-1, shell_complete=complete_list)
@click.option("-n", "most", metavar="N", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--as-of", metavar="TIME", type=Time(), help="As the archive was then: a day or a time, of UTC.")
def list_(archive: str | None, sources: Path | None, words: tuple[str, ...], most: int, as_of: Moment | None) -> None:
    """List the archive's articles, newest day first: all, those of a source, or those that fit a query."""
    from bantin.display import show_list
    from bantin.runs import expect_archive
    from browse.reading import list_page

    store = _store(archive, sources)
    expect_archive(store)
    source_id = words[0] if len(words) == 1 else None
    if words and not (source_id and _has_runs(store, source_id)):
        if as_of:
            raise click.UsageError("--as-of: expected a source that has runs: an index knows the newest texts alone")
        _list_found(settings_of(archive, sources), query_of(words), most)
        return
    with watching() as watch:
        found = list_page(store, source_id, at=as_of.end if as_of else None, most=most, watch=watch)
    show_list(console(), found.entries)
    if found.total > len(found.entries):
        click.echo(f"{found.total - len(found.entries)} more: -n {found.total} shows all", err=True)
    if not found.total:
        click.echo(f"no articles {f'of {source_id!r} ' if source_id else ''}in {store.url}", err=True)


def _list_found(settings: "Settings", text: str, most: int) -> None:
    """Lists the articles that fit a query."""
    from bantin.display import show_list
    from bantin.found import entry_of
    from browse.errors import NoIndex
    from browse.index.seam import MOST_HITS, Order
    from browse.query import parse_query

    query = parse_query(text)
    try:
        found = index_of(settings).search(query, order=Order.NEWEST, limit=min(most, MOST_HITS))
    except NoIndex as err:
        raise NoIndex(f"{text!r}: no source of that name has articles; to search by words: {err}") from err
    show_list(console(), map(entry_of, found.hits))
    tell_what_is_left(found)


def _has_runs(store: "ObjectStore", word: str) -> bool:
    """Whether a word is the id of a source of which articles are stored."""
    from storage.errors import InvalidKey
    from storage.rows import article_tables

    try:
        return bool(article_tables(store, word))
    except InvalidKey:
        return False


@click.command()
@with_archive
@click.argument("reference", metavar="ID[@TIME] | QUERY", type=Reference())
@click.option("--cleaned", metavar="MARK", help="As an earlier cleaning had it: the beginning of its mark.")
@click.option("--json", "json_", is_flag=True, help="The row as one JSON object.")
def show(
    archive: str | None, sources: Path | None, reference: tuple[str, Moment | None], cleaned: str | None, json_: bool
) -> None:
    """Show an article: text, metadata, and what was removed. ID may be the beginning of one.

    With a time, the article as it was then: of a day, at its end. A citation is such a time; UTC unless it names a
    zone.
    """
    from bantin.display import as_json, show_article
    from bantin.timeline import notes, unread_notes

    found = _find(archive, sources, reference, cleaned)
    if json_:
        click.echo(as_json(found.article))
    else:
        show_article(console(), found.article)
    told = notes(found) if reference[1] is not None or found.cleaned is not None else unread_notes(found)
    for line in told:
        click.echo(line, err=True)


@click.command(short_help="Print the citation of an article: id@time.")
@with_archive
@click.argument("reference", metavar="ID[@TIME] | QUERY", type=Reference())
@json_option
def cite(archive: str | None, sources: Path | None, reference: tuple[str, Moment | None], json_: bool) -> None:
    """Print the citation of an article, newest or as of a time: `bantin show` finds it by that for ever."""
    from bantin.timeline import citation_json, notes, show_citation, unread_notes

    found = _find(archive, sources, reference, None)
    if json_:
        click.echo(citation_json(found))
    else:
        show_citation(console(), found)
    for line in notes(found) if reference[1] is not None else unread_notes(found):
        click.echo(line, err=True)


@click.command(short_help="Tell each text an article had; gone and moved.")
@with_archive
@click.argument("article", metavar="ID | QUERY")
@json_option
def history(archive: str | None, sources: Path | None, article: str, json_: bool) -> None:
    """Tell the history of an article: each text it had, from when to when, and when its page was gone or moved."""
    from bantin.timeline import history_json, show_history
    from browse.reading import find_history

    settings = settings_of(archive, sources)
    wanted = article_meant(settings, article)
    with watching() as watch:
        found = find_history(_store(archive, sources), wanted, watch)
    if json_:
        click.echo(history_json(found))
    else:
        show_history(console(), found)


@click.command(short_help="Show what changed in an article, word by word.")
@with_archive
@click.argument("article", metavar="ID | QUERY")
@click.argument("times", metavar="[T1 [T2]]", nargs=-1, type=Time())
@click.option("--json", "json_", is_flag=True, help="One JSON object, with the whole text.")
@click.option("--html", is_flag=True, help="A fragment of HTML, with the whole text.")
def diff(
    archive: str | None,
    sources: Path | None,
    article: str,
    times: tuple[Moment, ...],
    json_: bool,
    html: bool,
) -> None:
    """Show what changed in an article, word by word: from T1 to T2, or to its newest row, or between the two newest
    versions that differ.

    A time stands for the row that was the newest then. White space, quotation marks, dashes and where a tone mark
    stands are no change.
    """
    import json

    from bantin.timeline import show_diff
    from browse.history.comparing import compare, newest_change
    from browse.history.diff_forms import as_html, as_object

    if len(times) > 2:
        raise click.UsageError("expected at most two times: from when, and to when")
    if json_ and html:
        raise click.UsageError("--json or --html, not both")
    store, wanted = _store(archive, sources), article_meant(settings_of(archive, sources), article)
    with watching() as watch:
        found = compare(store, wanted, times, watch) if times else newest_change(store, wanted, watch)
    if json_:
        click.echo(json.dumps(as_object(found), ensure_ascii=False))
    elif html:
        click.echo(as_html(found))
    else:
        show_diff(console(), found)


def _store(archive: str | None, sources: Path | None) -> "ObjectStore":
    from storage.store import open_store

    return open_store(settings_of(archive, sources).archive)


def _find(
    archive: str | None, sources: Path | None, reference: tuple[str, Moment | None], cleaned: str | None
) -> "Found":
    from browse.history.citations import find

    text, moment = reference
    wanted = article_meant(settings_of(archive, sources), text)
    with watching() as watch:
        return find(_store(archive, sources), wanted, moment, cleaned, watch)
