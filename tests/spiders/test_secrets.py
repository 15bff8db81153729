"""Secrets: found where the source's file says, sent to its own hosts alone, and written nowhere."""

import gzip
import json
import logging
import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from bantin.fetch import Fetch
from bantin.settings import CHECKOUT, Settings
from model.errors import SourceError
from model.source import Source, dump_source
from spiders import secrets
from spiders.proxy import proxy_address
from spiders.settings import crawl_settings
from storage import keys
from storage.store import open_store
from tests.servers.answering import Answering
from tests.servers.site import PAGE, Site
from tests.spiders.asking import ask_all

RUN = "20261122T000000Z"
TOKEN, COOKIE, USER, PASSWORD = "bi-mat-tieu-de-1", "bi mat=banh quy/2", "nguoi-dung-3", "mat@khau 4"
AUTHORIZATION = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Gateway(ThreadingHTTPServer):
    """A proxy that asks for a password and plays all sites itself; `asked` has host, path and headers of each request,
    `commands` the command lines of this process's children at that time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Gate)
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.commands: list[str] = []

    @property
    def proxy(self) -> str:
        """Its address, with the password that is in the environment."""
        return f"http://{USER}:${{GATE_PASSWORD}}@127.0.0.1:{self.server_port}"

    def headers_of(self, host: str) -> list[dict[str, str]]:
        """The headers of all requests to a host."""
        return [headers for asked, _, headers in self.asked if asked == host]


class _Gate(Answering):
    server: Gateway

    def do_GET(self) -> None:  # noqa: N802 - what http.server calls
        parts = urlsplit(self.path)
        children = psutil.Process().children(recursive=True)
        self.server.commands += [" ".join(child.cmdline()) for child in children]
        if self.headers["Proxy-Authorization"] != AUTHORIZATION:
            self.answer(407, "<h1>407</h1>", {})
            return
        self.server.asked.append((parts.hostname or "", parts.path, dict(self.headers)))
        if parts.path == "/robots.txt":
            self.answer(404, "<h1>404</h1>", {})
        elif parts.path == "/away":
            self.answer(302, "", {"Location": "http://cdn.example/picture.jpg"})
        elif parts.path == "/":
            self.answer(200, '<ul><li><a href="/a1">1</a><li><a href="/a2">2</a></ul>', {})
        elif parts.path == "/login":
            self.answer(200, "welcome", {"Set-Cookie": "visit=7"})
        else:
            self.answer(200, PAGE.format(title="Hội đua thuyền"), {})


@contextmanager
def running(patch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """A gateway, until the block ends, and the secrets of sources in the environment."""
    patch.setenv("GATE_PASSWORD", "mat%40khau%204")
    patch.setenv("PORTAL_TOKEN", TOKEN)
    patch.setenv("connection:portal.cookie", COOKIE)
    with Gateway() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with running(monkeypatch) as server:
        yield server


def source(base: str = "http://portal.example", **fetch: Any) -> Source:
    """A source at `base` with a secret header and a secret cookie."""
    secret = {"headers": {"X-Token": "Token ${PORTAL_TOKEN}"}, "cookies": {"vip": "${connection:portal.cookie}"}}
    return Site(base).source("/", **{**secret, "allow_private": False, **fetch})


# Where they come from


def test_placeholders_are_named_wherever_they_stand() -> None:
    named = source(proxy="http://${connection:gate.login}:${GATE_PASSWORD}@gate.example:3128")
    assert secrets.names(named) == {
        *{"PORTAL_TOKEN", "connection:portal.cookie"},
        *{"connection:gate.login", "GATE_PASSWORD"},
    }
    assert secrets.connection_field("connection:my.portal-2.password") == ("my.portal-2", "password")
    assert secrets.connection_field("PORTAL_TOKEN") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${NO_SUCH}", r"expected the environment variable NO_SUCH to be set"),
        (
            "${connection:gate.login}",
            r"field login of the Airflow connection gate, or, without Airflow, an environment",
        ),
        ("${connection:gate}", r"expected \$\{NAME\} for an environment variable, or \$\{connection:ID\.field\}"),
        ("${TWO_LINES}", r"expected \$\{TWO_LINES\} to be one line"),
    ],
)
def test_what_is_missing_is_a_mistake_that_says_where_to_put_it(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: str
) -> None:
    monkeypatch.setenv("TWO_LINES", "bi-mat\r\nX-Evil: 1")
    with pytest.raises(SourceError, match=r"kimson: fetch\.headers\.X: .*" + expected) as caught:
        secrets.expand(value, "kimson", "fetch.headers.X")
    assert "bi-mat" not in str(caught.value)


def test_a_proxy_that_cannot_be_one_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE", "socks5://ai:bi-mat-5@gate.example:1080")
    with pytest.raises(SourceError, match=r"fetch\.proxy: '\$\{GATE\}': expected it to come to") as caught:
        proxy_address(source(proxy="${GATE}"))
    assert "bi-mat-5" not in str(caught.value)


AIRFLOW = """
import json, sys
from bantin.connections import connection_secrets
from model.errors import SourceError
from model.source import parse_source
for source in json.load(sys.stdin):
    try:
        print(json.dumps(connection_secrets(parse_source(source, "x"))))
    except SourceError as err:
        print(json.dumps(str(err)))
"""


def test_an_operator_reads_the_connections_that_a_source_names(tmp_path: Path) -> None:
    connection = {"conn_type": "http", "password": "bi-mat-6", "extra": {"cookie": "bi-mat-7", "other": "x"}}
    sources = [
        source(headers={"X-Token": f"${{connection:portal.{field}}}", "X-Own": "${OWN}"})
        for field in ("password", "host")
    ]
    done = subprocess.run(
        [sys.executable, "-c", AIRFLOW],
        input=json.dumps([dump_source(one) for one in sources]),
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW_CONN_PORTAL": json.dumps(connection)},
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found, missing = map(json.loads, done.stdout.splitlines()[-2:])
    assert found == {"connection:portal.password": "bi-mat-6", "connection:portal.cookie": "bi-mat-7"}
    assert missing.startswith(
        "site: ${connection:portal.host}: connection portal has no host: expected login, password, host"
    )


# Where they go


@pytest.fixture(scope="module")
def sent() -> Iterator[tuple[Gateway, list[int | None]]]:
    """What came through the gateway of four sources, each with hosts of its own, and how asking by the first ended."""
    with pytest.MonkeyPatch.context() as patch, running(patch) as gateway:
        proxy = gateway.proxy
        outcomes = ask_all(
            (
                source(proxy=proxy),
                ["http://portal.example/a1", "http://portal.example/away", "http://cdn.example/picture.jpg"],
            ),
            (source("https://tls.example", proxy=proxy), ["http://tls.example/a1"]),
            (
                source("http://session.example", proxy=proxy, session=True),
                ["http://session.example/login", "http://session.example/a1", "http://session-cdn.example/a1"],
            ),
            (
                source("http://plain.example", proxy=proxy),
                ["http://plain.example/login", "http://plain.example/a1", "http://plain-cdn.example/a1"],
            ),
        )
        yield gateway, [one.status for one in outcomes[0]]


def test_secret_headers_and_cookies_go_to_the_sources_own_hosts_only(sent: tuple[Gateway, list[int | None]]) -> None:
    gateway, statuses = sent
    assert statuses == [200, 200, 200]
    assert [(headers["X-Token"], headers["Cookie"]) for headers in gateway.headers_of("portal.example")] == [
        (f"Token {TOKEN}", f"vip={COOKIE}"),
        (f"Token {TOKEN}", f"vip={COOKIE}"),
    ]
    elsewhere = gateway.headers_of("cdn.example")
    assert len(elsewhere) == 2, "once by the redirect, once as asked"
    assert not [headers for headers in elsewhere if "X-Token" in headers or "Cookie" in headers]


def test_what_is_sent_over_https_is_not_sent_in_the_clear(sent: tuple[Gateway, list[int | None]]) -> None:
    (headers,) = sent[0].headers_of("tls.example")
    assert not {"X-Token", "Cookie"} & set(headers)


@pytest.mark.parametrize(("name", "second"), [("session", f"visit=7; vip={COOKIE}"), ("plain", f"vip={COOKIE}")])
def test_with_a_session_the_servers_cookies_come_back_beside_the_sources(
    sent: tuple[Gateway, list[int | None]], name: str, second: str
) -> None:
    own, elsewhere = sent[0].headers_of(f"{name}.example"), sent[0].headers_of(f"{name}-cdn.example")
    assert [headers.get("Cookie") for headers in own] == [f"vip={COOKIE}", second]
    assert [headers.get("Cookie") for headers in elsewhere] == [None]


def test_the_recorder_is_told_which_headers_to_withhold(gateway: Gateway) -> None:
    made = crawl_settings(
        source(headers={"X-Token": "${PORTAL_TOKEN}", "Authorization": "Bearer x", "X-Plain": "1"}), "x"
    )
    assert made["SECRET_HEADERS"] == ["X-Token", "Authorization", "Cookie"]
    assert made["WITHHOLD_SET_COOKIE"] is True
    assert made["DEFAULT_REQUEST_HEADERS"]["X-Plain"] == "1"
    assert "X-Token" not in made["DEFAULT_REQUEST_HEADERS"]
    assert crawl_settings(source(headers={}, cookies={}), "x")["WITHHOLD_SET_COOKIE"] is False


# Where they are not


def test_secrets_are_withheld_in_every_usual_spelling() -> None:
    redaction = secrets.Redaction()
    assert redaction.apply("nothing yet") == "nothing yet"
    for secret in ("a b/ü+\"'", "abc", "a b/ü+\"' and more"):
        redaction.add(secret)
    for spelling in ("a b/ü+\"'", "a%20b%2F%C3%BC%2B%22%27", "a+b%2F%C3%BC%2B%22%27", "a b/ü+\\\"'"):
        assert redaction.apply(f"<{spelling}>") == "<(withheld)>"
    assert redaction.apply(repr("a b/ü+\"'".encode())) == "b'(withheld)'"
    assert redaction.apply(b64encode("a b/ü+\"'".encode()).decode()) == "(withheld)"
    assert redaction.apply("a b/ü+\"' and more") == "(withheld)", "the longer one is seen first"
    assert redaction.apply("abc") == "abc", "too short to be told from other text"


def test_log_lines_tracebacks_and_reports_are_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "bi-mat-chung-8")
    monkeypatch.setenv("connection:gate.port", "8080")
    secrets.expand("${SOME_SECRET} ${connection:gate.port}", "kimson", "fetch.proxy")
    try:
        raise ValueError("it was bi-mat-chung-8")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "%s:8080", ("bi-mat-chung-8",), sys.exc_info())
    line = secrets.RedactingFormatter("%(message)s").format(record)
    assert line.startswith("(withheld):8080\n"), "a port is no secret"
    assert line.endswith("ValueError: it was (withheld)")
    event = {"reason": "bi-mat-chung-8!", "errors": [{"url": "http://x/?t=bi-mat-chung-8"}], "asked": 3}
    assert secrets.redact_values(event) == {
        "reason": "(withheld)!",
        "errors": [{"url": "http://x/?t=(withheld)"}],
        "asked": 3,
    }


@pytest.mark.usefixtures("own_process")
def test_a_crawl_leaves_no_trace_of_its_secrets(
    gateway: Gateway, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("connection:portal.cookie")
    given = {"connection:portal.cookie": COOKIE}
    Fetch(source(proxy=gateway.proxy), RUN, settings, secrets=given).run()
    assert {sent["Cookie"] for sent in gateway.headers_of("portal.example")} == {f"vip={COOKIE}"}
    assert any("spiders.crawl" in command for command in gateway.commands)
    store = open_store(settings.archive)
    kept = {info.key: everything(store.get(info.key)) for info in store.list("")}
    assert keys.report("site", RUN) in kept
    assert sum(content.count(b"(withheld)") for content in kept.values()) >= 6, "header, cookie and proxy of each page"
    written = {**kept, "the log": caplog.text.encode(), "command lines": " ".join(gateway.commands).encode()}
    secret = [TOKEN, COOKIE, PASSWORD, "mat%40khau%204", AUTHORIZATION.removeprefix("Basic ")]
    assert [(place, one) for place, content in written.items() for one in secret if one.encode() in content] == []


def test_a_proxy_that_refuses_is_told_without_the_password(
    gateway: Gateway, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bantin.errors import FetchFailed

    monkeypatch.setenv("GATE_PASSWORD", "bi-mat-sai-9")
    monkeypatch.setenv("connection:portal.cookie", "banh-quy-9")
    with pytest.raises(FetchFailed) as caught:
        Fetch(source(proxy=gateway.proxy), RUN, settings).run()
    assert gateway.asked == []
    store = open_store(settings.archive)
    kept = b"".join(everything(store.get(info.key)) for info in store.list(""))
    assert b"407" in kept
    for secret in ("bi-mat-sai-9", b64encode(f"{USER}:bi-mat-sai-9".encode()).decode()):
        assert secret not in f"{caplog.text} {caught.value} {kept.decode('latin-1')}"


def everything(content: bytes) -> bytes:
    """An object's bytes, and what they are when decompressed. (The tables of captures are Parquet, whose pages may be
    compressed, so they are read, too.)"""
    if content.startswith(b"\x1f\x8b"):
        return content + gzip.decompress(content)
    if content.startswith(b"PAR1"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        return content + json.dumps(pq.read_table(pa.BufferReader(content)).to_pylist(), default=str).encode()
    return content
