"""Makes the pictures of docs/images from the demo's sites, in a real browser.

uv run python docs/screenshots.py [--chromium /usr/bin/chromium]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from browse.query import parse_query
from browse.web.app import create_app
from browse.web.settings import WebSettings
from tests.browse.library import SECOND, library_in
from tests.browse.web.conftest import serving

IMAGES = Path(__file__).parent / "images"
WIDE, PHONE = (1200, 820), (390, 844)


def main() -> None:
    """Crawls, serves, and takes the pictures one by one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    args = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bantin-pictures-") as folder, sync_playwright() as playwright:
        library = library_in(Path(folder))
        application = create_app(WebSettings(archive=library.archive, cache=Path(folder, "pages")))
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
        browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox"])
        with serving(application) as address:
            for name, (path, (width, height), scheme, locale) in pictures.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,  # type: ignore[arg-type]
                    locale=locale,
                )
                page = context.new_page()
                page.goto(address + path)
                page.screenshot(path=IMAGES / f"{name}.png")
                context.close()
                print(IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
