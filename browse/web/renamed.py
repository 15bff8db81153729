"""Old addresses of a source that was renamed: they lead to the same pages under its new id."""

from contextlib import suppress

from starlette.requests import Request

from browse.web.references import Elsewhere
from browse.web.rendering import href
from storage.errors import InvalidKey
from storage.notices import name_now


def lead_on(request: Request, source: str) -> None:
    """Raises `Elsewhere` where the source that this address names has another id now. Raises `StorageError`."""
    now = None
    with suppress(InvalidKey):  # no source can be called so
        now = name_now(request.app.state.archive.store, source)
    if now is None:
        return
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    kind, _, rest = path.removeprefix("/").partition("/")  # `sources` or `runs`, and what begins with the id
    address = href(request, f"/{kind}/{now}{rest.removeprefix(source)}")
    raise Elsewhere(f"{address}?{request.url.query}" if request.url.query else address)
