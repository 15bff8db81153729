"""What every answer bears so that archived content, which is hostile, can do nothing in a reader's browser."""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
"""No inline script or style, nothing from elsewhere; Airflow's pages, which have the same origin, may frame it."""

PAGE_POLICY = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
"""For stored pages, as they are: no script, no form, no request to anywhere, and an origin of their own."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def policy_with_pictures(hosts: Iterable[str]) -> str:
    """The policy of one answer whose reader asked for pictures of these `hosts`, which are ASCII names."""
    sources = {f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")}
    return POLICY.replace("img-src 'self'", " ".join(["img-src 'self'", *sorted(sources)]))


class SecurityHeaders:
    """Sets `HEADERS` where an answer has not set its own, and lets no cache between here and a reader keep anything but
    files of the program, which have a day of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Any = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if "last-modified" not in headers:
                    headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
