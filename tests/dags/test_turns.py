"""The writing requests of Airflow's API server, one at a time (tests/dags/test_scheduler.py has the server itself)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message, Receive, Scope, Send

from bantin.settings import Settings
from bantin.turns import InTurn
from tests.dags.parsed import printed

MIDDLEWARES = """
import importlib, json
from airflow.configuration import conf
import bantin.database, bantin.turns
from airflow.plugins_manager import get_fastapi_plugins
_, found = get_fastapi_plugins()
conf.set("database", "sql_alchemy_conn", "postgresql+psycopg2://airflow@db.example/airflow")
importlib.reload(bantin.database)
elsewhere = importlib.reload(bantin.turns).TurnsPlugin.fastapi_root_middlewares
print("\\n" + json.dumps({"found": [one["name"] for one in found], "elsewhere": elsewhere}))
"""


def test_airflow_finds_the_middleware_where_its_database_is_a_file(settings: Settings) -> None:
    settings.airflow_home.mkdir()
    assert printed(MIDDLEWARES, settings) == {"found": ["bantin-turns"], "elsewhere": []}


STARTED: Message = {"type": "http.response.start", "status": 200, "headers": []}


@pytest.fixture
def anyio_backend() -> str:
    """The loop that Airflow's API server has."""
    return "asyncio"


class Server:
    """An application that answers when it is told to, and what it has seen of its requests."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside: list[str] = []
        self.messages: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside.append(scope["path"])
        if scope["path"] == "/answers":
            await send(STARTED)
        if scope["path"] == "/speaks":
            self.messages += [await receive() for _ in range(3)]
        await self.go.wait()


def sender(*parts: Message, then: Callable[[], Awaitable[Message]] | None = None) -> Receive:
    """What comes of a request: these parts, then whatever `then` gives."""
    left = list(parts)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        assert then
        return await then()

    return receive


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def disconnected() -> Message:
    return {"type": "http.disconnect"}


async def nowhere(_: Message) -> None:
    raise AssertionError


async def unread(_: Message) -> None:
    await asyncio.Event().wait()


def body(text: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": text, "more_body": more}


def http(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path}


async def settled() -> None:
    """Lets every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.anyio
async def test_a_writing_request_waits_for_the_one_before_and_a_reading_one_for_none() -> None:
    server = Server()
    app = InTurn(server)
    requests = [http("POST", "/first"), http("PATCH", "/second"), http("DELETE", "/third"), http("GET", "/reads")]
    tasks = [asyncio.create_task(app(one, sender(body(b"")), nowhere)) for one in requests]
    await settled()
    assert server.inside == ["/first", "/reads"]
    tasks[0].cancel()  # its sender has gone
    await settled()
    assert server.inside == ["/first", "/reads", "/second"]
    server.go.set()
    await asyncio.wait(tasks)
    assert server.inside[3:] == ["/third"]


@pytest.mark.anyio
async def test_nobody_waits_for_a_slow_sender() -> None:
    server = Server()
    server.go.set()
    app = InTurn(server)
    slow = asyncio.create_task(app(http("POST", "/slow"), sender(body(b"{", more=True), then=never), nowhere))
    await settled()
    await app(http("POST", "/quick"), sender(body(b"{}")), nowhere)
    assert server.inside == ["/quick"]
    slow.cancel()


@pytest.mark.anyio
async def test_nor_for_a_slow_reader() -> None:
    server = Server()
    server.go.set()
    app = InTurn(server)
    slow = asyncio.create_task(app(http("POST", "/answers"), sender(body(b"")), unread))
    await settled()
    await app(http("POST", "/quick"), sender(body(b"")), nowhere)
    assert server.inside == ["/answers", "/quick"]
    slow.cancel()


@pytest.mark.anyio
async def test_what_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bantin.turns.MOST_BYTES", 10)
    server, answered = Server(), list[Message]()

    async def send(message: Message) -> None:
        answered.append(message)

    parts = [body(b"123456", more=True), body(b"123456", more=True)]
    await InTurn(server)(http("POST", "/large"), sender(*parts, then=never), send)
    assert (server.inside, answered[0]["status"]) == ([], 413)


@pytest.mark.anyio
async def test_the_application_gets_every_part_and_what_comes_after() -> None:
    server = Server()
    server.go.set()
    parts = [body(b"{", more=True), body(b"}")]
    await InTurn(server)(http("PUT", "/speaks"), sender(*parts, then=disconnected), nowhere)
    assert server.messages == [*parts, {"type": "http.disconnect"}]
