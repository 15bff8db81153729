"""What readers meet: an archive of the demo's sites with edits and losses in it, a server on loopback, a browser."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.testclient import TestClient

from bantin.run import run_source
from bantin.settings import Settings
from browse.web.app import create_app
from browse.web.settings import WebSettings
from demo import MORE_SOURCES, SOURCES, DemoWeb, paper, truth
from model.source import load_source
from model.url import article_id
from tests.conftest import demo_source

FIRST, SECOND = "20261121T000000Z", "20261122T000000Z"
CHROMIUM = Path(os.environ.get("BANTIN_CHROMIUM", "/usr/bin/chromium"))
EDITED, LOST = list(paper.articles())[:2]
OLD_TITLE = truth()[f"http://{paper.HOST}{EDITED}"].title
NEW_TITLE = "Tiêu đề này đã được sửa lặng lẽ"


@dataclass(frozen=True, slots=True)
class Library:
    """An archive to be read and never written to: the demo's three sites and the hacked one, crawled twice. Between the
    runs the paper changed a title and lost a page; the portal has an injected link."""

    settings: Settings
    edited: str
    lost: str

    @property
    def archive(self) -> str:
        """Its address."""
        return self.settings.archive


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The archive, with its index."""
    from bantin.index import bring_up_to_date

    folder = tmp_path_factory.mktemp("library")
    settings = Settings(
        archive=str(folder / "archive"),
        sources=SOURCES,
        contact="https://bantin.example/contact",
        work=folder / "work",
        part_bytes=64_000_000,
        airflow_home=folder / "airflow",
        cache=folder / "cache",
        processes=1,
    )
    broken_into = load_source(MORE_SOURCES / "demo-hacked.yaml")
    sources = [demo_source(name) for name in ("portal", "aggregator", "paper")]
    with DemoWeb(today=date(2026, 11, 22)) as web, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANTIN_DEMO_PROXY", web.proxy_url)
        for run in (FIRST, SECOND):
            for source in [*sources, broken_into]:
                run_source(source, settings, run)
            if run == FIRST:
                web.edit(f"http://{paper.HOST}{EDITED}", OLD_TITLE, NEW_TITLE)
                web.fail(f"http://{paper.HOST}{LOST}", status=410, times=None)
        bring_up_to_date(settings)
    return Library(settings, *(article_id(f"http://{paper.HOST}{path}") for path in (EDITED, LOST)))


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
