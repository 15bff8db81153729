"""What the shell offers while a command is typed: sources, runs, languages, fields and words.

A value of the archive is offered only where it is one plain word: no shell can take it for anything else.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from model.errors import BantinError

if TYPE_CHECKING:
    from bantin.settings import Settings
    from browse.index.shipped import ShippedIndex

MOST = 50
"""So many are offered at most."""

FACET_OF = {
    "source": "source",
    "lang": "language",
    "language": "language",
    "section": "section",
    "author": "author",
    "place": "locality",
    "locality": "locality",
    "province": "province",
    "month": "month",
}
"""The fields of a query whose values are offered, and what the index counts these by."""

_PLAIN = re.compile(r"\w[\w.+-]*")

Offer = Callable[["Settings", click.Context, str], Iterable[str | CompletionItem]]


def _offering(offer: Offer) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What click asks for values. Where the archive, or its index, cannot be asked nothing is offered."""

    @wraps(offer)
    def complete(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from bantin.commands.options import settings_of

        sources: Any = context.params.get("sources")
        settings = settings_of(context.params.get("archive"), Path(sources) if sources else None)
        try:
            offered = list(islice(offer(settings, context, incomplete), MOST))
        except (BantinError, OSError):
            return []
        return [one if isinstance(one, CompletionItem) else CompletionItem(one) for one in offered]

    return complete


@_offering
def complete_sources(settings: "Settings", _context: click.Context, incomplete: str) -> Iterator[str]:
    """The registry's sources, and those that the index knows."""
    from model.source import source_files

    known = {path.stem for path in source_files(settings.sources)} if settings.sources.is_dir() else set()
    with suppress(BantinError):  # without an index the registry's will do
        known |= {source.id for source in _index(settings).catalog.sources()}
    return (one for one in sorted(known) if one.startswith(incomplete) and _PLAIN.fullmatch(one))


@_offering
def complete_runs(settings: "Settings", context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """The runs of the sources that are named, the newest first."""
    ids: Any = context.params.get("ids")
    catalog, named = _index(settings).catalog, tuple(ids or ()) or (None,)
    runs = [run for source in named for run in catalog.runs(source, limit=MOST) if run.run.startswith(incomplete)]
    newest = sorted(runs, key=lambda run: run.run, reverse=True)
    return (CompletionItem(run.run, help=f"{run.source}: {run.state}, {run.rows} articles") for run in newest)


@_offering
def complete_languages(settings: "Settings", _context: click.Context, incomplete: str) -> list[str]:
    """The languages of the archive, the most frequent first."""
    return _values(settings, "language", incomplete)


@_offering
def complete_words(settings: "Settings", context: click.Context, incomplete: str) -> list[str]:
    """Of a query: its fields, a field's values, words of the archive. bash parts words at colons, other shells do not:
    there the field comes before the value, here it is its beginning."""
    from browse.query import FIELDS, STATES

    before: Any = context.params.get("words") or ()
    field, colon, value = incomplete.rpartition(":")
    apart = len(before) >= 2 and before[-1] == ":"
    if apart or (incomplete == ":" and before):
        field, value = (before[-2], incomplete) if apart else (before[-1], "")
    elif not colon:
        words = [one for one in _index(settings).suggest(incomplete) if _PLAIN.fullmatch(one)] if incomplete else []
        return [*(f"{name}:" for name in FIELDS if name.startswith(incomplete)), *words]
    excluded = "-" if field.startswith("-") else ""
    name = field.removeprefix("-")
    if name == "is":
        values = [state for state in STATES if state.startswith(value)]
    else:
        values = _values(settings, FACET_OF[name], value) if name in FACET_OF else []
    return values if apart or incomplete == ":" else [f"{excluded}{name}:{one}" for one in values]


def complete_list(context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Of `bantin list`: a source, or a query."""
    first = [] if context.params.get("words") else complete_sources(context, param, incomplete)
    return [*first, *complete_words(context, param, incomplete)]


def _values(settings: "Settings", facet: str, beginning: str) -> list[str]:
    from browse.query import parse_query

    found = _index(settings).search(parse_query(""), limit=0, facets=(facet,), facet_limit=1000).facets[facet]
    return [one.value for one in found if one.value.startswith(beginning) and _PLAIN.fullmatch(one.value)]


def _index(settings: "Settings") -> "ShippedIndex":
    from browse.index.shipped import open_index
    from storage.store import open_store

    return open_index(open_store(settings.archive), settings.cache)
