"""Keeping every exchange with a server, as it passed the downloader."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypedDict
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from model.capture import Kind
from storage.warc import Exchange

if TYPE_CHECKING:
    from spiders.spider import SourceSpider


class Purpose(TypedDict):
    """Why a URL is asked for; travels in `request.meta["purpose"]` through retries and redirects."""

    url: str
    via: str | None
    kind: Kind
    language: str | None


class CaptureMiddleware:
    """A downloader middleware that hands each request and answer to the spider's recorder."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._secret = {b"Proxy-Authorization", *(name.title().encode() for name in crawler.settings["SECRET_HEADERS"])}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """The same response, kept."""
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        spider.keep(lambda: spider.recorder.record(exchange_of(request, response, datetime.now(UTC), self._secret)))
        return response


def exchange_of(request: Request, response: Response, at: datetime, secret: set[bytes]) -> Exchange:
    """The exchange that `request` and `response` were, without the values of the request headers named in `secret`.

    A request without a purpose is Scrapy's own, for robots.txt.
    """
    purpose: Purpose = request.meta.get("purpose") or Purpose(
        url=request.url, via=None, kind=Kind.ROBOTS, language=None
    )
    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Exchange(
        url=purpose["url"],
        final_url=response.url,
        via=purpose["via"],
        kind=purpose["kind"],
        language=purpose["language"],
        fetched_at=at,
        request_line=f"{request.method} {target} HTTP/1.1",
        request_headers=[(b"Host", parts.netloc.rpartition("@")[2].encode()), *_lines(request.headers, secret)],
        request_body=request.body,
        protocol=response.protocol or "HTTP/1.1",
        status=response.status,
        status_text=_phrase(response.status),
        headers=_lines(response.headers, set()),
        body=response.body,
    )


def _lines(headers: Headers, secret: set[bytes]) -> list[tuple[bytes, bytes]]:
    """Header lines in order. Line ends inside a value, which would end the block, become spaces."""
    return [
        (name, b"(withheld)" if name in secret else value.replace(b"\r", b" ").replace(b"\n", b" "))
        for name, values in headers.items()
        for value in values
    ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
