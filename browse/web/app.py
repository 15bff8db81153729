"""The application: pages, static files, and what every answer has to bear."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from browse.archive import Archive
from browse.errors import ExportError, NoIndex
from browse.history.moments import InvalidTime
from browse.query import InvalidQuery
from browse.reading import NoSuchArticle
from browse.web.access import Access, HostCheck, Identity
from browse.web.caching import Answers, Cache
from browse.web.counting import Counting, Requests, page_of
from browse.web.head import Head
from browse.web.limits import Buckets, RateLimit, TimeLimit
from browse.web.pages import (
    article,
    citing,
    editions,
    exports,
    feeds,
    health,
    helping,
    history,
    home,
    removed,
    runs,
    search,
    sources,
    stored,
)
from browse.web.references import Elsewhere
from browse.web.refusal import refuse, without_places
from browse.web.rendering import render, words_of
from browse.web.security import HEADERS, SecurityHeaders
from browse.web.settings import WebSettings
from model.errors import BantinError
from storage.errors import InvalidKey, KeyNotFound, StoreUnavailable

_PAGES = (
    *(home, search, helping, exports, feeds),
    *(article, removed, stored, history, editions, citing),
    *(sources, runs, health),
)
THREADS = 10
"""So many pages are made at a time; others wait."""

_STATIC = Path(__file__).parent / "static"


def create_app(settings: WebSettings) -> FastAPI:
    """The application for one archive. It may be mounted below any path."""
    app = FastAPI(
        title="bantin",
        description="A readable archive of news sites and public portals.",
        docs_url=None,
        redoc_url=None,
        lifespan=_few_threads,
    )
    app.state.settings = settings
    app.state.archive = Archive(settings.archive, settings.cache)
    _guard(app, settings)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for module in _PAGES:
        app.include_router(module.router)
    app.state.requests = Requests()
    app.add_middleware(Counting, requests=app.state.requests, pages={page_of(path) for path in _paths(app)})
    app.add_exception_handler(BantinError, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _told)
    app.add_exception_handler(Elsewhere, _led)
    app.add_exception_handler(Exception, _failed)
    return app


@asynccontextmanager
async def _few_threads(_app: FastAPI) -> AsyncIterator[None]:
    """Of many threads that make pages each takes its turn before the one that sends kept answers and new pages. Where
    the application is mounted in another, that one's threads are its own affair."""
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _guard(app: FastAPI, settings: WebSettings) -> None:
    """What a request passes on its way in, the last one first, and its answer on the way out."""
    buckets = Buckets(settings.requests_per_s) if settings.requests_per_s else None
    app.add_middleware(TimeLimit, limit_s=settings.work_limit_s)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Cache, answers=Answers(settings.kept_bytes), generation=app.state.archive.opened_generation)
    app.add_middleware(Access, settings=settings)
    app.add_middleware(RateLimit, buckets=buckets)
    app.add_middleware(Identity, settings=settings)
    app.add_middleware(HostCheck, hosts=settings.hosts)
    app.add_middleware(Head)
    app.add_middleware(SecurityHeaders)


def _paths(app: FastAPI) -> Iterator[str]:
    return (path for route in app.routes if (path := getattr(route, "path", None)) is not None)


_STATUS: dict[type[Exception], int] = {
    InvalidQuery: 400,
    InvalidTime: 400,
    InvalidKey: 404,
    KeyNotFound: 404,
    NoSuchArticle: 404,
    ExportError: 413,
    NoIndex: 503,
    StoreUnavailable: 503,
}


def _led(_request: Request, err: Exception) -> Response:
    """The way to the address of its own that something has."""
    return RedirectResponse(err.address if isinstance(err, Elsewhere) else "/", 307)


def _told(request: Request, err: Exception) -> Response:
    """An error as a page, or as JSON where JSON was asked for."""
    headers: dict[str, str] = {}
    if isinstance(err, HTTPException):
        status, message = err.status_code, str(err.detail)
        headers = {"Allow": "GET"} if status == 405 else dict(err.headers or {})
    elif isinstance(err, RequestValidationError):
        mistakes = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in err.errors())
        status, message = 422, "; ".join(mistakes)
    else:
        status = next((code for kind, code in _STATUS.items() if isinstance(err, kind)), 500)
        said = words_of(request).gettext(err.message, **err.values) if isinstance(err, InvalidQuery) else str(err)
        message = without_places(request, said)
    request.scope["root_path"] = request.scope.get("root_path", "").removesuffix("/static")  # where a file is missing
    answer: Response
    if request.scope["path"].endswith(".json"):
        answer = JSONResponse({"detail": message}, status)
    else:
        answer = render(request, "error.html", {"status": status, "message": message}, status)
    answer.headers.update(headers)
    return answer


def _failed(request: Request, _err: Exception) -> Response:
    """A mistake of ours: the log has it, whoever asked does not."""
    return refuse(request.scope, 500, "Something is wrong here", "The server's log says what.", HEADERS)
