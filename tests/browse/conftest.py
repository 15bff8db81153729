"""A small archive with its index, for all tests that only read one."""

import pytest

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from storage.store import open_store
from tests.browse import ailing as ailing_archive
from tests.sample_archive import fill
from tests.settings import settings_in


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the archive that tests/sample_archive.py makes: a page that stayed, one that was edited, one that is
    spam."""
    folder = tmp_path_factory.mktemp("indexed")
    settings = settings_in(folder, contact=None, processes=1)
    fill(open_store(settings.archive), folder)
    bring_up_to_date(settings)
    return settings


@pytest.fixture(scope="session")
def ailing(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the archive that tests/browse/ailing.py makes."""
    return ailing_archive.fill(tmp_path_factory.mktemp("ailing"))
