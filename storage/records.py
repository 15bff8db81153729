"""One WARC record as it was stored, for people who want to see it: the exchange's heads, and the body."""

import base64
import hashlib
from contextlib import suppress
from dataclasses import dataclass

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from storage.content_encoding import ContentEncodingError, decode_body
from storage.errors import Corrupt
from storage.exchange import header_values
from storage.store import ObjectStore, open_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first line of a request or an answer, and its header lines."""

    line: str
    headers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A response record: the address that gave it, the request (None where that is not there to be read), the answer,
    and the answer's body.

    `sent_bytes` is the body's size as it was sent, `body` what it holds without its content encodings; where these
    cannot be undone it is as it was sent, and `problem` says so, as it does where the digest that the record names
    (`digest`) does not fit. `sha256` is that of `body`.
    """

    url: str
    record_id: str
    request: Head | None
    response: Head
    body: bytes
    sent_bytes: int
    digest: str | None
    problem: str | None

    @property
    def sha256(self) -> str:
        """The hash of the body, in hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def content_type(self) -> str | None:
        """What the answer's header says of its body."""
        return header_values(self.response.headers).get("content-type")


def read_record(store: ObjectStore, part_key: str, offset: int, limit: int) -> Record:
    """The response record at `offset` of a part, its body at most `limit` bytes, and the request beside it.

    Raises `KeyNotFound` where there is no such part, `Corrupt` where no response record is there.
    """
    with open_object(store, part_key) as file:
        file.seek(offset)
        try:
            records = iter(ArchiveIterator(file))
            answer = next(records)
            if answer.rec_type != "response" or answer.http_headers is None:
                raise Corrupt(f"{part_key} at {offset}: expected a response record", key=part_key)
            record_id = answer.rec_headers.get_header("WARC-Record-ID")
            sent: bytes = answer.raw_stream.read()
            request = None
            with suppress(ArchiveLoadFailed, StopIteration):
                request = _request(next(records), record_id)
        except (ArchiveLoadFailed, StopIteration, ValueError) as err:
            raise Corrupt(f"{part_key} at {offset}: expected a WARC record", key=part_key) from err
    digest = answer.rec_headers.get_header("WARC-Payload-Digest")
    problem = None if digest in (None, _digest(sent)) else "the body does not have the digest that the record names"
    try:
        encoding = header_values(answer.http_headers.headers).get("content-encoding", "")
        body = decode_body(sent, encoding, limit)
    except ContentEncodingError as err:
        body, problem = sent, problem or str(err)
    return Record(
        url=answer.rec_headers.get_header("WARC-Target-URI"),
        record_id=record_id,
        request=request,
        response=_head(answer),
        body=body,
        sent_bytes=len(sent),
        digest=digest,
        problem=problem,
    )


def _request(record: ArcWarcRecord, answered_by: str) -> Head | None:
    concurrent = record.rec_headers.get_header("WARC-Concurrent-To")
    return _head(record) if record.rec_type == "request" and concurrent == answered_by else None


def _head(record: ArcWarcRecord) -> Head:
    head = record.http_headers
    return Head(line=f"{head.protocol} {head.statusline}".strip(), headers=list(head.headers))


def _digest(body: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()}"
