"""The verbs as Airflow runs them: an operator for fetch, which must be stopped in time, the secrets in Airflow's
connections, and the rule for retries."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from bantin.settings import Settings
from model.errors import BantinError, SourceError
from model.source import Source

logger = logging.getLogger("bantin.fetch")


@contextmanager
def final_errors() -> Iterator[None]:
    """Errors that a further try cannot mend fail the task at once; the others are left to its retries."""
    try:
        yield
    except BantinError as err:
        if err.retryable:
            raise
        raise AirflowFailException(str(err)) from err


def run_of(context: Any) -> str:
    """The run's id: from `run_after`, which every kind of DAG run has and which survives *Clear*."""
    from storage.keys import run_id

    return run_id(context["dag_run"].run_after)


def connection_secrets(source: Source) -> dict[str, str]:
    """What `source` names of Airflow's connections, by placeholder: for the crawl's environment, and nothing else.

    Airflow looks in its secrets backends, in `AIRFLOW_CONN_…` and in its database, and masks in the task's log what it
    finds. Raises `SourceError` where a connection, or its field, is not there.
    """
    from airflow.sdk import Connection

    from spiders.secrets import connection_field, names

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
        in_columns = field in ("login", "password", "host", "port", "schema", "extra")
        value = getattr(connection, field) if in_columns else connection.extra_dejson.get(field)
        if value in (None, ""):
            expected = "expected login, password, host, port, schema, extra or a key of extra, with a value"
            raise SourceError([f"{source.id}: ${{{name}}}: connection {connection_id} has no {field}: {expected}"])
        found[name] = str(value)
    return found


class FetchOperator(BaseOperator):
    """Crawls a source. Returns (to XCom) the keys of the WARC parts that hold pages.

    A DAG run that is older than the source's newest run asks no server: cleared, it returns the parts that are stored
    of it, and commits them where no attempt of it came so far.
    """

    def __init__(self, *, source_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id

    def execute(self, context: Any) -> list[str]:
        """Fetches in a child process, whose log lines appear in the task's log as they are written."""
        from bantin.fetch import Fetch
        from bantin.registry import find_source
        from bantin.runs import newer_run
        from bantin.salvage import stored_parts
        from storage.store import open_store

        settings = Settings.from_environment()
        run = run_of(context)
        with final_errors():
            if newer := newer_run(open_store(settings.archive), self.source_id, run):
                return stored_parts(self.source_id, run, newer, settings)
            source = find_source(settings.sources, self.source_id)
            secrets = connection_secrets(source)
            self._fetch = Fetch(source, run, settings, LogProgress(), secrets=secrets)
            threading.Thread(target=self._end_with_worker, args=(os.getppid(),), daemon=True).start()
            return self._fetch.run()

    def on_kill(self) -> None:
        """Airflow's word that the task must end; SIGKILL follows 5 s later."""
        if hasattr(self, "_fetch"):
            self._fetch.stop()

    def _end_with_worker(self, worker: int) -> None:
        """Ends the crawl when the worker process that supervises this task is gone: Airflow then counts the task as
        lost, and a further try must not meet a crawl that goes on."""
        while os.getppid() == worker:
            time.sleep(1)
        self.on_kill()


class LogProgress:
    """Says in the log how far a crawl is, each time it has come a tenth further."""

    def __init__(self) -> None:
        self._said = -1

    def __call__(self, event: dict[str, Any]) -> None:
        """Called with each progress event of a crawl."""
        tenth = 10 * int(event["answered"]) // max(1, int(event["asked"]))
        if tenth != self._said:
            self._said = tenth
            logger.info("%(lists)d lists answered, found %(found)d, asked for %(asked)d, answered %(answered)d", event)
