"""The server's side of a connection: HTTP as a forward proxy speaks it, and nothing about what the sites say."""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from demo.exchange import Answer, Hangup, Stream

MAX_BODY_BYTES = 1_000_000
"""More than any of the sites' forms needs; longer bodies are refused unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as it came in: `target` is the path with its query, `headers` have lower-case names."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Answerer = Callable[[Question], Answer]


class ProxyServer(ThreadingHTTPServer):
    """A threaded server on 127.0.0.1 that never opens a connection itself. `port` 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answerer: Answerer) -> None:
        self.answerer = answerer
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that went away; all else is a defect and is printed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ProxyServer
    protocol_version = "HTTP/1.1"
    server_version = "bantin-demo"
    disable_nagle_algorithm = True  # else a small answer waits 40 ms for the client's acknowledgement
    wbufsize = -1
    timeout = 60  # an idle connection ends its thread

    def do_GET(self) -> None:
        """Answers, and keeps the connection."""
        self._respond(b"")

    def do_HEAD(self) -> None:
        """Answers without the body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Reads the body that was announced, and answers. Refuses what it cannot measure or is too much."""
        announced = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (announced.isascii() and announced.isdecimal()):
            self.close_connection = True  # the body is still on the line
            self.send_error(411)
        elif len(announced) > 10 or int(announced) > MAX_BODY_BYTES:
            self.close_connection = True
            self.send_error(413)
        else:
            self._respond(self.rfile.read(int(announced)))

    def log_message(self, *_: Any) -> None:
        """Nothing: `DemoWeb.requests` keeps the log."""

    def _respond(self, body: bytes) -> None:
        if self.server.closing.is_set():
            self.close_connection = True
            return
        host, target = self._destination()
        headers = {name.lower(): value for name, value in self.headers.items()}
        question = Question(method=self.command, host=host, target=target, headers=headers, body=body)
        answer = self.server.answerer(question)
        if answer.delay_s:
            self.server.closing.wait(answer.delay_s)
        try:
            self._send(answer)
        except Hangup:
            self._reset()

    def _destination(self) -> tuple[str, str]:
        """Host and target: of the absolute form a proxy is asked in, or of the Host header. A port other than 80 and
        a scheme other than http stay part of the host, which then is nobody's."""
        if self.path.startswith("/"):
            return self.headers.get("Host", "").lower().removesuffix(":80"), self.path
        parts = urlsplit(self.path)
        host = parts.netloc.lower().removesuffix(":80")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return (host if parts.scheme == "http" else f"{parts.scheme}://{host}"), target

    def _send(self, answer: Answer) -> None:
        body = answer.body
        size_bytes = body.size_bytes if isinstance(body, Stream) else len(body)
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            # http.server writes Latin-1; this lets UTF-8 through byte by byte, as careless servers do.
            self.send_header(name.encode().decode("latin-1"), value.encode().decode("latin-1"))
        if size_bytes is None:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.status not in (204, 304):
            self.send_header("Content-Length", str(size_bytes))
        self.end_headers()
        if self.command == "HEAD" or answer.status in (204, 304):
            return
        if isinstance(body, bytes):
            self.wfile.write(body)
        else:
            self._stream(body)

    def _stream(self, stream: Stream) -> None:
        chunked = stream.size_bytes is None
        for chunk in stream.chunks:
            self.wfile.write(b"%X\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            self.wfile.flush()
            if self.server.closing.wait(stream.pause_s) if stream.pause_s else self.server.closing.is_set():
                self.close_connection = True
                return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """Ends the connection with RST: a linger time of zero drops what is not yet sent."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
