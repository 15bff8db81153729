"""Listings and their pages, as tests of paging want them."""

from typing import Any
from urllib.parse import parse_qsl

from scrapy.http import HtmlResponse, Response, TextResponse

from model.discovery import Listing
from spiders.paging import NextPage, next_page

URL = "https://kimson.example/tin-tuc/"


def listing(**way: Any) -> Listing:
    """A listing whose further pages are found by `way`."""
    return Listing.model_validate({"url": URL, **way})


def page(body: str, url: str = URL, encoding: str = "utf-8") -> HtmlResponse:
    """A page in HTML."""
    return HtmlResponse(url, body=body.encode(encoding), encoding=encoding)


def text(body: str, content_type: str = "text/plain", url: str = URL) -> TextResponse:
    """An answer of that type."""
    kind = HtmlResponse if content_type == "text/html" else TextResponse
    return kind(url, body=body.encode(), headers={"Content-Type": content_type}, encoding="utf-8")


def after(response: Response, way: Listing, number: int | None = None, **variables: str) -> NextPage:
    """What comes after page `number`, and something must."""
    found = next_page(response, way, number, variables)
    assert found is not None
    return found


def form(request_body: bytes) -> dict[str, str]:
    """The fields that a request posts."""
    return dict(parse_qsl(request_body.decode(), keep_blank_values=True))
