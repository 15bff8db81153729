"""A headless browser for tests: Debian's chromium, through Playwright."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path(os.environ.get("BANTIN_CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser. Where none is installed the test is skipped, but where BANTIN_REQUIRE_BROWSER asks for it.

    Playwright's event loop counts as running in this process until the browser is closed, so a module has its own.
    """
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


def faults(page: Page, address: str) -> list[str]:
    """What axe finds wrong with the page at an address, and whether it is wider than the screen. The browser must let
    axe's own script in (`bypass_csp`)."""
    page.goto(address)
    told = []
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    if found.violations_count:
        told.append(f"{address}: {found.generate_report()}")
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        told.append(f"{address}: wider than the screen")
    return told
