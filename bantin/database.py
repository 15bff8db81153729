"""How Airflow connects to its database where that is the embedded SQLite file: it names this by
`AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS`."""

from airflow.configuration import conf

LOCKED_S = 60
"""So long a process waits for another's writing. By the library's own five seconds a busy machine loses its
scheduler, which ends at "database is locked"."""

ON_SQLITE = conf.get_mandatory_value("database", "sql_alchemy_conn").startswith("sqlite")

CONNECT_ARGS = {"timeout": LOCKED_S} if ON_SQLITE else {}
"""What the driver's `connect` is given; nothing where another database than SQLite was set."""
