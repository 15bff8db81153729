"""What the server sent: the record's heads, and the page itself, which is hostile and can do nothing here."""

import mimetypes
import re
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from browse.web.pages.removed import MOST_PAGE_BYTES
from browse.web.references import Head, Mark, Ref, file_name, head_of, locate
from browse.web.rendering import page
from browse.web.security import PAGE_POLICY
from model.article import Article
from storage import records
from storage.store import ObjectStore

router = APIRouter(tags=["articles"])

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """The record that an article was made from: where it lies, and the exchange that it keeps. Sizes are in bytes:
    `sent_bytes` of the body as it was sent, `body_bytes` without its content encodings. `problem` says what is wrong
    with it, if anything."""

    head: Head
    warc_key: str
    warc_offset: int
    warc_length: int
    record_id: str
    cleaner_version: str
    request: records.Head | None
    response: records.Head
    sent_bytes: int
    body_bytes: int
    body_sha256: str
    digest: str | None
    problem: str | None


@page(router, "/articles/{ref}/raw", "raw.html")
def raw(request: Request, ref: Ref, cleaned: Mark = None) -> RawPage:
    """The WARC record that an article was made from."""
    found = locate(request, ref, cleaned)
    article = found.article
    record = _record(request.app.state.archive.store, article)
    return RawPage(
        head=head_of(request, ref, article, found.cleaned),
        warc_key=article.warc_key,
        warc_offset=article.warc_offset,
        warc_length=article.warc_length,
        record_id=record.record_id,
        cleaner_version=article.cleaner_version,
        request=record.request,
        response=record.response,
        sent_bytes=record.sent_bytes,
        body_bytes=len(record.body),
        body_sha256=record.sha256,
        digest=record.digest,
        problem=record.problem,
    )


@router.get("/articles/{ref}/page", response_class=Response)
def stored_page(request: Request, ref: Ref, cleaned: Mark = None) -> Response:
    """The page as it was stored, byte for byte, in a sandbox: it runs nothing, and asks nothing of anybody."""
    article = locate(request, ref, cleaned).article
    record = _record(request.app.state.archive.store, article)
    headers = {
        "Content-Type": _shown_as(record.content_type),
        "Content-Security-Policy": PAGE_POLICY,
        "X-DNS-Prefetch-Control": "off",
    }
    return Response(record.body, headers=headers)


@router.get("/articles/{ref}/raw/body.txt", response_class=Response)
def body(request: Request, ref: Ref, cleaned: Mark = None) -> Response:
    """The page as it was stored, as a file to keep."""
    article = locate(request, ref, cleaned).article
    record = _record(request.app.state.archive.store, article)
    ending = mimetypes.guess_extension((record.content_type or "").partition(";")[0].strip()) or ".html"
    return _download(record.body, "text/plain", file_name(article, f"{ending[1:]}.txt"))


@router.get("/articles/{ref}/raw/record.warc.gz", response_class=Response)
def record_file(request: Request, ref: Ref, cleaned: Mark = None) -> Response:
    """The WARC record, a gzip member of its own, as a file that any reader of WARC takes."""
    article = locate(request, ref, cleaned).article
    store: ObjectStore = request.app.state.archive.store
    data = store.get(article.warc_key, (article.warc_offset, article.warc_length))
    return _download(data, "application/gzip", file_name(article, "warc.gz"))


def _record(store: ObjectStore, article: Article) -> records.Record:
    return records.read_record(store, article.warc_key, article.warc_offset, MOST_PAGE_BYTES)


def _shown_as(content_type: str | None) -> str:
    """The type that a browser is told: HTML, in the charset that the header named; without one the page's own `meta`
    tells it, as it did then."""
    charset = _CHARSET.search(content_type or "")
    return f"text/html; charset={charset[1]}" if charset else "text/html"


def _download(data: bytes, media_type: str, name: str) -> Response:
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": PAGE_POLICY,
    }
    return Response(data, headers=headers)
