"""What time did to an article: its versions, when it was away, and what differs between two of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from browse.history.comparing import compare, newest_change
from browse.history.diff import Change, Diff, FieldChange, Paragraph
from browse.history.diff_forms import shortened
from browse.history.moments import InvalidTime, citation, parse_moment
from browse.located import looked_up
from browse.reading import find_history
from browse.web.references import Head, Mark, Ref, head_of, locate, reference
from browse.web.rendering import page
from model.article import Article
from storage.absences import Absence, Away
from storage.history import Version
from storage.rows import Table

router = APIRouter(tags=["articles"])

Time = Annotated[str, Query(max_length=40, description="A day or a time: 2026-11-22, 2026-11-22T00:00:05Z.")]
Whole = Annotated[bool, Query(description="The whole text; else what changed, and what stands beside it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVersion:
    """A text that the article had: its number, the first being 1, the row that is cited, and the version before.

    It was fetched `fetched` times from `first_seen` until `last_seen`, when it was found there for the last time.
    """

    number: int
    citation: str
    before: str | None
    title: str
    text_sha256: str
    first_seen: datetime
    last_seen: datetime
    fetched: int
    quarantined: bool
    run: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened `at` a time: a version began, or the page was gone or had moved (`away`), or was `back`."""

    at: datetime
    version: ShownVersion | None = None
    away: Away | None = None
    back: bool = False

    @property
    def moved(self) -> bool:
        """Whether the page led elsewhere."""
        return self.away is not None and self.away.absence == Absence.MOVED


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """The history of an article, what happened last first."""

    head: Head
    versions: int
    events: list[Event]


@page(router, "/articles/{ref}/history", "history.html")
def history(request: Request, ref: Ref, cleaned: Mark = None) -> HistoryPage:
    """Each text that an article had, from when to when, and when its page was gone or moved."""
    archive = request.app.state.archive
    found = locate(request, ref, cleaned)
    wanted = found.article.id
    told = looked_up(archive, wanted, lambda tables: find_history(archive.store, wanted, tables=tables))
    versions = _shown_versions(told.versions)
    events = [Event(at=one.first_seen, version=one) for one in versions]
    for away in told.away:
        events.append(Event(at=away.since, away=away))
        if away.until is not None and all(one.since != away.until for one in told.away):
            events.append(Event(at=away.until, back=True))
    events.sort(key=lambda event: (event.at, event.version is not None), reverse=True)
    return HistoryPage(head=head_of(request, ref, found.article, found.cleaned), versions=len(versions), events=events)


def _shown_versions(versions: list[Version]) -> list[ShownVersion]:
    shown_ones: list[ShownVersion] = []
    for number, version in enumerate(versions, 1):
        newest = version.newest
        shown_ones.append(
            ShownVersion(
                number=number,
                citation=citation(newest.id, newest.fetched_at),
                before=shown_ones[-1].citation if shown_ones else None,
                title=newest.title,
                text_sha256=newest.text_sha256,
                first_seen=version.first_seen,
                last_seen=version.last_seen,
                fetched=len(version.rows),
                quarantined=version.quarantined,
                run=newest.run,
                source=newest.source,
            )
        )
    return shown_ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two rows that are compared."""

    citation: str
    fetched_at: datetime
    run: str
    text_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffPage:
    """What became of one row of an article in another. `paragraphs` are those of both texts; `whole` tells whether a
    reader asked to see them all. `one_row`: there is nothing to compare."""

    head: Head
    old: Side
    new: Side
    whole: bool
    one_row: bool
    unchanged: bool
    deleted_words: int
    inserted_words: int
    fields: list[FieldChange]
    paragraphs: list[Paragraph]

    @property
    def parts(self) -> list[Paragraph | int]:
        """What is shown of the text: paragraphs, and in place of those that are left out how many these are."""
        return list(self.paragraphs) if self.whole else list(shortened(self.paragraphs))


@page(router, "/articles/{ref}/diff", "diff.html")
def diff(
    request: Request,
    ref: Ref,
    since: Annotated[Time, Query(alias="from")] = "",
    until: Annotated[Time, Query(alias="to")] = "",
    whole: Whole = False,
) -> DiffPage:
    """What changed in an article, word by word: from one time until another, or until now; without any, the newest
    change."""
    archive = request.app.state.archive
    wanted, moment = reference(request, ref)
    if until and not since:
        raise InvalidTime(f"to={until!r}: expected from, too: from when on the article is compared")
    times = [parse_moment(one) for one in (since, until) if one]
    if moment is not None and len(times) == 1:
        times.append(moment)

    def compared(tables: list[Table] | None) -> Diff:
        if times:
            return compare(archive.store, wanted, times, tables=tables)
        return newest_change(archive.store, wanted, tables=tables)

    found = looked_up(archive, wanted, compared)
    old, new = found.old, found.new
    return DiffPage(
        head=head_of(request, ref, new),
        old=_side(old),
        new=_side(new),
        whole=whole,
        one_row=(old.fetched_at, old.run) == (new.fetched_at, new.run),
        unchanged=found.unchanged,
        deleted_words=found.count(Change.DELETED),
        inserted_words=found.count(Change.INSERTED),
        fields=found.fields,
        paragraphs=found.paragraphs,
    )


def _side(article: Article) -> Side:
    return Side(
        citation=citation(article.id, article.fetched_at),
        fetched_at=article.fetched_at,
        run=article.run,
        text_sha256=article.text_sha256,
    )
