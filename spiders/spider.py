"""The spider: reads a source, follows its ways in, asks for the articles that are new or due."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from model.capture import Capture, Kind
from model.source import Listing, Source
from model.url import is_web_address, normalise_url
from spiders.capture import Purpose
from spiders.discovery import MAX_SITEMAP_DEPTH, DiscoveryError, feed_links, listing_links, sitemap_links
from spiders.recorder import Recorder
from spiders.robots import FORBIDDEN
from storage.content_encoding import ContentEncodingError
from storage.errors import StorageError
from storage.frontier import Known

logger = logging.getLogger(__name__)

ROBOTS = "forbidden by robots.txt"

MAX_FAILURES = 5
"""A page that failed so many times in a row is asked for only where a list still names it."""


class SourceSpider(scrapy.Spider):
    """Crawls one source.

    `frontier` is what earlier runs know, by normalised URL; `done` the URLs that earlier attempts of this run stored,
    and `again` the articles they failed to get. `asked` counts the articles requested, `skipped` what was not, by
    reason.
    """

    name = "source"

    def __init__(
        self,
        source: Source,
        frontier: dict[str, Known],
        done: set[str],
        again: list[str],
        recorder: Recorder,
        started_at: datetime,
    ) -> None:
        super().__init__(allowed_domains=sorted(source.all_hosts))
        self.source = source
        self.frontier = frontier
        self.done = done
        self.again = again
        self.recorder = recorder
        self.started_at = started_at
        self.asked = self.answered = 0
        self.skipped: Counter[str] = Counter()
        self._lists = self._lists_answered = 0
        self._found: set[str] = set()
        self._seen: set[str] = set()

    @property
    def found(self) -> int:
        """How many addresses of articles the lists have named so far."""
        return len(self._found)

    async def start(self) -> AsyncIterator[Request]:
        """The source's ways in. What is due of the frontier comes when they are done: news first."""
        self.crawler.signals.connect(self.revisit, signals.spider_idle)
        self.crawler.signals.connect(self.unreadable, signals.spider_error)
        discovery = self.source.discovery
        for url in discovery.feeds:
            for request in self._list(url, Kind.FEED, None, self.parse_feed):
                yield request
        for url in discovery.sitemaps:
            for request in self._list(url, Kind.SITEMAP, None, self.parse_sitemap, depth=1):
                yield request
        for listing in discovery.listings:
            for request in self._list(
                listing.url, Kind.LISTING, None, self.parse_listing, listing=listing, number=None
            ):
                yield request

    def revisit(self) -> None:
        """Asks, once, for articles that no list named: those that an earlier attempt did not get, and those that are
        due, since they may have been edited. Called by Scrapy when it has nothing left to do."""
        if not self._lists_answered:
            return  # the site is down: hours of time-outs would tell no more
        due = sorted(
            (known for known in self.frontier.values() if known.kind == Kind.ARTICLE and known.failures < MAX_FAILURES),
            key=lambda known: known.next_due,
        )
        urls = [*self.again, *(known.url for known in due if known.next_due <= self.started_at)]
        requests = list(self._articles(urls, None))
        for request in requests:
            self.crawler.engine.crawl(request)
        if requests:
            logger.info("%d known articles are asked for again", len(requests))
            raise DontCloseSpider

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """A feed's entries."""
        if self._answered_with_content(response):
            yield from self._discovered(response, feed_links(response.body, response.url))

    def parse_sitemap(self, response: Response, depth: int) -> Iterator[Request]:
        """A sitemap's pages, or the sitemaps of an index."""
        if not self._answered_with_content(response):
            return
        links = sitemap_links(response.body, response.url, self.source.fetch.max_body_bytes)
        for url in links.sitemaps if depth < MAX_SITEMAP_DEPTH else []:
            yield from self._list(url, Kind.SITEMAP, response.url, self.parse_sitemap, depth=depth + 1)
        yield from self._discovered(response, links.pages)

    def parse_listing(self, response: Response, listing: Listing, number: int | None) -> Iterator[Request]:
        """A listing's articles, and its next page: until one brings no address that the pages before it had not."""
        if not self._answered_with_content(response):
            return
        before = self.found
        yield from self._discovered(response, listing_links(response))
        # The first page may hold headlines of other kinds only; a later one without news is past the end.
        if number is None or self.found > before:
            following = listing.first if number is None else number + 1
            if url := listing.page_url(following):
                yield from self._list(
                    url, Kind.LISTING, response.url, self.parse_listing, listing=listing, number=following
                )

    def parse_article(self, response: Response) -> None:
        """An article's page: the middleware has kept it, so there is nothing to do but count."""
        self.answered += 1
        logger.debug("%s %s", response.status, response.url)

    def errback(self, failure: Failure) -> None:
        """A request that got no answer in the end, or must not be made."""
        request: Request = failure.request  # type: ignore[attr-defined]
        reason = describe(failure)
        if isinstance(failure.value, IgnoreRequest) and reason == FORBIDDEN:
            self._skip(ROBOTS, request.url)
        elif isinstance(failure.value, IgnoreRequest) and "offsite" in reason:
            self._skip("another site", request.url)  # the redirect that led there is kept, as the last answer
        else:
            self._fail(request, reason)

    def unreadable(self, failure: Failure, response: Response) -> None:
        """A list that could not be read; called by Scrapy with what a callback raised."""
        self._fail(response.request, describe(failure))
        if not isinstance(failure.value, DiscoveryError | ContentEncodingError):
            logger.error("reading %s: %s", response.url, failure.getTraceback())

    def keep(self, store: Callable[[], None]) -> None:
        """Stores something by calling `store`. Where the disk does not take it the crawl ends."""
        try:
            store()
        except StorageError as err:
            logger.error("%s", err)
            asyncio.ensure_future(self.crawler.stop_async())  # noqa: RUF006 - the crawl ends with it

    def _fail(self, request: Request | None, reason: str) -> None:
        if request is None:
            return
        logger.warning("%s: %s", request.url, reason)
        purpose: Purpose = request.meta["purpose"]
        failure = Capture(
            source=self.source.id,
            run=self.recorder.run,
            **purpose,
            final_url=request.url,
            fetched_at=datetime.now(UTC),
            error=reason,
        )
        self.keep(lambda: self.recorder.note(failure))

    def _skip(self, reason: str, url: str) -> None:
        self.skipped[reason] += 1
        logger.info("not asked for (%s): %s", reason, url)

    def _answered_with_content(self, response: Response) -> bool:
        self._lists_answered += 1
        logger.info("%s %s%s", response.status, response.url, " (not changed)" if "stored" in response.flags else "")
        return response.status == 200

    def _discovered(self, response: Response, links: list[str]) -> Iterator[Request]:
        before = self.found, self.asked
        yield from self._articles(links, response.url)
        logger.info(
            "%s: %d article addresses, %d to ask for", response.url, self.found - before[0], self.asked - before[1]
        )

    def _list(self, url: str, kind: Kind, via: str | None, callback: Any, **arguments: Any) -> Iterator[Request]:
        """The request for a list, unless a page named something that is none, or too many."""
        if not is_web_address(url):
            self._skip("no web address", url)
        elif self._lists >= self.source.fetch.max_lists:
            self._skip("over the run's budget of lists", url)
        else:
            self._lists += 1
            yield self._request(url, kind, via, callback, **arguments)

    def _articles(self, links: list[str], via: str | None) -> Iterator[Request]:
        """Requests for those of `links` that are articles and new or due. `via` is the list that named them, if any."""
        for link in links:
            if not self.source.is_article(link):
                continue
            url = normalise_url(link)
            known = self.frontier.get(url)
            due = known is None or known.next_due <= self.started_at
            if via is not None:
                self._found.add(url)
            if url in self._seen or (via is not None and known and due and not known.failures):
                continue  # the latter is asked for by `revisit`, when the news is in
            self._seen.add(url)
            if url in self.done:
                self.skipped["stored by an earlier attempt"] += 1
            elif not due:
                self.skipped["not due yet"] += 1
            elif self.asked >= self.source.fetch.max_pages:
                self.skipped["over the run's budget of pages"] += 1
            else:
                self.asked += 1
                yield self._request(link, Kind.ARTICLE, via, self.parse_article)

    def _request(self, url: str, kind: Kind, via: str | None, callback: Any, **arguments: Any) -> Request:
        request = Request(
            url,
            callback=callback,
            errback=self.errback,
            cb_kwargs=arguments,
            # Lists before articles: a run that is cut short has found all it could.
            priority=0 if kind == Kind.ARTICLE else 10,
        )
        # The request's own spelling of the address is a safe one: no spaces, no line ends.
        language = self.source.language_of(request.url)
        request.meta["purpose"] = Purpose(url=request.url, via=via, kind=kind, language=language)
        return request


def describe(failure: Failure) -> str:
    """A failure in one line that a reader understands without Twisted's class names."""
    error = failure.value
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:299] + "…"
