"""WARC parts: writing exchanges as they happen, reading them back as captures and bodies.

A part is gzip, a member a record (WARC 1.1, annex D), so that every record can be read alone by offset and length. Each
exchange is a response record, or a revisit record where the answer was known already, and its request record. What a
capture knows besides (why the URL was asked for, what is wrong with the answer) stands in `Bantin-*` fields of the
former's header, so that the captures of a part can be told from the part alone.
"""

import base64
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from model.capture import Capture, Kind
from storage import keys, schema
from storage.content_encoding import decode_body
from storage.errors import Corrupt, InvalidKey
from storage.exchange import Content, Exchange, Inspect, capture_of, examine, header_values, one_line
from storage.store import ObjectStore, open_object

GZIP_LEVEL = 2
"""isal's level 2 costs a fraction of zlib's fastest, for 10 to 25 % more bytes than its slowest:
bench/warc_levels.py."""

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_BODY = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
"""The profiles of revisit records: WARC 1.1, 6.7."""

_DATE = "%Y-%m-%dT%H:%M:%S.%fZ"


class PartWriter:
    """Writes exchanges into one open part: a local file, uploaded by somebody else once it is closed.

    Nothing is buffered here: after `close`, a crash or an error whole members are on disk. `inspect` is asked of each
    answer what is wrong with it.
    """

    def __init__(
        self, path: Path, key: str, software: str, max_body_bytes: int, inspect: Inspect | None = None
    ) -> None:
        self.path = path
        self.key = key
        self.size_bytes = 0
        self._max_body_bytes = max_body_bytes
        self._inspect = inspect
        self._file = path.open("xb", buffering=0)
        self._buffer = io.BytesIO()
        # warcio would compress at zlib's level 9, half the cost of a crawl: it writes plain records into memory here.
        self._records = WARCWriter(self._buffer, gzip=False, warc_version="1.1")
        info = {"software": software, "format": "WARC File Format 1.1", "isPartOf": key}
        info |= {schema.WARC_FIELD: schema.PART.mark}
        self._append(self._records.create_warcinfo_record(path.name, info))

    def write(self, exchange: Exchange) -> Capture:
        """Appends request and response; returns the capture that stands for them. Raises OSError where the disk does
        not take them; the part is as it was before, then."""
        content = examine(exchange, self._max_body_bytes, self._inspect)
        fields = _fields(exchange) | _content_fields(exchange, content)
        answer = self._records.create_warc_record(
            exchange.final_url,
            "revisit" if content.unchanged else "response",
            payload=None if content.unchanged else io.BytesIO(exchange.body),
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
                "WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        offset, length = self._append(answer, request)
        return capture_of(keys.parse_raw_part(self.key), exchange, content, (self.key, offset, length))

    def note(self, failure: Capture) -> Capture:
        """Appends a failure to get an answer as a metadata record, so that a further attempt knows of it; returns it as
        it will be read. Raises as `write`."""
        error = one_line(failure.error or "") or "unknown"
        text = f"fetchError: {error}\r\n".encode()
        record = self._records.create_warc_record(
            failure.final_url,
            "metadata",
            payload=io.BytesIO(text),
            length=len(text),
            warc_content_type="application/warc-fields",
            warc_headers_dict=_fields(failure),
        )
        self._append(record)
        return replace(failure, error=error)

    def close(self) -> None:
        """Closes the file; it holds whole records from here on."""
        self._file.close()

    def _append(self, *records: ArcWarcRecord) -> tuple[int, int]:
        """Writes all of `records` or none; returns offset and length of the first."""
        members = [self._member(record) for record in records]
        offset, rest = self.size_bytes, memoryview(b"".join(members))
        end = offset + len(rest)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(offset)  # a full disk may have taken half of a member
            self._file.seek(offset)
            raise
        self.size_bytes = end
        return offset, len(members[0])

    def _member(self, record: ArcWarcRecord) -> bytes:
        self._buffer.seek(0)
        self._buffer.truncate()
        self._records.write_record(record)
        press = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, 31)
        with self._buffer.getbuffer() as plain:
            return press.compress(plain) + press.flush()


def _fields(of: Exchange | Capture) -> dict[str, str]:
    """The header fields that a record of ours has besides WARC's own. Addresses come from pages: no line ends."""
    fields = {
        "WARC-Date": _date(of.fetched_at),
        "Bantin-Kind": of.kind.value,
        "Bantin-Url": one_line(of.url),
    }
    if of.via:
        fields["Bantin-Via"] = one_line(of.via)
    if of.language:
        fields["Bantin-Language"] = of.language
    return fields


def _content_fields(exchange: Exchange, content: Content) -> dict[str, str]:
    """What the record says of the answer's body: the error, and of a revisit what it repeats.

    The payload's digest is that of the body as sent, as in response records. Of a 304 there is none: its payload is
    the original's (WARC 1.1, 6.7.3).
    """
    fields = {"Bantin-Error": content.error} if content.error else {}
    if not content.unchanged or exchange.earlier is None:
        return fields
    fields["WARC-Profile"] = NOT_MODIFIED
    fields["WARC-Refers-To-Target-URI"] = one_line(exchange.earlier.url)
    fields["WARC-Refers-To-Date"] = _date(exchange.earlier.fetched_at)
    fields["Bantin-Body-Bytes"] = str(content.size_bytes)
    if content.body_sha256:
        fields["WARC-Profile"] = SAME_BODY
        fields["WARC-Truncated"] = "length"
        fields["WARC-Payload-Digest"] = _digest(exchange.body)
        fields["Bantin-Body-SHA256"] = content.body_sha256
    return fields


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_DATE)


class _RawHeaders(StatusAndHeaders):  # type: ignore[misc]
    """A header block that is written byte by byte as it was sent: warcio's own percent-encodes what is not ASCII."""

    def __init__(self, first_line: str, lines: list[tuple[bytes, bytes]]) -> None:
        super().__init__(first_line, [])
        block = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self._block = first_line.encode("latin-1", "replace") + b"\r\n" + block + b"\r\n"

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        """Called by warcio before it writes."""
        self.headers_buff = self._block


def part_named(file: BinaryIO) -> str | None:
    """The key that the part which is open as `file` was written for, as its first record says; None where that cannot
    be read."""
    file.seek(0)
    try:
        record = next(iter(ArchiveIterator(file)))
        if record.rec_type != "warcinfo":
            return None
        lines = record.raw_stream.read().decode("utf-8", "replace").splitlines()
    except (ArchiveLoadFailed, StopIteration, ValueError, EOFError, OSError, zlib.error):
        return None
    return dict(line.partition(": ")[::2] for line in lines).get("isPartOf")


def is_another_part(file: BinaryIO, part_key: str) -> bool:
    """Whether the part that is open as `file` was written for another run, attempt or number than `part_key` says: it
    lies in another one's place. (The source may have been renamed since.)"""
    named = part_named(file)
    try:
        return named is not None and keys.parse_raw_part(named)[1:] != keys.parse_raw_part(part_key)[1:]
    except InvalidKey:
        return False


def read_captures(store: ObjectStore, part_key: str, max_body_bytes: int) -> Iterator[Capture]:
    """The captures whose bytes lie in the part at `part_key`, in the order they were fetched.

    Raises `Corrupt` where the part is no WARC file of bantin's, `UnknownVersion` where a later bantin wrote it.
    """
    with open_object(store, part_key) as file:
        yield from _captures(file, part_key, max_body_bytes)


def read_capture(file: BinaryIO, part_key: str, offset: int, max_body_bytes: int) -> Capture | None:
    """The capture that the record at `offset` keeps, of the part that is open as `file`; None of a record that keeps
    none, as a request. Raises as `read_captures`."""
    file.seek(offset)
    records = _captures(file, part_key, max_body_bytes, only_first=True)
    return next(records, None)


def _captures(file: BinaryIO, part_key: str, max_body_bytes: int, *, only_first: bool = False) -> Iterator[Capture]:
    name = keys.parse_raw_part(part_key)
    try:
        records = ArchiveIterator(file)
        for record in records:
            if not record.rec_headers.get_header("Bantin-Kind"):
                if record.rec_type not in ("warcinfo", "request"):
                    raise Corrupt(f"{part_key}: expected a WARC part written by bantin", key=part_key)
                if record.rec_type == "warcinfo":
                    schema.check_version(part_key, _version(record))
            elif record.rec_type == "metadata":
                yield _failure(name, record)
            else:
                exchange = _exchange(record, part_key)
                is_revisit = record.rec_type == "revisit"
                content = _repeated(record) if is_revisit else examine(exchange, max_body_bytes)
                place = (part_key, records.get_record_offset(), records.get_record_length())
                yield capture_of(name, exchange, content, place)
            if only_first:
                return
    except (ArchiveLoadFailed, ValueError) as err:
        raise Corrupt(f"{part_key}: {_brief(err)}: expected a WARC part written by bantin", key=part_key) from err


def _version(record: ArcWarcRecord) -> str | None:
    """The mark of a warcinfo record; None where it was written before there were any."""
    lines = record.raw_stream.read().decode("utf-8", "replace").splitlines()
    values = dict(line.partition(": ")[::2] for line in lines)
    return values.get(schema.WARC_FIELD)


def read_body(file: BinaryIO, capture: Capture, max_body_bytes: int) -> bytes:
    """The content-decoded body of `capture`, whose part is open as `file`.

    Raises `Corrupt` where the record is not there, not this capture's, or a revisit and so without a body;
    `ContentEncodingError` where the body cannot be decoded.
    """
    if capture.warc_key is None or capture.warc_offset is None:
        raise Corrupt(f"{capture.url}: expected a capture with a WARC record", key=capture.url)
    record = _response_at(file, capture.warc_key, capture.warc_offset)
    if record.rec_headers.get_header("WARC-Target-URI") != capture.final_url:
        place = f"{capture.warc_key} at {capture.warc_offset}"
        raise Corrupt(f"{place}: expected the response record of {capture.final_url}", key=capture.warc_key)
    return decode_body(_payload(record, capture.warc_key), _encoding(record), max_body_bytes)


def read_answer(
    store: ObjectStore, part_key: str, offset: int, max_body_bytes: int
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Address, header lines and content-decoded body of the response record at `offset` of a part.

    Raises as `read_body`, and `KeyNotFound`.
    """
    with open_object(store, part_key) as file:
        record = _response_at(file, part_key, offset)
        body = decode_body(_payload(record, part_key), _encoding(record), max_body_bytes)
        return record.rec_headers.get_header("WARC-Target-URI"), record.http_headers.headers, body


def _response_at(file: BinaryIO, part_key: str, offset: int) -> ArcWarcRecord:
    file.seek(offset)
    place = f"{part_key} at {offset}"
    try:
        record = next(iter(ArchiveIterator(file)))
    except (ArchiveLoadFailed, StopIteration) as err:
        raise Corrupt(f"{place}: {_brief(err)}: expected a WARC record", key=part_key) from err
    if record.rec_type == "revisit":
        url, date = (record.rec_headers.get_header(f"WARC-Refers-To-{name}") for name in ("Target-URI", "Date"))
        raise Corrupt(f"{place}: a revisit record has no body: read that of {url} at {date}", key=part_key)
    if record.rec_type != "response" or record.http_headers is None:
        raise Corrupt(f"{place}: expected a response record", key=part_key)
    return record


def _brief(err: Exception) -> str:
    """What `err` says, without the bytes of a damaged file that warcio's errors quote at length."""
    return ascii(str(err).partition(", first line")[0])[1:-1][:80] or "nothing is there"


def _payload(record: ArcWarcRecord, part_key: str) -> bytes:
    """The body as it was sent. Of a record that is damaged or cut short warcio gives what it can: the digest tells.

    Raises `Corrupt`.
    """
    body: bytes = record.raw_stream.read()
    said = record.rec_headers.get_header("WARC-Payload-Digest")
    if said is not None and said != _digest(body):
        url = record.rec_headers.get_header("WARC-Target-URI")
        raise Corrupt(
            f"{part_key}: the record of {url} is damaged: expected a body with the digest {said}", key=part_key
        )
    return body


def _digest(body: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()}"


def _encoding(record: ArcWarcRecord) -> str:
    return header_values(record.http_headers.headers).get("content-encoding", "")


def _failure(name: keys.PartName, record: ArcWarcRecord) -> Capture:
    """The failure that a metadata record keeps."""
    error = record.raw_stream.read().decode().removeprefix("fetchError: ").strip()
    return Capture(source=name.source, run=name.run, error=error, **_what_and_why(record))


def _repeated(record: ArcWarcRecord) -> Content:
    """What a revisit record says of the body that it does not hold."""
    head = record.rec_headers
    return Content(
        size_bytes=int(head.get_header("Bantin-Body-Bytes", "0")),
        body_sha256=head.get_header("Bantin-Body-SHA256"),
        error=None,
        unchanged=True,
    )


def _exchange(record: ArcWarcRecord, part_key: str) -> Exchange:
    """The exchange that a response or revisit record keeps; the request's side stays empty."""
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
        body=b"" if record.rec_type == "revisit" else _payload(record, part_key),
        error=record.rec_headers.get_header("Bantin-Error"),
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
