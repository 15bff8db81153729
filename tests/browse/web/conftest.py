"""What readers meet: an archive of the demo's sites with edits and losses in it, a server on loopback, a browser."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from browse.web.app import create_app
from browse.web.settings import WebSettings
from tests.browse.library import Library, library_in, make_library
from tests.browser import chromium, page  # noqa: F401 - fixtures
from tests.once import made_once


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The archive of the demo's sites, with its index."""
    return library_in(made_once(tmp_path_factory, "library", make_library))


@pytest.fixture(scope="session")
def application(library: Library, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The web application over that archive."""
    return create_app(WebSettings(archive=library.archive, cache=tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def client(application: FastAPI) -> Iterator[TestClient]:
    """Asks the application without a network."""
    with TestClient(application, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def server(application: FastAPI) -> Iterator[str]:
    """The address at which the application is served on loopback."""
    with serving(application) as address:
        yield address


@contextmanager
def serving(application: FastAPI) -> Iterator[str]:
    """The address at which an application is served on loopback, in a thread."""
    running = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join()
