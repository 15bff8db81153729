"""What a crawl wanted and did not get: failures are kept, what must not be asked for is counted, what is over the
budget is left to a later run."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from model.capture import LISTS, Capture, Kind
from model.url import normalise_url
from spiders.budget import BUDGET_BYTES, BUDGET_MINUTES
from spiders.capture import Purpose
from spiders.discovery import DiscoveryError
from spiders.failures import describe
from spiders.robots import FORBIDDEN, UNREACHABLE
from spiders.selection import Selection
from spiders.throttle import given_up, told_to_wait
from spiders.verdict import Tally
from storage.content_encoding import ContentEncodingError

logger = logging.getLogger(__name__)

OFFSITE = "Filtered offsite request"
"""Why Scrapy drops a request to a host that is not the source's."""


class Losses:
    """The losses of one crawl. `note` keeps the failure to get an answer; what is asked for later is told `selection`,
    what the verdict depends on `tally`."""

    def __init__(
        self, source: str, run: str, selection: Selection, tally: Tally, note: Callable[[Capture], None]
    ) -> None:
        self._source = source
        self._run = run
        self._selection = selection
        self._tally = tally
        self._note = note

    def lose(self, failure: Failure) -> None:
        """A request that got no answer in the end, or must not be made: Scrapy's errback."""
        request: Request = failure.request  # type: ignore[attr-defined]
        kind, reason = request.meta["purpose"]["kind"], describe(failure)
        if not isinstance(failure.value, IgnoreRequest):
            self._fail(request, reason)
        elif reason == FORBIDDEN:
            self._refuse(request, "forbidden by robots.txt")
            self._tally.forbid(kind, normalise_url(request.url))
        elif reason.startswith(OFFSITE):
            self.skip("another site", request.url)  # the redirect that led there is kept, as the last answer
        elif reason in (BUDGET_BYTES, BUDGET_MINUTES):
            self._leave(request, reason)
        elif kind == Kind.ASSET and told_to_wait(reason):
            self._leave(request, reason)  # nobody asked for it: it has not failed
        elif kind in (Kind.ASSET, Kind.PROBE):
            self._fail(request, reason)  # whatever ails a host of pictures, the site's pages are not to blame
        elif reason.startswith(UNREACHABLE):
            self._tally.unreachable = reason
            self._refuse(request, UNREACHABLE)
            if kind in LISTS:
                self._fail(request, reason)
            else:
                self._tally.unread += kind == Kind.ARTICLE
                self._leave(request)
        elif given_up(reason):
            if told_to_wait(reason):
                self._tally.told_to_wait = reason
            else:
                self._tally.given_up = self._tally.given_up or reason
            self._leave(request, reason)
        else:
            self._fail(request, reason)

    def unreadable(self, failure: Failure, response: Response) -> None:
        """An answer that could not be read. Called by Scrapy with what a callback raised."""
        if response.request is not None:
            self._fail(response.request, describe(failure))
        if not isinstance(failure.value, DiscoveryError | ContentEncodingError):
            logger.error("reading %s: %s", response.url, failure.getTraceback())

    def skip(self, reason: str, url: str) -> None:
        """Counts an address that is not asked for."""
        self._selection.skipped[reason] += 1
        logger.info("not asked for (%s): %s", reason, url)

    def _fail(self, request: Request, reason: str) -> None:
        logger.warning("%s: %s", request.url, reason)
        purpose: Purpose = request.meta["purpose"]
        now = datetime.now(UTC)
        self._note(
            Capture(source=self._source, run=self._run, **purpose, final_url=request.url, fetched_at=now, error=reason)
        )

    def _refuse(self, request: Request, reason: str) -> None:
        """Nothing was asked of a server, so that another address may be."""
        self.skip(reason, request.url)
        if request.meta["purpose"]["kind"] == Kind.ARTICLE and not request.meta.get("redirect_times"):
            self._selection.give_back()

    def _leave(self, request: Request, reason: str | None = None) -> None:
        if reason:
            self._selection.skipped[reason] += 1
        purpose: Purpose = request.meta["purpose"]
        if purpose["kind"] in (Kind.ARTICLE, Kind.LISTING, Kind.ASSET):
            self._selection.leave(purpose["url"], purpose["via"], purpose["kind"])
