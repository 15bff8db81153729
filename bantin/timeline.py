"""Showing what time did to an article: its history, the difference of two versions, where a citation leads."""

import json
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from bantin.display import show_rows
from browse.escaping import safe
from browse.history.citations import Found
from browse.history.diff import Change, Diff, Paragraph
from browse.history.diff_forms import marked, shown
from browse.history.moments import citation, stamp
from browse.reading import History
from storage.absences import Absence, Away
from storage.history import Version

HASH = 12
"""So many digits of a text's hash are shown."""

_STYLES = {Change.KEPT: "default", Change.DELETED: "red strike", Change.INSERTED: "green underline"}


def show_history(console: Console, history: History) -> None:
    """What happened, the oldest first: on a terminal in words, elsewhere a line each with tabs between from when, until
    when it was seen, what, the text's hash and the title."""
    if not console.is_terminal:
        show_rows(
            console, (), (((one.at, one.last_seen, one.what, one.text, one.title), "") for one in _events(history))
        )
        return
    newest = history.versions[-1].newest
    console.print(Text(f"{newest.id}  {safe(newest.url)}\n", style="bold"))
    for one in _events(history):
        seen = f", last seen {one.last_seen}" if one.last_seen not in (None, one.at) else ""
        console.print(Text(f"{one.at}  ", style="cyan").append(f"{safe(one.what)}{seen}", style=one.style))
        if one.text is not None:
            console.print(Text(f"{'':22}{one.text}  ", style="dim").append(safe(one.title), style="default"))


class _Event(NamedTuple):
    at: str
    last_seen: str | None
    what: str
    text: str | None
    title: str | None
    style: str


def _events(history: History) -> list[_Event]:
    """What happened when; of one moment, that the page was back comes first."""
    events = []
    for away in history.away:
        events.append(_Event(stamp(away.since), None, _said(away), None, None, "yellow"))
        if away.until is not None and all(one.since != away.until for one in history.away):
            events.append(_Event(stamp(away.until), None, "back", None, None, "green"))
    for version in history.versions:
        newest = version.newest
        what = f"fetched {len(version.rows)} ×" + (", quarantined" if version.quarantined else "")
        seen, style = stamp(version.last_seen), "red" if version.quarantined else "default"
        text = newest.text_sha256[:HASH]
        events.append(_Event(stamp(version.first_seen), seen, what, text, newest.title, style))
    return sorted(events, key=lambda event: event.at)


def _said(away: Away) -> str:
    if away.absence == Absence.MOVED:
        return f"moved to {away.leads_to}"
    return f"gone (HTTP {away.status})"


def history_json(history: History) -> str:
    """The history as one JSON object."""
    newest = history.versions[-1].newest
    whole = {
        "id": newest.id,
        "versions": [_version(version) for version in history.versions],
        "away": [
            {
                "how": away.absence.value,
                "since": away.since.isoformat(),
                "until": away.until and away.until.isoformat(),
                "url": away.url,
                "status": away.status,
                "leads_to": away.leads_to,
            }
            for away in history.away
        ],
    }
    return json.dumps(whole, ensure_ascii=False)


def _version(version: Version) -> dict[str, Any]:
    return {
        "text_sha256": version.newest.text_sha256,
        "title": version.newest.title,
        "first_seen": version.first_seen.isoformat(),
        "last_seen": version.last_seen.isoformat(),
        "quarantined": version.quarantined,
        "rows": [
            {
                "citation": citation(row.id, row.fetched_at),
                "fetched_at": row.fetched_at.isoformat(),
                "source": row.source,
                "run": row.run,
                "url": row.url,
                "quarantined": row.quarantined,
                "cleaner_version": row.cleaner_version,
            }
            for row in version.rows
        ],
    }


def show_diff(console: Console, diff: Diff) -> None:
    """What changed: fields, then the paragraphs of the text with their neighbours."""
    old, new = diff.old, diff.new
    head = f"{citation(old.id, old.fetched_at)} → {stamp(new.fetched_at)}"
    if (old.fetched_at, old.run) == (new.fetched_at, new.run):
        console.print(Text(f"{citation(old.id, old.fetched_at)}: one row, so there is nothing to compare"))
        return
    if diff.unchanged:
        console.print(Text(f"{head}: unchanged, but perhaps for white space, quotation marks and the like"))
        return
    deleted = diff.count(Change.DELETED)
    counts = f"{deleted} word{'s' if deleted != 1 else ''} deleted, {diff.count(Change.INSERTED)} inserted"
    console.print(Text(f"{head}: {counts}", style="bold"))
    for change in diff.fields:
        console.print(Text(f"{change.name:>13}  ", style="cyan").append_text(_line(console, change.segments)))
    console.print()
    for part in shown(diff):
        if isinstance(part, int):
            console.print(Text(f"… {part} paragraph{'s' if part > 1 else ''} unchanged", style="dim"))
        else:
            console.print(_line(console, part))


def _line(console: Console, paragraph: Paragraph) -> Text:
    if not console.is_terminal:
        return Text(marked(paragraph))
    line = Text()
    for segment in paragraph:
        line.append(safe(segment.text), style=_STYLES[segment.change])
    return line


def show_citation(console: Console, found: Found) -> None:
    """The citation, alone on its line, and what it is of."""
    article = found.article
    console.print(Text(found.citation, style="bold"))
    raw = f"{article.warc_key}, offset {article.warc_offset}, {article.warc_length} bytes"
    values = {
        "title": article.title,
        "author": article.author,
        "published_on": article.published_on,
        "source": f"{article.source}, run {article.run}",
        "url": article.url,
        "fetched_at": article.fetched_at.isoformat(),
        "raw record": raw,
        "text_sha256": article.text_sha256,
        "cleaned by": article.cleaner_version,
    }
    for name, value in values.items():
        if value:
            console.print(Text(f"{name:>13}  ", style="cyan").append(safe(value), style="default"))


def citation_json(found: Found) -> str:
    """The citation and what it is of, as one JSON object."""
    names = (
        *("title", "author", "published_on", "source", "run", "url", "fetched_at"),
        *("warc_key", "warc_offset", "warc_length", "text_sha256", "cleaner_version"),
    )
    values = {name: getattr(found.article, name) for name in names}
    whole = {"citation": found.citation, **values, "earlier": [one.mark for one in found.earlier]}
    if found.unread:
        whole["unread"] = list(found.unread)
    return json.dumps(whole, ensure_ascii=False, default=lambda moment: moment.isoformat())


def notes(found: Found) -> list[str]:
    """What a reader of the article has to know of how it was found, a line each."""
    lines = []
    if found.as_of is not None and found.as_of.exact:
        lines.append(f"nothing was fetched at {stamp(found.as_of.start)}: this is the newest before, {found.citation}")
    if found.cleaned is not None:
        put_away = next(one.replaced for one in found.earlier if one.mark == found.cleaned)
        lines.append(f"this is what an earlier cleaning made of the page; it was replaced {stamp(put_away)}")
        if found.now is not None:
            lines.append(f"today the page is known as {found.now}")
    elif found.earlier:
        lines.append("the page was cleaned anew since it was fetched, and the text was another one before:")
        lines += [
            f"  bantin show {found.citation} --cleaned {one.mark}   "
            f"the text {one.row.text_sha256[:HASH]}, replaced {stamp(one.replaced)}"
            for one in found.earlier
        ]
    if found.recleaned is not None:
        what = "and no table that was replaced then is left: the text may have been another one before"
        lines.append(f"the page was cleaned anew {stamp(found.recleaned)}, {what}")
    return lines + unread_notes(found)


def unread_notes(found: Found) -> list[str]:
    """What could not be read and might have said more, a line each."""
    return [f"{key}: it is damaged or gone, and might say more: bantin verify" for key in found.unread]
