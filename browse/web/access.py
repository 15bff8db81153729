"""Who may read: a Host that is this server's, and a token or the identity that a reverse proxy vouches for."""

import hashlib
import hmac
from hmac import compare_digest
from html import escape
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from browse.web.refusal import refuse
from browse.web.settings import WebSettings

COOKIE = "bantin"
PARAMETER = "token"


class HostCheck:
    """Refuses requests that call this server by another name: a page elsewhere that makes its own name lead to this
    machine (DNS rebinding) has its name in `Host`."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 421."""
        if scope["type"] == "http" and self._hosts:
            name = _name(Headers(scope=scope).get("host", ""))
            if name not in self._hosts:
                advice = (
                    f"This server is not called {name!r}: `bantin browse --allow-host {name or 'NAME'}` lets it be."
                )
                await refuse(scope, 421, "Not here", advice)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Identity:
    """Lets through whom a trusted proxy names, where one is expected to. Who that is stands in the scope's `reader`
    from then on."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._header = settings.identity_header
        self._proxies = frozenset(settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 403."""
        refused = self._refused(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        from_proxy = bool(scope["client"]) and scope["client"][0] in self._proxies
        if from_proxy and headers.get("x-forwarded-proto") == "https":
            scope["scheme"] = "https"
        if self._header:
            named = headers.getlist(self._header)
            if not from_proxy or len(named) != 1 or not named[0].strip():
                return refuse(scope, 403, "Not signed in", "This archive is read through its reverse proxy, signed in.")
            scope["reader"] = named[0].strip()
        return None


class Access:
    """Lets through who gave the token, where there is one. A browser gives it once, as `?token=`, and has a cookie from
    then on; programs send `Authorization: Bearer`, feed readers keep it in the address."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._token = settings.token
        self._cookie = sign(settings.token) if settings.token else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 401."""
        refused = self._refused(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        if self._token is None:
            return None
        if (given := _given(scope)) is not None:
            if not compare_digest(given.encode(), self._token.encode()):
                return _unknown(scope)
            return self._let_in(scope) if _is_page(scope["path"]) else None
        headers = Headers(scope=scope)
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        if kind.lower() == "bearer" and compare_digest(bearer.strip().encode(), self._token.encode()):
            return None
        return None if compare_digest(cookie.encode(), self._cookie.encode()) else _unknown(scope)

    def _let_in(self, scope: Scope) -> Response:
        """Sets the cookie, and leads to the same address without the token. By a page, not a redirect: a browser that
        came from another site sends a SameSite=Strict cookie to no redirect."""
        rest = [(name, value) for name, value in _query(scope) if name != PARAMETER]
        path = "/" + quote(scope["path"].lstrip("/"))  # `//elsewhere` and `/\elsewhere` would lead elsewhere
        where = escape(path + (f"?{urlencode(rest)}" if rest else ""))
        answer = refuse(
            scope, 200, "bản tin", "Signed in.", head=f'<meta http-equiv="refresh" content="0;url={where}">'
        )
        answer.set_cookie(
            COOKIE,
            self._cookie,
            max_age=30 * 86_400,
            path=scope.get("root_path") or "/",
            httponly=True,
            samesite="strict",
            secure=scope["scheme"] == "https",
        )
        return answer


def sign(token: str) -> str:
    """What the cookie of those who gave the token holds: whoever reads a cookie does not learn the token."""
    return hmac.new(token.encode(), b"bantin browse", hashlib.sha256).hexdigest()


def _is_page(path: str) -> bool:
    return not path.endswith((".json", ".atom", ".xml", "/export"))


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _given(scope: Scope) -> str | None:
    return next((value for name, value in _query(scope) if name == PARAMETER), None)


def _unknown(scope: Scope) -> Response:
    message = "Add ?token=… to this address, with the token that the server was started with, or send it as a bearer."
    return refuse(scope, 401, "A token is needed", message, {"WWW-Authenticate": "Bearer"})


def _name(host: str) -> str:
    """The name in a Host header, without its port: `[::1]:8000` is `[::1]`."""
    head, bracket, _ = host.partition("]")
    return (head + bracket if bracket else host.partition(":")[0]).lower().removesuffix(".")
