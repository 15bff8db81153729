"""How much a client may ask, and how long a request may take."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from anyio.to_thread import current_default_thread_limiter, run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from browse.web import limits
from browse.web.limits import MOST_QUERY_BYTES, Buckets, RateLimit, TimeLimit


class Clock:
    """Seconds as a test tells them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_has_ten_seconds_worth_and_fills_again() -> None:
    clock = Clock()
    buckets = Buckets(2, clock)
    assert [buckets.take("a") for _ in range(20)] == [0] * 20
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.take("b") == 0
    clock.now = 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    clock.now = 1_000
    assert [buckets.take("a") for _ in range(21)][-2:] == [0, pytest.approx(0.5)]


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CLIENTS", 3)
    buckets = Buckets(0.1, Clock())
    for client in "abcd":
        buckets.take(client)
    assert buckets.take("d") > 0
    assert buckets.take("a") == 0  # forgotten, and so new


def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


def limited(address: str, buckets: Buckets) -> TestClient:
    app = Starlette(routes=[Route("/", hello), Route("/static/x", hello)])
    return TestClient(RateLimit(app, buckets), client=(address, 1))


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    buckets = Buckets(0.1, Clock())
    client = limited("203.0.113.9", buckets)
    assert client.get("/").status_code == 200
    refused = client.get("/")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert client.get("/static/x").status_code == 200
    assert client.get("/not/static/x").status_code == 429
    assert limited("203.0.113.10", buckets).get("/").status_code == 200


def test_of_ipv6_a_network_is_one_client() -> None:
    buckets = Buckets(0.1, Clock())
    assert limited("2001:db8::1", buckets).get("/").status_code == 200
    assert limited("2001:db8::2:3", buckets).get("/").status_code == 429
    assert limited("2001:db8:0:1::1", buckets).get("/").status_code == 200


def test_an_address_of_any_length_is_not_read() -> None:
    client = TestClient(RateLimit(Starlette(routes=[Route("/", hello)]), None))
    assert client.get("/?q=" + "x" * MOST_QUERY_BYTES).status_code == 414
    assert client.get("/?q=" + "x" * (MOST_QUERY_BYTES - 2)).status_code == 200


def test_work_that_takes_too_long_is_answered_for() -> None:
    done, ended = threading.Event(), threading.Event()

    def long(_request: Request) -> Response:
        done.wait(60)
        ended.set()
        return PlainTextResponse("too late")

    with TestClient(TimeLimit(Starlette(routes=[Route("/", long)]), 0.01)) as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "too late" not in answer.text
        done.set()
        assert ended.wait(60)


def test_an_answer_that_has_begun_may_take_its_time() -> None:
    begun = threading.Event()

    async def pieces() -> Any:
        yield b"one "
        begun.set()
        await asyncio.sleep(0.05)  # longer than the limit
        yield b"two"

    def stream(_request: Request) -> Response:
        return StreamingResponse(pieces())

    client = TestClient(TimeLimit(Starlette(routes=[Route("/", stream)]), 0.02))
    assert client.get("/").text == "one two"


def test_work_that_still_waits_for_a_thread_gets_none() -> None:
    done, begun = threading.Event(), list[str]()

    def long(request: Request) -> Response:
        begun.append(request.path_params["name"])
        done.wait(60)
        return PlainTextResponse("too late")

    @asynccontextmanager
    async def one_thread(_app: Starlette) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = 1
        yield

    app = TimeLimit(Starlette(routes=[Route("/{name}", long)], lifespan=one_thread), 0.01)
    with TestClient(app) as client:
        assert [client.get(f"/{name}").status_code for name in ("first", "second")] == [503, 503]
        done.set()
        assert client.portal
        client.portal.call(run_sync, int)  # its turn comes after that of everybody who waits
    assert begun == ["first"]


def test_who_takes_no_piece_of_an_answer_gets_no_more_of_it() -> None:
    async def hang(_message: Message) -> None:
        await asyncio.Event().wait()

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    limit = TimeLimit(PlainTextResponse("much"), 60, stalled_s=0.01)
    with start_blocking_portal() as portal, pytest.raises(TimeoutError):
        portal.call(limit, {"type": "http", "path": "/"}, never, hang)


def test_a_mistake_within_the_time_is_the_servers_to_tell() -> None:
    def wrong(_request: Request) -> Response:
        raise RuntimeError("a mistake")

    client = TestClient(TimeLimit(Starlette(routes=[Route("/", wrong)]), 60))
    with pytest.raises(RuntimeError, match="a mistake"):
        client.get("/")
