"""robots.txt, obeyed by every request that waits for it."""

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

FORBIDDEN = "Forbidden by robots.txt"
"""What Scrapy's middleware says when it drops a request."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy 2.19's own lets all but the first of the requests pass that wait while robots.txt is fetched: awaiting
    its Deferred as a future leaves None to those that wait longer."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules for the request's host; None where it has none."""
        await super().robot_parser(request)
        parser: Any = self._parsers[urlparse_cached(request).netloc]
        return parser if isinstance(parser, RobotParser) else None
