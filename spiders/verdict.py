"""How a crawl ended, judged by its captures: where Scrapy exits 0 whatever happened, bantin tells the truth."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from model.capture import Capture, Kind
from model.source import Source
from model.url import normalise_url

WAYS_IN = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)


class CrawlExit(IntEnum):
    """Exit codes of `python -m spiders.crawl`; docs/architecture.md lists them for operators."""

    OK = 0
    CRASHED = 1
    USAGE = 2
    ERRORS = 3
    """More pages failed than the source tolerates, or a way in did."""
    NOTHING = 4
    """No server answered, or nothing that looks like an article was found."""
    STORAGE = 5
    """The archive could not be read or written."""
    INTERRUPTED = 75
    """EX_TEMPFAIL of sysexits.h: stopped from outside; what was fetched is stored, and a further attempt goes on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a crawl ended and why, in one line."""

    exit: CrawlExit
    reason: str


LEAST_PAGES = 3
"""So many pages must have been asked for before their all being gone is called a failure: one may well be."""


def judge(captures: Iterable[Capture], source: Source, found: int, forbidden: int = 0) -> Verdict:
    """The verdict on a crawl that came to its end. Of several answers for a URL (retries, hops, attempts) the last
    counts.

    `found` is the number of article addresses that lists named, `forbidden` the number of addresses that robots.txt
    kept the crawl from.
    """
    last = last_answers(captures)
    ways_in = [c for c in last if c.kind in WAYS_IN and not _past_the_end(c, source)]
    articles = [c for c in last if c.kind == Kind.ARTICLE]
    broken_ways = [c for c in ways_in if c.failed]
    failures = [c for c in articles if c.failed]
    delivered = [c for c in articles if c.status in (200, 304) and not c.failed]
    if forbidden and not ways_in:
        return Verdict(CrawlExit.NOTHING, f"robots.txt of {source.url} forbids every way in")
    if len(broken_ways) == len(ways_in) and not delivered:
        return Verdict(CrawlExit.NOTHING, f"nothing could be fetched: {_listed(broken_ways)}")
    if broken_ways:
        return Verdict(CrawlExit.ERRORS, f"{len(broken_ways)} of {len(ways_in)} ways in failed: {_listed(broken_ways)}")
    if failures and len(failures) > source.fetch.error_tolerance * len(articles):
        tolerated = f"{source.fetch.error_tolerance:.0%}"
        share = f"{len(failures)} of {len(articles)} article pages failed (tolerated: {tolerated})"
        return Verdict(CrawlExit.ERRORS, f"{share}: {_listed(failures)}")
    if len(articles) >= LEAST_PAGES and not delivered:
        return Verdict(CrawlExit.NOTHING, f"none of {len(articles)} article pages is there: {_listed(articles)}")
    if found and forbidden >= found and not articles:
        return Verdict(CrawlExit.NOTHING, f"robots.txt of {source.url} forbids all {found} article pages")
    if not found and not source.may_be_empty:
        pages = ", ".join(c.url for c in ways_in[:3])
        return Verdict(
            CrawlExit.NOTHING,
            f"no article address was found on {pages or source.url}: expected some that follow articles.allow "
            f"({' or '.join(source.articles.allow)}); correct the rules, or say `may_be_empty: true`",
        )
    return Verdict(CrawlExit.OK, f"{found} article addresses found, {len(delivered)} pages answered")


def last_answers(captures: Iterable[Capture]) -> list[Capture]:
    """The newest capture of each URL."""
    return list({normalise_url(c.url): c for c in sorted(captures, key=lambda c: c.fetched_at)}.values())


def count_captures(captures: Iterable[Capture]) -> Counter[str]:
    """Answers by kind and outcome: `article 200`, `listing error` …"""
    return Counter(f"{c.kind} {c.status if c.status is not None else 'error'}" for c in captures)


def _past_the_end(capture: Capture, source: Source) -> bool:
    """A further page of a listing that is not there: the list is shorter than its bound."""
    is_first = capture.url in {listing.url for listing in source.discovery.listings}
    return capture.kind == Kind.LISTING and not is_first and capture.status in (404, 410)


def _outcome(capture: Capture) -> str:
    return capture.problem if capture.final_url == capture.url else f"{capture.problem} at {capture.final_url}"


def _listed(captures: list[Capture], most: int = 3) -> str:
    shown = "; ".join(f"{c.url}: {_outcome(c)}" for c in captures[:most])
    return shown + (f"; and {len(captures) - most} more" if len(captures) > most else "")
