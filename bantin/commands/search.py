"""The command search."""

from datetime import date
from pathlib import Path

import click

from bantin.commands.options import (
    console,
    query_of,
    settings_of,
    with_archive,
    with_filters,
)
from bantin.completion import complete_words


@click.command(short_help="Find articles by words, phrases, fields.")
@with_archive
@click.argument("words", metavar="QUERY…", nargs=-1, shell_complete=complete_words)
@click.option(
    "-n", "most", metavar="N", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)
@click.option(
    "--order",
    type=click.Choice(["relevance", "newest", "oldest"]),
    default="relevance",
    help="[relevance; without words, newest]",
)
@with_filters
@click.option("--place", "places", metavar="NAME", multiple=True, help="From there; may be repeated.")
@click.option("--facets", is_flag=True, help="Count them by source, place, language … instead.")
@click.option("--json", "json_", is_flag=True, help="One JSON object, with counts and timeline.")
def search(
    archive: str | None,
    sources: Path | None,
    words: tuple[str, ...],
    most: int,
    order: str,
    ids: tuple[str, ...],
    languages: tuple[str, ...],
    places: tuple[str, ...],
    since: date | None,
    until: date | None,
    facets: bool,
    json_: bool,
) -> None:
    """Find articles: all of the words, with or without diacritics.

    "in quotes": spelt just so, in this order; tuyen*: begins so; -word: not this; a OR b; title: source: lang: author:
    section: place: province: tag: month: since: until: is:changed … narrow it. Quote what the shell would take:
    bantin search 'lễ hội place:"kim sơn" -bóng'.
    """
    from bantin.commands.asking import index_of, tell_what_is_alike, tell_what_is_left
    from bantin.found import found_json, show_facets, show_hits
    from browse.index.seam import FACETS, Order
    from browse.query import parse_query

    filters = {
        "source": ids,
        "lang": languages,
        "place": places,
        "since": (since.isoformat(),) if since else (),
        "until": (until.isoformat(),) if until else (),
    }
    query = parse_query(query_of(words), filters)
    counted = FACETS if facets or json_ else ()
    index = index_of(settings_of(archive, sources))
    found = index.search(
        query, order=Order(order), limit=0 if facets and not json_ else most, facets=counted, timeline=json_
    )
    if json_:
        click.echo(found_json(found))
    elif facets:
        show_facets(console(), found)
    else:
        show_hits(console(), found.hits)
        tell_what_is_left(found)
    if not found.total:
        tell_what_is_alike(index, query)
