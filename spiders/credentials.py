"""What identifies us to a source's servers, and goes to no other: its secret headers, its cookies."""

from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import cookies
from scrapy.exceptions import NotConfigured
from scrapy.utils.httpobj import urlparse_cached
from tldextract import TLDExtract

if TYPE_CHECKING:
    from spiders.spider import SourceSpider


class CredentialsMiddleware:
    """A downloader middleware that adds the settings `OWN_HEADERS` and `OWN_COOKIES` to requests to the source's hosts,
    and takes them off where a redirect leads elsewhere, or from https to http.

    To stand after `SessionMiddleware`, whose cookies count more: the server has set them since.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._headers: dict[str, str] = crawler.settings.getdict("OWN_HEADERS")
        self._cookies: dict[str, str] = crawler.settings.getdict("OWN_COOKIES")
        self._session = crawler.settings.getbool("COOKIES_ENABLED")
        if not (self._headers or self._cookies):
            raise NotConfigured

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry: no credentials, no middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Adds or removes the credentials."""
        if not self._session:
            request.headers.pop("Cookie", None)  # an earlier hop's
        own = self._is_own(request)
        for name, value in self._headers.items():
            if own:
                request.headers[name] = value
            else:
                request.headers.pop(name, None)
        if own and self._cookies:
            request.headers["Cookie"] = self._with_cookies((request.headers.get("Cookie") or b"").decode("latin-1"))

    def _is_own(self, request: Request) -> bool:
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        parts = urlparse_cached(request)
        secure = parts.scheme == "https" or not spider.source.url.startswith("https:")
        return secure and parts.hostname in spider.source.all_hosts

    def _with_cookies(self, line: str) -> bytes:
        """A Cookie header's `line` with the source's cookies that it has not (RFC 6265, section 4.2)."""
        pairs = [pair.strip() for pair in line.split(";") if pair.strip()]
        present = {pair.partition("=")[0] for pair in pairs}
        pairs += [f"{name}={value}" for name, value in self._cookies.items() if name not in present]
        return "; ".join(pairs).encode()


class SessionMiddleware(cookies.CookiesMiddleware):
    """Scrapy's cookies, without its request to publicsuffix.org, which would halt the crawl until it is answered: the
    list that tldextract brings along will do."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        self = super().from_crawler(crawler)
        cookies._split_domain = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
        return self
