"""robots.txt as RFC 9309 says, obeyed by every request that waits for it."""

import asyncio
import logging
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from model.url import is_web_address
from spiders.failures import describe

logger = logging.getLogger(__name__)

FORBIDDEN = "Forbidden by robots.txt"
"""Why a request is dropped that the rules forbid; Scrapy's words."""

UNREACHABLE = "robots.txt could not be read"
"""Why all requests to a site are dropped whose rules nobody knows; a colon and the detail follow (`HTTP 503`)."""

MAX_REDIRECTS = 5
"""So many hops are followed, to other hosts too; past them a robots.txt counts as unavailable (RFC 9309, 2.3.1.2)."""

MAX_BYTES = 500 * 1024
"""So much of a robots.txt is read: what the RFC asks for at least (section 2.5)."""

# With the liberties that Protego takes.
_GROUP = re.compile(r"user[\s-]*agent(?:\s*:|\s)\s*(.*)", re.IGNORECASE)
_PRODUCT_TOKEN = re.compile(r"[a-z_-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a site's robots.txt says to the agent `agent`: its lines, parsed; or the `problem` that kept us from
    reading them. With neither, all is allowed."""

    agent: str
    parser: RobotParser | None = None
    problem: str | None = None

    def refusal(self, url: str) -> str | None:
        """Why `url` must not be asked for; None where it may be."""
        if self.problem is not None:
            return f"{UNREACHABLE}: {self.problem}"
        if self.parser is not None and not self.parser.allowed(url, self.agent):
            return FORBIDDEN
        return None


class RobotsMiddleware:
    """A downloader middleware that drops what robots.txt forbids. Each site (scheme, host and port) is asked once.

    | robots.txt answers | then |
    |---|---|
    | 2xx | its rules count |
    | a redirect | the answer it leads to counts; after `MAX_REDIRECTS`, or where it leads nowhere, all is allowed |
    | 4xx | all is allowed (RFC 9309, 2.3.1.3) |
    | 429, 5xx, or nothing | all is forbidden (2.3.1.4; Google treats 429 so too) |

    It takes the place of Scrapy's own, which allows all whenever something goes wrong, and whose version 2.19 lets
    requests pass that wait while another one's robots.txt is fetched. Like that one it sends the signal
    `robots_parsed` before the first request of the site goes on; `robotparser.rp.sitemaps` are the Sitemap lines.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._no_answer = (*RetryMiddleware(crawler.settings).exceptions_to_retry, DownloadCancelledError)
        self._sites: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Waits for the rules of the request's site. Raises `IgnoreRequest` with `FORBIDDEN` or `UNREACHABLE`."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parts = urlparse_cached(request)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if site not in self._sites:
            self._sites[site] = asyncio.ensure_future(self._read(site, request))
        rules = await asyncio.shield(self._sites[site])  # one that stops waiting must not end it for the others
        if refusal := rules.refusal(request.url):
            raise IgnoreRequest(refusal)

    async def _read(self, site: str, request: Request) -> Rules:
        """The rules of `site`, which `request` is the first to need."""
        rules = await self._ask(f"{site}/robots.txt")
        if rules.problem is not None:
            logger.warning("%s/robots.txt could not be read (%s): nothing is asked for there", site, rules.problem)
        if rules.parser is not None:
            await self._crawler.signals.send_catch_log_async(
                signal=signals.robots_parsed, robotparser=rules.parser, request=request
            )
        return rules

    async def _ask(self, url: str) -> Rules:
        for _ in range(1 + MAX_REDIRECTS):
            try:
                response = await self._download(url)
            except IgnoreRequest as err:
                return Rules(self._agent, problem=str(err))
            except self._no_answer as err:
                return Rules(self._agent, problem=describe(Failure(err)))  # type: ignore[no-untyped-call]
            if 200 <= response.status < 300:
                lines = relevant_lines(response.body, self._agent)
                return Rules(self._agent, ProtegoRobotParser.from_crawler(self._crawler, lines))
            if response.status == 429 or response.status >= 500:
                return Rules(self._agent, problem=f"HTTP {response.status}")
            target = redirect_target(response)
            if target is None:
                break
            url = target
        return Rules(self._agent)

    async def _download(self, url: str) -> Response:
        """The answer of one address, retried where it should be, not redirected: hops are counted here."""
        meta = {"dont_obey_robotstxt": True, "dont_redirect": True, "allow_offsite": True}
        request = Request(url, meta=meta, callback=NO_CALLBACK)
        engine = self._crawler.engine
        assert engine is not None  # noqa: S101 - for mypy: requests come from it
        return await engine.download_async(request)


def relevant_lines(body: bytes, agent: str) -> bytes:
    """What of a robots.txt counts, in UTF-8: whole lines of its first `MAX_BYTES`; nothing of an HTML or XML page.

    The RFC wants UTF-8. What an editor of Windows saved as "Unicode" is UTF-16, and meant to be obeyed as well. Many
    sites answer any address with a page. Its content type tells less: some send real rules as text/html.

    Groups are for everybody (`*`), for `agent`, whose name is matched as the RFC says (section 2.2.1), or for `other`:
    the parser keeps each rule once for each name in its group, which would make half a megabyte millions.
    """
    if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        body = body[: 2 * MAX_BYTES].decode("utf-16", errors="ignore").encode()
    if body[:1024].removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        return b""
    if len(body) > MAX_BYTES:
        start = body[:MAX_BYTES]
        body = start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1]
    lines = body.decode("utf-8-sig", errors="ignore").splitlines()
    return "\n".join(_with_one_name(line, agent) for line in lines).encode()


def _with_one_name(line: str, agent: str) -> str:
    group = _GROUP.fullmatch(line.partition("#")[0].strip())
    if group is None or not group[1]:
        return line
    name = group[1].strip("* ")
    if not name:
        return "User-agent: *"
    return f"User-agent: {agent if _product_token(name) == agent.lower() else 'other'}"


def _product_token(name: str) -> str:
    found = _PRODUCT_TOKEN.match(name)
    return found[0].lower() if found else ""


def redirect_target(response: Response) -> str | None:
    """The web address that a redirect leads to; None where the response is none or leads elsewhere."""
    location = response.headers.get("Location")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return None
    try:
        target = urljoin(response.url, location.decode("latin-1").strip())
    except ValueError:
        return None
    return target if is_web_address(target) else None
