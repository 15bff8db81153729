"""The secrets that sources name of Airflow's connections (spiders/secrets.py has the placeholders)."""

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from model.errors import SourceError
from model.source import Source
from spiders.secrets import connection_field, names

COLUMNS = ("login", "password", "host", "port", "schema", "extra")
"""A connection's own fields; any other name is that of a key of its `extra`."""


def connection_secrets(source: Source) -> dict[str, str]:
    """What `source` names of Airflow's connections, by placeholder: for the crawl's environment, and nothing else.

    Airflow looks in its secrets backends, in `AIRFLOW_CONN_…` and in its database, and masks in the task's log what it
    finds. Raises `SourceError` where a connection, or its field, is not there.
    """
    found = {}
    for name in sorted(names(source)):
        if (place := connection_field(name)) is None:
            continue
        connection_id, field = place
        try:
            connection = Connection.get(connection_id)
        except AirflowNotFoundException as err:
            expected = f"expected an Airflow connection {connection_id}: `airflow connections add` makes one"
            raise SourceError([f"{source.id}: ${{{name}}}: there is no such connection: {expected}"]) from err
        value = getattr(connection, field) if field in COLUMNS else connection.extra_dejson.get(field)
        if value in (None, ""):
            expected = f"expected {', '.join(COLUMNS)} or a key of extra, with a value"
            raise SourceError([f"{source.id}: ${{{name}}}: connection {connection_id} has no {field}: {expected}"])
        found[name] = str(value)
    return found
