"""The answers that the crawl reads itself: feeds, sitemaps, listings and robots.txt, decoded."""

from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from model.capture import Kind
from model.url import normalise_url
from storage.content_encoding import ContentEncodingError, decode_body
from storage.warc import read_answer

if TYPE_CHECKING:
    from spiders.spider import SourceSpider


class ListMiddleware:
    """A downloader middleware in the place of Scrapy's HttpCompressionMiddleware.

    It decodes lists only, since nobody reads an article's body here, and takes a body that is not what its
    Content-Encoding says as browsers do. A list that has not changed (304) is read again from the archive: it may name
    pages that no run has fetched yet, or that the rules now allow.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """A list with its body as text or XML; any other response as it is. Drops one that cannot be decoded."""
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        limit = spider.source.fetch.max_body_bytes
        purpose = request.meta.get("purpose")
        if purpose and purpose["kind"] == Kind.ARTICLE:
            return response
        if response.status == 304:
            known = spider.frontier.get(normalise_url(request.url))
            if known is None or known.place is None:
                return response
            url, lines, body = read_answer(spider.recorder.store, *known.place, limit)
            headers = Headers({name: value for name, value in lines if name.lower() != "content-encoding"})
            return _answer(url, 200, headers, body, request, ["stored"])
        encoding = response.headers.get("Content-Encoding")
        if not encoding:
            return response
        try:
            body = decode_body(response.body, encoding.decode("latin-1"), limit)
        except ContentEncodingError as err:
            raise IgnoreRequest(str(err)) from err
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        return _answer(response.url, response.status, headers, body, request)


def _answer(
    url: str, status: int, headers: Headers, body: bytes, request: Request, flags: list[str] | None = None
) -> Response:
    """A response of the class that its headers and body call for: HtmlResponse, XmlResponse …"""
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    return kind(url, status=status, headers=headers, body=body, request=request, flags=flags)
