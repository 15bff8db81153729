"""Answers that are kept. What a page says changes with the index only, so that its ETag can be told before any work.

An answer is known by its address, the language, the coding, and the generation of the index. Who has the ETag gets
304; others get the answer that was made before, as long as it is kept: the ones used last, up to a number of bytes.
Only pages that went well are kept, neither exports nor what sets a cookie.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from browse.web.i18n import language_of

LARGEST = 1_000_000
"""A larger answer is not kept, in bytes."""

NEVER = ("/export", "/static/", "/openapi.json", "/suggest.json", "/health", "/metrics")


class Kept(NamedTuple):
    """An answer: what was sent first, and the body."""

    start: Message
    body: bytes


class Answers:
    """The answers used last, at most `most_bytes` of bodies together. May be used from several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, etag: str) -> Kept | None:
        """The answer that has this ETag."""
        with self._lock:
            if etag in self._kept:
                self._kept.move_to_end(etag)
            return self._kept.get(etag)

    def put(self, etag: str, answer: Kept) -> None:
        """Keeps an answer, and lets go of the ones that were not used for longest."""
        with self._lock:
            if etag in self._kept or len(answer.body) > self._most:
                return
            self._kept[etag] = answer
            self._size += len(answer.body)
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1].body)


class Cache:
    """Answers from what is kept. `generation` names the present index; None where there is none, and nothing is kept.
    It is asked at each request, in the loop's thread, and must be quick."""

    def __init__(self, app: ASGIApp, answers: Answers, generation: Callable[[], str | None]) -> None:
        self._app = app
        self._answers = answers
        self._generation = generation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends 304, a kept answer, or passes the request on and keeps what comes."""
        generation = self._generation() if _may_be_kept(scope) else None
        if generation is None:
            await self._app(scope, receive, send)
            return
        etag = _etag(scope, generation)
        if etag in (one.strip() for one in Headers(scope=scope).get("if-none-match", "").split(",")):
            told = {
                "ETag": etag,
                "Cache-Control": "private, no-cache",
                "Vary": "Cookie, Accept-Language, Accept-Encoding",
            }
            await Response(status_code=304, headers=told)(scope, receive, send)
        elif kept := self._answers.get(etag):
            await send({**kept.start, "headers": list(kept.start["headers"])})
            await send({"type": "http.response.body", "body": kept.body})
        else:
            await self._app(scope, receive, _Keeping(send, etag, self._answers))


class _Keeping:
    """Sends an answer on, marked with its ETag, and keeps it where it may be."""

    def __init__(self, send: Send, etag: str, answers: Answers) -> None:
        self._send, self._etag, self._answers = send, etag, answers
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(raw=list(message["headers"]))
            if "set-cookie" not in headers and "cache-control" not in headers:
                headers["ETag"] = self._etag
                headers["Cache-Control"] = "private, no-cache"
                message = {**message, "headers": headers.raw}
                self._start = message
        elif message["type"] == "http.response.body" and self._start:
            self._body += message.get("body", b"")
            if len(self._body) > LARGEST:
                self._start = None
            elif not message.get("more_body"):
                self._answers.put(
                    self._etag, Kept({**self._start, "headers": list(self._start["headers"])}, bytes(self._body))
                )
        await self._send(message)


def _may_be_kept(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return not path.startswith(NEVER)


def _etag(scope: Scope, generation: str) -> str:
    headers = Headers(scope=scope)
    known_by = (
        generation,
        _templates(),
        scope["scheme"],
        headers.get("host", ""),
        scope.get("root_path", ""),
        scope["path"],
        scope["query_string"].decode("latin-1"),
        language_of(Request(scope)),
        "gzip" if "gzip" in headers.get("accept-encoding", "") else "",
        "htmx" if "hx-request" in headers else "",
    )
    return f'W/"{hashlib.sha256(repr(known_by).encode()).hexdigest()[:32]}"'


@cache
def _templates() -> str:
    """What the pages are made by: another version of it makes other pages."""
    made_by = hashlib.sha256(version("bantin").encode())
    for file in sorted(Path(__file__).parent.glob("[tl]*/**/*")):  # templates and locale
        if file.is_file():
            made_by.update(file.read_bytes())
    return made_by.hexdigest()
