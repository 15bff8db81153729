"""Header lines that are none: some old servers send names with spaces or accents, and an answer is worth more than its
strangest header. Browsers drop such a line; Twisted drops the whole answer."""

import logging
from typing import Any, Self

from scrapy.crawler import Crawler
from twisted.web import _newclient
from twisted.web.http_headers import InvalidHeaderName

logger = logging.getLogger(__name__)


class LenientParser(_newclient.HTTPClientParser):
    """Twisted's parser of answers, but for header lines that HTTP forbids (RFC 9110, section 5.1), which it leaves
    out."""

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """One line of an answer's head. One without a colon goes too."""
        text = line.rstrip(b"\r")
        if self.state == _newclient.HEADER and text and text[:1] not in b" \t" and b":" not in text:
            logger.info("left out a header line that is none: %r", text[:80])
            return
        super().lineReceived(line)  # type: ignore[no-untyped-call]

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802
        """One header."""
        try:
            super().headerReceived(name, value)  # type: ignore[no-untyped-call]
        except InvalidHeaderName:
            logger.info("left out a header with a name that is none: %r", name[:80])


class OddHeaders:
    """A Scrapy extension that lets answers with odd header lines in. Twisted has no seam for that: its client makes its
    parser by the name in its module."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003 - Scrapy gives it
        """Scrapy's entry."""
        module: Any = _newclient
        module.HTTPClientParser = LenientParser
        return cls()
