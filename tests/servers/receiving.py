"""Servers on loopback that take what is sent to people: a webhook as Slack has them, and mail."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.answering import Answering, running


@dataclass
class Webhook:
    """What was posted, by path; each further post is answered with the next of `answers`, then with 200."""

    url: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook until the block ends."""
    got = Webhook()

    class Handler(Answering):
        def do_POST(self) -> None:  # noqa: N802 - http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = got.answers.pop(0) if got.answers else 200
            if status == 200:
                got.posts.append((self.path, json.loads(body)))
            self.answer(status, "ok" if status == 200 else "no_service", {"Content-Type": "text/plain"})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    got.url = f"http://127.0.0.1:{server.server_port}"
    with running(server):
        yield got


@dataclass
class Mailbox:
    """The mails that came, and the server's port."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Takes a mail."""
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        self.mails.append(mail)  # type: ignore[arg-type]
        return "250 OK"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server until the block ends."""
    got = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        got.port = free.getsockname()[1]
    controller = Controller(got, hostname="127.0.0.1", port=got.port)
    controller.start()
    try:
        yield got
    finally:
        controller.stop()
