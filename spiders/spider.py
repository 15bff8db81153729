"""The spider: reads a source, follows its ways in, asks for the articles that are new or due and for what hangs on
them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse
from twisted.python.failure import Failure

from model.capture import Capture, Kind
from model.source import Listing, Source
from model.url import host_of, is_home_page, is_web_address, normalise_url
from spiders.assets import asset_links, same_site
from spiders.budget import BUDGET_BYTES, BUDGET_MINUTES
from spiders.capture import Purpose
from spiders.cloaking import as_search_visitor, leads_elsewhere
from spiders.discovery import (
    MAX_SITEMAP_DEPTH,
    DiscoveryError,
    Entry,
    announced_feeds,
    feed_entries,
    hreflang_alternates,
    listing_links,
    sitemap_entries,
)
from spiders.failures import describe
from spiders.paging import next_page, page_links
from spiders.recorder import Recorder
from spiders.robots import FORBIDDEN, UNREACHABLE
from spiders.selection import Selection, Why
from spiders.throttle import given_up
from spiders.verdict import Tally
from storage.content_encoding import ContentEncodingError
from storage.errors import StorageError
from storage.exchange import Earlier
from storage.frontier import Frontier, key_of
from storage.store import ObjectStore

logger = logging.getLogger(__name__)

LIST_PRIORITY, ASSET_PRIORITY, ARTICLE_PRIORITY, PROBE_PRIORITY = 10, 5, 0, -5
"""Lists first: a run that is cut short has found all it could. Images and documents come right after their page."""


class SourceSpider(scrapy.Spider):
    """Crawls one source.

    `selection` decides what is asked for, `recorder` keeps the answers; lists that have not changed are read from
    `store`. `again` are articles that earlier attempts of this run failed to get, `kept`
    gives pages that they stored, to look for what hangs on them. `look`: only lists are asked for; what would be asked
    for besides is collected in `plan`. `cloaked` are pages that lead a search engine's visitor elsewhere.
    """

    name = "source"

    def __init__(
        self,
        source: Source,
        frontier: Frontier,
        selection: Selection,
        again: list[str],
        kept: Callable[[], Iterable[tuple[str, bytes]]],
        recorder: Recorder,
        store: ObjectStore,
        *,
        look: bool,
    ) -> None:
        super().__init__(allowed_domains=sorted(source.all_hosts))
        self.source = source
        self.frontier = frontier
        self.selection = selection
        self.recorder = recorder
        self.store = store
        self.plan: list[dict[str, str | None]] = []
        self.cloaked: list[dict[str, str]] = []
        self.answered = 0
        self.tally = Tally()
        self._again = again
        self._kept = kept
        self._look = look
        self.lists_answered = self._lists = self._probes = 0
        self._asked_lists: set[str] = set()
        self._revisited = False
        unfinished = {known.via for known in frontier.waiting(Kind.LISTING)}
        self._deep = {one.url for one in source.discovery.listings if self._is_new(one.url) or one.url in unfinished}

    @property
    def reads_articles(self) -> bool:
        """Whether pages of articles are looked into, for alternates or for what hangs on them."""
        assets = self.source.assets
        return bool(assets.images or assets.documents or self.source.discovery.alternates)

    def earlier(self, request: Request) -> Earlier | None:
        """The last full answer known of what `request` asks for."""
        purpose: Purpose | None = request.meta.get("purpose")
        if purpose and purpose["kind"] == Kind.PROBE:
            return None
        asked = self.frontier.get(key_of(purpose["url"], purpose["kind"])) if purpose else None
        if asked is None or asked.final_url != request.url:
            asked = self.frontier.get(key_of(request.url, Kind.ARTICLE))
        if asked is None or asked.answered_at is None or asked.body_sha256 is None:
            return None
        return Earlier(url=request.url, fetched_at=asked.answered_at, body_sha256=asked.body_sha256)

    async def start(self) -> AsyncIterator[Request]:
        """The source's ways in. What is due of the frontier comes when they are done: news first."""
        self.crawler.signals.connect(self.revisit, signals.spider_idle)
        self.crawler.signals.connect(self.unreadable, signals.spider_error)
        discovery = self.source.discovery
        if "sitemaps" in discovery.announced:
            self.crawler.signals.connect(self.robots_read, signals.robots_parsed)
        for url in discovery.feeds:
            for request in self._list(url, Kind.FEED, None, self.parse_feed):
                yield request
        for url in discovery.sitemaps:
            for request in self._list(url, Kind.SITEMAP, None, self.parse_sitemap, depth=1):
                yield request
        for listing in self._listings():
            for request in self._listing_page(listing.url, None, listing, None, {}):
                yield request
        if discovery.crawl:
            for url in discovery.crawl.start or [self.source.url]:
                for request in self._list(url, Kind.LISTING, None, self.parse_hub, depth=0):
                    yield request

    def revisit(self) -> None:
        """Asks, once, for what no list named: see `Selection.revisits`. Called by Scrapy when it has nothing left to
        do."""
        if not self.lists_answered or self._revisited:
            return  # the site is down: hours of time-outs would tell no more
        self._revisited = True
        requests = [
            request
            for link, via, why in self.selection.revisits(self._again)
            for request in self._article(link, via, why)
        ]
        for url, body in self._kept():
            requests += self._assets(url, body)
        requests += [self._asset(known.url, known.via, Why.DUE) for known in self.selection.assets_due()]
        if self._look:
            return
        for request in requests:
            self._send(request)
        if requests:
            logger.info("%d known addresses are asked for again", len(requests))
            raise DontCloseSpider

    def robots_read(self, robotparser: Any, request: Request) -> None:
        """Follows the sitemaps that robots.txt names. Called by Scrapy."""
        for url in robotparser.rp.sitemaps:
            for one in self._list(
                urljoin(request.url, url),
                Kind.SITEMAP,
                urljoin(request.url, "/robots.txt"),
                self.parse_sitemap,
                depth=1,
            ):
                self._send(one)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """A feed's entries."""
        if self._answered_with_content(response):
            yield from self._discovered(response, feed_entries(response.body, response.url))

    def parse_sitemap(self, response: Response, depth: int) -> Iterator[Request]:
        """A sitemap's pages, or the sitemaps of an index; those that have not changed for long are let rest."""
        if not self._answered_with_content(response):
            return
        links = sitemap_entries(response.body, response.url, self.source.fetch.max_body_bytes)
        for entry in links.sitemaps if depth < MAX_SITEMAP_DEPTH else []:
            if is_web_address(entry.url) and self.selection.rests(entry.url, entry.dated):
                self.tally.resting += 1
                self.selection.skipped["a sitemap at rest"] += 1
            else:
                yield from self._list(entry.url, Kind.SITEMAP, response.url, self.parse_sitemap, depth=depth + 1)
        yield from self._discovered(response, links.pages)

    def parse_listing(
        self, response: Response, listing: Listing, number: int | None, variables: dict[str, str]
    ) -> Iterator[Request]:
        """A listing's articles, and its next page: the first time until one brings no address that the pages before it
        had not, later until one brings none that is new to the archive."""
        if not self._answered_with_content(response):
            return
        if "feeds" in self.source.discovery.announced and number is None and isinstance(response, TextResponse):
            for url in announced_feeds(response):
                if host_of(url) in self.source.all_hosts:
                    yield from self._list(url, Kind.FEED, response.url, self.parse_feed)
        found, fresh = len(self.selection.found), self.selection.fresh
        yield from self._discovered(response, [Entry(link) for link in page_links(response, listing)])
        news = len(self.selection.found) > found if listing.url in self._deep else self.selection.fresh > fresh
        # The first page may hold headlines of other kinds only; a later one without news is past the end.
        if (number is None or news) and (following := next_page(response, listing, number, variables)):
            yield from self._listing_page(
                following.url, following.request, listing, following.number, following.variables
            )

    def parse_hub(self, response: Response, depth: int) -> Iterator[Request]:
        """A page of the bounded crawl: its articles, and the further pages that it leads to."""
        crawl = self.source.discovery.crawl
        if not self._answered_with_content(response) or not isinstance(response, HtmlResponse) or crawl is None:
            return
        links = listing_links(response)
        yield from self._discovered(response, [Entry(link) for link in links])
        for link in links if depth < crawl.depth else []:
            if self.source.is_hub(link) and not self._was_asked(link) and not self.selection.trapped(link):
                yield from self._list(link, Kind.LISTING, response.url, self.parse_hub, may_rest=True, depth=depth + 1)

    def parse_article(self, response: Response) -> Iterator[Request]:
        """An article's page: the middleware has kept it. What remains is to follow its alternates and what hangs on
        it, and to look for cloaking."""
        self.answered += 1
        if response.status != 200 or not isinstance(response, TextResponse) or is_home_page(response.url):
            return
        if self.reads_articles:
            wanted = self.source.discovery.alternates
            alternates = [url for language, url in hreflang_alternates(response) if language in wanted]
            yield from self._named(response, [Entry(url) for url in alternates])
            yield from self._assets(response.url, response.body)
        if self.source.discovery.same_slug:
            yield from self._named(response, [Entry(url) for url in self.source.sibling_urls(response.url)])
        if self._probes < self.source.fetch.cloaking_probes:
            self._probes += 1
            yield self._probe(response)

    def parse_asset(self, response: Response) -> None:
        """An image or document: the middleware has kept it."""

    def parse_probe(self, response: Response, plain: str) -> None:
        """The answer to a search engine's visitor. `plain` is where the crawl itself was led."""
        if elsewhere := leads_elsewhere(response, plain):
            logger.warning("%s leads visitors from search engines to %s", plain, elsewhere)
            self.cloaked.append({"url": plain, "leads_to": elsewhere})

    def errback(self, failure: Failure) -> None:
        """A request that got no answer in the end, or must not be made."""
        request: Request = failure.request  # type: ignore[attr-defined]
        reason = describe(failure)
        if not isinstance(failure.value, IgnoreRequest):
            self._fail(request, reason)
        elif reason == FORBIDDEN:
            self.tally.forbidden += 1
            self._skip("forbidden by robots.txt", request.url)
        elif reason.startswith(UNREACHABLE):
            self.tally.unreachable = reason
            self._skip(UNREACHABLE, request.url)
        elif "offsite" in reason:
            self._skip("another site", request.url)  # the redirect that led there is kept, as the last answer
        elif given_up(reason) or reason in (BUDGET_BYTES, BUDGET_MINUTES):
            self.tally.given_up = self.tally.given_up or (reason if given_up(reason) else None)
            self._leave(request, reason)
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

    def _listings(self) -> list[Listing]:
        """The source's listings, and its home page where announced feeds or sitemaps are looked for."""
        listings = self.source.discovery.listings
        if self.source.discovery.announced and not any(is_home_page(one.url) for one in listings):
            return [*listings, Listing(url=self.source.url)]
        return listings

    def _is_new(self, url: str) -> bool:
        known = self.frontier.get(key_of(url, Kind.LISTING))
        return known is None or known.answered_at is None

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
        self.selection.skipped[reason] += 1
        logger.info("not asked for (%s): %s", reason, url)

    def _leave(self, request: Request, reason: str) -> None:
        self.selection.skipped[reason] += 1
        purpose: Purpose = request.meta["purpose"]
        if purpose["kind"] in (Kind.ARTICLE, Kind.LISTING, Kind.ASSET):
            self.selection.leave(purpose["url"], purpose["via"], purpose["kind"])

    def _answered_with_content(self, response: Response) -> bool:
        self.lists_answered += 1
        logger.info("%s %s%s", response.status, response.url, " (not changed)" if "stored" in response.flags else "")
        return response.status == 200

    def _discovered(self, response: Response, entries: list[Entry]) -> Iterator[Request]:
        selection = self.selection
        before = len(selection.found), selection.asked
        yield from self._named(response, entries)
        logger.info(
            "%s: %d article addresses, %d to ask for",
            response.url,
            len(selection.found) - before[0],
            selection.asked - before[1],
        )

    def _named(self, response: Response, entries: list[Entry]) -> Iterator[Request]:
        """Requests for those entries of a page that are articles and are to be asked for, and for their alternates in
        languages that the source wants."""
        wanted = self.source.discovery.alternates
        for entry in entries:
            urls = [entry.url, *(url for language, url in entry.alternates if language in wanted)]
            for url in urls:
                if why := self.selection.named(url, response.url, entry.dated):
                    yield from self._article(url, response.url, why)

    def _article(self, url: str, via: str | None, why: Why) -> Iterator[Request]:
        if self._look:
            self.plan.append({"kind": Kind.ARTICLE.value, "url": url, "why": why.value, "via": via})
        else:
            yield self._request(Request(url), Kind.ARTICLE, via, self.parse_article, ARTICLE_PRIORITY)

    def _assets(self, page: str, body: bytes) -> Iterator[Request]:
        """Requests for the images and documents that hang on the article at `page`."""
        for url in asset_links(body, page, self.source.assets, self.source.clean.body):
            if is_web_address(url) and same_site(url, self.source.url) and (why := self.selection.asset(url)):
                yield self._asset(url, page, why)

    def _asset(self, url: str, via: str | None, why: Why) -> Request:
        if self._look:
            self.plan.append({"kind": Kind.ASSET.value, "url": url, "why": why.value, "via": via})
        request = self._request(Request(url), Kind.ASSET, via, self.parse_asset, ASSET_PRIORITY)
        request.meta["allow_offsite"] = True  # a site's pictures often lie on a host of their own
        request.meta["download_maxsize"] = self.source.assets.max_bytes
        return request

    def _probe(self, response: Response) -> Request:
        request = as_search_visitor(response, self.settings["USER_AGENT"])
        return self._request(request, Kind.PROBE, response.url, self.parse_probe, PROBE_PRIORITY, plain=response.url)

    def _listing_page(
        self, url: str, request: Request | None, listing: Listing, number: int | None, variables: dict[str, str]
    ) -> Iterator[Request]:
        via = None if number is None else listing.url
        return self._list(
            url, Kind.LISTING, via, self.parse_listing, request, listing=listing, number=number, variables=variables
        )

    def _was_asked(self, url: str) -> bool:
        return normalise_url(url) in self._asked_lists

    def _list(
        self,
        url: str,
        kind: Kind,
        via: str | None,
        callback: Any,
        request: Request | None = None,
        *,
        may_rest: bool = False,
        **arguments: Any,
    ) -> Iterator[Request]:
        """The request for a list, unless a page named something that is none, or too many. `request` is made for it
        where the address alone does not say all (a POST)."""
        if not is_web_address(url):
            self._skip("no web address", url)
        elif (key := key_of(url, kind)) in self._asked_lists:
            return
        elif self._lists >= self.source.fetch.max_lists:
            self._skip("over the run's budget of lists", url)
            self.selection.leave(url, via, kind)
        else:
            self._asked_lists.add(key)
            self._lists += 1
            made = self._request(request or Request(url), kind, via, callback, LIST_PRIORITY, **arguments)
            made.meta["purpose"]["url"] = url if request else made.url
            made.meta["may_rest"] = may_rest
            yield made

    def _request(
        self, request: Request, kind: Kind, via: str | None, callback: Any, priority: int, **arguments: Any
    ) -> Request:
        # The request's own spelling of the address is a safe one: no spaces, no line ends.
        purpose = Purpose(url=request.url, via=via, kind=kind, language=self.source.language_of(request.url))
        return request.replace(
            callback=callback,
            errback=self.errback,
            cb_kwargs=arguments,
            priority=priority,
            meta={**request.meta, "purpose": purpose},
        )

    def _send(self, request: Request) -> None:
        assert self.crawler.engine is not None  # noqa: S101 - for mypy: the crawl is under way
        self.crawler.engine.crawl(request)
