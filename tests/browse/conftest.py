"""A small archive with its index, for all tests that only read one."""

import pytest

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from demo import SOURCES
from storage.store import open_store
from tests.sample_archive import fill


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the archive that tests/sample_archive.py makes: a page that stayed, one that was edited, one that is
    spam."""
    folder = tmp_path_factory.mktemp("indexed")
    settings = Settings(
        archive=str(folder / "archive"),
        sources=SOURCES,
        contact=None,
        work=folder / "work",
        part_bytes=64_000_000,
        airflow_home=folder / "airflow",
        processes=1,
        cache=folder / "cache",
    )
    fill(open_store(settings.archive), folder)
    bring_up_to_date(settings)
    return settings
