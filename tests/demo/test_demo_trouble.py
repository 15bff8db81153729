"""trouble.example: every misbehaviour is what its path says."""

import gzip
import http.client
import socket
import time
import zlib

import pytest

from demo import trouble

HOST = "http://trouble.example"


def connect(web, path):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)
    connection.request("GET", HOST + path)
    return connection.getresponse()


def test_the_list_leads_to_each_kind_of_trouble(get):
    listed = get(f"{HOST}/").text
    assert all(f'href="{path}"' in listed for path in trouble.LINKS)
    kinds = {path.split("/")[1].split("?")[0] for path in trouble.LINKS}
    described = {word.split("/")[1] for word in trouble.__doc__.split() if word.startswith("/") and len(word) > 1}
    assert kinds == {kind.rstrip("`") for kind in described}


@pytest.mark.parametrize("code", [200, 403, 404, 410, 429, 500, 503, 599])
def test_a_status_is_the_one_asked_for(code, get):
    assert get(f"{HOST}/status/{code}").status == code


def test_every_other_request_is_too_many(get):
    replies = [get(f"{HOST}/429/3") for _ in range(4)]
    assert [reply.status for reply in replies] == [429, 200, 429, 200]
    assert replies[0].headers["Retry-After"] == "3"
    assert trouble.TITLE in replies[1].text


def test_slow_waits_and_then_answers(get):
    began = time.monotonic()
    assert trouble.TITLE in get(f"{HOST}/slow/0.2").text
    assert 0.2 <= time.monotonic() - began < 2


def test_drip_sends_a_byte_at_a_time(web):
    response = connect(web, "/drip")
    assert int(response.headers["Content-Length"]) > 500
    response.fp.raw._sock.settimeout(0.3)  # less than the pause between two bytes
    assert response.read(1) == b"<"
    with pytest.raises(TimeoutError):
        response.read(2)
    response.close()


def test_endless_does_not_end(web):
    response = connect(web, "/endless")
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert len(response.read(3_000_000)) == 3_000_000
    response.close()


def test_big_is_as_big_as_it_says(get):
    reply = get(f"{HOST}/big/3")
    assert len(reply.body) == int(reply.headers["Content-Length"]) == 3_000_000


def test_reset_breaks_off_in_the_middle(web):
    response = connect(web, "/reset")
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        response.read()
    response.close()
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
        connection.sendall(b"GET http://trouble.example/reset HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.makefile("rb").read()


def test_redirects_count_down_to_a_page(get):
    url, hops = f"{HOST}/redirect/3", 0
    while (reply := get(url)).status == 302:
        url, hops = reply.headers["Location"], hops + 1
    assert (reply.status, hops) == (200, 3)


def test_the_circle_leads_back_to_itself(get):
    there = get(f"{HOST}/redirect-circle").headers["Location"]
    assert there != f"{HOST}/redirect-circle"
    assert get(there).headers["Location"] == f"{HOST}/redirect-circle"


def test_one_redirect_leaves_the_site(get):
    assert get(f"{HOST}/redirect-off").headers["Location"] == "http://aggregator.example/"


def test_the_charset_is_wrong(get):
    reply = get(f"{HOST}/wrong-charset")
    assert reply.headers.get_content_charset() == "iso-8859-1"
    assert trouble.TITLE in reply.body.decode("utf-8")


def test_broken_gzip_does_not_unpack(get):
    reply = get(f"{HOST}/broken-gzip")
    assert reply.headers["Content-Encoding"] == "gzip"
    with pytest.raises((EOFError, zlib.error, gzip.BadGzipFile)):
        gzip.decompress(reply.body)


def test_the_bomb_is_small_until_it_is_unpacked(get):
    reply = get(f"{HOST}/gzip-bomb")
    assert len(reply.body) < 100_000
    unpacker = zlib.decompressobj(wbits=31)
    assert len(unpacker.decompress(reply.body, 20_000_000)) == 20_000_000
    assert int.from_bytes(reply.body[-4:], "little") == trouble.BOMB_MB * 1_000_000  # RFC 1952: ISIZE


def test_binary_is_a_picture_that_is_called_a_page(get):
    reply = get(f"{HOST}/binary")
    assert reply.headers.get_content_type() == "text/html"
    assert reply.body.startswith(b"\x89PNG")


def test_pdf_is_one(get):
    reply = get(f"{HOST}/pdf")
    assert reply.headers["Content-Type"] == "application/pdf"
    assert reply.body.startswith(b"%PDF-")


def test_empty_is_empty(get):
    reply = get(f"{HOST}/empty")
    assert (reply.status, reply.body) == (200, b"")


def test_not_modified_comes_unasked(get):
    assert get(f"{HOST}/not-modified").status == 304


def test_etag_is_honoured(get):
    first = get(f"{HOST}/etag")
    assert first.status == 200
    assert get(f"{HOST}/etag", If_None_Match=first.headers["ETag"]).status == 304


def test_the_block_page_looks_like_success(get):
    reply = get(f"{HOST}/captcha")
    assert reply.status == 200
    assert "captcha" in reply.text
    assert trouble.TITLE not in reply.text


def test_the_odd_header_is_none(web):
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
        connection.sendall(b"GET http://trouble.example/odd-header HTTP/1.1\r\nHost: x\r\n\r\n")
        head = connection.recv(65_536).split(b"\r\n\r\n")[0]
    assert "X Máy chủ: Mộc Giang".encode() in head


def test_other_paths_are_not_found(get):
    assert get(f"{HOST}/nowhere").status == 404
    assert get(f"{HOST}/slow/soon").status == 404
