"""Asking servers for single pages exactly as a crawl would connect to them, in a process of its own.

What a crawl does besides (robots.txt, delays, storing) is left out: `python -m tests.spiders.asking` reads what to ask
from standard input and writes the outcomes to standard output, both in JSON.
"""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHostnameResolver
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from bantin.settings import CHECKOUT
from model.source import Source, dump_source, parse_source
from spiders.addresses import Resolver
from spiders.failures import describe
from spiders.settings import crawl_settings

KEPT = ("spiders.addresses.", "spiders.credentials.", "spiders.proxy.", "scrapy.")
"""The downloader middlewares that decide what is asked of whom."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How asking for one address ended: a status, or an error; `tries` counts what Scrapy tried."""

    status: int | None
    error: str
    tries: int


def ask(source: Source, *urls: str, dns: Mapping[str, list[str]] | None = None, **settings: Any) -> list[Outcome]:
    """Asks for each of `urls`, one after the other, by the rules of `source`.

    With `dns` the name servers are replaced: each resolution of a name takes the next of its addresses, the last for
    ever. `settings` are further ones of Scrapy's.
    """
    return ask_all((source, urls), dns=dns, **settings)[0]


def ask_all(
    *asked: tuple[Source, Sequence[str]], dns: Mapping[str, list[str]] | None = None, **settings: Any
) -> list[list[Outcome]]:
    """The same for several sources at once, in one process. What Scrapy has once a process, the resolution of names,
    follows the first source."""
    assert len({source.fetch.allow_private for source, _ in asked}) == 1, "names are resolved for all alike"
    tasks = [{"source": dump_source(source), "urls": list(urls)} for source, urls in asked]
    done = subprocess.run(
        [sys.executable, "-m", "tests.spiders.asking"],
        input=json.dumps({"tasks": tasks, "dns": dns, "settings": settings}),
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [[Outcome(**line) for line in lines] for lines in json.loads(done.stdout)]


class FakeDns(Resolver):
    """The crawl's own resolver, above name servers that change their minds."""

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Any:
        """Scrapy's entry."""
        self = super().from_crawler(crawler, reactor)
        answers: dict[str, list[str]] = crawler.settings.getdict("DNS")
        self.original_resolver = FickleServers(answers)  # type: ignore[assignment]
        return self


@implementer(IHostnameResolver)
class FickleServers:
    """Name servers that answer each question with the next of the addresses they have for a name."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self._answers = answers

    def resolveHostName(self, receiver: Any, name: str, port: int = 0, *_: Any) -> None:  # noqa: N802
        """Twisted's entry."""
        receiver.resolutionBegan(SimpleNamespace(name=name))
        addresses = self._answers.get(name, [])
        if addresses:
            address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
            receiver.addressResolved(IPv4Address("TCP", address, port))
        receiver.resolutionComplete()


class Asking(scrapy.Spider):
    """Asks for addresses in order, each when the one before is done."""

    name = "asking"

    def __init__(self, source: Source, urls: list[str]) -> None:
        super().__init__()
        self.source = source
        self.urls = urls
        self.outcomes: list[Outcome] = []

    async def start(self) -> AsyncIterator[Request]:
        """The first."""
        yield self._next()

    def answered(self, response: Response) -> Any:
        """A page came."""
        assert response.request is not None
        return self._done(Outcome(response.status, "", 1 + response.request.meta.get("retry_times", 0)))

    def failed(self, failure: Failure) -> Any:
        """None came."""
        request: Request = failure.request  # type: ignore[attr-defined]
        return self._done(Outcome(None, describe(failure), 1 + request.meta.get("retry_times", 0)))

    def _done(self, outcome: Outcome) -> Any:
        self.outcomes.append(outcome)
        if self.urls:
            yield self._next()

    def _next(self) -> Request:
        return Request(self.urls.pop(0), self.answered, errback=self.failed, dont_filter=True)


def settings_of(
    source: Source, dns: Mapping[str, list[str]] | None, further: Mapping[str, Any], priority: str
) -> Settings:
    """A crawl's settings, without what this module leaves out."""
    settings = Settings()
    settings.setmodule("spiders.settings", priority="project")
    settings.update(crawl_settings(source, "asking"), priority=priority)
    named = settings.getdict("DOWNLOADER_MIDDLEWARES")
    kept = {name: place for name, place in named.items() if name.startswith(KEPT)}
    left_out = {
        "DOWNLOADER_MIDDLEWARES": kept,
        "EXTENSIONS": {},
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue",
        "CONCURRENT_REQUESTS": 16,
    }
    if dns:
        left_out |= {"TWISTED_DNS_RESOLVER": "tests.spiders.asking.FakeDns", "DNS": dns}
    settings.update({**left_out, **further}, priority=priority)
    return settings


def main() -> None:
    """Does what standard input says."""
    given = json.load(sys.stdin)
    sources = [parse_source(task["source"], "the test's source") for task in given["tasks"]]
    rest = given["dns"], given["settings"]
    # A crawler takes what the process has at the same or a higher priority.
    process = AsyncCrawlerProcess(settings_of(sources[0], *rest, "project"))
    crawlers = [Crawler(Asking, settings_of(source, *rest, "cmdline")) for source in sources]
    for crawler, source, task in zip(crawlers, sources, given["tasks"], strict=True):
        process.crawl(crawler, source=source, urls=task["urls"])
    process.start()
    outcomes = [[asdict(one) for one in crawler.spider.outcomes] for crawler in crawlers]  # type: ignore[union-attr]
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
