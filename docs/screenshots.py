"""Makes the pictures of docs/images from the demo's sites, in a real browser.

uv run python docs/screenshots.py [archive|airflow] [--chromium /usr/bin/chromium]
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from browse.query import parse_query
from browse.web.app import create_app
from browse.web.settings import WebSettings
from demo import SOURCES, DemoWeb, truth
from tests.browse.library import SECOND, library_in, make_library
from tests.browse.web.conftest import serving
from tests.dags.test_scheduler import DAG, PORTAL, Airflow, up
from tests.settings import settings_in
from tests.waiting import wait_for

IMAGES = Path(__file__).parent / "images"
WIDE, PHONE = (1200, 820), (390, 844)
LOW = (1200, 620)
AIRFLOW_S = 900
"""So long may Airflow take to start, and a run to end: half a minute each on a quiet machine."""

FAILING = 4
"""So many pages of the portal answer 500 until the run is cleared."""


def main() -> None:
    """Takes the pictures one by one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="?", choices=("archive", "airflow"))
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    args = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bantin-pictures-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox"])
        if args.which != "airflow":
            archive_pictures(browser, Path(folder, "archive"))
        if args.which != "archive":
            airflow_pictures(browser, Path(folder, "airflow"))
        browser.close()


def archive_pictures(browser: Browser, folder: Path) -> None:
    """Crawls the demo's sites, serves the archive, and shows its pages."""
    make_library(folder)
    library = library_in(folder)
    application = create_app(WebSettings(archive=library.archive, cache=folder / "pages"))
    injected = application.state.archive.index.ids(parse_query("is:injected"), 1)[0]
    pictures = {
        "home": ("/", WIDE, "light", "en-GB"),
        "search": ("/search?q=thuyen+nan", WIDE, "light", "en-GB"),
        "article": (f"/articles/{library.edited}", WIDE, "light", "en-GB"),
        "removed": (f"/articles/{injected}/removed", WIDE, "light", "en-GB"),
        "history": (f"/articles/{library.edited}/history", WIDE, "light", "en-GB"),
        "source": ("/sources/demo-portal", WIDE, "light", "en-GB"),
        "run": (f"/runs/demo-portal/{SECOND}", WIDE, "light", "en-GB"),
        "search-vi-dark": ("/search?q=thuyen+nan", WIDE, "dark", "vi-VN"),
        "article-phone": (f"/articles/{library.edited}", PHONE, "light", "vi-VN"),
    }
    with serving(application) as address:
        for name, (path, size, scheme, locale) in pictures.items():
            with opened(browser, size, scheme, locale) as page:
                page.goto(address + path)
                taken(page, name)


def airflow_pictures(browser: Browser, folder: Path) -> None:
    """A run that failed, the dialog that clears it, and the log of the further attempt."""
    with DemoWeb() as web, airflow_over_portal(folder, web) as airflow:
        for url in sorted(url for url in truth() if url.startswith(PORTAL))[:FAILING]:
            web.fail(url, times=None)
        run = airflow.trigger(DAG)
        wait_for(lambda: state_of(airflow, run) == "failed", AIRFLOW_S)
        with opened(browser, LOW, "light", "en-GB") as page:
            page.context.add_cookies([{"name": "_token", "value": airflow.token, "url": airflow.address}])
            page.goto(f"{airflow.address}/dags/{DAG}/runs/{quote(run, safe='')}")
            page.get_by_text("upstream_failed").or_(page.get_by_text("Upstream Failed")).first.wait_for()
            taken(page, "airflow-red")
            page.get_by_role("button", name=re.compile("shift.c to clear")).first.click()
            page.get_by_role("dialog").get_by_text("Clear only failed tasks").first.click()
            page.get_by_role("dialog").get_by_text(re.compile("Affected Tasks: [1-9]")).first.wait_for()
            taken(page, "airflow-clear")
            web.heal()
            airflow.clear(DAG, run)
            wait_for(lambda: state_of(airflow, run) == "success", AIRFLOW_S)
            page.goto(f"{airflow.address}/dags/{DAG}/runs/{quote(run, safe='')}/tasks/fetch?try_number=2")
            page.get_by_text("were taken from earlier attempts").first.wait_for()
            taken(page, "airflow-log")


def state_of(airflow: Airflow, run: str) -> str:
    """How far a run is; nothing where Airflow is too busy to tell."""
    try:
        return str(airflow.run(DAG, run)["state"])
    except TimeoutError:
        return ""


@contextmanager
def airflow_over_portal(folder: Path, web: DemoWeb) -> Iterator[Airflow]:
    """`bantin up` with the demo's portal for its only source, to be started by hand."""
    settings = settings_in(folder, sources=folder / "sources")
    settings.sources.mkdir(parents=True)
    text = (SOURCES / "demo-portal.yaml").read_text("utf-8").replace("fetch:\n", "fetch:\n  retries: 0\n")
    (settings.sources / "demo-portal.yaml").write_text(f"{text}\nenabled: false\n", "utf-8")
    with up(settings, web, AIRFLOW_S) as airflow:
        yield airflow


@contextmanager
def opened(browser: Browser, size: tuple[int, int], scheme: str, locale: str) -> Iterator[Page]:
    """A page of a reader of that language, on a screen of that size."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=locale,
    )
    context.set_default_timeout(1000 * AIRFLOW_S)
    yield context.new_page()
    context.close()


def taken(page: Page, name: str) -> None:
    """Takes the picture of that name."""
    page.screenshot(path=IMAGES / f"{name}.png")
    print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
