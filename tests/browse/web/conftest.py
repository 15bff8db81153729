"""What readers meet: an archive of the demo's sites with edits and losses in it, a server on loopback, a browser."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.testclient import TestClient

from browse.web.app import create_app
from browse.web.settings import WebSettings
from tests.browse.library import Library, library_in

CHROMIUM = Path(os.environ.get("BANTIN_CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The archive of the demo's sites, with its index."""
    return library_in(tmp_path_factory.mktemp("library"))


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless browser. Where none is installed the test is skipped, but where BANTIN_REQUIRE_BROWSER asks for it."""
    if not CHROMIUM.exists():
        message = f"no browser at {CHROMIUM}: install Debian's chromium, or name one in BANTIN_CHROMIUM"
        if os.environ.get("BANTIN_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page of the browser, in English, on a wide screen."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()
