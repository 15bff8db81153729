"""What a site of the demo is asked and what it answers: plain records, and the rules of HTTP that hold for all sites.

A site is a module with a function `answer(request) -> Answer`. All that changes from one request to the next is part
of the `Request` (its number, how often the page was asked for, today's date), so sites keep no state.
"""

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import parse_qsl

from demo.markup import encoded, text

HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"


class Hangup(Exception):
    """Raised by the chunks of a `Stream` when the server is to drop the connection there and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. `target` is the path with its query; `number` counts the requests of the whole server from 1,
    `seen` those for this very address before this one; `headers` have lower-case names. `body` came with a POST."""

    host: str
    target: str
    headers: Mapping[str, str]
    number: int
    seen: int
    today: date
    method: str = "GET"
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def url(self) -> str:
        """The absolute address."""
        return f"http://{self.host}{self.target}"

    @property
    def query(self) -> dict[str, str]:
        """The fields of the query; of a name that comes twice, the last."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def form(self) -> dict[str, str] | None:
        """The fields of a form sent by POST; None where the request is something else."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.method != "POST" or kind != "application/x-www-form-urlencoded":
            return None
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A body that is sent in pieces, `pause_s` apart; chunked unless `size_bytes` is announced."""

    chunks: Iterable[bytes]
    size_bytes: int | None = None
    pause_s: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `encoding` is how the text in `body` was written, whatever the header says. With `validators` the
    answer bears an ETag (and Last-Modified, where `modified` is known) and conditional requests get 304; with `gzips`
    it is compressed for clients that ask. `delay_s` passes before the first byte."""

    status: int = 200
    body: bytes | Stream = b""
    content_type: str | None = HTML
    headers: tuple[tuple[str, str], ...] = ()
    encoding: str = "utf-8"
    validators: bool = False
    modified: datetime | None = None
    gzips: bool = False
    delay_s: float = 0


def page(markup: str, *, status: int = 200) -> Answer:
    """An HTML page in UTF-8 without any frills."""
    return Answer(status=status, body=markup.encode())


def not_found(request: Request) -> Answer:
    """A plain 404."""
    where = text(request.target)
    return page(f"<!DOCTYPE html><title>404</title><h1>404 Not Found</h1><p>{where}</p>", status=404)


def redirect(location: str, *, status: int = 302) -> Answer:
    """A redirect to `location`."""
    return Answer(status=status, headers=(("Location", location),))


def robots(*disallowed: str, sitemap: str | None = None) -> Answer:
    """A robots.txt that closes the paths that begin with one of `disallowed` to everybody."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in disallowed)]
    if sitemap:
        lines.append(f"Sitemap: {sitemap}")
    return Answer(body="\n".join([*lines, ""]).encode(), content_type="text/plain; charset=utf-8")


def edited(answer: Answer, edits: Iterable[tuple[str, str]], at: datetime) -> Answer:
    """`answer` with each old text replaced by the new one, as HTML would spell them, and modified `at`.

    Raises ValueError where an old text is not there to be replaced.
    """
    body = answer.body
    if not isinstance(body, bytes):
        raise ValueError("expected a page with a body of its own; a streamed one cannot be edited")
    for old, new in edits:
        before = encoded(text(old), answer.encoding)
        if before not in body:
            raise ValueError(f"expected a text that is in the page: {old!r}")
        body = body.replace(before, encoded(text(new), answer.encoding))
    return replace(answer, body=body, modified=at if answer.modified else None)


def revalidated(answer: Answer, request: Request) -> Answer:
    """`answer` with its validators, or 304 where the client has it already.

    If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2). The tags are weak, as servers that compress send
    them: the same tag names the page with and without compression.
    """
    if not (answer.validators and answer.status == 200 and isinstance(answer.body, bytes)):
        return answer
    tag = f'W/"{hashlib.sha256(answer.body).hexdigest()[:20]}"'
    headers = [*answer.headers, ("ETag", tag)]
    modified = answer.modified.astimezone(UTC).replace(microsecond=0) if answer.modified else None
    if modified:
        headers.append(("Last-Modified", format_datetime(modified, usegmt=True)))
    if "if-none-match" in request.headers:
        known = {part.strip().removeprefix("W/") for part in request.headers["if-none-match"].split(",")}
        fresh = tag.removeprefix("W/") in known or "*" in known
    else:
        since = _http_date(request.headers.get("if-modified-since"))
        fresh = since is not None and modified is not None and modified <= since
    if fresh:
        return replace(answer, status=304, body=b"", content_type=None, headers=tuple(headers), gzips=False)
    return replace(answer, headers=tuple(headers))


def compressed(answer: Answer, request: Request) -> Answer:
    """`answer` with its body gzip'd, if it may be and the client asked for it."""
    if not (answer.gzips and isinstance(answer.body, bytes)):
        return answer
    headers = (*answer.headers, ("Vary", "Accept-Encoding"))
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return replace(answer, headers=headers)
    body = gzip.compress(answer.body, mtime=0)  # no time of day: the bytes are the same at every request
    return replace(answer, body=body, headers=(*headers, ("Content-Encoding", "gzip")))


def _http_date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000" comes without a zone
