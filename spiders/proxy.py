"""The proxy a source names, for every request of its crawl, robots.txt included."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured


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
