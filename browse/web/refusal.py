"""Answers of those who stand before the pages: plain, short, with what every answer bears, and never kept."""

import html
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from browse.escaping import safe
from browse.index.cache import user_cache
from storage.store import ObjectStore

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>{head}
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>{title}</h1><p>{message}</p></main></body>
</html>
"""


def without_places(request: Request, message: str) -> str:
    """An error's message without the folder or bucket of the archive, and the folder of its index: who runs the server
    knows them, and no reader needs to."""
    state = request.app.state
    store: ObjectStore | None = state.archive.__dict__.get("store")  # not opened, where that is what went wrong
    cache = str((state.settings.cache or user_cache()).absolute())
    message = message.replace(cache, "the index's folder")
    return message.replace(store.url, "the archive") if store else message


def refuse(
    scope: Scope, status: int, title: str, message: str, headers: Mapping[str, str] | None = None, head: str = ""
) -> Response:
    """A page, or JSON where that was asked for. `head` is markup of ours; the rest is escaped."""
    told = {"Cache-Control": "no-store", **(headers or {})}
    if str(scope["path"]).endswith(".json"):
        return JSONResponse({"detail": safe(message)}, status, told)
    page = _PAGE.format(title=html.escape(safe(title)), message=html.escape(safe(message)), head=head)
    return HTMLResponse(page, status, told)
