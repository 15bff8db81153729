"""Which of the addresses that a crawl comes across it asks for, and why: new ones, failed ones, ones that are due."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import chain, islice
from zoneinfo import ZoneInfo

from model.capture import Capture, Kind
from model.scope import AS_USUAL, Scope
from model.source import Source
from model.url import normalise_url
from spiders.traps import Traps
from storage.frontier import Frontier, Known, key_of

MAX_FAILURES = 5
"""A page that failed so many times in a row is asked for only where a list still names it."""

NEWS_DAYS = 7
"""A sitemap that brought an article so recently is asked for in every run."""

STORED, NOT_DUE, OVER_PAGES, TOO_OLD, TOO_EARLY, OVER_ADDRESSES = (
    "stored by an earlier attempt",
    "not due yet",
    "over the run's budget of pages",
    "older than discovery.max_age_days",
    "before the day that was asked for",
    "over discovery.limits.addresses",
)

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class Why(StrEnum):
    """Why an address is asked for."""

    NEW = "new"
    LEFT = "left by an earlier run"
    FAILED = "failed before"
    DUE = "due"
    AGAIN = "all are asked for again"


class Selection:
    """The choice of one crawl.

    `frontier` is what earlier runs know; `done` the URLs that earlier attempts of this run stored. `found` are the
    articles that lists named, `news` those of them that no run knows yet. `asked` counts the articles that were
    chosen, `skipped` what was not, by reason; `left` are captures that stand for what the next run is to go on with.
    `scope` is what somebody asked of this crawl.
    """

    def __init__(
        self,
        source: Source,
        frontier: Frontier,
        done: set[str],
        run: str,
        started_at: datetime,
        scope: Scope = AS_USUAL,
    ) -> None:
        self.scope = scope
        self.found: set[str] = set()
        self.news: set[str] = set()
        self.asked = 0
        self.skipped: Counter[str] = Counter()
        self.left: dict[str, Capture] = {}
        self._source = source
        self._frontier = frontier
        self._done = done
        self._run = run
        self.started_at = started_at
        self._most = scope.pages or source.fetch.max_pages
        self._since = datetime.combine(scope.since, time.min, ZoneInfo(source.timezone)) if scope.since else None
        self._seen: set[str] = set()
        self._traps = Traps(source.discovery.limits, source.editions)
        age = source.discovery.max_age_days
        self._oldest = started_at - timedelta(days=age) if age else None

    def named(self, link: str, via: str, dated: datetime | None = None) -> Why | None:
        """Why the article at `link`, which the list at `via` names, is asked for at once; None where it is not.

        What is known and due comes later, by `revisits`: news first, where a run has a budget.
        """
        if not self._source.is_article(link):
            return None
        url = normalise_url(link)
        if url in self.found or self.trapped(url):
            return None
        if len(self.found) >= self._source.discovery.limits.addresses:
            self.skipped[OVER_ADDRESSES] += 1
            return None
        known = self._known(url, Kind.ARTICLE)
        self.found.add(url)
        if self._is_too_early(dated or (known.first_seen if known else None)):
            self.skipped[TOO_EARLY] += 1
            self._seen.add(url)
            return None
        if known is None:
            if dated and self._oldest and dated < self._oldest:
                self.skipped[TOO_OLD] += 1
                return None
            self.news.add(url)
        elif not known.waiting and not known.failures and (self.scope.full or known.next_due <= self.started_at):
            return None
        return self._choose(url, link, via, known)

    def revisits(self, again: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str | None, Why]]:
        """Articles that no list had to name, each with its list (if any) and the reason: those that an earlier attempt
        did not get (`again`), those that this run or earlier ones left, and those that are due, since they may have
        been edited. As long as the budget lasts; may be asked for again where some of it came back (`give_back`)."""
        for link, via in again:
            yield from self._revisit(link, via)
        left = [(c.url, c.via) for c in self.left.values() if c.kind == Kind.ARTICLE]
        waiting = self._frontier.each_waiting(Kind.ARTICLE)
        due_by = _LAST if self.scope.full else self.started_at
        due = self._frontier.each_due(due_by, Kind.ARTICLE, max_failures=MAX_FAILURES)
        wanted = (known for known in chain(waiting, due) if not self._is_too_early(known.first_seen))
        for link, via in chain(left, ((known.url, known.via) for known in wanted)):
            if self.asked >= self._most:
                return
            yield from self._revisit(link, via)

    def give_back(self) -> None:
        """One that was chosen cost nothing, since it must not be asked for: another may take its place."""
        self.asked -= 1

    def asset(self, url: str) -> Why | None:
        """Why the image or document at `url` is asked for; None where it is not."""
        key = normalise_url(url)
        if key in self._seen or key in self._done:
            return None
        self._seen.add(key)
        known = self._known(key, Kind.ASSET)
        return None if known and known.failures >= MAX_FAILURES else self._why(known)

    def assets_due(self) -> Iterator[tuple[Known, Why]]:
        """The images and documents that earlier runs left, and those that are due."""
        if not self._source.assets.images and not self._source.assets.documents:
            return
        waiting = self._frontier.each_waiting(Kind.ASSET)
        due = self._frontier.each_due(self.started_at, Kind.ASSET, max_failures=MAX_FAILURES)
        wanted = (known for known in chain(waiting, due) if not self._is_too_early(known.first_seen))
        chosen = ((known, why) for known in wanted if (why := self.asset(known.url)))
        yield from islice(chosen, self._most)

    def rests(self, url: str, dated: datetime | None = None) -> bool:
        """Whether the list at `url` need not be asked for: it did not change for a while, brought no news lately, and
        is not `dated` after its last answer (by the index that names it)."""
        known = self._frontier.get(key_of(url, Kind.LISTING))
        if known is None or known.answered_at is None or known.last_fetched is None or known.failures:
            return False
        if self.scope.full:
            return False
        recently = self.started_at - timedelta(days=NEWS_DAYS)
        return (
            known.next_due > self.started_at
            and (known.last_news is None or known.last_news < recently)
            and (dated is None or dated <= known.last_fetched)
        )

    def turn(self, url: str) -> datetime:
        """By what the lists that one page names are sorted, since a run may not come to all: never read first, then the
        one that is due for longest."""
        known = self._frontier.get(key_of(url, Kind.LISTING))
        return _FIRST if known is None or known.answered_at is None else known.next_due

    def trapped(self, url: str) -> bool:
        """Whether `url` looks like one of endlessly many; counted."""
        reason = self._traps.check(url, is_article=self._source.is_article(url))
        if reason:
            self.skipped[reason] += 1
        return reason is not None

    def leave(self, url: str, via: str | None, kind: Kind) -> None:
        """Leaves an address to a later run. One that is known is due by itself; a list that is known waits again, since
        nothing else says that it was not read."""
        key = key_of(url, kind)
        if key not in self._done and (kind == Kind.LISTING or self._known(key, kind) is None):
            self.left[key] = Capture(
                source=self._source.id,
                run=self._run,
                url=url,
                final_url=url,
                via=via,
                kind=kind,
                language=self._source.language_of(url),
                fetched_at=datetime.now(UTC),
            )

    def _revisit(self, link: str, via: str | None) -> Iterator[tuple[str, str | None, Why]]:
        url = normalise_url(link)
        if self._source.is_article(link) and (why := self._choose(url, link, via, self._known(url, Kind.ARTICLE))):
            yield link, via, why

    def _known(self, key: str, kind: Kind) -> Known | None:
        """What is known of an address as one of `kind`: what it was as something else, by other rules, is of no use."""
        known = self._frontier.get(key)
        return known if known is not None and known.kind == kind else None

    def _choose(self, url: str, link: str, via: str | None, known: Known | None) -> Why | None:
        if url in self._seen:
            return None
        reason = self._why(known)
        if url in self._done:
            self.skipped[STORED] += 1
        elif reason is None:
            self.skipped[NOT_DUE] += 1
        elif self.asked >= self._most:
            if url not in self.left:
                self.skipped[OVER_PAGES] += 1
                self.leave(link, via, Kind.ARTICLE)
            return None
        else:
            self.asked += 1
            if self.left.pop(url, None):
                self.skipped[OVER_PAGES] -= 1
        self._seen.add(url)
        return reason if url not in self._done else None

    def _why(self, known: Known | None) -> Why | None:
        if known is None:
            return Why.NEW
        if known.waiting:
            return Why.LEFT
        if known.failures:
            return Why.FAILED
        if known.next_due <= self.started_at:
            return Why.DUE
        return Why.AGAIN if self.scope.full and known.kind == Kind.ARTICLE else None

    def _is_too_early(self, moment: datetime | None) -> bool:
        return moment is not None and self._since is not None and moment < self._since
