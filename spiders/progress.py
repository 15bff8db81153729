"""Telling the parent process how far the crawl is: one JSON object a line on standard output."""

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.internet.task import LoopingCall

from spiders.secrets import redact_values

if TYPE_CHECKING:
    from spiders.spider import SourceSpider

INTERVAL_S = 0.5


def emit(event: str, **values: Any) -> None:
    """Writes one event, in ASCII, whatever the locale. The parent knows `progress` and `end`; where it has died, nobody
    is left to tell."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps({"event": event, **redact_values(values)}) + "\n")
        sys.stdout.flush()


class Progress:
    """A Scrapy extension that says how many pages were found, asked for and answered."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._task = LoopingCall(self._say)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        self = cls(crawler)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.signals.connect(self._closed, signals.spider_closed)
        return self

    def _opened(self) -> None:
        self._task.start(INTERVAL_S, now=False)

    def _closed(self) -> None:
        if self._task.running:
            self._task.stop()
        self._say()

    def _say(self) -> None:
        spider: SourceSpider = self._crawler.spider  # type: ignore[assignment]
        selection = spider.selection
        emit(
            "progress",
            lists=spider.lists_answered,
            found=len(selection.found),
            asked=selection.asked,
            answered=spider.answered,
        )
