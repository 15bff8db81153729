"""The spider: reads a source, follows its ways in, asks for the articles that are new or due and for what hangs on
them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider
from scrapy.http import HtmlResponse, Response, TextResponse

from model.capture import Kind
from model.discovery import Listing
from model.source import Source
from model.url import host_of, is_home_page, is_web_address, normalise_url
from spiders.assets import asset_links, same_site
from spiders.attempts import Attempts
from spiders.capture import earlier_answer
from spiders.cloaking import as_search_visitor, leads_elsewhere
from spiders.discovery import Entry, announced_feeds, hreflang_alternates, listing_links
from spiders.feeds import feed_entries
from spiders.listings import Listings, left_hubs
from spiders.losses import Losses
from spiders.paging import next_page, page_links
from spiders.recorder import Recorder
from spiders.requests import request_for
from spiders.selection import Selection, Why
from spiders.sitemaps import MAX_SITEMAP_DEPTH, sitemap_entries
from spiders.throttle import throttle_of
from spiders.verdict import Tally
from storage.errors import StorageError
from storage.exchange import Earlier
from storage.frontier import Frontier, key_of
from storage.store import ObjectStore

logger = logging.getLogger(__name__)

MOST_WAITS = 100
"""So many hosts' waits are kept for later runs."""

FEW = 1_000
"""So many known addresses are asked for at a time: a million requests would take memory."""


class SourceSpider(scrapy.Spider):
    """Crawls one source.

    `selection` decides what is asked for, `recorder` keeps the answers, `losses` what came instead; lists that have not
    changed are read from `store`, and so is what `attempts`, the earlier ones of this run, stored. `look`: only lists
    are asked for; what would be asked for besides is collected in `plan`. `cloaked` are pages that lead a search
    engine's visitor elsewhere.
    """

    name = "source"

    def __init__(
        self,
        source: Source,
        frontier: Frontier,
        selection: Selection,
        attempts: Attempts,
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
        self.losses = Losses(
            source.id, recorder.run, selection, self.tally, lambda failure: self.keep(lambda: recorder.note(failure))
        )
        self._attempts = attempts
        self._look = look
        self.lists_answered = self._lists = self._probes = 0
        self._asked_lists: set[str] = set()
        self._listings = Listings(source, frontier, selection.started_at, full=selection.scope.full)
        self._rest: Iterator[Request] = chain(self._revisits(), self._assets_due())

    @property
    def reads_articles(self) -> bool:
        """Whether pages of articles are looked into, for their translations or for what hangs on them."""
        assets, discovery = self.source.assets, self.source.discovery
        return bool(assets.images or assets.documents or discovery.alternates or discovery.same_slug)

    @property
    def wait_until(self) -> dict[str, str]:
        """The hosts that later runs must not ask before a time (ISO 8601, UTC), the source's own first: there may be
        pictures on any number of others."""
        waits, own = throttle_of(self.crawler).wait_until, self.source.all_hosts
        return {host: waits[host] for host in sorted(waits, key=lambda host: host not in own)[:MOST_WAITS]}

    def earlier(self, request: Request) -> Earlier | None:
        """The last full answer known of what `request` asks for."""
        return earlier_answer(self.frontier, request)

    async def start(self) -> AsyncIterator[Request]:
        """The source's ways in. What is due of the frontier comes when they are done: news first."""
        self.crawler.signals.connect(self.revisit, signals.spider_idle)
        self.crawler.signals.connect(self.losses.unreadable, signals.spider_error)
        discovery = self.source.discovery
        if "sitemaps" in discovery.announced:
            self.crawler.signals.connect(self.robots_read, signals.robots_parsed)
        for url in discovery.feeds:
            for request in self._list(url, Kind.FEED, None, self.parse_feed):
                yield request
        for url in discovery.sitemaps:
            for request in self._list(url, Kind.SITEMAP, None, self.parse_sitemap, depth=1):
                yield request
        for listing in self._listings.all:
            for request in self._listing_page(listing.url, None, listing, None, {}):
                yield request
        if discovery.crawl:
            for url in discovery.crawl.start or [self.source.url]:
                for request in self._list(url, Kind.LISTING, None, self.parse_hub, depth=0):
                    yield request
            # Half of the budget: news is on the first pages.
            for known, depth in left_hubs(self.source, self.frontier, self.source.fetch.max_lists // 2):
                for request in self._list(known.url, Kind.LISTING, known.via, self.parse_hub, depth=depth):
                    yield request
        for page in self._attempts.kept(self.store) if self.reads_articles else ():
            for request in self._hanging(page):
                yield request
            await asyncio.sleep(0)  # there may be thousands, and answers wait

    def revisit(self) -> None:
        """Asks for what no list named: see `Selection.revisits`. Called by Scrapy when it has nothing left to do."""
        if not self.lists_answered:
            return  # the site is down: hours of time-outs would tell no more
        requests = list(islice(self._rest, None if self._look else FEW))
        if not requests:
            self._rest = self._revisits()  # some of the budget may have come back
            requests = list(islice(self._rest, FEW))
        for request in requests:
            self._send(request)
        if requests:
            logger.info("%d known addresses are asked for again", len(requests))
            raise DontCloseSpider

    def robots_read(self, robotparser: Any, request: Request) -> None:
        """Follows the sitemaps that robots.txt names. Called by Scrapy."""
        if host_of(request.url) not in self.source.all_hosts:
            return  # where pictures lie
        via = urljoin(request.url, "/robots.txt")
        for name in robotparser.rp.sitemaps:
            with suppress(ValueError):  # an address that is none
                for one in self._list(urljoin(via, name), Kind.SITEMAP, via, self.parse_sitemap, depth=1):
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
        sitemaps = sorted(links.sitemaps, key=lambda entry: self.selection.turn(entry.url))
        for entry in sitemaps if depth < MAX_SITEMAP_DEPTH else []:
            if is_web_address(entry.url) and self.selection.rests(entry.url, entry.dated):
                self.tally.resting += 1
                self.selection.skipped["a sitemap at rest"] += 1
            else:
                yield from self._list(entry.url, Kind.SITEMAP, response.url, self.parse_sitemap, depth=depth + 1)
        yield from self._discovered(response, links.pages)

    def parse_listing(
        self, response: Response, listing: Listing, number: int | None, variables: dict[str, str]
    ) -> Iterator[Request]:
        """A listing's articles, and its next page, as far as `Listings` goes."""
        if not self._answered_with_content(response):
            return
        if "feeds" in self.source.discovery.announced and number is None and isinstance(response, TextResponse):
            for url in announced_feeds(response):
                if host_of(url) in self.source.all_hosts:
                    yield from self._list(url, Kind.FEED, response.url, self.parse_feed)
        links = page_links(response, listing)
        yield from self._discovered(response, [Entry(link) for link in links])
        named = {key_of(link, Kind.ARTICLE) for link in links} & self.selection.found
        reading = self._listings.read_on(listing, number, named, self.selection.news)
        if reading and (following := next_page(response, listing, number, variables)):
            may_rest = self._listings.may_rest(listing, following.url, reading)
            yield from self._listing_page(
                following.url, following.request, listing, following.number, following.variables, may_rest
            )

    def parse_hub(self, response: Response, depth: int) -> Iterator[Request]:
        """A page of the bounded crawl: its articles, and the further pages that it leads to."""
        crawl = self.source.discovery.crawl
        if not self._answered_with_content(response) or not isinstance(response, HtmlResponse) or crawl is None:
            return
        links = listing_links(response)
        yield from self._discovered(response, [Entry(link) for link in links])
        hubs = [link for link in links if self.source.is_hub(link) and not self._was_asked(link)]
        for link in sorted(hubs, key=self.selection.turn) if depth < crawl.depth else []:
            if not self.selection.trapped(link):
                rests = self.selection.rests(link)
                yield from self._list(link, Kind.LISTING, response.url, self.parse_hub, may_rest=rests, depth=depth + 1)

    def parse_article(self, response: Response) -> Iterator[Request]:
        """An article's page: the middleware has kept it. What remains is to follow its alternates and what hangs on
        it, and to look for cloaking."""
        self.answered += 1
        if response.status != 200 or not isinstance(response, TextResponse) or is_home_page(response.url):
            return
        if self.reads_articles:
            yield from self._hanging(response)
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

    def keep(self, store: Callable[[], None]) -> None:
        """Stores something by calling `store`. Where the disk does not take it the crawl ends."""
        try:
            store()
        except StorageError as err:
            logger.error("%s", err)
            asyncio.ensure_future(self.crawler.stop_async())  # noqa: RUF006 - the crawl ends with it

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
            yield self._request(Request(url), Kind.ARTICLE, via, self.parse_article)

    def _hanging(self, response: TextResponse) -> Iterator[Request]:
        """Requests for what hangs on an article's page: its translations, images and documents."""
        discovery, assets = self.source.discovery, self.source.assets
        urls = self.source.sibling_urls(response.url) if discovery.same_slug else []
        if discovery.alternates:
            urls += [url for language, url in hreflang_alternates(response) if language in discovery.alternates]
        yield from self._named(response, [Entry(url) for url in urls])
        for url in asset_links(response.body, response.url, assets, self.source.clean.body):
            if is_web_address(url) and same_site(url, self.source.url) and (why := self.selection.asset(url)):
                yield from self._asset(url, response.url, why)

    def _revisits(self) -> Iterator[Request]:
        for link, via, why in self.selection.revisits(self._attempts.again):
            yield from self._article(link, via, why)

    def _assets_due(self) -> Iterator[Request]:
        for known, why in self.selection.assets_due():
            yield from self._asset(known.url, known.via, why)

    def _asset(self, url: str, via: str | None, why: Why) -> Iterator[Request]:
        if self._look:
            self.plan.append({"kind": Kind.ASSET.value, "url": url, "why": why.value, "via": via})
            return
        request = self._request(Request(url), Kind.ASSET, via, self.parse_asset)
        request.meta["allow_offsite"] = True  # a site's pictures often lie on a host of their own
        request.meta["download_maxsize"] = self.source.assets.max_bytes
        yield request

    def _probe(self, response: Response) -> Request:
        request = as_search_visitor(response, self.settings["USER_AGENT"])
        return self._request(request, Kind.PROBE, response.url, self.parse_probe, plain=response.url)

    def _listing_page(
        self,
        url: str,
        request: Request | None,
        listing: Listing,
        number: int | None,
        variables: dict[str, str],
        may_rest: bool = False,
    ) -> Iterator[Request]:
        via = None if number is None else listing.url
        arguments = {"listing": listing, "number": number, "variables": variables}
        return self._list(url, Kind.LISTING, via, self.parse_listing, request, may_rest=may_rest, **arguments)

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
        where the address alone does not say all (a POST). Where it `may_rest` the archive's copy is read, if there is
        one, which takes nothing of the budget."""
        if not is_web_address(url):
            self.losses.skip("no web address", url)
        elif (key := key_of(url, kind)) in self._asked_lists:
            return
        elif self._lists >= self.source.fetch.max_lists and not may_rest:
            self.losses.skip("over the run's budget of lists", url)
            self.selection.leave(url, via, kind)
        else:
            self._asked_lists.add(key)
            self._lists += not may_rest
            made = self._request(request or Request(url), kind, via, callback, **arguments)
            made.meta["purpose"]["url"] = url if request else made.url
            made.meta["may_rest"] = may_rest
            yield made

    def _request(self, request: Request, kind: Kind, via: str | None, callback: Any, **arguments: Any) -> Request:
        language = self.source.language_of(request.url)
        return request_for(request, kind, via, language, callback, self.losses.lose, **arguments)

    def _send(self, request: Request) -> None:
        assert self.crawler.engine is not None  # noqa: S101 - for mypy: the crawl is under way
        self.crawler.engine.crawl(request)
