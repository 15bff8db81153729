"""Waiting as long as a server asks: Retry-After on 429 and 503 (RFC 9110, section 10.2.3)."""

import asyncio
import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

logger = logging.getLogger(__name__)


def wait_s(header: str, now: datetime) -> float:
    """Seconds to wait, from a Retry-After header that holds seconds or a date; 0 where it holds neither."""
    try:
        if header.isascii() and header.strip().isdecimal():
            return float(header)
        return max(0.0, (parsedate_to_datetime(header).astimezone(UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return 0.0


class RetryAfterMiddleware:
    """A downloader middleware that holds back an answer with Retry-After before Scrapy retries it; other requests go
    on meanwhile. It waits at most the setting `RETRY_AFTER_MAX_S`."""

    def __init__(self, max_s: float) -> None:
        self._max_s = max_s

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler.settings.getfloat("RETRY_AFTER_MAX_S"))

    async def process_response(self, request: Request, response: Response) -> Response:
        """The same response, later."""
        header = response.headers.get("Retry-After")
        if response.status in (429, 503) and header:
            wait = min(wait_s(header.decode("latin-1"), datetime.now(UTC)), self._max_s)
            if wait:
                logger.info("%s answered %s: waiting %.0f s, as it asks", request.url, response.status, wait)
                await asyncio.sleep(wait)
        return response
