"""The pace at which each host is asked: its delay, its own wishes, what is done when it fails.

Two things keep a host's requests apart. The *delay* between any two is Scrapy's, in its downloader's slot for the host;
`LatencyThrottle` lets it grow with latency. A *hold* stops the slot for a while: because the host says so by
Retry-After, or because it fails. Nothing sleeps, and what waits for one host takes no other host's place
(`polite_queue`).
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request, Spider, signals
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.asyncio import call_later
from twisted.python.failure import Failure

from model.capture import Kind
from model.url import host_of
from spiders.failures import describe

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = 20
"""So many failures of a host in a row, without one answer between them, and it is asked for nothing more."""

MAX_DELAY_S = 60.0
"""The longest delay that a host gets by being slow, by failing, or by the Crawl-delay of its robots.txt."""

REFUSALS = (401, 403)

_GIVEN_UP = "was given up: "
_ASKS_TO_WAIT = " asks to wait "


def given_up(reason: str) -> bool:
    """Whether a request was dropped for this `reason` because its host had been given up."""
    return _GIVEN_UP in reason


def told_to_wait(reason: str) -> bool:
    """Whether that was because it asked for a longer wait than we grant: it is well, and may be asked another day."""
    return given_up(reason) and _ASKS_TO_WAIT in reason


def wait_s(header: str, now: datetime) -> float:
    """Seconds to wait, from a Retry-After header that holds seconds or a date (RFC 9110, section 10.2.3); 0 where it
    holds neither."""
    try:
        if header.isascii() and header.strip().isdecimal():
            return float(header)
        date = parsedate_to_datetime(header)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return 0.0


def robots_delay_s(parser: ProtegoRobotParser, agent: str) -> float:
    """Seconds between requests that robots.txt asks for, by Crawl-delay or Request-rate; 0 where by neither. Both are
    conventions, in no RFC."""
    rate = parser.rp.request_rate(agent)
    return max(parser.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate else 0.0)


@dataclass(slots=True)
class HostPace:
    """How a host is treated. `floor_s` is the least delay, of the source or its robots.txt; `backoff_s` the hold after
    each answer while it recovers from failures; `failures` how many came in a row; `held_until` an instant of
    `time.monotonic()`; `given_up` why it is asked for nothing more. `refusals` counts the pages in a row that it
    refused. `failed_assets` and `given_up_assets` are the same for images and documents: a page may show twenty that
    are broken, on a host that is well."""

    floor_s: float
    backoff_s: float = 0.0
    failures: int = 0
    held_until: float = 0.0
    given_up: str | None = None
    refusals: int = 0
    failed_assets: int = 0
    given_up_assets: str | None = None

    def answered(self, *, asset: bool = False) -> None:
        """An answer came: the back-off is halved, down to none."""
        self.failures = 0
        self.failed_assets = 0 if asset else self.failed_assets
        self.backoff_s = self.backoff_s / 2 if self.backoff_s > 2 * self.floor_s else 0.0

    def count(self, *, asset: bool = False) -> None:
        """One failure more in a row."""
        self.failures += not asset
        self.failed_assets += asset

    def failed(self, *, asset: bool = False) -> None:
        """A failure: the back-off doubles, from the floor up to `MAX_DELAY_S`. Requests that were under way together
        fail together, and count for that as one."""
        self.count(asset=asset)
        if not self.held:
            self.backoff_s = min(2 * max(self.backoff_s, self.floor_s), max(MAX_DELAY_S, self.floor_s))

    def hold(self, seconds: float) -> None:
        """Nothing is asked for `seconds` from now on, or longer where an earlier hold lasts longer."""
        self.held_until = max(self.held_until, time.monotonic() + seconds)

    @property
    def held_s(self) -> float:
        """Seconds until the hold ends; 0 where there is none."""
        return max(0.0, self.held_until - time.monotonic())

    @property
    def held(self) -> bool:
        """Whether nothing may be asked now."""
        return self.held_s > 0


class Throttle:
    """A downloader middleware, nearer to the server than redirects and retries, so that it sees every answer.

    Retry-After of a 429 or 503 holds the host until then; the refused request is retried by Scrapy and waits with the
    others. One that asks for more than the setting `RETRY_AFTER_MAX_S`, or fails `GIVE_UP_AFTER` times in a row, is
    given up: further requests raise `IgnoreRequest`, see `given_up`. A failure is a 5xx, a 429, or no answer. A host
    that refuses as many pages in a row (`REFUSALS`) is given up too: a firewall does not open when it is asked again.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._delay_s = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._max_s = crawler.settings.getfloat("RETRY_AFTER_MAX_S")
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._no_answer = RetryMiddleware(crawler.settings).exceptions_to_retry
        self._paces: dict[str, HostPace] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        self = cls(crawler)
        crawler.signals.connect(self._prepare_slot, signals.request_reached_downloader)
        crawler.signals.connect(self._heed_robots, signals.robots_parsed)
        return self

    def pace(self, host: str) -> HostPace:
        """How `host` is treated now."""
        return self._paces.setdefault(host, HostPace(self._delay_s))

    def process_request(self, request: Request) -> None:
        """Drops a request to a host that was given up."""
        # A redirect brings along the slot of the host that it came from.
        request.meta.pop(Downloader.DOWNLOAD_SLOT, None)
        pace = self.pace(host_of(request.url))
        reason = pace.given_up or (pace.given_up_assets if _is_asset(request) else None)
        if reason is not None:
            raise IgnoreRequest(reason)

    def process_response(self, request: Request, response: Response) -> Response:
        """The same response; the host's pace follows from it."""
        host = host_of(request.url)
        pace = self.pace(host)
        if response.status < 500 and response.status != 429:
            pace.answered(asset=_is_asset(request))
            self._hold(host, pace.backoff_s)
            self._count_refusal(request, response.status)
            return response
        header = response.headers.get("Retry-After") if response.status in (429, 503) else None
        wait = wait_s(header.decode("latin-1"), datetime.now(UTC)) if header else 0.0
        if wait > self._max_s:
            self._give_up(host, f"HTTP {response.status}{_ASKS_TO_WAIT}{wait:.0f} s, more than {self._max_s:.0f} s")
        elif wait:
            logger.info("%s answered %s: %s waits %.0f s, as it asks", request.url, response.status, host, wait)
            pace.count(asset=_is_asset(request))
            self._hold(host, wait)
            self._count(request, f"HTTP {response.status}")
        else:
            self._failed(request, f"HTTP {response.status}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Counts a request that got no answer."""
        if isinstance(exception, self._no_answer):
            problem = describe(Failure(exception))  # type: ignore[no-untyped-call]
            self._failed(request, problem)

    def _failed(self, request: Request, problem: str) -> None:
        host = host_of(request.url)
        pace = self.pace(host)
        pace.failed(asset=_is_asset(request))
        self._hold(host, pace.backoff_s)
        self._count(request, problem)

    def _count(self, request: Request, problem: str) -> None:
        host, asset = host_of(request.url), _is_asset(request)
        pace = self.pace(host)
        failures = pace.failed_assets if asset else pace.failures
        why = f"{failures} failures in a row, the last: {problem}"
        if failures >= GIVE_UP_AFTER and not asset:
            self._give_up(host, why)
        elif failures == GIVE_UP_AFTER:
            pace.given_up_assets = f"{host} {_GIVEN_UP}for images and documents: {why}"
            logger.warning("%s", pace.given_up_assets)

    def _count_refusal(self, request: Request, status: int) -> None:
        purpose = request.meta.get("purpose")
        if purpose is None or purpose["kind"] in (Kind.ASSET, Kind.PROBE):
            return
        host = host_of(request.url)
        pace = self.pace(host)
        if status in REFUSALS:
            pace.refusals += 1
        elif status < 300 or status == 304:  # a redirect may lead to the refusal
            pace.refusals = 0
        if pace.refusals >= GIVE_UP_AFTER:
            self._give_up(host, f"{pace.refusals} pages in a row were refused, the last: HTTP {status}")

    def _give_up(self, host: str, why: str) -> None:
        """Drops what waits for `host`, now and later."""
        pace = self.pace(host)
        if pace.given_up is not None:
            return
        pace.given_up = f"{host} {_GIVEN_UP}{why}"
        logger.warning("%s", pace.given_up)
        slot = self._downloader.slots.get(host)
        while slot is not None and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(IgnoreRequest(pace.given_up))

    def _hold(self, host: str, seconds: float) -> None:
        if seconds > 0:
            self.pace(host).hold(seconds)
            self._stop_slot(host)

    def _stop_slot(self, host: str) -> None:
        """Lets the downloader take up the host's queue no sooner than the hold ends: a slot waits for its `latercall`,
        whatever its delay."""
        slot = self._downloader.slots.get(host)
        wait = self.pace(host).held_s
        if slot is not None and wait:
            if slot.latercall:
                slot.latercall.cancel()
            slot.latercall = call_later(wait, self._downloader._latercall, slot)

    def _prepare_slot(self, request: Request) -> None:
        """Called before a request is queued in its slot: that may be new, since Scrapy drops what was idle for long."""
        host = host_of(request.url)
        slot = self._downloader.slots[host]
        slot.delay = max(slot.delay, self.pace(host).floor_s)
        self._stop_slot(host)

    def _heed_robots(self, robotparser: ProtegoRobotParser, request: Request) -> None:
        """Takes the delay that robots.txt asks for as the host's floor."""
        asked = robots_delay_s(robotparser, self._agent)
        if asked:
            host = host_of(request.url)
            kept = min(asked, MAX_DELAY_S)
            most = "" if kept == asked else f"; it gets {kept:g} s, the most we wait"
            logger.info("robots.txt of %s asks for %g s between requests%s", host, asked, most)
            pace = self.pace(host)
            pace.floor_s = max(pace.floor_s, kept)

    @property
    def _downloader(self) -> Downloader:
        engine = self._crawler.engine
        assert engine is not None  # noqa: S101 - for mypy: requests come from it
        return engine.downloader


def _is_asset(request: Request) -> bool:
    purpose = request.meta.get("purpose")
    return purpose is not None and purpose["kind"] == Kind.ASSET


def throttle_of(crawler: Crawler) -> Throttle:
    """The crawl's throttle, once its engine is made."""
    throttle = crawler.get_downloader_middleware(Throttle)
    assert throttle is not None  # noqa: S101 - for mypy: the settings name it
    return throttle


class LatencyThrottle(AutoThrottle):
    """Scrapy's AutoThrottle, which knows that a host's robots.txt may ask for more than the source's delay."""

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        self.mindelay = throttle_of(self.crawler).pace(host_of(request.url)).floor_s
        super()._response_downloaded(response, request, spider)
