"""The demo's web, and a client that takes answers as they come: no redirects followed, no status raised. A `form` is
sent by POST."""

import datetime
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from demo import DemoWeb


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Get = Callable[..., Reply]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture
def web() -> Iterator[DemoWeb]:
    with DemoWeb(today=datetime.date(2026, 11, 22)) as web:
        yield web


@pytest.fixture
def get(web: DemoWeb) -> Get:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": web.proxy_url}), _Stay)

    def ask(url: str, *, form: dict[str, str] | None = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = opener.open(urllib.request.Request(url, data=sent, headers=named), timeout=5)
        except urllib.error.HTTPError as err:
            answer = err
        with answer:
            return Reply(answer.status, answer.headers, answer.read())

    return ask
