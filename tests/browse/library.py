"""An archive to be read and never written to: the demo's sites, with an edit, a loss and a hacked site in it."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bantin.index import bring_up_to_date
from bantin.run import run_source
from bantin.settings import Settings
from demo import MORE_SOURCES, DemoWeb, paper, truth
from model.source import load_source
from model.url import article_id
from tests.conftest import demo_source
from tests.settings import settings_in

FIRST, SECOND = "20261121T000000Z", "20261122T000000Z"
EDITED, LOST = list(paper.articles())[:2]
OLD_TITLE = truth()[f"http://{paper.HOST}{EDITED}"].title
NEW_TITLE = "Tiêu đề này đã được sửa lặng lẽ"


@dataclass(frozen=True, slots=True)
class Library:
    """The demo's three sites and the hacked one, crawled twice. Between the runs the paper changed the title of the
    article `edited`, and lost `lost`; the portal has an injected link."""

    settings: Settings
    edited: str
    lost: str

    @property
    def archive(self) -> str:
        """Its address."""
        return self.settings.archive


def library_in(folder: Path) -> Library:
    """The archive that `make_library` has made in a folder."""
    edited, lost = (article_id(f"http://{paper.HOST}{path}") for path in (EDITED, LOST))
    return Library(settings_in(folder, processes=1), edited, lost)


def make_library(folder: Path) -> None:
    """Makes the archive, with its index, in a folder that is empty."""
    settings = settings_in(folder, processes=1)
    broken_into = load_source(MORE_SOURCES / "demo-hacked.yaml")
    sources = [demo_source(name) for name in ("portal", "aggregator", "paper")]
    with DemoWeb(today=date(2026, 11, 22)) as web:
        os.environ["BANTIN_DEMO_PROXY"] = web.proxy_url
        for run in (FIRST, SECOND):
            for source in [*sources, broken_into]:
                run_source(source, settings, run)
            if run == FIRST:
                web.edit(f"http://{paper.HOST}{EDITED}", OLD_TITLE, NEW_TITLE)
                web.fail(f"http://{paper.HOST}{LOST}", status=410, times=None)
        del os.environ["BANTIN_DEMO_PROXY"]
    bring_up_to_date(settings)
