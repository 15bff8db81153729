"""How many requests there were, and how long they took: the application's own metrics, beside the archive's.

Of several processes each counts its own, into files that all of them read where `PROMETHEUS_MULTIPROC_DIR` names a
folder (`bantin browse --workers`): https://prometheus.github.io/client_python/multiprocess/
"""

import os
import time
from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Requests:
    """Counts requests by the page that they ask for and the answer's status, and their seconds by page."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "bantin_web_requests", "Requests by page and status.", ["page", "status"], registry=self.registry
        )
        self._seconds = Counter("bantin_web_seconds", "Seconds that they took.", ["page"], registry=self.registry)

    def add(self, page: str, status: int, seconds: float) -> None:
        """Counts one."""
        self._count.labels(page, str(status)).inc()
        self._seconds.labels(page).inc(seconds)

    def counted(self) -> CollectorRegistry:
        """Those of all processes."""
        if FOLDER not in os.environ:
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return together


class Counting:
    """Counts each request. `pages` are the names that there are: whatever else is asked for counts as `other`."""

    def __init__(self, app: ASGIApp, requests: Requests, pages: Collection[str]) -> None:
        self._app, self._requests, self._pages = app, requests, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        name = page_of(str(scope["path"]).removeprefix(scope.get("root_path", "")))
        try:
            await self._app(scope, receive, send_on)
        finally:
            page = name if name in self._pages else "other"
            self._requests.add(page, status, time.perf_counter() - began)


def page_of(path: str) -> str:
    """The name of the page at a path: `/runs/kimson/….json` is `runs`."""
    return path.removeprefix("/").partition("/")[0].partition(".")[0] or "home"
