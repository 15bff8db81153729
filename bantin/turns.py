"""The writing requests that Airflow's API server gets, one at a time, where its database is an SQLite file.

The server notes a user's action (pause, trigger, clear) in its event loop, where it waits for the file's one writer. If
that is another request of the same server, which cannot end while the loop stands, both wait until `LOCKED_S` is over:
the user's action fails, and so does each task that had something to report meanwhile.

A turn takes as long as the server works at it, and no longer: neither who sends slowly nor who reads slowly holds it.
"""

import asyncio
from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

from bantin.database import ON_SQLITE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BYTES = 64 << 20
"""A larger request is refused: it is held in memory until its turn."""


class InTurn:
    """Lets one writing request in at a time, when all of it has come, and sends the answer when the turn is over."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._turn = asyncio.Lock()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Passes the request on, in its turn."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return
        request = await _whole(receive)
        if request is None:
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})
            return
        answer: list[Message] = []

        async def hold(message: "Message") -> None:
            answer.append(message)

        async with self._turn:
            await self._app(scope, request, hold)
        for message in answer:
            await send(message)


async def _whole(receive: "Receive") -> "Receive | None":
    """Waits for all parts of a request; returns what gives them out again, and then what comes after them. None where
    they are too large."""
    parts = [await receive()]
    size = len(parts[-1].get("body", b""))
    while parts[-1].get("more_body", False):
        parts.append(await receive())
        size += len(parts[-1].get("body", b""))
        if size > MOST_BYTES:
            return None
    parts.reverse()

    async def again() -> "Message":
        return parts.pop() if parts else await receive()

    return again


class TurnsPlugin(AirflowPlugin):
    """What Airflow finds by its entry point (`airflow.plugins` in pyproject.toml)."""

    name = "bantin-turns"
    fastapi_root_middlewares = [{"middleware": InTurn, "name": name}] if ON_SQLITE else []
