"""Exports of a search: the same query and filters, as a file."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from threading import BoundedSemaphore
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

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
    try:
        pieces = stream(archive.store, archive.index, parse_query(q, filters), format)
        first = next(pieces)  # what goes wrong at the beginning is told as an error
    except BaseException:
        _under_way.release()
        raise
    name = filename(q, filters, format)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_released(first, pieces), media_type=FORMATS[format][1], headers=headers)


def filename(q: str, filters: dict[str, list[str]], ending: str) -> str:
    """A file's name that says what was asked for, in letters that every system takes: `bantin-le-hoi-kimson.csv`."""
    asked = " ".join([q, *chain.from_iterable(filters.values())]).replace("đ", "d").replace("Đ", "D")
    plain = unicodedata.normalize("NFKD", asked).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return f"{'-'.join(['bantin', *words])[:80].rstrip('-')}.{ending}"


def _released(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        _under_way.release()
