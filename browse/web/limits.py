"""How much a client may ask, and how long a request may take."""

import asyncio
import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from anyio import CancelScope
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from browse.web.refusal import refuse

logger = logging.getLogger("bantin.browse")

BURST_S = 10
"""A client that was quiet may ask as much at once as in so many seconds."""

MOST_CLIENTS = 10_000
"""So many clients are remembered; the ones that were quiet longest are forgotten."""

MOST_QUERY_BYTES = 8_000
"""A longer query string is refused before anybody reads it."""

STALLED_S = 300.0
"""Who takes no piece of an answer for so long gets the rest no more."""


class Buckets:
    """Token buckets, one a client: https://en.wikipedia.org/wiki/Token_bucket. `clock` tells seconds."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._most = max(per_s * BURST_S, 1)
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Takes one from the client's bucket; returns the seconds until it may ask again, 0 where it may now."""
        now = self._clock()
        held, since = self._held.pop(client, (self._most, now))
        held = min(held + (now - since) * self._per_s, self._most)
        wait = 0.0 if held >= 1 else (1 - held) / self._per_s
        self._held[client] = (held if wait else held - 1, now)
        if len(self._held) > MOST_CLIENTS:
            self._held.popitem(last=False)
        return wait


class RateLimit:
    """Refuses who asks too often with 429, and queries that are too long with 414. Static files are free."""

    def __init__(self, app: ASGIApp, buckets: Buckets | None) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        refused = None
        if scope["type"] == "http":
            if len(scope["query_string"]) > MOST_QUERY_BYTES:
                message = f"An address may have {MOST_QUERY_BYTES} characters behind its ?: narrow the query."
                refused = refuse(scope, 414, "Too long", message)
            elif self._buckets and not _is_free(scope) and (wait := self._buckets.take(_client(scope))):
                seconds = math.ceil(wait)
                message = f"Too many requests from here: ask again in {seconds} s."
                refused = refuse(scope, 429, "Too many requests", message, {"Retry-After": str(seconds)})
        await (refused or self._app)(scope, receive, send)


class TimeLimit:
    """Answers 503 in the place of work that takes too long. What a thread does of it ends by itself; what still waits
    for a thread gets none."""

    def __init__(self, app: ASGIApp, limit_s: float, stalled_s: float = STALLED_S) -> None:
        self._app = app
        self._limit_s = limit_s
        self._stalled_s = stalled_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on. An answer that has begun in time may take as long as it likes, while its pieces are
        taken; else raises `TimeoutError`, and the server closes the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = given_up = False

        async def send_in_time(message: Message) -> None:
            nonlocal begun
            begun = True
            if not given_up:
                async with asyncio.timeout(self._stalled_s):
                    await send(message)

        wanted = CancelScope()  # anyio's, for it waits for a thread that has begun; a task's own lets it go

        async def answer() -> None:
            with wanted:
                await self._app(scope, receive, send_in_time)

        work = asyncio.ensure_future(answer())
        try:
            await asyncio.wait({work}, timeout=self._limit_s)
            if work.done() or begun:
                await work
                return
            given_up = True
            wanted.cancel()
        except asyncio.CancelledError:
            work.cancel()
            raise
        work.add_done_callback(_forget)
        logger.warning("%s: given up after %g s", scope["path"], self._limit_s)
        message = f"This took longer than {self._limit_s:g} s: narrow the query, or ask again later."
        await refuse(scope, 503, "Too much work", message, {"Retry-After": "30"})(scope, receive, send)


def _forget(work: "asyncio.Future[None]") -> None:
    if not work.cancelled() and (err := work.exception()):
        logger.warning("work that was given up failed: %r", err)


def _is_free(scope: Scope) -> bool:
    return str(scope["path"]).removeprefix(scope.get("root_path", "")).startswith("/static/")


def _client(scope: Scope) -> str:
    """Who asks: the reader that a proxy names, else an address; of IPv6 the network, for a host has all of one."""
    if reader := scope.get("reader"):
        return f"reader {reader}"
    address = scope["client"][0] if scope["client"] else ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return str(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
