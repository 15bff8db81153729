"""The spider: reads a source, follows its ways in, asks for the articles that are new or due."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from model.capture import Capture, Kind
from model.source import Listing, Source
from model.url import normalise_url
from spiders.capture import Purpose
from spiders.discovery import MAX_SITEMAP_DEPTH, DiscoveryError, feed_links, listing_links, sitemap_links
from spiders.recorder import Recorder
from storage.content_encoding import ContentEncodingError
from storage.frontier import Known

logger = logging.getLogger(__name__)

MAX_FAILURES = 5
"""A page that failed so many times in a row is asked for only where a list still names it."""


class SourceSpider(scrapy.Spider):
    """Crawls one source.

    `frontier` is what earlier runs know, by normalised URL; `done` the URLs that earlier attempts of this run stored.
    `found` counts the article addresses that lists named, `asked` those requested, `skipped` the others by reason.
    """

    name = "source"

    def __init__(
        self, source: Source, frontier: dict[str, Known], done: set[str], recorder: Recorder, started_at: datetime
    ) -> None:
        super().__init__(allowed_domains=sorted(source.all_hosts))
        self.source = source
        self.frontier = frontier
        self.done = done
        self.recorder = recorder
        self.started_at = started_at
        self.found = self.asked = self.answered = 0
        self.skipped: Counter[str] = Counter()
        self._seen: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """The source's ways in. What is due of the frontier comes when they are done: news first."""
        self.crawler.signals.connect(self.revisit, signals.spider_idle)
        discovery = self.source.discovery
        for url in discovery.feeds:
            yield self._request(url, Kind.FEED, None, self.parse_feed)
        for url in discovery.sitemaps:
            yield self._request(url, Kind.SITEMAP, None, self.parse_sitemap, depth=1)
        for listing in discovery.listings:
            yield self._request(listing.url, Kind.LISTING, None, self.parse_listing, listing=listing, number=None)

    def revisit(self) -> None:
        """Asks, once, for the articles that are due and that no list named: failures of earlier runs, and pages that
        may have been edited. Called by Scrapy when it has nothing left to do."""
        due = sorted(
            (known for known in self.frontier.values() if known.kind == Kind.ARTICLE and known.failures < MAX_FAILURES),
            key=lambda known: known.next_due,
        )
        requests = list(self._articles([known.url for known in due if known.next_due <= self.started_at], None))
        for request in requests:
            self.crawler.engine.crawl(request)
        if requests:
            logger.info("%d known articles are due again", len(requests))
            raise DontCloseSpider

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """A feed's entries."""
        if self._answered_with_content(response):
            yield from self._discovered(
                response, self._links(response, lambda: feed_links(response.body, response.url))
            )

    def parse_sitemap(self, response: Response, depth: int) -> Iterator[Request]:
        """A sitemap's pages, or the sitemaps of an index."""
        if not self._answered_with_content(response):
            return
        try:
            links = sitemap_links(response.body, response.url, self.source.fetch.max_body_bytes)
        except (DiscoveryError, ContentEncodingError) as err:
            self._fail(response.request, str(err))
            return
        for url in links.sitemaps if depth < MAX_SITEMAP_DEPTH else []:
            yield self._request(url, Kind.SITEMAP, response.url, self.parse_sitemap, depth=depth + 1)
        yield from self._discovered(response, links.pages)

    def parse_listing(self, response: Response, listing: Listing, number: int | None) -> Iterator[Request]:
        """A listing's articles, and its next page: until one brings no address that the pages before it had not."""
        if not self._answered_with_content(response):
            return
        before = self.found
        yield from self._discovered(response, self._links(response, lambda: listing_links(response)))
        # The first page may hold headlines of other kinds only; a later one without news is past the end.
        if number is None or self.found > before:
            following = listing.first if number is None else number + 1
            if url := listing.page_url(following):
                yield self._request(
                    url, Kind.LISTING, response.url, self.parse_listing, listing=listing, number=following
                )

    def parse_article(self, response: Response) -> None:
        """An article's page: the middleware has kept it, so there is nothing to do but count."""
        self.answered += 1
        logger.debug("%s %s", response.status, response.url)

    def errback(self, failure: Failure) -> None:
        """A request that got no answer in the end."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(failure.value, IgnoreRequest):
            reason = "robots.txt" if "robots.txt" in str(failure.value) else "another site"
            self.skipped[reason] += 1
            logger.info("not asked for (%s): %s", reason, request.url)
            return
        self._fail(request, describe(failure))

    def _fail(self, request: Request | None, reason: str) -> None:
        if request is None:
            return
        purpose: Purpose = request.meta["purpose"]
        logger.warning("%s: %s", request.url, reason)
        self.recorder.note(
            Capture(
                source=self.source.id,
                run=self.recorder.run,
                **purpose,
                final_url=request.url,
                fetched_at=datetime.now(UTC),
                error=reason,
            )
        )

    def _answered_with_content(self, response: Response) -> bool:
        logger.info("%s %s", response.status, response.url)
        return response.status == 200

    def _links(self, response: Response, extract: Any) -> list[str]:
        try:
            links: list[str] = extract()
        except DiscoveryError as err:
            self._fail(response.request, str(err))
            return []
        return links

    def _discovered(self, response: Response, links: list[str]) -> Iterator[Request]:
        before = self.found, self.asked
        yield from self._articles(links, response.url)
        logger.info(
            "%s: %d article addresses, %d to ask for", response.url, self.found - before[0], self.asked - before[1]
        )

    def _articles(self, links: list[str], via: str | None) -> Iterator[Request]:
        """Requests for those of `links` that are articles and new or due. `via` is the list that named them, if any."""
        for link in links:
            if not self.source.is_article(link):
                continue
            url = normalise_url(link)
            if url in self._seen:
                continue
            self._seen.add(url)
            self.found += via is not None
            known = self.frontier.get(url)
            if url in self.done:
                self.skipped["stored by an earlier attempt"] += 1
            elif known and known.next_due > self.started_at:
                self.skipped["not due yet"] += 1
            elif self.asked >= self.source.fetch.max_pages:
                self.skipped["over the run's budget of pages"] += 1
            else:
                self.asked += 1
                yield self._request(url, Kind.ARTICLE, via, self.parse_article)

    def _request(self, url: str, kind: Kind, via: str | None, callback: Any, **arguments: Any) -> Request:
        known = self.frontier.get(normalise_url(url))
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        purpose = Purpose(url=url, via=via, kind=kind, language=self.source.language_of(url))
        return Request(
            url,
            callback=callback,
            errback=self.errback,
            headers=headers,
            cb_kwargs=arguments,
            meta={"purpose": purpose},
            # Lists before articles: a run that is cut short has found all it could.
            priority=0 if kind == Kind.ARTICLE else 10,
        )


def describe(failure: Failure) -> str:
    """A failure in one line that a reader understands without Twisted's class names."""
    error = failure.value
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:299] + "…"
