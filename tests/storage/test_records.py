"""One WARC record as it was stored: request, answer and body, and what is wrong with it."""

import gzip
import hashlib

import pytest

from storage import keys
from storage.directory import DirectoryStore
from storage.errors import Corrupt, KeyNotFound
from storage.records import read_record
from storage.warc import PartWriter
from tests.records import RUN, exchange

KEY = keys.raw_part("kimson", RUN, 1, 1)
LIMIT = 1_000_000


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "archive")


def stored(store, tmp_path, *exchanges):
    part = PartWriter(tmp_path / "part.warc.gz", KEY, "test", LIMIT)
    captures = [part.write(one) for one in exchanges]
    part.close()
    store.put(KEY, part.path)
    return captures


def test_a_record_is_told_with_the_request_beside_it(store, tmp_path):
    body = "<p>Lễ hội</p>".encode()
    sent = gzip.compress(body)
    headers = [(b"Content-Type", b"text/html; charset=UTF-8"), (b"Content-Encoding", b"gzip")]
    first, second = stored(store, tmp_path, exchange(), exchange(body=sent, headers=headers))
    found = read_record(store, KEY, second.warc_offset, LIMIT)
    assert found.url == second.final_url
    assert found.request.line == "GET /le-hoi-mua-thu-1204 HTTP/1.1"
    assert ("User-Agent", "bantin-test") in found.request.headers
    assert found.response.line == "HTTP/1.1 200 OK"
    assert (found.body, found.sent_bytes) == (body, len(sent))
    assert found.sha256 == hashlib.sha256(body).hexdigest() == second.body_sha256
    assert found.content_type == "text/html; charset=UTF-8"
    assert found.problem is None
    assert read_record(store, KEY, first.warc_offset, LIMIT).sent_bytes == len(body)


def test_a_body_that_cannot_be_decoded_is_told_as_it_was_sent(store, tmp_path):
    (bomb,) = stored(
        store, tmp_path, exchange(body=gzip.compress(b"x" * 5000), headers=[(b"Content-Encoding", b"gzip")])
    )
    found = read_record(store, KEY, bomb.warc_offset, 1000)
    assert found.body[:2] == b"\x1f\x8b"
    assert "1000 bytes" in found.problem


def test_a_body_that_its_digest_does_not_fit_says_so(store, tmp_path):
    (one,) = stored(store, tmp_path, exchange())
    plain = gzip.decompress(store.get(KEY, (one.warc_offset, one.warc_length)))
    store.put(KEY, gzip.compress(plain.replace("hội".encode(), "HỘI".encode())))
    found = read_record(store, KEY, 0, LIMIT)
    assert "digest" in found.problem
    assert found.request is None


def test_where_no_response_is_that_is_an_error(store, tmp_path):
    (one,) = stored(store, tmp_path, exchange())
    for offset in (0, one.warc_offset + 1, one.warc_offset + one.warc_length, 10_000_000):
        with pytest.raises(Corrupt, match=KEY):
            read_record(store, KEY, offset, LIMIT)
    with pytest.raises(KeyNotFound):
        read_record(store, keys.raw_part("kimson", RUN, 1, 2), 0, LIMIT)
