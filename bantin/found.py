"""Showing what a search found: on a terminal, as plain lines, as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bantin.display import show_list, show_rows
from browse.escaping import safe
from browse.index.seam import Found, Hit, Marked
from browse.reading import Entry

_MARK = "bold yellow"


def show_hits(console: Console, hits: Iterable[Hit]) -> None:
    """Hits with what the query found in them: on a terminal some lines each, elsewhere as a list."""
    if not console.is_terminal:
        show_list(console, map(entry_of, hits))
        return
    for hit in hits:
        console.print(_marked(hit.title, "bold") if hit.title.text else Text(safe(hit.url), style="bold"))
        told = (hit.published_on or "no day", hit.source, hit.locality, hit.author, hit.language)
        line = Text(hit.id, style="cyan").append("  ").append(" · ".join(safe(one) for one in told if one), style="dim")
        if hit.versions > 1:
            line.append(f" · {hit.versions} versions", style="dim")
        if hit.quarantined or hit.spam:
            line.append(" · spam page" if hit.quarantined else f" · injected links: {hit.spam}", style="red")
        console.print(line)
        if hit.snippet:
            console.print(_marked(hit.snippet, ""))
        console.print()


def entry_of(hit: Hit) -> Entry:
    """The hit as lists have it."""
    return Entry(
        id=hit.id,
        source=hit.source,
        url=hit.url,
        title=hit.title.text,
        author=hit.author,
        language=hit.language,
        published_on=hit.published_on,
        fetched_at=hit.fetched_at,
        quarantined=hit.quarantined,
    )


def show_facets(console: Console, found: Found) -> None:
    """How many articles have each value of a field, the most frequent first."""
    typed = {"locality": "place", "language": "lang"}  # as the query language has them
    rows = [
        ((typed.get(name, name), one.value, one.count), "") for name, counts in found.facets.items() for one in counts
    ]
    show_rows(console, ("field", "value", "articles"), rows)


def found_json(found: Found) -> str:
    """One JSON object; `start` and `marks` of a title or snippet are offsets in the article's own, in code points."""
    return json.dumps(asdict(found), ensure_ascii=False, default=lambda moment: moment.isoformat())


def _marked(piece: Marked, style: str) -> Text:
    line = Text()
    for text, mark in piece.pieces:
        line.append(" ".join(safe(text).split("\n")), style=_MARK if mark else style)
    return line
