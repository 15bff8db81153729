"""WARC parts: any reader can read them, and ours finds captures and bodies again."""

import gzip
import zlib
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from model.capture import Capture, Kind
from storage import keys
from storage.content_encoding import ContentEncodingError, decode_body
from storage.errors import Corrupt
from storage.store import ObjectStore, open_object, open_store
from storage.warc import Exchange, PartWriter, read_body, read_captures
from tests.records import RUN, URL, exchange

KEY = keys.raw_part("kimson", RUN, 1, 1)
LIMIT = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "archive"))


def written(store: ObjectStore, folder: Path, *exchanges: Exchange) -> list[Capture]:
    part = PartWriter(folder / "part.warc.gz", KEY, "bantin-test", LIMIT)
    captures = [part.write(one) for one in exchanges]
    part.close()
    store.put(KEY, part.path, if_absent=True)
    return captures


def test_warcio_reads_a_part_and_finds_its_digests_right(store: ObjectStore, tmp_path: Path) -> None:
    written(
        store, tmp_path, exchange(), exchange(status=302, status_text="Found", headers=[(b"Location", b"/")], body=b"")
    )
    kinds = []
    with (tmp_path / "part.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            record.content_stream().read()
            kinds.append(record.rec_type)
    assert kinds == ["warcinfo", "response", "request", "response", "request"]


def test_the_record_holds_the_exchange(store: ObjectStore, tmp_path: Path) -> None:
    (one,) = written(store, tmp_path, exchange())
    assert one.warc_offset is not None
    with open_object(store, KEY) as file:
        file.seek(one.warc_offset)
        records = ArchiveIterator(file)
        response = next(iter(records))
        assert response.rec_headers.get_header("WARC-Target-URI") == URL
        assert response.rec_headers.get_header("WARC-Date") == "2026-11-22T00:00:05.250000Z"
        assert response.http_headers.get_header("ETag") == '"abc"'
        assert response.content_stream().read().decode() == "<p>Lễ hội</p>"
        request = next(iter(records))
        assert request.http_headers.get_header("User-Agent") == "bantin-test"
        assert request.rec_headers.get_header("WARC-Concurrent-To") == response.rec_headers.get_header("WARC-Record-ID")


def test_captures_can_be_told_from_the_part_alone(store: ObjectStore, tmp_path: Path) -> None:
    captures = written(
        store,
        tmp_path,
        exchange(),
        exchange(via=None, language=None, kind=Kind.ROBOTS, final_url="http://portal.example/robots.txt"),
        exchange(status=304, status_text="Not Modified", headers=[], body=b""),
        exchange(headers=[(b"Content-Encoding", b"gzip")], body=gzip.compress("Hội".encode())),
        exchange(headers=[(b"Content-Encoding", b"br")], body=b"?"),
    )
    assert list(read_captures(store, KEY, LIMIT)) == captures
    assert captures[0].charset == "utf-8"
    assert captures[2].body_sha256 is None
    assert captures[4].error is not None


@pytest.mark.parametrize("encoding", ["gzip", "deflate", ""])
def test_a_body_is_kept_as_received_and_read_decoded(store: ObjectStore, tmp_path: Path, encoding: str) -> None:
    plain = "<p>Lễ hội mùa thu</p>".encode() * 50
    wire = {"gzip": gzip.compress(plain), "deflate": zlib.compress(plain), "": plain}[encoding]
    (one,) = written(
        store, tmp_path, exchange(headers=[(b"Content-Encoding", encoding.encode())] if encoding else [], body=wire)
    )
    assert one.size_bytes == len(wire)
    with open_object(store, KEY) as file:
        assert read_body(file, one, LIMIT) == plain


def test_a_capture_of_another_place_is_refused(store: ObjectStore, tmp_path: Path) -> None:
    first, _ = written(store, tmp_path, exchange(), exchange(final_url="http://portal.example/khac"))
    wrong = Capture(**{**{n: getattr(first, n) for n in first.__dataclass_fields__}, "final_url": "http://x.example/"})
    with open_object(store, KEY) as file, pytest.raises(Corrupt, match=r"expected the response record of http://x"):
        read_body(file, wrong, LIMIT)


def test_a_part_that_is_none_is_named(store: ObjectStore) -> None:
    store.put(KEY, b"not a WARC file at all\r\n\r\n")
    with pytest.raises(Corrupt, match="attempt-1-part-1"):
        list(read_captures(store, KEY, LIMIT))


def test_header_lines_of_hostile_servers_are_kept_byte_by_byte(store: ObjectStore, tmp_path: Path) -> None:
    lines = [(b"X-\xc4", "tiếng Việt".encode()), (b"ETag", b'"\xe9\xff"'), (b"Content-Type", b"text/html;charset=\"'")]
    (one,) = written(store, tmp_path, exchange(headers=lines))
    assert list(read_captures(store, KEY, LIMIT)) == [one]
    raw = gzip.decompress(store.get(KEY))
    assert b'ETag: "\xe9\xff"\r\n' in raw
    assert "tiếng Việt".encode() in raw


def test_bombs_and_damage_are_told_from_content() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with pytest.raises(ContentEncodingError, match="grows past 1000000 bytes"):
        decode_body(bomb, "gzip", LIMIT)
    with pytest.raises(ContentEncodingError, match="grows past"):
        decode_body(gzip.compress(b"0" * 900_000) * 2, "gzip", LIMIT)
    assert decode_body(b"plain after all", "gzip", LIMIT) == b"plain after all"
    cut = gzip.compress(bytes(range(256)) * 100)[:-40]
    assert decode_body(cut, "gzip", LIMIT)[:256] == bytes(range(256))
    with pytest.raises(ContentEncodingError):
        decode_body(b"\x1f\x8b" + b"\xff" * 40, "gzip", LIMIT)
    with pytest.raises(ContentEncodingError, match="'br'"):
        decode_body(b"x", "br", LIMIT)
    raw = zlib.compressobj(wbits=-15)
    assert decode_body(raw.compress(b"raw deflate") + raw.flush(), "deflate", LIMIT) == b"raw deflate"
