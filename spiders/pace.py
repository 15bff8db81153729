"""How fast a host may be asked, and what is told of that by its answers."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy.robotstxt import ProtegoRobotParser

MAX_DELAY_S = 60.0
"""The longest delay that a host gets by being slow, by failing, or by the Crawl-delay of its robots.txt."""


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
    are broken, on a host that is well. `wait_until` is when a host may be asked again that wants to be left alone for
    longer than a run waits."""

    floor_s: float
    backoff_s: float = 0.0
    failures: int = 0
    held_until: float = 0.0
    given_up: str | None = None
    refusals: int = 0
    failed_assets: int = 0
    given_up_assets: str | None = None
    wait_until: datetime | None = None

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
