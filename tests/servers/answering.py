"""What the tests' own servers have in common: how an answer is sent."""

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """A handler that keeps connections open and says nothing about requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms until its head is acknowledged

    def answer(self, status: int, body: str | bytes, headers: Mapping[str, str]) -> None:
        """Sends a page in HTML, unless `headers` say that it is something else."""
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keeps the tests' output clean."""
