"""How a crawl ended, judged by its captures: where Scrapy exits 0 whatever happened, bantin tells the truth."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from model.capture import LISTS, Capture, Kind
from model.source import Source
from model.url import normalise_url
from spiders.same_page import changed_to_one_page, led_to_one_page
from storage.frontier import Frontier, key_of
from storage.known import Fate


class CrawlExit(IntEnum):
    """Exit codes of `python -m spiders.crawl`; docs/architecture.md lists them for operators."""

    OK = 0
    CRASHED = 1
    USAGE = 2
    ERRORS = 3
    """More pages failed than the source tolerates, a way in did, or a host was given up."""
    NOTHING = 4
    """No server answered, or nothing that looks like an article was found."""
    STORAGE = 5
    """The archive could not be read or written."""
    HELD = 6
    """Another crawl of the source, or of its politeness group, is under way; or this one lost its lease."""
    INTERRUPTED = 75
    """EX_TEMPFAIL of sysexits.h: stopped from outside; what was fetched is stored, and a further attempt goes on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a crawl ended and why, in one line."""

    exit: CrawlExit
    reason: str


@dataclass(slots=True)
class Tally:
    """What a crawl knows of its end besides its captures.

    `found` are the keys of articles that lists named, `forbidden` those that robots.txt closes, `closed` counts its
    closed lists, `resting` those that were not asked for since they have not changed for long. `unreachable` says why
    robots.txt could not be read, `unread` counts the articles that were left for that. `given_up` says why a host was;
    `told_to_wait` names one that asked for a longer wait than a run has.
    """

    found: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    closed: int = 0
    resting: int = 0
    unreachable: str | None = None
    unread: int = 0
    given_up: str | None = None
    told_to_wait: str | None = None

    @property
    def warnings(self) -> list[str]:
        """What a report has to say of it, however the crawl ended."""
        told = [f"{self.told_to_wait}: the rest waits for the next run"] if self.told_to_wait else []
        if self.unreachable and self.unread:
            told.append(f"{self.unread} page{'s' if self.unread > 1 else ''} left to the next run: {self.unreachable}")
        return told

    def forbid(self, kind: Kind, key: str) -> None:
        """An address that robots.txt closes. That a picture is behind it changes nothing."""
        if kind == Kind.ARTICLE:
            self.forbidden.add(key)
        self.closed += kind in LISTS


LEAST_PAGES = 3
"""So many pages must have failed, or be gone, before that is called a failure: one may well be. Else one page that is
broken for good would keep a small site out of the archive, as a run that failed commits nothing."""


def judge(captures: Iterable[Capture], source: Source, tally: Tally, frontier: Frontier) -> Verdict:
    """The verdict on a crawl that came to its end. Of several answers for a URL (retries, hops, attempts) the last
    counts; `frontier` is what was known before.

    Ways in are the lists that the source's file names. A list that only another one names (a listing's further page, an
    index's sitemap, a page of the bounded crawl) is no worse when it is broken than an article is.
    """
    last = last_answers(captures)
    named = _named_lists(source)
    ways_in = [c for c in last if c.kind in LISTS and key_of(c.url, c.kind) in named]
    further = [c for c in last if c.kind in LISTS and key_of(c.url, c.kind) not in named and not _past_the_end(c)]
    articles = [c for c in last if c.kind == Kind.ARTICLE]
    broken_ways = [c for c in ways_in if c.failed]
    failures = [c for c in (*articles, *further) if c.failed]
    delivered = [c for c in articles if c.status in (200, 304) and not c.failed]
    if tally.unreachable and not delivered and (not ways_in or broken_ways or _matters(tally.unread, tally)):
        return Verdict(CrawlExit.NOTHING, f"nothing may be asked of {source.url}: {tally.unreachable}")
    if tally.closed and not ways_in:
        return Verdict(CrawlExit.NOTHING, f"robots.txt of {source.url} forbids every way in")
    if len(broken_ways) == len(ways_in) and not delivered:
        reasons = [_listed(broken_ways), tally.told_to_wait or ("" if broken_ways else tally.given_up)]
        what = "; ".join(filter(None, reasons))
        return Verdict(CrawlExit.NOTHING, f"nothing could be fetched: {what or 'no way in was asked for'}")
    if broken_ways:
        return Verdict(CrawlExit.ERRORS, f"{len(broken_ways)} of {len(ways_in)} ways in failed: {_listed(broken_ways)}")
    if tally.given_up:
        return Verdict(CrawlExit.ERRORS, tally.given_up)
    if tally.told_to_wait:
        # The server has set a budget: the rest waits for the next run, which would never come to it if this one failed.
        if not delivered:
            return Verdict(CrawlExit.ERRORS, tally.told_to_wait)
        failures = [c for c in failures if c.status not in (429, 503)]
    asked, tolerance = len(articles) + len(further), source.fetch.error_tolerance
    if len(failures) > tolerance * asked and (len(failures) >= LEAST_PAGES or not tolerance):
        share = f"{len(failures)} of {asked} pages failed (tolerated: {tolerance:.0%})"
        return Verdict(CrawlExit.ERRORS, f"{share}: {_listed(failures)}")
    # That a page goes which no list names any more is what it was asked again for.
    expected = [c for c in articles if normalise_url(c.url) in tally.found and not _was_gone(c, frontier)]
    if len(expected) >= LEAST_PAGES and not delivered:
        return Verdict(CrawlExit.NOTHING, f"none of {len(expected)} article pages is there: {_listed(expected)}")
    if reason := led_to_one_page(expected, source) or changed_to_one_page(articles, frontier):
        return Verdict(CrawlExit.ERRORS, reason)
    if tally.found and tally.forbidden >= tally.found and not articles:
        return Verdict(CrawlExit.NOTHING, f"robots.txt of {source.url} forbids all {len(tally.found)} article pages")
    if not tally.found and not tally.resting and not source.may_be_empty:
        pages = ", ".join(c.url for c in ways_in[:3])
        return Verdict(
            CrawlExit.NOTHING,
            f"no article address was found on {pages or source.url}: expected some that follow articles.allow "
            f"({' or '.join(source.articles.allow)}); correct the rules, or say `may_be_empty: true`",
        )
    return Verdict(CrawlExit.OK, f"{len(tally.found)} article addresses found, {len(delivered)} pages answered")


def _matters(unread: int, tally: Tally) -> bool:
    """Whether so many pages of a site whose robots.txt could not be read are more than a few odd links on a list."""
    return unread >= min(LEAST_PAGES, max(len(tally.found), 1))


def vanished(captures: Iterable[Capture], frontier: Frontier) -> list[dict[str, str]]:
    """The articles that were there before and are gone or have moved now, each with its `url` and `how`."""
    found = []
    for capture in last_answers(captures):
        if capture.kind != Kind.ARTICLE or not (how := _how_it_vanished(capture)):
            continue
        known = frontier.get(normalise_url(capture.url))
        if known is not None and known.fate == Fate.LIVE:
            found.append({"url": capture.url, "how": how})
    return found


def last_answers(captures: Iterable[Capture]) -> list[Capture]:
    """The newest capture of each URL, what was only left for a later run and probes aside.

    A page that was there, or is gone, is not asked for again in its run: a failure that seems newer is an earlier
    attempt's, made before the clock was put back. After a redirect, or a 304 that says nothing, a failure is the end.
    """
    asked = sorted((c for c in captures if not c.waiting and c.kind != Kind.PROBE), key=lambda c: c.fetched_at)
    newest = {key_of(c.url, c.kind): c for c in asked}
    newest.update((key_of(c.url, c.kind), c) for c in asked if _is_settled(c))
    return list(newest.values())


def _is_settled(capture: Capture) -> bool:
    return capture.kind not in LISTS and capture.status in (200, 404, 410) and not capture.failed


def count_captures(captures: Iterable[Capture]) -> Counter[str]:
    """Answers by kind and outcome: `article 200`, `listing error` …"""
    return Counter(f"{c.kind} {_counted_as(c)}" for c in captures if not c.waiting)


def _counted_as(capture: Capture) -> str:
    if capture.error and capture.error.startswith("blocked:"):
        return "blocked"
    return "error" if capture.status is None else str(capture.status)


def _named_lists(source: Source) -> set[str]:
    """The keys of the lists that the source's file names, and of its home page where the crawl begins there."""
    discovery = source.discovery
    urls = [*discovery.feeds, *discovery.sitemaps, *(listing.url for listing in discovery.listings)]
    urls += discovery.crawl.start if discovery.crawl else []
    if discovery.announced or (discovery.crawl and not discovery.crawl.start):
        urls.append(source.url)
    return {key_of(url, Kind.LISTING) for url in urls}


def _was_gone(capture: Capture, frontier: Frontier) -> bool:
    known = frontier.get(normalise_url(capture.url))
    return known is not None and known.fate in (Fate.GONE, Fate.MOVED)


def _how_it_vanished(capture: Capture) -> str | None:
    if capture.status in (404, 410):
        return f"gone (HTTP {capture.status})"
    if capture.location:
        return f"moved to {capture.location}"
    return "moved to the home page" if capture.status == 200 and capture.went_home else None


def _past_the_end(capture: Capture) -> bool:
    """A further page of a listing that is not there: the list is shorter than its bound."""
    return capture.kind == Kind.LISTING and capture.status in (404, 410)


def _outcome(capture: Capture) -> str:
    return capture.problem if capture.final_url == capture.url else f"{capture.problem} at {capture.final_url}"


def _listed(captures: list[Capture], most: int = 3) -> str:
    shown = "; ".join(f"{c.url}: {_outcome(c)}" for c in captures[:most])
    return shown + (f"; and {len(captures) - most} more" if len(captures) > most else "")
