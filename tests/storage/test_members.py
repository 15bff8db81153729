"""A WARC part read for damage: each broken record is found, and the ones around it are not lost."""

import gzip
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from model.capture import Capture
from storage import keys
from storage.members import Digesting, Member, members
from storage.warc import PartWriter
from tests.records import RUN, exchange

KEY = keys.raw_part("kimson", RUN, 1, 1)
LIMIT = 1_000_000
BODY = "".join(f"<p>{n}: {hashlib.sha256(str(n).encode()).hexdigest()}</p>" for n in range(2_000)).encode()


@pytest.fixture
def part(tmp_path: Path) -> tuple[bytes, list[Capture]]:
    """Three pages, the second of them long."""
    writer = PartWriter(tmp_path / "part.warc.gz", KEY, "bantin-test", LIMIT)
    bodies = (b"<p>one</p>", BODY, b"<p>three</p>")
    captures = [writer.write(exchange(url=f"http://portal.example/{n}", body=body)) for n, body in enumerate(bodies)]
    writer.close()
    return writer.path.read_bytes(), captures


def found(data: bytes) -> list[Member]:
    return list(members(io.BytesIO(data)))


def test_a_whole_part_is_its_records(part: tuple[bytes, list[Capture]]) -> None:
    data, captures = part
    seen = found(data)
    assert [m.kind for m in seen] == ["warcinfo", *["response", "request"] * 3]
    assert not [m for m in seen if m.problem]
    assert [(m.offset, m.length, m.url) for m in seen if m.keeps] == [
        (c.warc_offset, c.warc_length, c.final_url) for c in captures
    ]
    assert sum(m.length for m in seen) == len(data)


@pytest.mark.parametrize("at", [0, 2, 30, 3_000, 40_000])
def test_a_flipped_bit_costs_the_record_it_is_in_and_no_other(part: tuple[bytes, list[Capture]], at: int) -> None:
    data, captures = part
    place = (captures[1].warc_offset or 0) + at
    seen = found(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    assert [m.offset for m in seen if m.problem] == [captures[1].warc_offset]
    assert [m.url for m in seen if m.keeps and not m.problem] == [captures[0].final_url, captures[2].final_url]
    (broken,) = [m for m in seen if m.problem]
    assert (broken.offset, broken.length) == (captures[1].warc_offset, captures[1].warc_length)


def test_a_cut_off_part_keeps_what_is_before(part: tuple[bytes, list[Capture]]) -> None:
    data, captures = part
    seen = found(data[: (captures[1].warc_offset or 0) + 5_000])
    assert [(m.url, m.problem) for m in seen[-1:]] == [(captures[1].final_url, "it is cut off")]
    assert not [m for m in seen[:-1] if m.problem]


def test_what_is_no_record_is_told_as_such(part: tuple[bytes, list[Capture]]) -> None:
    data, _ = part
    assert [m.problem is not None for m in found(b"x" * 10_000)] == [True]
    assert [m.problem for m in found(gzip.compress(b"no record\r\n\r\n"))] == ["it holds no WARC record"]
    forged = gzip.decompress(data).replace(b"<p>one</p>", b"<p>two</p>")[:3_000]
    member = gzip.compress(forged[forged.index(b"WARC/1.1", 10) : forged.index(b"<p>two</p>") + 14])
    assert [m.problem for m in found(member)] == ["its content does not have the digest that its header names"]
    assert found(b"") == []


def test_the_hash_is_of_every_byte_though_some_are_read_twice(part: tuple[bytes, list[Capture]]) -> None:
    data, captures = part
    place = (captures[1].warc_offset or 0) + 30
    broken = data[:place] + b"\0\0\0" + data[place + 3 :]
    file = Digesting(io.BytesIO(broken))
    list(members(file))
    assert (file.size_bytes, file.sha256) == (len(broken), hashlib.sha256(broken).hexdigest())


class Counting(io.RawIOBase):
    """A file far away, as `open_object` buffers it: counts the bytes that are asked of it."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.asked = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._data.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        read = self._data.readinto(buffer)
        self.asked += read
        return read


@pytest.mark.parametrize("block_bytes", [1_000, 8 << 20])
@pytest.mark.parametrize("copies", [1, 40])
def test_each_byte_of_a_part_is_asked_for_once(
    copies: int, block_bytes: int, part: tuple[bytes, list[Capture]]
) -> None:
    data = part[0] * copies
    raw = Counting(data)
    whole = Digesting(io.BufferedReader(raw, block_bytes))
    assert len([one for one in members(whole) if not one.problem]) == 7 * copies
    assert (raw.asked, whole.size_bytes) == (len(data), len(data))
    assert whole.sha256 == hashlib.sha256(data).hexdigest()
