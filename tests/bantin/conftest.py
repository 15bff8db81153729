"""One archive with a run of the demo's portal, crawled once and copied for each test that damages it."""

import shutil
from pathlib import Path

import pytest

from bantin.run import run_source
from bantin.settings import Settings
from demo import DemoWeb
from tests.bantin.stored import RUN
from tests.conftest import demo_source
from tests.once import made_once
from tests.settings import settings_in


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive as the run left it. Not to be written to."""

    def make(folder: Path) -> None:
        settings = settings_in(folder, part_bytes=8_000, processes=1)
        with DemoWeb() as web, pytest.MonkeyPatch.context() as patch:
            patch.setenv("BANTIN_DEMO_PROXY", web.proxy_url)
            run_source(demo_source("portal"), settings, RUN)

    return made_once(tmp_path_factory, "crawled", make) / "archive"


@pytest.fixture
def archive(crawled: Path, settings: Settings) -> Path:
    """A copy of it, which `settings` name."""
    shutil.copytree(crawled, settings.archive)
    return Path(settings.archive)
