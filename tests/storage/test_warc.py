"""WARC parts: any reader can read them, and ours finds captures and bodies again."""

import base64
import gzip
import hashlib
import resource
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from model.capture import Capture, Kind
from storage import keys
from storage.content_encoding import ContentEncodingError, decode_body, is_cut_short
from storage.errors import Corrupt
from storage.exchange import Earlier, Exchange
from storage.store import ObjectStore, open_object, open_store
from storage.warc import PartWriter, read_answer, read_body, read_captures
from tests.records import RUN, URL, capture, exchange

KEY = keys.raw_part("kimson", RUN, 1, 1)
LIMIT = 1_000_000

PLAIN = "<p>Lễ hội</p>".encode()
SHA256 = hashlib.sha256(PLAIN).hexdigest()
EARLIER = Earlier(url=URL, fetched_at=datetime(2026, 11, 20, 6, 0, 1, 500, tzinfo=UTC), body_sha256=SHA256)
NOT_MODIFIED = exchange(
    status=304, status_text="Not Modified", headers=[(b"ETag", b'"abc"')], body=b"", earlier=EARLIER
)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "archive"))


def written(store: ObjectStore, folder: Path, *all_: Exchange | Capture) -> list[Capture]:
    """The captures of these exchanges and failures, which are in the store afterwards."""
    part = PartWriter(folder / "part.warc.gz", KEY, "bantin-test", LIMIT)
    captures = [part.write(one) if isinstance(one, Exchange) else part.note(one) for one in all_]
    part.close()
    store.put(KEY, part.path, if_absent=True)
    return captures


def answer_of(store: ObjectStore, one: Capture) -> dict[str, str]:
    """The header fields of a capture's record and, as `block`, what it holds: read without any WARC library."""
    assert one.warc_offset is not None
    assert one.warc_length is not None
    member = gzip.decompress(store.get(KEY)[one.warc_offset : one.warc_offset + one.warc_length])
    head, _, block = member.decode(errors="replace").partition("\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    return {**fields, "block": block.removesuffix("\r\n\r\n")}


def test_warcio_reads_a_part_and_finds_its_digests_right(store: ObjectStore, tmp_path: Path) -> None:
    written(
        store,
        tmp_path,
        exchange(),
        exchange(status=302, status_text="Found", headers=[(b"Location", b"/")], body=b""),
        NOT_MODIFIED,
        exchange(earlier=EARLIER),
    )
    kinds = []
    with (tmp_path / "part.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            record.content_stream().read()
            kinds.append(record.rec_type)
    answers = ["response", "response", "revisit", "revisit"]
    assert kinds == ["warcinfo", *(kind for answer in answers for kind in (answer, "request"))]


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
        exchange(headers=[(b"Content-Encoding", b"br,  \xc2\xa0 x\x85")], body=b"?"),
        exchange(headers=[(b"ETag \t", b"\x85 a\x1c"), (b"Last-Modified", b"\xa0\xff "), (b"Location", b" /x ")]),
        exchange(error="blocked:  a\r\nwall \udcff " + "x" * 9_000),
        exchange(status=301, status_text="Moved Permanently", headers=[(b"Location", b"/moi?q=\xc4\x91")], body=b""),
        NOT_MODIFIED,
        exchange(earlier=EARLIER),
        exchange(earlier=EARLIER, error="blocked: a wall"),
        capture(status=None, error="no  route\nto host"),
        capture(status=None, error=""),
    )
    assert list(read_captures(store, KEY, LIMIT)) == captures
    assert captures[0].charset == "utf-8"
    assert captures[2].body_sha256 is None
    assert not captures[2].unchanged, "nothing earlier is known, so there is nothing to repeat"
    assert captures[4].error is not None
    assert captures[6].error is not None
    assert captures[6].error.startswith("blocked: a wall ? x")
    assert [captures[n].error for n in (11, 12)] == ["no route to host", "unknown"]


def test_a_304_is_a_revisit_of_what_was_stored(store: ObjectStore, tmp_path: Path) -> None:
    (one,) = written(store, tmp_path, NOT_MODIFIED)
    assert (one.unchanged, one.status, one.etag, one.body_sha256, one.size_bytes) == (True, 304, '"abc"', None, 0)
    assert not one.failed
    record = answer_of(store, one)
    assert record["WARC-Type"] == "revisit"
    assert record["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert record["WARC-Refers-To-Target-URI"] == URL
    assert record["WARC-Refers-To-Date"] == "2026-11-20T06:00:01.000500Z"
    assert "WARC-Payload-Digest" not in record
    assert record["block"] == 'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\n\r\n'


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_a_body_that_was_stored_already_is_not_stored_again(store: ObjectStore, tmp_path: Path, encoding: str) -> None:
    wire = gzip.compress(PLAIN) if encoding else PLAIN
    headers = [(b"Content-Encoding", encoding.encode()), (b"X-Served-By", b"2")]
    (one,) = written(store, tmp_path, exchange(headers=headers, body=wire, earlier=EARLIER))
    assert (one.unchanged, one.status, one.body_sha256, one.size_bytes) == (True, 200, SHA256, len(wire))
    assert not one.is_page, "there is nothing for the cleaner to read"
    record = answer_of(store, one)
    assert record["WARC-Type"] == "revisit"
    assert record["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert record["WARC-Refers-To-Target-URI"] == URL
    assert record["WARC-Truncated"] == "length"
    assert record["WARC-Payload-Digest"] == f"sha1:{base64.b32encode(hashlib.sha1(wire).digest()).decode()}"
    assert record["Bantin-Body-SHA256"] == SHA256
    assert record["block"].endswith("X-Served-By: 2\r\n\r\n")


@pytest.mark.parametrize(
    "changed",
    [
        {"body": b"<p>another</p>"},
        {"earlier": Earlier(url=URL, fetched_at=EARLIER.fetched_at, body_sha256=None)},
        {"status": 404, "status_text": "Not Found"},
        {"error": "blocked: a wall"},
        {"body": b""},
    ],
)
def test_anything_else_is_kept_whole(store: ObjectStore, tmp_path: Path, changed: dict[str, object]) -> None:
    (one,) = written(store, tmp_path, exchange(**{"earlier": EARLIER, **changed}))
    assert not one.unchanged
    assert answer_of(store, one)["WARC-Type"] == "response"
    with open_object(store, KEY) as file:
        assert read_body(file, one, LIMIT) == changed.get("body", PLAIN)


def test_a_revisit_says_where_the_body_is(store: ObjectStore, tmp_path: Path) -> None:
    (one,) = written(store, tmp_path, exchange(earlier=EARLIER))
    expected = rf"revisit record has no body: read that of {URL} at 2026-11-20T06:00:01\.000500Z"
    with open_object(store, KEY) as file, pytest.raises(Corrupt, match=expected):
        read_body(file, one, LIMIT)
    assert one.warc_offset is not None
    with pytest.raises(Corrupt, match=expected):
        read_answer(store, KEY, one.warc_offset, LIMIT)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/moi.html", "http://portal.example/moi.html"),
        (b"moi.html#top", "http://portal.example/moi.html#top"),
        (b"//cdn.example/x", "http://cdn.example/x"),
        ("/tin mới".encode(), "http://portal.example/tin%20m%E1%BB%9Bi"),
        (b"https://new.example/a\x0bb\xc2\x85", "https://new.example/a%0Bb"),
        (b"http://[::1", None),
        (b"javascript:alert(1)", None),
        (b"https://", None),
        (b"", None),
    ],
)
def test_a_redirect_s_target_is_absolute_and_harmless(
    store: ObjectStore, tmp_path: Path, location: bytes, target: str | None
) -> None:
    moved = exchange(status=302, status_text="Found", headers=[(b"Location", location)], body=b"")
    (one,) = written(store, tmp_path, moved)
    assert one.location == target


def test_long_targets_are_cut_and_other_answers_have_none(store: ObjectStore, tmp_path: Path) -> None:
    headers = [(b"Location", b"http://bet.example/" + b"x" * 9_000)]
    moved, created = written(
        store, tmp_path, exchange(status=307, headers=headers), exchange(status=201, headers=headers)
    )
    assert moved.location is not None
    assert moved.location.startswith("http://bet.example/xxx")
    assert len(moved.location) == 4_000
    assert created.location is None


def test_a_full_disk_leaves_whole_records(store: ObjectStore, tmp_path: Path) -> None:
    part = PartWriter(tmp_path / "part.warc.gz", KEY, "bantin-test", LIMIT)
    first = part.write(exchange())
    before = part.size_bytes
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 100, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            part.write(exchange())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert part.path.stat().st_size == part.size_bytes == before
    second = part.write(exchange(final_url="http://portal.example/khac"))
    part.close()
    store.put(KEY, part.path)
    assert list(read_captures(store, KEY, LIMIT)) == [first, second]


def test_an_inspector_sees_the_decoded_body_and_its_word_is_kept(store: ObjectStore, tmp_path: Path) -> None:
    part = PartWriter(
        tmp_path / "part.warc.gz", KEY, "bantin-test", LIMIT, lambda exchange, body: f"{exchange.status} {body!r}"
    )
    one = part.write(exchange(headers=[(b"Content-Encoding", b"gzip")], body=gzip.compress(b"wall"), earlier=EARLIER))
    part.close()
    store.put(KEY, part.path)
    assert (one.error, one.failed) == ("200 b'wall'", True)
    assert answer_of(store, one)["Bantin-Error"] == "200 b'wall'"
    assert list(read_captures(store, KEY, LIMIT)) == [one]


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


@pytest.mark.parametrize("damage", ["cut short", "a bit changed"])
def test_a_damaged_record_is_named_and_none_of_its_body_is_given_out(
    store: ObjectStore, tmp_path: Path, damage: str
) -> None:
    body = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200)).encode()
    first, second = written(store, tmp_path, exchange(), exchange(final_url="http://portal.example/khac", body=body))
    assert second.warc_offset is not None
    assert second.warc_length is not None
    data, middle = store.get(KEY), second.warc_offset + second.warc_length // 2
    rest = b"" if damage == "cut short" else bytes([data[middle] ^ 1]) + data[middle + 1 :]
    store.put(KEY, data[:middle] + rest)
    with open_object(store, KEY) as file:
        assert read_body(file, first, LIMIT) == "<p>Lễ hội</p>".encode(), "what lies before it is as it was"
        with pytest.raises(Corrupt, match=rf"{KEY}.*: expected a (body with the digest|WARC record|response record)"):
            read_body(file, second, LIMIT)
    with pytest.raises(Corrupt, match=rf"{KEY}.*: expected a (body with the digest|WARC part)"):
        list(read_captures(store, KEY, LIMIT))


def test_header_lines_of_hostile_servers_are_kept_byte_by_byte(store: ObjectStore, tmp_path: Path) -> None:
    lines = [(b"X-\xc4", "tiếng Việt".encode()), (b"ETag", b'"\xe9\xff"'), (b"Content-Type", b"text/html;charset=\"'")]
    (one,) = written(store, tmp_path, exchange(headers=lines))
    assert list(read_captures(store, KEY, LIMIT)) == [one]
    raw = gzip.decompress(store.get(KEY))
    assert b'ETag: "\xe9\xff"\r\n' in raw
    assert "tiếng Việt".encode() in raw


PAGE = b"<!DOCTYPE html><body>" + b" ".join(b"<p>%d</p>" % (n * n) for n in range(3_000))
PACKED = gzip.compress(PAGE)


@pytest.mark.parametrize(
    ("sent", "is_cut"),
    [
        (PACKED, False),
        (PACKED[:-4], False),  # nothing but its length
        (PACKED[:-8], False),  # and its check sum
        (PACKED[:-40], True),
        (PACKED[: len(PACKED) // 2], True),
        (PACKED + b"\0padding", False),
        (PACKED + gzip.compress(b"<p>one more</p>"), False),
        (gzip.compress(PAGE + b"</body></HTML >\n")[:-8], False),
        (PAGE, False),
        (b"", False),
    ],
)
def test_a_page_whose_compressed_body_stops_in_the_middle_is_cut_short(sent: bytes, is_cut: bool) -> None:
    assert is_cut_short(sent, "gzip", decode_body(sent, "gzip", LIMIT)) == is_cut
    assert not is_cut_short(sent, "deflate", sent)


def test_a_stream_without_its_end_that_has_come_to_the_page_s_is_whole() -> None:
    stream = zlib.compressobj(wbits=31)
    sent = stream.compress(PAGE + b"</body></html>\n") + stream.flush(zlib.Z_SYNC_FLUSH)
    assert not is_cut_short(sent, "gzip", decode_body(sent, "gzip", LIMIT))


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
    with pytest.raises(ContentEncodingError, match="gzip members"):
        decode_body(gzip.compress(b"") * 100_000, "gzip", LIMIT)
    with pytest.raises(ContentEncodingError, match="1000 content encodings"):
        decode_body(gzip.compress(b"x"), ", ".join(["gzip"] * 1000), LIMIT)
    assert decode_body(gzip.compress(b"once") + b"\0padding", "gzip, gzip", LIMIT) == b"once"
    assert decode_body(b"", "gzip", LIMIT) == b""
    raw = zlib.compressobj(wbits=-15)
    assert decode_body(raw.compress(b"raw deflate") + raw.flush(), "deflate", LIMIT) == b"raw deflate"
