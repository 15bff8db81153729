"""Requests: each with its purpose, in the order of its kind, and which of them a crawl makes only once."""

from collections.abc import Callable
from typing import Any

from scrapy import Request
from scrapy.dupefilters import RFPDupeFilter
from twisted.python.failure import Failure

from model.capture import LISTS, Kind
from spiders.capture import Purpose

PRIORITIES = {
    Kind.FEED: 10,
    Kind.SITEMAP: 10,
    Kind.LISTING: 10,
    Kind.ASSET: 5,
    Kind.ARTICLE: 0,
    Kind.PROBE: -5,
}
"""Lists first: a run that is cut short has found all it could. Images and documents come right after their page."""


def request_for(
    request: Request,
    kind: Kind,
    via: str | None,
    language: str | None,
    callback: Callable[..., Any],
    errback: Callable[[Failure], None],
    **arguments: Any,
) -> Request:
    """`request` with its purpose and who is told of its answer; `arguments` are handed to `callback`."""
    # The request's own spelling of the address is a safe one: no spaces, no line ends.
    purpose = Purpose(url=request.url, via=via, kind=kind, language=language)
    return request.replace(
        callback=callback,
        errback=errback,
        cb_kwargs=arguments,
        priority=PRIORITIES[kind],
        meta={**request.meta, "purpose": purpose},
    )


class AskedBefore(RFPDupeFilter):
    """Scrapy's filter of what was asked for already: an article that leads to another one's address is not followed.

    A list is: two of them may lead to one page, and one that is not read has failed. So is an address that leads to
    itself, as some do once they have set their cookie; Scrapy counts the hops.
    """

    def request_seen(self, request: Request) -> bool:
        """Whether `request` is to be dropped."""
        purpose: Purpose | None = request.meta.get("purpose")
        if purpose and purpose["kind"] in LISTS:
            return False
        return super().request_seen(request) and request.url not in request.meta.get("redirect_urls", ())
