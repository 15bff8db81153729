"""Airflow's processes wait for one another where their database is a file."""

from bantin.settings import Settings
from tests.dags.parsed import printed

ARGUMENTS = """
import importlib
import json
from airflow import settings
from airflow.configuration import conf
from sqlalchemy import text
import bantin.database
with settings.engine.connect() as connection:
    waits = connection.execute(text("pragma busy_timeout")).scalar()
conf.set("database", "sql_alchemy_conn", "postgresql+psycopg2://airflow@db.example/airflow")
print("\\n" + json.dumps({"waits": waits, "elsewhere": importlib.reload(bantin.database).CONNECT_ARGS}))
"""


def test_sqlite_is_waited_for_a_minute_and_other_databases_get_no_argument_of_its(settings: Settings) -> None:
    """By five seconds, the library's default, a scheduler among busy tasks ended: "database is locked"."""
    settings.airflow_home.mkdir()
    assert printed(ARGUMENTS, settings) == {"waits": 60_000, "elsewhere": {}}
