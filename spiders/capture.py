"""Keeping every exchange with a server, as it passed the downloader."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypedDict
from urllib.parse import urldefrag, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from model.capture import Kind
from storage.exchange import Earlier, Exchange
from storage.frontier import Frontier, key_of

if TYPE_CHECKING:
    from spiders.spider import SourceSpider

ALWAYS_SECRET = (b"Authorization", b"Cookie", b"Proxy-Authorization")
"""Request headers whose values are never kept, whoever set them."""


class Purpose(TypedDict):
    """Why a URL is asked for; travels in `request.meta["purpose"]` through retries and redirects."""

    url: str
    via: str | None
    kind: Kind
    language: str | None


class CaptureMiddleware:
    """A downloader middleware that hands each request and answer to the spider's recorder.

    Withheld are the values of the request headers in `ALWAYS_SECRET` and in the setting SECRET_HEADERS and, where the
    setting WITHHOLD_SET_COOKIE is true, of the answer's Set-Cookie. What a server says back of a secret elsewhere, in a
    body or a redirect's Location, is kept as it was sent: an archive that edits answers is none.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        secret = {*ALWAYS_SECRET, *(name.title().encode() for name in crawler.settings["SECRET_HEADERS"])}
        if crawler.settings.getbool("WITHHOLD_SET_COOKIE"):
            secret.add(b"Set-Cookie")
        self._secret = frozenset(secret)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """The same response, kept, unless it comes from the archive itself."""
        if "stored" in response.flags:
            return response
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        earlier = spider.earlier(request) if request.meta.get("purpose") else None
        exchange = exchange_of(request, response, datetime.now(UTC), self._secret, earlier)
        spider.keep(lambda: spider.recorder.record(exchange))
        return response


def earlier_answer(frontier: Frontier, request: Request) -> Earlier | None:
    """The last full answer known of the address that `request` asks for, as something of the same kind: what it gave
    when it was asked for itself, else when the same redirect led there."""
    purpose: Purpose = request.meta["purpose"]
    if purpose["kind"] == Kind.PROBE:
        return None
    names = (request.url, purpose["url"]) if request.method == "GET" else (purpose["url"],)
    asked = urldefrag(request.url).url
    for known in filter(None, (frontier.get(key_of(name, purpose["kind"])) for name in names)):
        if known.final_url == asked and known.kind == purpose["kind"] and known.answered_at and known.body_sha256:
            place = known.place if known.status == 200 else None
            return Earlier(url=asked, fetched_at=known.answered_at, body_sha256=known.body_sha256, place=place)
    return None


def exchange_of(
    request: Request, response: Response, at: datetime, secret: frozenset[bytes], earlier: Earlier | None = None
) -> Exchange:
    """The exchange that `request` and `response` were, without the values of the headers named in `secret`.

    A request without a purpose is Scrapy's own, for robots.txt. The purpose's address stays as it is, with the
    `#page=N` of a list's page that is got by POST; the address that answered has no fragment, which is never sent.
    """
    purpose: Purpose = request.meta.get("purpose") or Purpose(
        url=request.url, via=None, kind=Kind.ROBOTS, language=None
    )
    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Exchange(
        url=purpose["url"],
        final_url=urldefrag(response.url).url,
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
        headers=_lines(response.headers, secret & {b"Set-Cookie"}),
        body=response.body,
        earlier=earlier,
    )


def _lines(headers: Headers, secret: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
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
