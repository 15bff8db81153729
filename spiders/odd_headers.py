"""Header lines that are none: some old servers send names with spaces or accents, and an answer is worth more than its
strangest header. Browsers drop such a line; Scrapy, which drops lines without a colon, drops the whole answer."""

import logging
from typing import Any, Self

from scrapy.core.downloader.handlers import http11
from scrapy.crawler import Crawler
from twisted.web.http_headers import InvalidHeaderName

logger = logging.getLogger(__name__)


class LenientParser(http11._LenientHTTPClientParser):
    """Scrapy's parser of answers, but for names of headers that HTTP forbids (RFC 9110, section 5.1): those are left
    out."""

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's name
        """One header."""
        try:
            super().headerReceived(name, value)  # type: ignore[no-untyped-call]
        except InvalidHeaderName:
            logger.info("left out a header with a name that is none: %r", name[:80])


class OddHeaders:
    """A Scrapy extension that lets answers with odd header lines in. Scrapy has no seam for that: its handler takes the
    parser by the name in its module."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003 - Scrapy gives it
        """Scrapy's entry."""
        module: Any = http11
        module._LenientHTTPClientParser = LenientParser
        return cls()
