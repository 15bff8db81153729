"""Scrapy's settings: those of the project, and those that a source changes."""

import os
import re
from importlib.metadata import version
from typing import Any

from model.errors import SourceError
from model.source import Source
from storage.content_encoding import ACCEPTED

BOT_NAME = "bantin"
SPIDER_MODULES = ["spiders.spider"]
USER_AGENT = f"bantin/{version('bantin')}"
ROBOTSTXT_OBEY = True
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
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": ACCEPTED,
}
# Pages name what they like; only web servers are asked.
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
METAREFRESH_ENABLED = False
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.robots.RobotsMiddleware": 100,
    # Between retries (550) and the server: an answer with Retry-After is held back before it is retried.
    "spiders.retry_after.RetryAfterMiddleware": 560,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "spiders.lists.ListMiddleware": 590,
    # After redirects (600), so that it sees only what is the last hop's.
    "spiders.conditional.ConditionalMiddleware": 595,
    # Before Scrapy's own (750), which takes credentials out of the address.
    "spiders.proxy.SourceProxyMiddleware": 740,
    # Nearest to the server: sees every hop before redirects, and bodies before they are decoded.
    "spiders.capture.CaptureMiddleware": 950,
}
SECRET_HEADERS: list[str] = []
EXTENSIONS = {"spiders.progress.Progress": 0}

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def crawl_settings(source: Source, user_agent: str) -> dict[str, Any]:
    """What `source` changes of the project's settings. Raises `SourceError` where an environment variable it names is
    not set."""
    fetch = source.fetch
    languages = ", ".join([*source.languages, "*;q=0.5"])
    return {
        "USER_AGENT": user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            **DEFAULT_REQUEST_HEADERS,
            "Accept-Language": languages,
            **{name: expand(value, source.id, f"fetch.headers.{name}") for name, value in fetch.headers.items()},
        },
        "SECRET_HEADERS": [name for name, value in fetch.headers.items() if _VARIABLE.search(value)],
        "DOWNLOAD_DELAY": fetch.delay_s,
        "CONCURRENT_REQUESTS": max(16, fetch.concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": fetch.concurrency,
        "DOWNLOAD_TIMEOUT": fetch.timeout_s,
        "DOWNLOAD_MAXSIZE": fetch.max_body_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "RETRY_TIMES": fetch.retries,
        "RETRY_AFTER_MAX_S": 60,
        "SOURCE_PROXY": expand(fetch.proxy, source.id, "fetch.proxy") if fetch.proxy else None,
    }


def expand(value: str, source_id: str, field: str) -> str:
    """`value` with each `${NAME}` replaced by the environment variable NAME. Raises `SourceError`."""

    def lookup(found: re.Match[str]) -> str:
        name = found[1]
        if name not in os.environ:
            raise SourceError([f"{source_id}: {field}: {value!r}: expected the environment variable {name} to be set"])
        return os.environ[name]

    return _VARIABLE.sub(lookup, value)
