"""How far a listing is read: the first time to its end, later as far as it brings news; and whatever an earlier run
wanted to read of it and could not."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum

from model.capture import Kind
from model.discovery import Listing
from model.source import Source
from model.url import is_home_page
from spiders.selection import MAX_FAILURES
from storage.frontier import Frontier, Known, key_of

_NEVER = datetime.min.replace(tzinfo=UTC)


class Reading(Enum):
    """How a listing's next page is read."""

    ASKED = "asked for"
    SKIMMED = "taken from the archive, if it is there: it only leads to a page that was not read yet"


class Listings:
    """The listings of one crawl.

    A page that an earlier run left (its budget was spent) or did not get is asked for again, though the pages before it
    bring no news: their copies in the archive lead there, since a page's number alone does not say how to ask for it.
    One that was never read is followed by others like it: from there on the list is read to its end. With `full` all
    are read so, and none from the archive.
    """

    def __init__(self, source: Source, frontier: Frontier, started_at: datetime, *, full: bool = False) -> None:
        self._full = full
        self._frontier = frontier
        self._named: dict[str, set[str]] = defaultdict(set)
        self._unread: dict[str, set[str]] = defaultdict(set)
        for known in _unread(frontier, started_at):
            if known.via:
                self._unread[known.via].add(known.key)
        self.all = list(source.discovery.listings)
        if source.discovery.announced and not any(is_home_page(one.url) for one in self.all):
            self.all.append(Listing(url=source.url))  # it announces feeds, and asking for it brings robots.txt
        self._whole = {one.url for one in self.all if full or self._is_new(one.url)}

    def read_on(self, listing: Listing, number: int | None, named: set[str], news: set[str]) -> Reading | None:
        """How the page after page `number` (None: the first) of `listing` is read; None where it is not.

        `named` are the articles on this page, `news` all that no earlier run knows. Those that this listing named
        before do not count: what is past the end repeats the last page.
        """
        fresh = named - self._named[listing.url]
        self._named[listing.url] |= named
        # The first page may hold headlines of other kinds only; a later one without news is past the end.
        if number is None or fresh & news or (fresh and listing.url in self._whole):
            return Reading.ASKED
        return Reading.SKIMMED if fresh and self._unread[listing.url] else None

    def may_rest(self, listing: Listing, url: str, reading: Reading) -> bool:
        """Whether the archive's copy of the page at `url`, which is about to be read, will do."""
        key = key_of(url, Kind.LISTING)
        known = self._frontier.get(key)
        if key in self._unread[listing.url]:
            self._unread[listing.url].discard(key)
            if known is None or known.answered_at is None:
                self._whole.add(listing.url)
            return False
        skimmed = reading == Reading.SKIMMED and not self._full
        return skimmed and known is not None and known.place is not None

    def _is_new(self, url: str) -> bool:
        known = self._frontier.get(key_of(url, Kind.LISTING))
        return known is None or known.answered_at is None


def left_hubs(source: Source, frontier: Frontier, most: int) -> Iterator[tuple[Known, int]]:
    """Pages of the bounded crawl that an earlier run left, at most `most`, each with its depth: those first that were
    not read for longest.

    Where a page hangs cannot always be told: then it is taken for the deepest, and leads to no others.
    """
    crawl = source.discovery.crawl
    if crawl is None:
        return
    for known in sorted(frontier.waiting(Kind.LISTING), key=lambda known: known.answered_at or _NEVER):
        if most and source.is_hub(known.url):
            most -= 1
            yield known, _depth(frontier, known, crawl.depth)


def _depth(frontier: Frontier, known: Known, most: int) -> int:
    for depth in range(1, most):
        above = frontier.get(key_of(known.via, Kind.LISTING)) if known.via else None
        if above is None:
            return most
        if above.via is None:
            return depth
        known = above
    return most


def _unread(frontier: Frontier, at: datetime) -> Iterator[Known]:
    yield from frontier.waiting(Kind.LISTING)
    for known in frontier.due(at, {Kind.LISTING}, max_failures=MAX_FAILURES):
        if known.failures:
            yield known
