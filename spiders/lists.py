"""The answers that the crawl reads itself, decoded: feeds, sitemaps, listings, robots.txt, and articles where something
hangs on them."""

import logging
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response, TextResponse
from scrapy.responsetypes import responsetypes

from model.capture import Kind
from spiders.cut_short import is_open_xml
from storage.content_encoding import ContentEncodingError, decode_body
from storage.errors import StorageError
from storage.frontier import key_of
from storage.warc import read_answer

if TYPE_CHECKING:
    from spiders.spider import SourceSpider

logger = logging.getLogger(__name__)


class ListMiddleware:
    """A downloader middleware in the place of Scrapy's HttpCompressionMiddleware.

    It decodes what the spider looks into, and takes a body that is not what its Content-Encoding says as browsers do. A
    list that has not changed (304) is read again from the archive: it may name pages that no run has fetched yet, or
    that the rules now allow; but not a feed or sitemap that was cut short when it was stored, which is asked for in
    full. Without asking the server, a page of the bounded crawl is read there that is at rest.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    def process_request(self, request: Request) -> Response | None:
        """The stored answer of a list, where its request says that this will do."""
        return self._stored(request) if request.meta.get("may_rest") else None

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """What is read with its body as text or XML; any other response as it is. Drops a list that cannot be
        decoded, and asks for one again, in full, whose copy the archive has lost."""
        kind = request.meta["purpose"]["kind"] if "purpose" in request.meta else Kind.ROBOTS
        if kind == Kind.ASSET or "stored" in response.flags:
            return response
        if response.status == 304 and kind != Kind.ARTICLE:
            return self._stored(request) or request.replace(meta={**request.meta, "in_full": True})
        if kind == Kind.ARTICLE and not self._spider.reads_articles:
            return response
        encoding = response.headers.get("Content-Encoding")
        if not encoding:
            return _in_utf_8(response)
        try:
            body = decode_body(response.body, encoding.decode("latin-1"), self._spider.source.fetch.max_body_bytes)
        except ContentEncodingError as err:
            if kind == Kind.ARTICLE:
                return response  # kept as it came; its capture says what is wrong with it
            raise IgnoreRequest(str(err)) from err
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        return _answer(response.url, response.status, headers, body, request)

    def _stored(self, request: Request) -> Response | None:
        """The last full answer, from the archive; None where there is none that can be read."""
        spider = self._spider
        known = spider.frontier.get(key_of(request.meta["purpose"]["url"], request.meta["purpose"]["kind"]))
        if known is None or known.place is None:
            return None
        try:
            url, lines, body = read_answer(spider.store, *known.place, spider.source.fetch.max_body_bytes)
        except (StorageError, ContentEncodingError) as err:
            logger.warning("%s is asked for anew, since its copy cannot be read: %s", request.url, err)
            return None
        if known.kind in (Kind.FEED, Kind.SITEMAP) and is_open_xml(body):
            logger.info("%s is asked for anew, since its copy lacks its end", request.url)
            return None
        headers = Headers({name: value for name, value in lines if name.lower() != "content-encoding"})
        return _answer(url, 200, headers, body, request, ["stored"])

    @property
    def _spider(self) -> "SourceSpider":
        return self._crawler.spider  # type: ignore[return-value]


def _answer(
    url: str, status: int, headers: Headers, body: bytes, request: Request, flags: list[str] | None = None
) -> Response:
    """A response of the class that its headers and body call for: HtmlResponse, XmlResponse …"""
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    return _in_utf_8(kind(url, status=status, headers=headers, body=body, request=request, flags=flags))


def _in_utf_8(response: Response) -> Response:
    """The response read as UTF-8 where its bytes are that beyond doubt, whatever it says of itself: addresses in
    Vietnamese would name nothing else."""
    if not isinstance(response, TextResponse) or response.body.isascii():
        return response
    try:
        response.body.decode()
    except UnicodeDecodeError:
        return response
    return response.replace(encoding="utf-8")
