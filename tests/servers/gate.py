"""A gate before an S3 server: it tells who asks for what, holds a request on demand, and can be shut for a while.

Who asks is told by the access key, which moto does not check. A gate that is shut refuses connections and has cut those
that there were, as a store that is down does, while what is stored lasts.
"""

import http.client
import re
import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.servers.s3 import S3Server


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: by whom, and for what; the path begins with the bucket."""

    who: str
    method: str
    path: str


@dataclass(slots=True, eq=False)
class Hold:
    """What waits at the gate: the first PUT of a path that fits, after `after` of them have passed. The store has acted
    where `acted`, and the answer waits; else nobody has asked it yet."""

    pattern: re.Pattern[str]
    acted: bool
    after: int
    asked: Asked | None = None
    _there: threading.Event = field(default_factory=threading.Event)
    _released: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout_s: float) -> Asked:
        """The request that is held, once it has come."""
        assert self._there.wait(timeout_s), f"no PUT came that fits {self.pattern.pattern}"
        assert self.asked
        return self.asked

    def release(self) -> None:
        """Lets it go on."""
        self._released.set()

    def takes(self, asked: Asked) -> bool:
        """Whether this request is the one."""
        if self.asked or asked.method != "PUT" or not self.pattern.search(asked.path):
            return False
        self.after -= 1
        if self.after >= 0:
            return False
        self.asked = asked
        return True

    def keep(self) -> None:
        """Keeps the calling thread until `release`."""
        self._there.set()
        self._released.wait()


class Gate:
    """The way to `server`, on a port of its own. Shut when the block ends."""

    def __init__(self, server: S3Server) -> None:
        self.seen: list[Asked] = []
        self._behind = urlsplit(server.endpoint).netloc
        self._holds: list[Hold] = []
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._http: ThreadingHTTPServer | None = None
        self._port = 0
        self.open()
        self.endpoint = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hold in self._holds:
            hold.release()
        self.shut()

    def open(self) -> None:
        """Takes connections, on the same port as before."""
        self._http = _Server(("127.0.0.1", self._port), _Handler)
        self._http.gate = self  # type: ignore[attr-defined]
        self._port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def shut(self) -> None:
        """Refuses connections, and cuts those that there are."""
        if self._http is None:
            return
        self._http.shutdown()
        self._http.server_close()
        self._http = None
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hold(self, pattern: str, *, acted: bool, after: int = 0) -> Hold:
        """Holds a request. See `Hold`."""
        hold = Hold(re.compile(pattern), acted, after)
        with self._lock:
            self._holds.append(hold)
        return hold

    def pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        """The store's answer to a request; None where it was held, and who asked has gone meanwhile."""
        who = re.search(r"Credential=([^/]+)", handler.headers.get("Authorization", ""))
        asked = Asked(who[1] if who else "", handler.command, unquote(handler.path))
        with self._lock:
            self.seen.append(asked)
            hold = next((one for one in self._holds if one.takes(asked)), None)
        if hold and not hold.acted:
            hold.keep()
            if _has_gone(handler.connection):
                return None
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "expect"}
        connection = http.client.HTTPConnection(self._behind, timeout=30)
        connection.request(handler.command, handler.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if hold and hold.acted:
            hold.keep()
        return answer.status, dict(answer.getheaders()), data

    def connected(self, connection: socket.socket) -> None:
        """Notes a connection, to be cut."""
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        """Forgets it."""
        with self._lock:
            self._connections.discard(connection)


def _has_gone(connection: socket.socket) -> bool:
    ready, _, _ = select.select([connection], [], [], 0)
    with suppress(OSError):
        return bool(ready) and connection.recv(1, socket.MSG_PEEK) == b""
    return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Says nothing: who asks may be killed at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer's body waits 40 ms for the acknowledgement of its head

    def setup(self) -> None:
        super().setup()
        self.server.gate.connected(self.connection)  # type: ignore[attr-defined]

    def finish(self) -> None:
        self.server.gate.disconnected(self.connection)  # type: ignore[attr-defined]
        super().finish()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.gate.pass_on(self, body)  # type: ignore[attr-defined]
        if answer is None:
            self.close_connection = True
            return
        status, headers, data = answer
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle  # noqa: N815  names that http.server wants

    def log_message(self, *_: object) -> None:
        """Keeps the tests' output clean."""
