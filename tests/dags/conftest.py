"""Airflow's database, made once a test run and copied, since its tables take seconds to make; and what runs DAGs."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bantin.engine import airflow_environment
from bantin.settings import Settings
from tests.dags.ran import Airflow
from tests.once import made_once
from tests.settings import settings_in

INIT = "from airflow.utils.db import initdb; initdb()"


@pytest.fixture(scope="session")
def airflow_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, as Airflow makes it where there is none. Not to be written to."""

    def make(folder: Path) -> None:
        environment = airflow_environment(settings_in(folder))
        subprocess.run([sys.executable, "-c", INIT], env=environment, capture_output=True, check=True)

    return made_once(tmp_path_factory, "airflow-db", make) / "airflow" / "airflow.db"


@pytest.fixture
def migrated(settings: Settings, airflow_db: Path) -> None:
    """`settings` name a folder of Airflow's with a fresh database in it."""
    settings.airflow_home.mkdir()
    shutil.copy(airflow_db, settings.airflow_home)


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, airflow_db: Path) -> Iterator[Airflow]:
    """What runs the archive's DAGs. Each test hands it an archive of its own."""
    settings = settings_in(tmp_path_factory.mktemp("airflow"))
    settings.airflow_home.mkdir()
    shutil.copy(airflow_db, settings.airflow_home)
    airflow = Airflow(settings, settings.airflow_home / "log")
    yield airflow
    airflow.stop()
