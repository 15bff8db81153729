"""Cloaking: pages of hacked sites that lead visitors from search engines elsewhere, and crawlers not."""

from scrapy import Request
from scrapy.http import Response, TextResponse
from scrapy.utils.response import get_meta_refresh

from model.url import host_of, is_web_address
from spiders.assets import same_site

REFERER = "https://www.google.com/"


def as_search_visitor(response: Response, user_agent: str) -> Request:
    """The request for the same page as somebody makes it who found it with a search engine, on a telephone: injected
    scripts look at these two headers. The User-Agent still says who asks."""
    headers = {"Referer": REFERER, "User-Agent": f"Mozilla/5.0 (Linux; Android 14; Mobile; compatible; {user_agent})"}
    return Request(response.url, headers=headers, dont_filter=True, meta={"dont_redirect": True})


def leads_elsewhere(response: Response, plain: str) -> str | None:
    """The address on another site that `response` leads to, by a redirect or a refresh; None where it stays.

    `plain` is the address that answered the crawl itself.
    """
    target = None
    if 300 <= response.status < 400 and (location := response.headers.get("Location")):
        target = response.urljoin(location.decode("latin-1"))
    elif isinstance(response, TextResponse):
        _, target = get_meta_refresh(response)
    if not target or not is_web_address(target) or not host_of(target) or same_site(target, plain):
        return None
    return target
