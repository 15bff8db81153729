"""A seal: the SHA-256 of a Parquet file within the file itself: a bit that turns shows, without another object.

Pages of a table have checksums, its footer (names, places, statistics) has none. The seal lies between the last page
and the footer, where Parquet's readers, which go by the places in the footer, never look: `bantin.seal/256` and the 32
bytes of the hash, of the file as it was without them (https://parquet.apache.org/docs/file-format/).
"""

import hashlib
from pathlib import Path

_MARK = b"bantin.seal/256:"
_SEAL_BYTES = len(_MARK) + 32
_END_BYTES = 8
"""The footer's length, and `PAR1`."""

_BLOCK_BYTES = 1 << 20


def seal(file: Path) -> None:
    """Puts a seal into a Parquet file that has none. Raises OSError."""
    with file.open("r+b") as parquet:
        size_bytes = parquet.seek(0, 2)
        parquet.seek(size_bytes - _END_BYTES)
        start = _footer_start(size_bytes, parquet.read(_END_BYTES))
        parquet.seek(0)
        sha256, left = hashlib.sha256(), start
        while left and (block := parquet.read(min(left, _BLOCK_BYTES))):
            sha256.update(block)
            left -= len(block)
        footer = parquet.read()
        sha256.update(footer)
        parquet.seek(start)
        parquet.write(_MARK + sha256.digest() + footer)


def is_unbroken(data: bytes) -> bool | None:
    """Whether the bytes of a Parquet file are those that were sealed; None where they have no seal."""
    start = _footer_start(len(data), data[-_END_BYTES:])
    at = start - _SEAL_BYTES
    if at < 0 or data[at : at + len(_MARK)] != _MARK:
        return None
    view = memoryview(data)
    sha256 = hashlib.sha256(view[:at])
    sha256.update(view[start:])
    return sha256.digest() == data[start - 32 : start]


def _footer_start(size_bytes: int, end: bytes) -> int:
    return size_bytes - _END_BYTES - int.from_bytes(end[:4], "little")
