"""Conditional requests: what the frontier knows is asked for by its validators (RFC 9110, section 13)."""

from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from model.capture import Kind
from storage.frontier import Known, key_of

if TYPE_CHECKING:
    from spiders.spider import SourceSpider

VALIDATORS = ("If-None-Match", "If-Modified-Since")

REFUSED = (400, 412, 431)
"""What servers say to validators that they do not take, though these are their own: an ETag of kilobytes, say, which is
too long for the very server that sent it."""


class ConditionalMiddleware:
    """A downloader middleware that adds the validators of the last full answer, and takes them off again where a
    redirect leads on: another address has validators of its own. What is refused with validators is asked for again
    without them."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Sets or removes the validators."""
        for name in VALIDATORS:
            request.headers.pop(name, None)
        known = self._known(request)
        if known is None:
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """The same response, unless it says that something has not changed which was never there, or may be about the
        validators."""
        conditional = any(name in request.headers for name in VALIDATORS)
        if response.status in REFUSED and conditional:
            return request.replace(meta={**request.meta, "in_full": True}, dont_filter=True)
        if response.status == 304 and not conditional:
            raise IgnoreRequest("304 Not Modified, though nothing was known of it")
        return response

    def _known(self, request: Request) -> Known | None:
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        purpose = request.meta.get("purpose")
        if (
            purpose is None
            or purpose["kind"] == Kind.PROBE
            or request.method != "GET"
            or request.meta.get("redirect_times")
            or request.meta.get("in_full")
            or (spider.selection.scope.full and purpose["kind"] != Kind.ASSET)
        ):
            return None
        known = spider.frontier.get(key_of(request.url, purpose["kind"]))
        # What was a list may be an article today: "not modified" would be no page for the cleaner.
        return known if known is not None and known.kind == purpose["kind"] else None
