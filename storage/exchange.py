"""An exchange with a server, what is told from its answer, and the capture that stands for both."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from urllib.parse import urljoin

from w3lib.url import safe_url_string

from model.capture import Capture, Kind
from model.url import is_web_address
from storage import keys
from storage.content_encoding import ContentEncodingError, decode_body, is_cut_short

MAX_LOCATION_CHARS = 4_000
"""Of a redirect's target so much is kept in the capture; the record has it whole."""

MAX_ERROR_CHARS = 500

CUT_SHORT = "the page is cut short: its compressed body stops in the middle"
"""What is held against half an article: it must not take the place of a whole one."""

REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The last full answer known of a URL: the address that gave it, when, and the hash of its content-decoded body.
    `place` is its record (WARC key and offset), where it is a page that was there."""

    url: str
    fetched_at: datetime
    body_sha256: str | None
    place: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, as they passed the downloader: header lines as bytes, the body still
    content-encoded.

    `earlier` is what the answer is compared with. `error` is what is wrong with the answer, where somebody knows it
    already.
    """

    url: str
    final_url: str
    via: str | None
    kind: Kind
    language: str | None
    fetched_at: datetime
    request_line: str
    request_headers: list[tuple[bytes, bytes]]
    request_body: bytes
    protocol: str
    status: int
    status_text: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    earlier: Earlier | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is told from an answer's body: its size as it was sent, the hash of what it holds, what is wrong with it,
    and whether it is what was known already."""

    size_bytes: int
    body_sha256: str | None
    error: str | None
    unchanged: bool


Inspect = Callable[[Exchange, bytes], str | None]
"""Looks at an exchange and its content-decoded body; says what is wrong with it, if anything."""


def examine(exchange: Exchange, max_body_bytes: int, inspect: Inspect | None = None) -> Content:
    """Decodes the body, once, and says what is in it.

    An answer is `unchanged` where the server says so (304), or where it is a 200 with the very body that
    `exchange.earlier` names. One with an error is neither: it is kept as it came.
    """
    size, earlier = len(exchange.body), exchange.earlier
    if exchange.status == 304 and earlier is not None and exchange.error is None:
        return Content(size_bytes=size, body_sha256=None, error=None, unchanged=True)
    body, body_sha256, error = b"", None, exchange.error
    if exchange.body:
        encoding = header_values(header_texts(exchange)).get("content-encoding", "")
        try:
            body = decode_body(exchange.body, encoding, max_body_bytes)
            body_sha256 = hashlib.sha256(body).hexdigest()
            if exchange.kind == Kind.ARTICLE and exchange.status == 200 and is_cut_short(exchange.body, encoding, body):
                error = error or CUT_SHORT
        except ContentEncodingError as err:
            error = error or str(err)
    if error is None and inspect is not None:
        error = inspect(exchange, body)
    return Content(
        size_bytes=size,
        body_sha256=body_sha256,
        error=one_line(error)[:MAX_ERROR_CHARS].rstrip() if error else None,
        unchanged=(
            exchange.status == 200
            and error is None
            and earlier is not None
            and body_sha256 is not None
            and body_sha256 == earlier.body_sha256
        ),
    )


def capture_of(name: keys.PartName, exchange: Exchange, content: Content, place: tuple[str, int, int]) -> Capture:
    """The capture that stands for an exchange in the part `name`; `place` is its record's key, offset and length."""
    headers = header_values(header_texts(exchange))
    content_type = headers.get("content-type")
    return Capture(
        source=name.source,
        run=name.run,
        url=exchange.url,
        final_url=exchange.final_url,
        via=exchange.via,
        kind=exchange.kind,
        language=exchange.language,
        fetched_at=exchange.fetched_at,
        status=exchange.status,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        content_type=content_type,
        charset=_charset(content_type),
        size_bytes=content.size_bytes,
        body_sha256=content.body_sha256,
        error=content.error,
        location=_location(exchange.status, exchange.final_url, headers.get("location")),
        unchanged=content.unchanged,
        warc_key=place[0],
        warc_offset=place[1],
        warc_length=place[2],
    )


def header_texts(exchange: Exchange) -> list[tuple[str, str]]:
    """The answer's header lines as a reader of the WARC record finds them: without space around, UTF-8 where a line
    is that, else Latin-1."""
    return [(_text(name).rstrip(" \t"), _text(value).strip()) for name, value in exchange.headers]


def header_values(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header values by name in lower case. Of several the last counts; content encodings add up (RFC 9110, 8.4)."""
    values: dict[str, str] = {}
    for name, value in lines:
        field = name.lower()
        values[field] = f"{values[field]}, {value}" if field == "content-encoding" and field in values else value
    return values


def one_line(text: str) -> str:
    """`text` as it can stand in a header field: without line ends, other runs of space, and what UTF-8 cannot say."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def _location(status: int, final_url: str, value: str | None) -> str | None:
    """Where a redirect leads, percent-encoded, so that no line end or space is left; None where that is no web
    address. Longer ones are cut: whose they are can still be seen."""
    if status not in REDIRECTS or not value:
        return None
    try:
        target = safe_url_string(urljoin(final_url, value))
    except ValueError:  # e.g. an unclosed IPv6 bracket
        return None
    return target[:MAX_LOCATION_CHARS] if is_web_address(target) else None


def _text(header: bytes) -> str:
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


def _charset(content_type: str | None) -> str | None:
    if not content_type or "charset" not in content_type.lower():
        return None
    message = Message()
    message["Content-Type"] = content_type
    value = message.get_param("charset")
    return value.lower() if isinstance(value, str) else None
