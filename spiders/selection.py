"""Which of the addresses that a crawl comes across it asks for, and why: new ones, failed ones, ones that are due."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from model.capture import Capture, Kind
from model.source import Source
from model.url import normalise_url
from spiders.traps import Traps
from storage.frontier import Frontier, Known

MAX_FAILURES = 5
"""A page that failed so many times in a row is asked for only where a list still names it."""

NEWS_DAYS = 7
"""A sitemap that brought an article so recently is asked for in every run."""

STORED, NOT_DUE, OVER_PAGES, TOO_OLD = (
    "stored by an earlier attempt",
    "not due yet",
    "over the run's budget of pages",
    "older than discovery.max_age_days",
)


class Why(StrEnum):
    """Why an address is asked for."""

    NEW = "new"
    LEFT = "left by an earlier run"
    FAILED = "failed before"
    DUE = "due"


class Selection:
    """The choice of one crawl.

    `frontier` is what earlier runs know; `done` the URLs that earlier attempts of this run stored. `found` are the
    articles that lists named, `fresh` counts those of them that no run knows yet. `asked` counts the articles that were
    chosen, `skipped` what was not, by reason; `left` are captures that stand for what the next run is to go on with.
    """

    def __init__(self, source: Source, frontier: Frontier, done: set[str], run: str, started_at: datetime) -> None:
        self.found: set[str] = set()
        self.fresh = 0
        self.asked = 0
        self.skipped: Counter[str] = Counter()
        self.left: dict[str, Capture] = {}
        self._source = source
        self._frontier = frontier
        self._done = done
        self._run = run
        self._started_at = started_at
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
        if url in self.found:
            return None
        if self.trapped(url):
            return None
        known = self._frontier.get(url)
        self.found.add(url)
        self.fresh += known is None
        if known is None and dated and self._oldest and dated < self._oldest:
            self.skipped[TOO_OLD] += 1
            return None
        if known and not known.waiting and not known.failures and known.next_due <= self._started_at:
            return None
        return self._choose(url, link, via, known)

    def revisits(self, again: list[str]) -> Iterator[tuple[str, str | None, Why]]:
        """Articles that no list had to name, each with its list (if any) and the reason: those that an earlier attempt
        did not get (`again`), those that earlier runs left, and those that are due, since they may have been edited."""
        most = self._source.fetch.max_pages
        due = self._frontier.due(self._started_at, {Kind.ARTICLE}, limit=most, max_failures=MAX_FAILURES)
        urls: list[tuple[str, str | None]] = [(url, None) for url in again]
        # Rules may have changed since some of them were left: so a few more than the budget.
        urls += [(known.url, known.via) for known in self._frontier.waiting(Kind.ARTICLE, limit=2 * most)]
        urls += [(known.url, known.via) for known in due]
        for link, via in urls:
            url = normalise_url(link)
            if self._source.is_article(link) and (why := self._choose(url, link, via, self._frontier.get(url))):
                yield link, via, why

    def asset(self, url: str) -> Why | None:
        """Why the image or document at `url` is asked for; None where it is not."""
        key = normalise_url(url)
        known = self._frontier.get(key)
        if key in self._seen or key in self._done:
            return None
        self._seen.add(key)
        if known is None:
            return Why.NEW
        if known.failures >= MAX_FAILURES or known.next_due > self._started_at:
            return None
        return Why.FAILED if known.failures else Why.DUE

    def assets_due(self) -> Iterator[Known]:
        """The images and documents of earlier runs that are due."""
        most = self._source.fetch.max_pages
        for known in self._frontier.due(self._started_at, {Kind.ASSET}, limit=most, max_failures=MAX_FAILURES):
            if self.asset(known.url):
                yield known

    def rests(self, url: str, dated: datetime | None = None) -> bool:
        """Whether the list at `url` need not be asked for: it did not change for a while, brought no news lately, and
        is not `dated` after its last answer (by the index that names it)."""
        known = self._frontier.get(normalise_url(url))
        if known is None or known.answered_at is None or known.last_fetched is None or known.failures:
            return False
        recently = self._started_at - timedelta(days=NEWS_DAYS)
        return (
            known.next_due > self._started_at
            and (known.last_news is None or known.last_news < recently)
            and (dated is None or dated <= known.last_fetched)
        )

    def trapped(self, url: str) -> bool:
        """Whether `url` looks like one of endlessly many; counted."""
        reason = self._traps.check(url, is_article=self._source.is_article(url))
        if reason:
            self.skipped[reason] += 1
        return reason is not None

    def leave(self, url: str, via: str | None, kind: Kind) -> None:
        """Leaves an address that nobody knows yet to a later run."""
        key = normalise_url(url)
        if self._frontier.get(key) is None and key not in self._done:
            self.left[key] = Capture(
                source=self._source.id,
                run=self._run,
                url=url,
                final_url=url,
                via=via,
                kind=kind,
                language=self._source.language_of(url),
                fetched_at=self._started_at,
            )

    def _choose(self, url: str, link: str, via: str | None, known: Known | None) -> Why | None:
        if url in self._seen:
            return None
        self._seen.add(url)
        reason = self._why(known)
        if url in self._done:
            self.skipped[STORED] += 1
        elif reason is None:
            self.skipped[NOT_DUE] += 1
        elif self.asked >= self._source.fetch.max_pages:
            self.skipped[OVER_PAGES] += 1
            self.leave(link, via, Kind.ARTICLE)
        else:
            self.asked += 1
            return reason
        return None

    def _why(self, known: Known | None) -> Why | None:
        if known is None:
            return Why.NEW
        if known.waiting:
            return Why.LEFT
        if known.failures:
            return Why.FAILED
        return Why.DUE if known.next_due <= self._started_at else None
