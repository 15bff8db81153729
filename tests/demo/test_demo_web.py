"""The server: a proxy that serves what it knows and nothing else, keeps a log, and can be told to fail."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import unicodedata
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import lxml.html
import pytest

from demo import MORE_SOURCES, SOURCES, DemoWeb, editions, hacked, loadmore, nomap, truth, webforms
from model.source import load_source, source_files

ARTICLE = next(url for url in truth() if "aggregator.example/en/" in url)


def raw(web, question):
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
        connection.sendall(question)
        return connection.makefile("rb").readline()


@pytest.mark.parametrize(
    "url", ["http://example.org/", "http://portal.example:8080/", "http://other.example/", "https://portal.example/"]
)
def test_unknown_hosts_are_refused(url, web):
    assert b" 502 " in raw(web, f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def test_connect_is_refused(web):
    assert b" 501 " in raw(web, b"CONNECT portal.example:443 HTTP/1.1\r\nHost: portal.example:443\r\n\r\n")


def test_the_server_is_on_loopback_only(web):
    assert web._server.server_address[0] == "127.0.0.1"


def test_a_direct_question_with_the_host_named_is_answered_too(web):
    assert b" 200 " in raw(web, b"GET / HTTP/1.1\r\nHost: Portal.example:80\r\n\r\n")


def test_a_connection_serves_several_sites(web):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)
    for url in ("http://portal.example/", "http://paper.example/", "http://trouble.example/empty"):
        connection.request("GET", url)
        socket_used = connection.sock
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        assert connection.sock is socket_used
    connection.request("HEAD", "http://paper.example/")
    assert connection.getresponse().read() == b""
    connection.close()


def test_what_was_asked_is_kept(web, get):
    get("http://portal.example/tin-tuc/?page=2", User_Agent="bantin-test")
    get("http://portal.example/nothing")
    first, second = web.requests
    assert (first.host, first.path, first.status) == ("portal.example", "/tin-tuc/?page=2", 200)
    assert first.user_agent == "bantin-test"
    assert (second.status, second.at.tzinfo is not None) == (404, True)
    assert web.count("http://portal.example/tin-tuc/?page=2") == 1
    assert web.count("http://portal.example/tin-tuc/") == 0


def test_a_page_fails_as_often_as_it_is_told_to(web, get):
    web.fail(ARTICLE, status=503, times=2)
    assert [get(ARTICLE).status for _ in range(3)] == [503, 503, 200]


def test_healing_ends_failures(web, get):
    other = "http://portal.example/tin-tuc/"
    web.fail(ARTICLE, times=None)
    web.fail(other, times=None)
    assert [get(ARTICLE).status for _ in range(3)] == [500] * 3
    web.heal(ARTICLE)
    assert (get(ARTICLE).status, get(other).status) == (200, 500)
    web.heal()
    assert get(other).status == 200


def test_a_page_can_misbehave_as_any_trouble_does(web, get):
    web.fail(ARTICLE, times=1, like="/captcha")
    assert "robot" in get(ARTICLE).text
    assert "robot" not in get(ARTICLE).text


def test_an_edit_changes_text_and_validators_but_not_the_date(web, get):
    before, want = get(ARTICLE), truth()[ARTICLE]
    web.edit(ARTICLE, want.text[1], "Somebody has written something else here.")
    web.edit(ARTICLE, "something else", "“this & that”")
    after = get(ARTICLE, If_None_Match=before.headers["ETag"], If_Modified_Since=before.headers["Last-Modified"])
    assert after.status == 200
    assert want.text[1] not in after.text
    assert "Somebody has written “this &amp; that” here." in after.text
    assert after.headers["Last-Modified"] != before.headers["Last-Modified"]
    assert f'"datePublished": "{want.published_at.isoformat()}"' in after.text
    assert get(ARTICLE, If_None_Match=after.headers["ETag"]).status == 304


def test_an_edit_follows_the_pages_encoding(web, get):
    [url] = [url for url in truth() if "post40107" in url]
    web.edit(url, truth()[url].text[1], "Muối năm nay trắng hơn mọi năm.")
    page = unicodedata.normalize("NFC", get(url).body.decode("cp1258"))
    assert "Muối năm nay trắng hơn mọi năm." in page
    assert truth()[url].text[1] not in page


def test_an_edit_of_what_is_not_there_is_an_error_and_changes_nothing(web, get):
    before = get(ARTICLE).body
    with pytest.raises(ValueError, match="no such words"):
        web.edit(ARTICLE, "no such words", "others")
    with pytest.raises(ValueError, match="expected an http:// address"):
        web.edit("http://example.org/", "a", "b")
    assert get(ARTICLE).body == before


def test_clients_that_vanish_leave_no_trace(web, get, capfd):
    for question in (b"GET http://trouble.example/endless HTTP/1.1\r\nHost: x\r\n\r\n", b"GET http://por", b""):
        with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
            connection.sendall(question)
            if question.endswith(b"\r\n\r\n"):
                connection.recv(100)
    assert get("http://portal.example/").status == 200
    assert capfd.readouterr().err == ""


def test_many_clients_at_once_are_all_answered_and_counted(web, get):
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: get(ARTICLE).status, range(100)))
    assert statuses == [200] * 100
    assert web.count(ARTICLE) == len(web.requests) == 100


def test_closing_gives_the_port_back_while_answers_are_under_way():
    with DemoWeb() as web:
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)
        connection.request("GET", "http://trouble.example/endless")
        connection.getresponse().read(10)
    began = time.monotonic()
    with DemoWeb(port=web.port) as again:
        assert again.port == web.port
    assert time.monotonic() - began < 2
    connection.close()


def test_a_taken_port_is_an_error(web):
    with pytest.raises(OSError, match="in use"):
        DemoWeb(port=web.port)


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM]])
def test_the_command_serves_until_it_is_told_to_stop(signals):
    command = [sys.executable, "-m", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = next(line for line in process.stdout if "BANTIN_DEMO_PROXY=" in line)
        proxy = line.split("BANTIN_DEMO_PROXY=")[1].split()[0]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
        assert opener.open("http://paper.example/", timeout=5).status == 200
        for number in signals:
            os.kill(process.pid, number)
        assert process.wait(timeout=5) == 0


def test_the_sources_load_and_take_the_articles_and_only_them():
    sources = [load_source(path) for path in source_files(SOURCES)]
    assert [source.id for source in sources] == ["demo-aggregator", "demo-paper", "demo-portal"]
    for source in sources:
        own = [url for url in truth() if source.is_article(url)]
        assert own == [url for url in truth() if url.startswith(source.url)]
        assert all(source.language_of(url) == truth()[url].language for url in own)
        assert not any(source.is_article(listing.url) for listing in source.discovery.listings)
        assert source.fetch.proxy == "${BANTIN_DEMO_PROXY}"


def test_the_sources_selectors_find_what_they_name(get):
    for source in map(load_source, source_files(SOURCES)):
        for url in filter(source.is_article, truth()):
            page = lxml.html.document_fromstring(get(url).body)
            clean = source.clean
            named = [*clean.title, *clean.lead, *clean.body, *clean.author, *clean.published]
            assert all(len(page.cssselect(selector)) == 1 for selector in named)


def test_each_of_the_other_sources_loads_and_takes_its_sites_articles_and_only_them(get):
    sites = {"demo-webforms": webforms, "demo-loadmore": loadmore, "demo-nomap": nomap, "demo-editions": editions}
    sites["demo-hacked"] = hacked
    sources = [load_source(path) for path in source_files(MORE_SOURCES)]
    assert {source.id for source in sources} == set(sites)
    for source in sources:
        own = [f"http://{sites[source.id].HOST}{path}" for path in sites[source.id].articles()]
        assert all(source.is_article(url) for url in own)
        assert not any(source.is_article(listing.url) for listing in source.discovery.listings)
        page = lxml.html.document_fromstring(get(own[0]).body)
        clean = source.clean
        named = [*clean.title, *clean.body, *clean.published]
        assert all(len(page.cssselect(selector)) == 1 for selector in named)


def test_what_is_posted_reaches_the_site_and_the_log(web, get):
    listing = "http://webforms.example/danh-sach.aspx"
    get(listing)
    assert get(listing, form={"__VIEWSTATE": "ở đâu"}).status == 500
    assert [(seen.method, seen.status) for seen in web.requests] == [("GET", 200), ("POST", 500)]
    assert web.count(listing) == 2


@pytest.mark.parametrize(
    ("lengths", "status"),
    [
        ("Content-Length: 1000001", b" 413 "),
        ("Content-Length: 99999999999999999999", b" 413 "),
        ("Content-Length: -1", b" 411 "),
        ("Transfer-Encoding: chunked", b" 411 "),
        ("X: no length at all", b" 411 "),
    ],
)
def test_a_body_without_measure_is_refused_unread(lengths, status, web):
    assert status in raw(web, f"POST http://portal.example/ HTTP/1.1\r\nHost: x\r\n{lengths}\r\n\r\n".encode())
    assert web.requests == []


def test_robots_txt_says_what_it_is_told_to_until_it_is_healed(web, get):
    url = "http://portal.example/robots.txt"
    usual = get(url).text
    web.robots("portal.example", "User-agent: *\nCrawl-delay: 7\n")
    assert get(url).text.endswith("Crawl-delay: 7\n")
    assert "Crawl-delay" not in get("http://paper.example/robots.txt").text
    web.robots("portal.example", None, status=503)
    assert (get(url).status, get(url).body) == (503, b"")
    web.heal(url)
    assert get(url).text == usual
    web.robots("portal.example", None, status=404)
    web.heal()
    assert get(url).text == usual
    with pytest.raises(ValueError, match="expected an http:// address"):
        web.robots("other.example", None)
