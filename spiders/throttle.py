"""The pace at which each host is asked: its delay, its own wishes, what is done when it fails.

Two things keep a host's requests apart. The *delay* between any two is Scrapy's, in its downloader's slot for the host;
`LatencyThrottle` lets it grow with latency. A *hold* stops the slot for a while: because the host says so by
Retry-After, or because it fails. Nothing sleeps, and what waits for one host takes no other host's place
(`polite_queue`).
"""

import logging
from datetime import UTC, datetime, timedelta
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
from spiders.pace import MAX_DELAY_S, HostPace, robots_delay_s, wait_s

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = 20
"""So many failures of a host in a row, without one answer between them, and it is asked for nothing more."""

LONGEST_WAIT = timedelta(days=1)
"""A host that asks to wait for longer is asked again after so long: once a day is no burden, and a mistaken Retry-After
must not keep a source out of the archive for months."""

REFUSALS = (401, 403)

_GIVEN_UP = "was given up: "
_ASKS_TO_WAIT = " asks to wait "


def given_up(reason: str) -> bool:
    """Whether a request was dropped for this `reason` because its host had been given up."""
    return _GIVEN_UP in reason


def told_to_wait(reason: str) -> bool:
    """Whether that was because it asked for a longer wait than we grant: it is well, and may be asked another day."""
    return given_up(reason) and _ASKS_TO_WAIT in reason


class Throttle:
    """A downloader middleware, nearer to the server than redirects and retries, so that it sees every answer.

    Retry-After of a 429 or 503 holds the host until then; the refused request is retried by Scrapy and waits with the
    others. One that asks for more than the setting `RETRY_AFTER_MAX_S`, or fails `GIVE_UP_AFTER` times in a row, is
    given up: further requests raise `IgnoreRequest`, see `given_up`. A failure is a 5xx, a 429, or no answer. A host
    that refuses as many pages in a row (`REFUSALS`) is given up too: a firewall does not open when it is asked again.

    The setting WAIT_UNTIL names hosts that asked an earlier run for a long wait. One whose wait ends soon (within
    `HOLD_MAX_S`) is held until then, the others are given up from the beginning.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._delay_s = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._max_s = crawler.settings.getfloat("RETRY_AFTER_MAX_S")
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._no_answer = RetryMiddleware(crawler.settings).exceptions_to_retry
        self._paces: dict[str, HostPace] = {}
        for host, until in crawler.settings.getdict("WAIT_UNTIL").items():
            self._wait_on(host, datetime.fromisoformat(until), crawler.settings.getfloat("HOLD_MAX_S"))

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

    @property
    def wait_until(self) -> dict[str, str]:
        """The hosts that are not to be asked by later runs before a time (ISO 8601, UTC)."""
        return {host: pace.wait_until.isoformat() for host, pace in self._paces.items() if pace.wait_until}

    def process_request(self, request: Request) -> None:
        """Drops a request to a host that was given up."""
        # A redirect brings along the slot of the host that it came from.
        request.meta.pop(Downloader.DOWNLOAD_SLOT, None)
        self.refuse(request)

    def refuse(self, request: Request) -> None:
        """Raises `IgnoreRequest` where the request's host was given up."""
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
            now = datetime.now(UTC)
            pace.wait_until = now + (LONGEST_WAIT if wait > LONGEST_WAIT.total_seconds() else timedelta(seconds=wait))
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

    def _wait_on(self, host: str, until: datetime, hold_max_s: float) -> None:
        """Goes on with the wait that `host` asked an earlier run for."""
        wait, pace = until - datetime.now(UTC), self.pace(host)
        if wait > LONGEST_WAIT:
            return  # the clock was put back since
        pace.wait_until = until  # should this run be stopped, too
        if wait.total_seconds() > hold_max_s:
            pace.given_up = (
                f"{host} {_GIVEN_UP}as it told an earlier run, it{_ASKS_TO_WAIT}until {until:%Y-%m-%d %H:%M} UTC"
            )
            logger.warning("%s", pace.given_up)
        elif wait > timedelta():
            logger.warning("%s waits %.0f s, as it asked an earlier run", host, wait.total_seconds())
            pace.hold(wait.total_seconds())

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


class GivenUpHosts:
    """A downloader middleware that drops what `Throttle` would drop, before robots.txt is asked for."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Drops a request to a host that was given up."""
        throttle_of(self._crawler).refuse(request)


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
