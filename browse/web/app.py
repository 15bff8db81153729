"""The application: pages, static files, and what every answer has to bear."""

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from browse.archive import Archive
from browse.errors import NoIndex
from browse.query import InvalidQuery
from browse.reading import NoSuchArticle
from browse.web.pages import search
from browse.web.rendering import render
from browse.web.security import SecurityHeaders
from browse.web.settings import WebSettings
from model.errors import BantinError

_STATIC = Path(__file__).parent / "static"


def create_app(settings: WebSettings) -> FastAPI:
    """The application for one archive. It may be mounted below any path."""
    app = FastAPI(
        title="bantin",
        description="A readable archive of news sites and public portals.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.archive = Archive(settings.archive, settings.cache)
    app.add_middleware(SecurityHeaders)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for module in (search,):
        app.include_router(module.router)
    app.add_exception_handler(BantinError, _told)
    app.add_exception_handler(HTTPException, _told)
    return app


_STATUS: dict[type[Exception], int] = {InvalidQuery: 400, NoSuchArticle: 404, NoIndex: 503}


def _told(request: Request, err: Exception) -> Response:
    """An error as a page, or as JSON where JSON was asked for."""
    if isinstance(err, HTTPException):
        status, message = err.status_code, str(err.detail)
    else:
        status = next((code for kind, code in _STATUS.items() if isinstance(err, kind)), 500)
        message = str(err)
    if request.url.path.endswith(".json"):
        return JSONResponse({"detail": message}, status)
    return render(request, "error.html", {"status": status, "message": message}, status)
