"""Showing articles and reports on a terminal, or as plain lines and JSON. What came from outside is never markup."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from browse.escaping import safe
from browse.reading import Entry
from model.article import Article
from model.report import RunReport, State

if TYPE_CHECKING:
    from bantin.look import Outlook
    from cleaning.fates import Fate
    from model.source import Source

LISTED = 5
"""So many rejections, injected links and failures are shown of a report."""

FATE_STYLES = {
    "kept": "default",
    "metadata": "cyan",
    "furniture": "yellow",
    "place": "bright_black",
    "spam": "red",
    "unclassified": "magenta",
}
"""The colour of each kind of text in a listing; the rule's name stands beside it."""


def as_json(article: Article) -> str:
    """One JSON object in one line; its keys are the fields of `Article`, times in ISO 8601."""
    return json.dumps(asdict(article), ensure_ascii=False, default=lambda moment: moment.isoformat())


def show_trial(console: Console, article: Article, fates: "Iterable[Fate]") -> None:
    """The article's metadata, and the page's texts in order, each that was removed beside the rule that took it."""
    _show_metadata(console, article)
    for fate in fates:
        style = FATE_STYLES[fate.kind]
        margin = Text(f"{safe(fate.rule):>16.16}  ", style=style)
        console.print(margin.append(safe(fate.text), style=style if fate.rule else "default"))
    counts = Counter(removal.rule for removal in article.removed)
    said = ", ".join(f"{count} × {rule}" for rule, count in counts.most_common())
    console.print(Text(f"\n{len(article.removed)} blocks removed: {safe(said)}", style="dim"))
    _show_spam(console, article)


def show_article(console: Console, article: Article) -> None:
    """The article, its metadata, and a table of what was removed and why."""
    _show_metadata(console, article)
    console.print(Text(safe(article.text)))
    console.print()
    show_removed(console, article)


def _show_metadata(console: Console, article: Article) -> None:
    console.print(Text(safe(article.title), style="bold"))
    for name, value in _metadata(article):
        origin = article.origins.get(name)
        line = Text(f"{name:>13}  ", style="cyan").append(safe(value), style="default")
        console.print(line.append(f"  ({origin})", style="dim") if origin else line)
    console.print()


def show_removed(console: Console, article: Article) -> None:
    """What is not the article: each block with its rule and place, each injected link."""
    table = Table("rule", "removed", "where", title=f"{len(article.removed)} blocks removed", title_justify="left")
    for removal in article.removed:
        table.add_row(safe(removal.rule), Text(_short(removal.text)), Text(_short(removal.path, 40), style="dim"))
    console.print(table)
    _show_spam(console, article)


def _show_spam(console: Console, article: Article) -> None:
    if article.spam:
        links = Table("rule", "text", "target", "hidden", "where", title="injected links", title_justify="left")
        for link in article.spam:
            links.add_row(
                safe(link.rule),
                Text(_short(link.text)),
                Text(_short(link.url)),
                "yes" if link.hidden else "no",
                Text(_short(link.path or "", 40), style="dim"),
            )
        console.print(links)


def show_list(console: Console, entries: Iterable[Entry]) -> None:
    """Articles, a line each; quarantined ones are red."""
    rows = (
        ((e.id, e.published_on, e.source, e.language, e.title), "red" if e.quarantined else "default") for e in entries
    )
    show_rows(console, ("id", "day", "source", "lang", "title"), rows)


def show_sources(console: Console, sources: "Iterable[tuple[Source, str]]") -> None:
    """Sources, a line each; those at rest are dim, and say since when."""
    rows = (
        (
            (
                s.id,
                s.kind,
                " ".join(s.languages),
                s.schedule,
                _ways_in(s),
                f"{s.name} ({rest})" if rest else s.name,
            ),
            "dim" if rest else "default",
        )
        for s, rest in sources
    )
    show_rows(console, ("id", "kind", "languages", "schedule", "ways in", "name"), rows)


def _ways_in(source: "Source") -> str:
    found = source.discovery
    ways = [(len(found.feeds), "feed"), (len(found.sitemaps), "sitemap"), (len(found.listings), "listing")]
    counted = [f"{count} {name}{'s' if count > 1 else ''}" for count, name in ways if count]
    announced = [f"announced {kind}" for kind in found.announced]
    return ", ".join([*counted, *announced, *(["a crawl"] if found.crawl else [])])


def show_rows(console: Console, names: tuple[str, ...], rows: Iterable[tuple[tuple[object, ...], str]]) -> None:
    """Cells and a style each row: a table on a terminal, tab-separated lines elsewhere."""
    if not console.is_terminal:
        for cells, _ in rows:
            line = "\t".join(safe("" if cell is None else cell).replace("\t", " ") for cell in cells)
            console.file.write(line + "\n")  # rich would turn tabs into spaces
        return
    table = Table(*names, box=None)
    for cells, style in rows:
        table.add_row(*(Text(safe("" if cell is None else cell)) for cell in cells), style=style)
    console.print(table)


def show_report(console: Console, report: RunReport) -> None:
    """What a run did, in a few lines."""
    mark, style = ("✗", "bold red") if report.state == State.FAILED else ("✓", "bold green")
    head = Text(f"{mark} {report.source}", style=style).append(f"  run {report.run}", style="dim")
    console.print(head)
    console.print(Text(f"  {safe(report.summary)}"))
    if report.captures:
        answers = ", ".join(f"{count} × {kind}" for kind, count in sorted(report.captures.items()))
        console.print(Text(f"  answers: {safe(answers)}", style="dim"))
    if report.skipped:
        skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(report.skipped.items()))
        console.print(Text(f"  not asked for: {safe(skipped)}", style="dim"))
    if report.removed:
        rules = ", ".join(f"{count} × {rule}" for rule, count in list(report.removed.items())[:8])
        console.print(Text(f"  removed: {safe(rules)}", style="dim"))
    if report.waiting:
        console.print(Text(f"  left for the next run: {report.waiting} addresses", style="dim"))
    for warning in report.warnings:
        console.print(Text(safe(f"  {warning}"), style="yellow"))
    for page in report.vanished[:LISTED]:
        console.print(Text(safe(f"  {page['how']}: {page['url']}"), style="yellow"))
    for page in report.cloaked[:LISTED]:
        line = f"  leads visitors from search engines elsewhere: {page['url']} → {page['leads_to']}"
        console.print(Text(safe(line), style="red"))
    for lost in report.retry[:LISTED]:
        line = f"  not cleaned, the next run tries again: {lost['url']}: {lost['kind']}: {lost['detail']}"
        console.print(Text(safe(line), style="red"))
    for rejection in report.rejections[:LISTED]:
        line = f"  rejected {rejection['url']}: {rejection['kind']}: {rejection['detail']}"
        console.print(Text(safe(line), style="yellow"))
    for link in report.spam[:LISTED]:
        console.print(Text(safe(f"  injected link on {link['page']}: {link['text']} → {link['url']}"), style="red"))
    for error in report.errors[:LISTED]:
        console.print(Text(safe(f"  failed {error['url']}: {error['error']}"), style="red"))
    if more := sum(max(0, len(one) - LISTED) for one in _capped(report)):
        console.print(Text(f"  and {more} more, in runs/src={report.source}/{report.run}/report.json", style="dim"))


def show_outlook(console: Console, source_id: str, outlook: "Outlook") -> None:
    """What the next crawl would ask for: a row each, then the counts."""
    rows = [
        ((row["why"], row["kind"], row["url"], row["via"] and f"named by {row['via']}"), "") for row in outlook.plan
    ]
    show_rows(console, ("why", "kind", "url", "via"), rows)
    told = Console(stderr=True, highlight=False, soft_wrap=True)
    counted = ((count, *why.partition(":")) for why, count in outlook.reasons.items())
    reasons = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}:{why}" for count, kind, _, why in counted)
    told.print(Text(f"{source_id}: the next crawl would ask for {reasons or 'nothing'}", style="bold"))
    answers = ", ".join(f"{count} × {kind}" for kind, count in sorted(outlook.lists.items()))
    told.print(Text(f"  asked just now: {safe(answers)}; nothing was stored", style="dim"))
    for reason, count in sorted(outlook.skipped.items()):
        told.print(Text(f"  not asked for: {count} {safe(reason)}", style="dim"))
    for warning in outlook.warnings:
        told.print(Text(safe(f"  {warning}"), style="yellow"))
    for error in outlook.errors[:LISTED]:
        told.print(Text(safe(f"  failed {error['url']}: {error['error']}"), style="red"))


def _capped(report: RunReport) -> list[list[dict[str, str]]]:
    return [report.rejections, report.spam, report.errors, report.vanished, report.cloaked]


def _metadata(article: Article) -> list[tuple[str, Any]]:
    names = (
        *("url", "author", "published_on", "published_at", "modified_at", "language", "section", "tags", "locality"),
        *("via_name", "via_url"),
    )
    values = [(name, getattr(article, name)) for name in names]
    shown = [(name, ", ".join(value) if isinstance(value, list) else value) for name, value in values if value]
    pictures = [
        (f"image {number}", " ".join(filter(None, (image.url, image.caption, image.credit and f"({image.credit})"))))
        for number, image in enumerate(article.images, 1)
    ]
    return [*shown, *pictures]


def _short(text: str, most: int = 70) -> str:
    line = " ".join(safe(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
