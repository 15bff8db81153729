"""WARC parts: writing exchanges as they happen, reading them back as captures and bodies.

A part is gzip, a member a record (WARC 1.1, annex D), so that every record can be read alone by offset and length. Each
exchange is a response record and its request record. What a capture knows besides (why the URL was asked for) stands in
`Bantin-*` fields of the response record's header, so that the captures of a part can be told from the part alone.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from model.capture import Capture, Kind
from storage import keys
from storage.content_encoding import ContentEncodingError, decode_body
from storage.errors import Corrupt
from storage.store import ObjectStore, open_object

GZIP_LEVEL = 2
"""isal's level 2 costs a fraction of zlib's fastest, for 10 to 25 % more bytes than its slowest:
bench/warc_levels.py."""

_DATE = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, as they passed the downloader: header lines as bytes, the body still
    content-encoded."""

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


class PartWriter:
    """Writes exchanges into one open part: a local file, uploaded by somebody else once it is closed.

    Records are buffered by the operating system only: after `close`, or a crash, whole members are on disk.
    """

    def __init__(self, path: Path, key: str, software: str, max_body_bytes: int) -> None:
        self.path = path
        self.key = key
        self.size_bytes = 0
        self._max_body_bytes = max_body_bytes
        self._file = path.open("xb")
        self._buffer = io.BytesIO()
        # warcio would compress at zlib's level 9, half the cost of a crawl: it writes plain records into memory here.
        self._records = WARCWriter(self._buffer, gzip=False, warc_version="1.1")
        info = {"software": software, "format": "WARC File Format 1.1", "isPartOf": key}
        self._append(self._records.create_warcinfo_record(path.name, info))

    def write(self, exchange: Exchange) -> Capture:
        """Appends request and response; returns the capture that stands for them."""
        fields = _fields(exchange)
        response = self._records.create_warc_record(
            exchange.final_url,
            "response",
            payload=io.BytesIO(exchange.body),
            http_headers=_RawHeaders(f"{exchange.protocol} {exchange.status} {exchange.status_text}", exchange.headers),
            warc_headers_dict=fields,
        )
        request = self._records.create_warc_record(
            exchange.final_url,
            "request",
            payload=io.BytesIO(exchange.request_body),
            http_headers=_RawHeaders(exchange.request_line, exchange.request_headers),
            warc_headers_dict={
                "WARC-Date": fields["WARC-Date"],
                "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        offset, length = self._append(response)
        self._append(request)
        return _capture(keys.parse_raw_part(self.key), exchange, self._max_body_bytes, (self.key, offset, length))

    def note(self, failure: Capture) -> Capture:
        """Appends a failure to get an answer, as a metadata record, so that a further attempt knows of it."""
        text = f"fetchError: {_one_line(failure.error or '')}\r\n".encode()
        record = self._records.create_warc_record(
            failure.final_url,
            "metadata",
            payload=io.BytesIO(text),
            length=len(text),
            warc_content_type="application/warc-fields",
            warc_headers_dict=_fields(failure),
        )
        self._append(record)
        return failure

    def close(self) -> None:
        """Closes the file; it holds whole records from here on."""
        self._file.close()

    def _append(self, record: ArcWarcRecord) -> tuple[int, int]:
        self._buffer.seek(0)
        self._buffer.truncate()
        self._records.write_record(record)
        press = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, 31)
        member = press.compress(self._buffer.getbuffer()) + press.flush()
        self._file.write(member)
        offset, self.size_bytes = self.size_bytes, self.size_bytes + len(member)
        return offset, len(member)


def _fields(of: Exchange | Capture) -> dict[str, str]:
    """The header fields that a record of ours has besides WARC's own. Addresses come from pages: no line ends."""
    fields = {
        "WARC-Date": of.fetched_at.astimezone(UTC).strftime(_DATE),
        "Bantin-Kind": of.kind.value,
        "Bantin-Url": _one_line(of.url),
    }
    if of.via:
        fields["Bantin-Via"] = _one_line(of.via)
    if of.language:
        fields["Bantin-Language"] = of.language
    return fields


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _RawHeaders(StatusAndHeaders):  # type: ignore[misc]
    """A header block that is written byte by byte as it was sent: warcio's own percent-encodes what is not ASCII."""

    def __init__(self, first_line: str, lines: list[tuple[bytes, bytes]]) -> None:
        super().__init__(first_line, [])
        block = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self._block = first_line.encode("latin-1", "replace") + b"\r\n" + block + b"\r\n"

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        """Called by warcio before it writes."""
        self.headers_buff = self._block


def read_captures(store: ObjectStore, part_key: str, max_body_bytes: int) -> Iterator[Capture]:
    """The captures whose bytes lie in the part at `part_key`, in the order they were fetched.

    Raises `Corrupt` where the part is no WARC file of bantin's.
    """
    name = keys.parse_raw_part(part_key)
    with open_object(store, part_key) as file:
        try:
            records = ArchiveIterator(file)
            for record in records:
                if not record.rec_headers.get_header("Bantin-Kind"):
                    if record.rec_type not in ("warcinfo", "request"):
                        raise Corrupt(f"{part_key}: expected a WARC part written by bantin", key=part_key)
                elif record.rec_type == "metadata":
                    yield _failure(name, record)
                else:
                    exchange = _exchange(record)
                    place = (part_key, records.get_record_offset(), records.get_record_length())
                    yield _capture(name, exchange, max_body_bytes, place)
        except (ArchiveLoadFailed, ValueError) as err:
            raise Corrupt(f"{part_key}: {err}: expected a WARC part written by bantin", key=part_key) from err


def read_body(file: BinaryIO, capture: Capture, max_body_bytes: int) -> bytes:
    """The content-decoded body of `capture`, whose part is open as `file`.

    Raises `Corrupt` where the record is not there or not this capture's, `ContentEncodingError` where the body cannot
    be decoded.
    """
    if capture.warc_key is None or capture.warc_offset is None:
        raise Corrupt(f"{capture.url}: expected a capture with a WARC record", key=capture.url)
    record = _response_at(file, capture.warc_key, capture.warc_offset)
    if record.rec_headers.get_header("WARC-Target-URI") != capture.final_url:
        place = f"{capture.warc_key} at {capture.warc_offset}"
        raise Corrupt(f"{place}: expected the response record of {capture.final_url}", key=capture.warc_key)
    return decode_body(record.raw_stream.read(), _encoding(record), max_body_bytes)


def read_answer(
    store: ObjectStore, part_key: str, offset: int, max_body_bytes: int
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Address, header lines and content-decoded body of the response record at `offset` of a part.

    Raises as `read_body`, and `KeyNotFound`.
    """
    with open_object(store, part_key) as file:
        record = _response_at(file, part_key, offset)
        body = decode_body(record.raw_stream.read(), _encoding(record), max_body_bytes)
        return record.rec_headers.get_header("WARC-Target-URI"), record.http_headers.headers, body


def _response_at(file: BinaryIO, part_key: str, offset: int) -> ArcWarcRecord:
    file.seek(offset)
    try:
        record = next(iter(ArchiveIterator(file)))
    except (ArchiveLoadFailed, StopIteration) as err:
        raise Corrupt(f"{part_key} at {offset}: {err}: expected a WARC record", key=part_key) from err
    if record.rec_type != "response" or record.http_headers is None:
        raise Corrupt(f"{part_key} at {offset}: expected a response record", key=part_key)
    return record


def _encoding(record: ArcWarcRecord) -> str:
    return record.http_headers.get_header("Content-Encoding") or ""


def _failure(name: keys.PartName, record: ArcWarcRecord) -> Capture:
    """The failure that a metadata record keeps."""
    error = record.raw_stream.read().decode().removeprefix("fetchError: ").strip()
    return Capture(source=name.source, run=name.run, error=error, **_what_and_why(record))


def _exchange(record: ArcWarcRecord) -> Exchange:
    """The exchange that a response record keeps; the request's side stays empty."""
    status, _, status_text = record.http_headers.statusline.partition(" ")
    return Exchange(
        **_what_and_why(record),
        request_line="",
        request_headers=[],
        request_body=b"",
        protocol=record.http_headers.protocol,
        status=int(status),
        status_text=status_text,
        headers=[(name.encode(), value.encode()) for name, value in record.http_headers.headers],
        body=record.raw_stream.read(),
    )


def _what_and_why(record: ArcWarcRecord) -> dict[str, Any]:
    """What `_fields` wrote, and the address."""
    head = record.rec_headers
    return {
        "url": head.get_header("Bantin-Url"),
        "final_url": head.get_header("WARC-Target-URI"),
        "via": head.get_header("Bantin-Via"),
        "kind": Kind(head.get_header("Bantin-Kind")),
        "language": head.get_header("Bantin-Language"),
        "fetched_at": datetime.strptime(head.get_header("WARC-Date"), _DATE).replace(tzinfo=UTC),
    }


def _capture(name: keys.PartName, exchange: Exchange, max_body_bytes: int, place: tuple[str, int, int]) -> Capture:
    headers = {_text(name).lower(): _text(value) for name, value in exchange.headers}
    content_type = headers.get("content-type")
    body_sha256, error = None, None
    if exchange.body:
        try:
            body = decode_body(exchange.body, headers.get("content-encoding", ""), max_body_bytes)
            body_sha256 = hashlib.sha256(body).hexdigest()
        except ContentEncodingError as err:
            error = str(err)
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
        size_bytes=len(exchange.body),
        body_sha256=body_sha256,
        error=error,
        warc_key=place[0],
        warc_offset=place[1],
        warc_length=place[2],
    )


def _text(header: bytes) -> str:
    """A header as text, as warcio reads it: UTF-8 where it is that, else Latin-1."""
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
