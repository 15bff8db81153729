"""A run's budget of minutes and bytes: once it is spent, the rest waits for the next run."""

import time
from typing import TYPE_CHECKING, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from model.source import Fetch

if TYPE_CHECKING:
    from spiders.spider import SourceSpider

BUDGET_MINUTES = "over the run's budget of minutes"
BUDGET_BYTES = "over the run's budget of bytes"


def overspent(fetch: Fetch, seconds: float, size_bytes: int) -> str | None:
    """`BUDGET_MINUTES` or `BUDGET_BYTES`, where `seconds` or `size_bytes` reach what `fetch` allows; else None."""
    if seconds >= fetch.max_minutes * 60:
        return BUDGET_MINUTES
    if size_bytes >= fetch.max_bytes:
        return BUDGET_BYTES
    return None


class Budget:
    """A downloader middleware, the first of all, that drops what would begin after `fetch.max_minutes`, counted from
    the spider's start, or after `fetch.max_bytes` of bodies as they were sent.

    What is under way goes on: requests that have left the queue, further hops of a redirect, and robots.txt.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._started = time.monotonic()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        self = cls(crawler)
        crawler.signals.connect(self._start, signals.spider_opened)
        return self

    def spent(self) -> str | None:
        """Why nothing more is to be asked for; None while there is some of the budget left."""
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        return overspent(spider.source.fetch, time.monotonic() - self._started, spider.recorder.bytes_received)

    def process_request(self, request: Request) -> None:
        """Raises `IgnoreRequest` with what `spent` says. A request without a purpose is for robots.txt."""
        if "purpose" in request.meta and not request.meta.get("redirect_times"):
            spent = self.spent()
            if spent is not None:
                raise IgnoreRequest(spent)

    def _start(self) -> None:
        self._started = time.monotonic()
