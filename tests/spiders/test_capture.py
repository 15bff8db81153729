"""What the downloader saw becomes an exchange, without what must not be kept."""

from collections.abc import Callable
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from model.capture import Kind
from spiders.capture import CaptureMiddleware, Purpose
from storage.exchange import Earlier, Exchange
from tests.records import AT, URL

EARLIER = Earlier(url=URL, fetched_at=AT, body_sha256="0" * 64)


class Listener:
    """Stands for the spider and its recorder: knows every URL, and what was handed over."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.recorder = self

    def earlier(self, request: Request) -> Earlier | None:
        return EARLIER

    def keep(self, store: Callable[[], None]) -> None:
        store()

    def record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


def kept(request: Request, answer: dict[str, Any] | None = None, **settings: Any) -> Exchange:
    """What is kept of a request and its answer."""
    crawler = get_crawler(settings_dict={"SECRET_HEADERS": [], **settings})
    listener = Listener()
    crawler.spider = listener  # type: ignore[assignment]
    response = Response(**{"url": request.url, "request": request, **(answer or {})})
    assert CaptureMiddleware.from_crawler(crawler).process_response(request, response) is response
    (exchange,) = listener.exchanges
    return exchange


def article(url: str = URL, **changes: Any) -> Request:
    purpose = Purpose(url=url, via="http://portal.example/", kind=Kind.ARTICLE, language="vi")
    return Request(url, meta={"purpose": purpose}, **changes)


def test_a_request_with_a_purpose_is_compared_with_what_is_known() -> None:
    exchange = kept(article())
    assert (exchange.url, exchange.kind, exchange.language) == (URL, Kind.ARTICLE, "vi")
    assert exchange.earlier == EARLIER


def test_a_request_without_is_for_robots_txt() -> None:
    exchange = kept(Request("http://portal.example/robots.txt"))
    assert (exchange.url, exchange.kind, exchange.via) == ("http://portal.example/robots.txt", Kind.ROBOTS, None)
    assert exchange.earlier is None


def test_a_page_that_is_got_by_post_keeps_its_number() -> None:
    url = "http://portal.example/tin.aspx?muc=1"
    request = article(f"{url}#page=3", method="POST", body=b"page=3")
    exchange = kept(request)
    assert exchange.url == f"{url}#page=3"
    assert exchange.final_url == url
    assert exchange.request_line == "POST /tin.aspx?muc=1 HTTP/1.1"
    assert exchange.request_body == b"page=3"


@pytest.mark.parametrize("name", ["Authorization", "cookie", "PROXY-AUTHORIZATION", "x-api-key"])
def test_secrets_of_a_request_are_withheld(name: str) -> None:
    request = article(headers={name: "s3cret", "User-Agent": "bantin"})
    lines = kept(request, SECRET_HEADERS=["X-API-Key"]).request_headers
    assert (name.title().encode(), b"(withheld)") in lines
    assert (b"User-Agent", b"bantin") in lines
    assert b"s3cret" not in b"".join(value for _, value in lines)


@pytest.mark.parametrize(("withhold", "value"), [(True, b"(withheld)"), (False, b"session=1")])
def test_cookies_of_an_answer_are_withheld_where_that_is_set(withhold: bool, value: bytes) -> None:
    headers = {"Set-Cookie": ["session=1", "session=1"], "Authorization": "of the server's", "ETag": '"a"'}
    lines = kept(article(), {"headers": headers}, WITHHOLD_SET_COOKIE=withhold).headers
    assert [(b"Set-Cookie", value)] * 2 == [line for line in lines if line[0] == b"Set-Cookie"]
    assert (b"Authorization", b"of the server's") in lines, "that is no secret of ours"


def test_line_ends_do_not_leave_a_header() -> None:
    lines = kept(article(), {"headers": {"X-Evil": "a\r\n\r\nHTTP/1.1 200 OK"}}).headers
    assert lines == [(b"X-Evil", b"a    HTTP/1.1 200 OK")]
