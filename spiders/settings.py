"""Scrapy's settings: those of the project, and those that a source changes."""

from importlib.metadata import version
from typing import Any

from model.source import Source
from spiders import tls
from spiders.proxy import proxy_address
from spiders.secrets import expand, is_secret
from storage.content_encoding import ACCEPTED

BOT_NAME = "bantin"
SPIDER_MODULES = ["spiders.spider"]
USER_AGENT = f"bantin/{version('bantin')}"
ROBOTSTXT_USER_AGENT = "bantin"
DOWNLOAD_VERIFY_CERTIFICATES = True
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOG_INSTALL_ROOT_HANDLER = False
STATS_DUMP = False
# Statuses of failure reach the spider, which counts them; nothing is hidden by a middleware.
HTTPERROR_ALLOW_ALL = True
# Links are followed by rules; the length of an address is one of them (RFC 9110 recommends 8000 octets).
URLLENGTH_LIMIT = 8_000
# In the order of the lists: the newest first, on most sites.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
# It counts what is under way, and not what waits for its host; so Scrapy's own bound is off.
SCHEDULER_PRIORITY_QUEUE = "spiders.polite_queue.PoliteQueue"
CONCURRENT_REQUESTS = 0
DUPEFILTER_CLASS = "spiders.requests.AskedBefore"
# There are no items, and Scrapy makes so many tasks for what a callback yields: a hundred cost as much as a download.
CONCURRENT_ITEMS = 1
# A delay is a promise: Scrapy would wait between 0.5 and 1.5 times as long.
DOWNLOAD_DELAY_JITTER = 0
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504, 522, 524]
RETRY_AFTER_MAX_S = 300
HOLD_MAX_S = 300
WAIT_UNTIL: dict[str, str] = {}
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": ACCEPTED,
}
# Pages name what they like; only web servers are asked.
DOWNLOAD_HANDLERS = {
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
    "http": "spiders.addresses.DownloadHandler",
    "https": "spiders.tls.DownloadHandler",
}
TWISTED_DNS_RESOLVER = "spiders.addresses.Resolver"
ALLOW_PRIVATE = False
METAREFRESH_ENABLED = False
DOWNLOADER_MIDDLEWARES = {
    # The first of all: what a run cannot afford costs nothing.
    "spiders.budget.Budget": 20,
    # Before robots.txt is asked for.
    "spiders.addresses.AddressMiddleware": 40,
    "spiders.throttle.GivenUpHosts": 60,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "spiders.lists.ListMiddleware": 590,
    # After redirects (600), so that it sees only what is the last hop's.
    "spiders.conditional.ConditionalMiddleware": 595,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "spiders.credentials.SessionMiddleware": 700,
    "spiders.credentials.CredentialsMiddleware": 710,
    # Before Scrapy's own (750), which takes credentials out of the address.
    "spiders.proxy.SourceProxyMiddleware": 740,
    # Nearer to the server than redirects (600) and retries (550), so that it sees every answer.
    "spiders.throttle.Throttle": 900,
    # Nearest to the server: sees every hop before redirects, and bodies before they are decoded.
    "spiders.capture.CaptureMiddleware": 950,
}
# They identify us even where the source's file holds them in the clear.
CREDENTIALS = frozenset({"authorization", "cookie"})
SECRET_HEADERS: list[str] = []
WITHHOLD_SET_COOKIE = False
EXTENSIONS = {
    "spiders.progress.Progress": 0,
    "spiders.odd_headers.OddHeaders": 0,
    "scrapy.extensions.throttle.AutoThrottle": None,
    "spiders.throttle.LatencyThrottle": 0,
}


def crawl_settings(source: Source, user_agent: str) -> dict[str, Any]:
    """What `source` changes of the project's settings. Raises `SourceError` where a secret that it names is not
    there, or its certificates cannot be read."""
    fetch = source.fetch
    tls.certificates(source)
    headers = {name: expand(value, source.id, f"fetch.headers.{name}") for name, value in fetch.headers.items()}
    secret = [name for name, value in fetch.headers.items() if is_secret(value) or name.lower() in CREDENTIALS]
    has_cookies = fetch.session or bool(fetch.cookies)
    languages = ", ".join([*source.languages, "*;q=0.5"])
    return {
        "USER_AGENT": user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            **DEFAULT_REQUEST_HEADERS,
            "Accept-Language": languages,
            **{name: value for name, value in headers.items() if name not in secret},
        },
        "OWN_HEADERS": {name: headers[name] for name in secret},
        "OWN_COOKIES": {
            name: expand(value, source.id, f"fetch.cookies.{name}") for name, value in fetch.cookies.items()
        },
        "SECRET_HEADERS": [*secret, *(["Cookie"] if has_cookies else [])],
        "WITHHOLD_SET_COOKIE": has_cookies,
        "COOKIES_ENABLED": fetch.session,
        "ALLOW_PRIVATE": fetch.allow_private,
        "DOWNLOAD_DELAY": fetch.delay_s,
        "REQUESTS_UNDER_WAY": max(16, fetch.concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": fetch.concurrency,
        "AUTOTHROTTLE_ENABLED": fetch.autothrottle and fetch.delay_s > 0,
        "AUTOTHROTTLE_START_DELAY": fetch.delay_s,
        "AUTOTHROTTLE_MAX_DELAY": max(60, fetch.delay_s),
        "AUTOTHROTTLE_TARGET_CONCURRENCY": fetch.concurrency,
        # What an earlier run was told is waited for while the run has most of its time left.
        "HOLD_MAX_S": fetch.max_minutes * 60 / 4,
        "DOWNLOAD_TIMEOUT": fetch.timeout_s,
        "DOWNLOAD_MAXSIZE": fetch.max_body_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "RETRY_TIMES": fetch.retries,
        "SOURCE_PROXY": proxy_address(source),
    }
