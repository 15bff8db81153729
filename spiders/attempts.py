"""What earlier attempts of a run did, for the next one to go on with."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

from scrapy.http import HtmlResponse

from model.capture import LISTS, Capture, Kind
from model.source import Source
from model.url import host_of, normalise_url
from spiders.verdict import last_answers
from storage import keys
from storage.content_encoding import ContentEncodingError
from storage.errors import KeyNotFound
from storage.frontier import key_of
from storage.store import ObjectStore, open_object
from storage.tables import read
from storage.warc import read_body, read_captures


class Attempts:
    """The captures of a run so far, from all its attempts.

    `done` are the articles and assets that need not be asked for again. `again` are articles that have to be, each with
    the page that names it: they failed, were left, or their redirect was not followed to its end.
    """

    def __init__(self, captures: list[Capture], source: Source) -> None:
        self.captures = captures
        self._source = source
        answered = {key_of(c.final_url, Kind.ARTICLE) for c in captures if not c.waiting}
        last = [c for c in last_answers(captures) if c.kind in (Kind.ARTICLE, Kind.ASSET)]
        over = [c for c in last if not c.failed and not self._was_cut_short(c, answered)]
        self.done = {normalise_url(c.url) for c in over}
        pages = [c for c in (*last, *captures) if c.kind == Kind.ARTICLE and normalise_url(c.url) not in self.done]
        self.again = list({normalise_url(c.url): (c.url, c.via) for c in pages}.values())

    def kept(self, store: ObjectStore) -> Iterator[HtmlResponse]:
        """The article pages that were stored, as they were answered."""
        pages = sorted((c for c in self.captures if c.is_page), key=lambda c: (c.warc_key or "", c.warc_offset or 0))
        for key, captures in groupby(pages, key=lambda c: c.warc_key):
            with open_object(store, key or "") as file:
                for capture in captures:
                    with suppress(ContentEncodingError):
                        body = read_body(file, capture, self._source.fetch.max_body_bytes)
                        yield HtmlResponse(capture.final_url, headers=_headers(capture), body=body)

    def table(self, captures: list[Capture], left: list[Capture]) -> list[Capture]:
        """All rows of the run's captures table: what was fetched before and now, by time, and what waits: what this
        attempt left, and of what earlier ones left what was not asked for since."""
        answered = {key_of(c.url, c.kind) for c in (*self.captures, *captures) if not c.waiting}
        waiting = {key_of(c.url, c.kind): c for c in self.captures if c.waiting}
        waiting = {key: c for key, c in waiting.items() if key not in answered}
        waiting |= {key_of(c.url, c.kind): c for c in left}
        rows = [c for c in (*self.captures, *captures) if not c.waiting]
        return sorted([*waiting.values(), *rows], key=lambda c: (c.fetched_at, c.warc_offset or 0))

    def finished(self) -> list[Capture]:
        """The rows of a captures table for a run that is not crawled to its end: what was answered, and what failed.

        Not lists: to later runs it would look as if these had been read as far as they are, while nobody has asked for
        what they name. Nor redirects that were not followed to their end, as if the page had moved.
        """
        captures = [c for c in self.captures if c.kind not in LISTS]
        settled = {Kind.ROBOTS, Kind.PROBE}
        rows = [c for c in captures if c.failed or c.kind in settled or normalise_url(c.url) in self.done]
        return sorted(rows, key=lambda c: (c.fetched_at, c.warc_offset or 0))

    def _was_cut_short(self, capture: Capture, answered: set[str]) -> bool:
        """Whether this is a redirect that would have been followed, had its attempt not ended there."""
        target = capture.location
        if target is None or (capture.kind == Kind.ARTICLE and host_of(target) not in self._source.all_hosts):
            return False
        return key_of(target, Kind.ARTICLE) not in answered


def captures_so_far(store: ObjectStore, source: Source, run: str) -> list[Capture]:
    """The captures that earlier attempts of `run` stored.

    Once a run is committed its captures table says what belongs to it; before, its parts do.
    """
    try:
        return read(store, keys.captures(source.id, run), Capture)
    except KeyNotFound:
        parts = [info.key for info in store.list(keys.raw_prefix(source.id, run))]
        limit = source.fetch.max_body_bytes
        return [capture for key in parts for capture in read_captures(store, key, limit)]


def _headers(capture: Capture) -> dict[str, str]:
    return {"Content-Type": capture.content_type} if capture.content_type else {}
