"""The crawl's queue of requests, which sees to it that no host stands in another's way."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from scrapy.crawler import Crawler
from scrapy.pqueues import DownloaderAwarePriorityQueue, DownloaderInterface

from spiders.throttle import throttle_of


class PoliteQueue(DownloaderAwarePriorityQueue):
    """Scrapy's queue, which gives the downloader no more of a host's requests than it can take up soon.

    Scrapy's own prefers hosts with few requests in the downloader, but where only one host has any left it fills all
    places (`CONCURRENT_REQUESTS`) with those, and another host's that are found a moment later wait until that one's
    delay or hold is over. Also, what waits here keeps its order: lists before articles.
    """

    def __init__(self, crawler: Crawler, *args: Any, **kwargs: Any) -> None:
        super().__init__(crawler, *args, **kwargs)
        self._downloader_interface = _Places(crawler)


class _Places(DownloaderInterface):
    """The downloader as the queue sees it: which hosts have a place left, and how many of theirs are taken.

    A host has as many as its concurrency and one for the next in turn; one while it is held. The setting
    `REQUESTS_UNDER_WAY` bounds all that do not wait for their host.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._throttle = throttle_of(crawler)
        self._most = crawler.settings.getint("REQUESTS_UNDER_WAY")
        self._most_per_host = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") + 1

    def stats(self, possible_slots: Iterable[str]) -> list[tuple[int, str]]:
        """How many requests of each host are in the downloader, those that wait for robots.txt too; only hosts that
        have a place left."""
        taken = Counter(self.get_slot_key(request) for request in self.downloader.active)
        if sum(self._under_way(host, count) for host, count in taken.items()) >= self._most:
            return []
        return [(taken[host], host) for host in possible_slots if taken[host] < self._places(host)]

    def _under_way(self, host: str, taken: int) -> int:
        slot = self.downloader.slots.get(host)
        return 0 if self._throttle.pace(host).held else taken - (len(slot.queue) if slot else 0)

    def _places(self, host: str) -> int:
        return 1 if self._throttle.pace(host).held else self._most_per_host
