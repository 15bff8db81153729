"""The proxy a source names, for every request of its crawl, robots.txt included."""

from typing import Self
from urllib.parse import unquote, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from model.errors import SourceError
from model.source import Source
from spiders.secrets import expand, withhold


def proxy_address(source: Source) -> str | None:
    """The address of the source's proxy, with what its file only names; credentials in it are withheld from then on.

    Raises `SourceError`, whose message does not hold the address.
    """
    if source.fetch.proxy is None:
        return None
    address = expand(source.fetch.proxy, source.id, "fetch.proxy")
    address = address if "://" in address else f"http://{address}"
    credentials = address.partition("://")[2].rpartition("@")[0]
    if credentials:
        withhold(credentials)
        withhold(unquote(credentials))
        withhold(unquote(credentials.partition(":")[2]))
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        expected = "expected it to come to an address like http://host:port or http://user:password@host:port"
        raise SourceError([f"{source.id}: fetch.proxy: {source.fetch.proxy!r}: {expected}"])
    return address


class SourceProxyMiddleware:
    """A downloader middleware that sends requests through the setting `SOURCE_PROXY`."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry: no proxy, no middleware."""
        proxy = crawler.settings.get("SOURCE_PROXY")
        if not proxy:
            raise NotConfigured
        return cls(proxy)

    def process_request(self, request: Request) -> None:
        """Names the proxy where the request names none."""
        request.meta.setdefault("proxy", self._proxy)
