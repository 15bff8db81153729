"""Exports of a search: the same query and filters, as a file."""

import re
import unicodedata
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import chain
from threading import BoundedSemaphore
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from browse.archive import Archive
from browse.exporting.found import FORMATS, stream
from browse.query import parse_query
from browse.web.pages.search import Q, filters_of
from browse.web.refusal import refuse

router = APIRouter(tags=["search"])

AT_ONCE = 2
"""So many exports are written at the same time; another one is asked to wait."""

_under_way = BoundedSemaphore(AT_ONCE)


@router.get("/export", response_class=StreamingResponse)
def export(
    request: Request,
    filters: Annotated[dict[str, list[str]], Depends(filters_of)],
    q: Q = "",
    format: Literal["csv", "jsonl", "parquet", "txt"] = "csv",  # noqa: A002 - the parameter's name in addresses
) -> Response:
    """The newest text of each article that fits, with all its columns: those of docs/archive-format.md."""
    archive: Archive = request.app.state.archive
    if not _under_way.acquire(blocking=False):
        message = f"{AT_ONCE} exports are under way: ask again in a minute."
        return refuse(request.scope, 503, "Busy", message, {"Retry-After": "60"})
    pieces = _released(lambda: stream(archive.store, archive.index, parse_query(q, filters), format))
    first = next(pieces)  # what goes wrong at the beginning is told as an error
    name = filename(q, filters, format)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return _File(first, pieces, FORMATS[format][1], headers)


class _File(StreamingResponse):
    """Pieces as they are written. They are closed at the end, whatever it is: who asked may have left before the first
    one, and then nobody takes any."""

    def __init__(
        self, first: bytes, rest: Generator[bytes, None, None], media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(chain([first], rest), media_type=media_type, headers=headers)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._rest.close()


def filename(q: str, filters: dict[str, list[str]], ending: str) -> str:
    """A file's name that says what was asked for, in letters that every system takes: `bantin-le-hoi-kimson.csv`."""
    asked = " ".join([q, *chain.from_iterable(filters.values())]).replace("đ", "d").replace("Đ", "D")
    plain = unicodedata.normalize("NFKD", asked).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return f"{'-'.join(['bantin', *words])[:80].rstrip('-')}.{ending}"


def _released(pieces: Callable[[], Iterator[bytes]]) -> Generator[bytes, None, None]:
    """The pieces; when they end or are closed, another export may begin. Only a generator that has begun comes to its
    `finally`: the first piece must be taken in any case."""
    try:
        yield from pieces()
    finally:
        _under_way.release()
