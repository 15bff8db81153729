"""A WARC part read for damage: its gzip members one by one, each checked, and those behind a broken one found again.

A member is a record (storage/warc.py). It is right where it decompresses to its end (gzip's CRC-32 and length), begins
with a record's header, and holds as many bytes as that says, with the SHA-1 that its `WARC-Block-Digest` names.
"""

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from isal import isal_zlib
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser, StatusAndHeadersParserException

_GZIP = b"\x1f\x8b\x08"
_GZIP_WINDOW = 31
_READ_BYTES = 1 << 16
_PLAIN_BYTES = 1 << 20
"""So much of a record is decompressed at a time."""

_MAX_HEADER_BYTES = 1 << 20
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Member:
    """A gzip member of a part: where it lies, and what is wrong with it, if anything.

    `kind` is the record's `WARC-Type` and `url` its target's address, as far as they could be read; `keeps` tells
    whether the record stands for a capture, `refers_to` what a revisit record names: its target's address and date. Of
    a damaged one `length` reaches to the next member that begins.
    """

    offset: int
    length: int
    kind: str | None = None
    url: str | None = None
    keeps: bool = False
    problem: str | None = None
    refers_to: tuple[str, str] | None = None


class _Damage(Exception):
    """A member is not what it should be; `head` is its record's header, where that could be read."""

    def __init__(self, problem: str, head: StatusAndHeaders | None = None) -> None:
        super().__init__(problem)
        self.head = head


class _Blocks:
    """A file that is read in large blocks, each once: what is asked for again a little later, from an earlier place, is
    there still; also at the file's end, where `io.BufferedReader` forgets it, and would ask the store for each record.
    """

    def __init__(self, file: "BinaryIO | Digesting") -> None:
        self._file = file
        self._block = b""
        self._start = 0
        self._place = 0
        self._is_last = False

    def seek(self, offset: int) -> None:
        """The next read begins there."""
        self._place = offset

    def read(self, size: int) -> bytes:
        """As of any file."""
        begin = self._place - self._start
        is_within = 0 <= begin <= len(self._block)
        if not is_within or (begin + size > len(self._block) and not self._is_last):
            kept = self._block[begin:] if is_within else b""
            self._file.seek(self._place + len(kept))
            fresh = self._file.read(max(size, _PLAIN_BYTES))
            self._block, self._start, self._is_last = kept + fresh, self._place, not fresh
            begin = 0
        data = self._block[begin : begin + size]
        self._place += len(data)
        return data


class Digesting(io.RawIOBase):
    """A seekable file that hashes what is read of it, each byte once and in order, though some is read again.

    `size_bytes` and `sha256` are of what lies before the furthest place that was read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """As of any file."""
        start = self._file.tell()
        data = self._file.read(size)
        fresh = self.size_bytes - start
        if 0 <= fresh < len(data):
            self._hash.update(memoryview(data)[fresh:])
            self.size_bytes = start + len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    @property
    def sha256(self) -> str:
        """Of what was read, in hexadecimal digits."""
        return self._hash.hexdigest()


def members(file: BinaryIO | Digesting) -> Iterator[Member]:
    """The members of a part that is open as `file`, in order; what lies between two that are right is one damaged
    member. Holds no more than a piece of a record. Raises what reading `file` raises."""
    blocks = _Blocks(file)
    offset = 0
    while True:
        blocks.seek(offset)
        if not blocks.read(1):
            return
        try:
            head, length = _read_member(blocks, offset)
        except _Damage as damage:
            end = _next_start(blocks, offset + 1)
            yield _member(offset, end - offset, damage.head, str(damage))
            offset = end
        else:
            yield _member(offset, length, head, None)
            offset += length


def _member(offset: int, length: int, head: StatusAndHeaders | None, problem: str | None) -> Member:
    if head is None:
        return Member(offset, length, problem=problem)
    kind, url = head.get_header("WARC-Type"), head.get_header("WARC-Target-URI")
    refers_to = None
    if kind == "revisit" and problem is None:
        url_there, date = (head.get_header(f"WARC-Refers-To-{name}") or "" for name in ("Target-URI", "Date"))
        refers_to = (url_there, date)
    return Member(offset, length, kind, url, head.get_header("Bantin-Kind") is not None, problem, refers_to)


def _read_member(file: _Blocks, offset: int) -> tuple[StatusAndHeaders, int]:
    """The header of the record at `offset`, and its member's length."""
    plain = _Plain(file, offset)
    start = b""
    while (end := start.find(_END)) < 0:
        piece = plain.read()
        if not piece or len(start) > _MAX_HEADER_BYTES:
            raise _Damage("its record has no header")
        start += piece
    head = _parsed(start[: end + len(_END)])
    rest, left = start[end + len(_END) :], _content_length(head)
    sha1 = hashlib.sha1(usedforsecurity=False)
    while left > 0:
        if not rest and not (rest := plain.read(head)):
            raise _Damage(f"its record ends {left} bytes early", head)
        sha1.update(rest[:left])
        left, rest = max(0, left - len(rest)), rest[left:]
    while piece := plain.read(head):
        rest += piece
        if len(rest) > len(_END):
            break
    if rest != _END:
        raise _Damage("its record is followed by something else", head)
    said = head.get_header("WARC-Block-Digest")
    if said and said != f"sha1:{base64.b32encode(sha1.digest()).decode()}":
        raise _Damage("its content does not have the digest that its header names", head)
    return head, plain.length


class _Plain:
    """What a member decompresses to, a piece at a time. `length` is the member's, once it has been read to its end."""

    def __init__(self, file: _Blocks, offset: int) -> None:
        file.seek(offset)
        self._file = file
        self._press = isal_zlib.decompressobj(_GZIP_WINDOW)
        self._given = 0
        self.length = 0

    def read(self, head: StatusAndHeaders | None = None) -> bytes:
        """The next piece; b"" at the member's end. Raises `_Damage`, with `head`."""
        while not self._press.eof:
            given = self._press.unconsumed_tail
            if not given:
                given = self._file.read(_READ_BYTES)
                self._given += len(given)
                if not given:
                    raise _Damage("it is cut off", head)
            try:
                piece: bytes = self._press.decompress(given, _PLAIN_BYTES)
            except isal_zlib.error as err:  # type: ignore[misc]
                raise _Damage(f"it cannot be decompressed: {err}", head) from err
            if self._press.eof:
                self.length = self._given - len(self._press.unused_data)
            if piece:
                return piece
        return b""


def _parsed(text: bytes) -> StatusAndHeaders:
    try:
        head = StatusAndHeadersParser(["WARC/1.1", "WARC/1.0"]).parse(io.BytesIO(text))
    except (StatusAndHeadersParserException, EOFError, ValueError) as err:
        raise _Damage("it holds no WARC record") from err
    return head


def _content_length(head: StatusAndHeaders) -> int:
    said = head.get_header("Content-Length") or ""
    if not said.isdecimal():
        raise _Damage("its record does not say how long it is", head)
    return int(said)


def _next_start(file: _Blocks, offset: int) -> int:
    """Where the next member begins that holds a record, from `offset` on; the file's end where there is none."""
    while True:
        file.seek(offset)
        block = file.read(_PLAIN_BYTES)
        if len(block) < len(_GZIP):
            return offset + len(block)
        at = block.find(_GZIP)
        while at >= 0:
            if _begins_record(file, offset + at):
                return offset + at
            at = block.find(_GZIP, at + 1)
        offset += len(block) - len(_GZIP) + 1


def _begins_record(file: _Blocks, offset: int) -> bool:
    file.seek(offset)
    try:
        return bool(isal_zlib.decompressobj(_GZIP_WINDOW).decompress(file.read(1024), 16).startswith(b"WARC/1."))
    except isal_zlib.error:  # type: ignore[misc]
        return False
