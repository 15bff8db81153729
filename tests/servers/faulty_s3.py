"""An S3 endpoint that misbehaves on demand: a proxy before moto, as the pytest fixture `faulty_s3`.

It can lose an answer after the store has acted, answer an error of its own, reset a connection, fall silent, send half
of an answer, and ignore conditions, as real stores and networks do. moto does not check signatures, so what it changes
still passes.
"""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.servers.s3 import S3Server


@dataclass(slots=True)
class Fault:
    """What happens once, to the first request whose method ("" for any) and path fit, and that has conditions if it
    should, after `after` such requests have passed unharmed.

    With a `status` the store is not asked, and the error `code` or the XML `body` answered. Otherwise `how` tells:
    `lost`: the store acts, and then the connection ends before it could answer; `reset`: the connection is reset, and
    the store has not been asked; `silent`: the same, but nothing comes until the client has gone; `half`: the
    connection ends in the middle of the answer's body, or of its head where it has none.
    """

    method: str
    path_part: str = ""
    status: int | None = None
    code: str = ""
    body: str = ""
    if_conditional: bool = False
    how: str = "lost"
    after: int = 0

    def fits(self, method: str, path: str, conditional: bool) -> bool:
        """Whether it happens to this request."""
        if not self.method or method == self.method:
            return self.path_part in path and (conditional or not self.if_conditional)
        return False


@dataclass(slots=True)
class FaultyS3:
    """The proxy's face for tests: append to `faults`, set `ignores_conditions`, and count `seen` methods and paths."""

    server: S3Server
    faults: list[Fault] = field(default_factory=list)
    ignores_conditions: bool = False
    seen: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Behave well again."""
        self.faults.clear()
        self.seen.clear()
        self.ignores_conditions = False


@pytest.fixture(scope="session")
def faulty_s3(moto_s3: S3Server) -> Iterator[FaultyS3]:
    """moto behind the proxy, once a session; `reset` it before each test."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    endpoint = f"http://127.0.0.1:{httpd.server_port}"
    httpd.face = FaultyS3(S3Server(endpoint, moto_s3.access_key, moto_s3.secret_key))  # type: ignore[attr-defined]
    httpd.behind = urlsplit(moto_s3.endpoint).netloc  # type: ignore[attr-defined]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield httpd.face  # type: ignore[attr-defined]
    httpd.shutdown()
    thread.join()
    httpd.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer's body waits 40 ms for the acknowledgement of its head

    def _handle(self) -> None:
        face: FaultyS3 = self.server.face  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        face.seen.append(f"{self.command} {self.path}")
        conditional = "If-Match" in self.headers or "If-None-Match" in self.headers
        fault = next((one for one in face.faults if one.fits(self.command, self.path, conditional)), None)
        if fault and fault.after:
            fault.after -= 1
            fault = None
        elif fault:
            face.faults.remove(fault)
        if fault and fault.status:
            error = f"<Error><Code>{fault.code}</Code><Message>on demand</Message></Error>"
            self._answer(fault.status, {}, fault.body or error)
            return
        if fault and fault.how in ("reset", "silent"):
            self.close_connection = True
            if fault.how == "silent":
                self.connection.recv(1)  # what comes is the end of the connection
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        dropped = {"if-match", "if-none-match"} if face.ignores_conditions else set()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped | {"expect"}}
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)  # type: ignore[attr-defined]
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if fault and fault.how == "half":
            self._answer_half(answer.status, dict(answer.getheaders()), data)
        elif fault:
            self.close_connection = True
        else:
            self._answer(answer.status, dict(answer.getheaders()), data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle  # noqa: N815  names that http.server wants

    def _answer_half(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.close_connection = True
        if not data or self.command == "HEAD":
            self.wfile.write(b"HTTP/1.1 200")
            return
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])

    def _answer(self, status: int, headers: dict[str, str], body: bytes | str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response_only(status)
        if self.command != "HEAD":
            headers["Content-Length"] = str(len(data))
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""
