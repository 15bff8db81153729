"""The verbs as Airflow runs them: operators for what must be stopped in time, and the rule for retries."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSkipException

from bantin.assets import articles_of_shard, figures_of
from bantin.errors import HELD, FetchFailed, NothingStored
from bantin.forms import is_rules_only, scope_of
from bantin.settings import Settings
from model.errors import BantinError
from storage.keys import run_id

logger = logging.getLogger("bantin.fetch")

FIRST_WAIT, LONGEST_WAIT, LONGER = timedelta(minutes=1), timedelta(minutes=15), 1.5
"""How long a crawl without a pool of its group waits before it looks again whether another one of it has ended."""


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
    return run_id(context["dag_run"].run_after)


def finish(source_id: str, context: Any, asset: Asset) -> str | None:
    """Publishes the run that is fetched, and cleans first what is missing of it; returns the key of its report. Where
    the form says *rules only*, cleans the stored runs again. The event of `asset` bears the figures."""
    from bantin.rerun import complete

    with final_errors():
        settings, params = Settings.from_environment(), context["params"]
        if is_rules_only(params):
            figures = _cleaned_again(source_id, params.get("since"), settings)
        else:
            figures = figures_of(complete(source_id, run_of(context), settings))
    context["outlet_events"][asset].extra = figures
    return figures.get("report")


def _cleaned_again(source_id: str, since: str | None, settings: Settings) -> dict[str, Any]:
    from bantin.recleaning.reclean import Rules, Selection
    from bantin.recleaning.rewrite import reclean_all

    first = datetime.combine(date.fromisoformat(since), datetime.min.time(), UTC) if since else None
    counts = reclean_all(Selection(sources=(source_id,), since=first), Rules.CURRENT, settings, dry_run=False)
    return {"source": source_id, "state": "cleaned again", **counts}


class FetchOperator(BaseOperator):
    """Crawls a source, as far as the form of the DAG run says. Returns (to XCom) the keys of the WARC parts that hold
    pages; none where it says *rules only*.

    A DAG run that is older than the source's newest run asks no server: cleared, it returns the parts that are stored
    of it, and commits them where no attempt of it came so far.
    """

    def __init__(self, *, source_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id

    def execute(self, context: Any) -> Any:
        """Fetches in a child process, whose log lines appear in the task's log as they are written."""
        with final_errors():
            if is_rules_only(context["params"]):
                logger.info("rules only: no server is asked")
                return []
            return self.fetch(context)

    def fetch(self, context: Any) -> list[str]:
        """The same, whatever the form says of *rules only*. Raises as `Fetch.run`, `stored_parts` and `find_source`."""
        from bantin.connections import connection_secrets
        from bantin.fetch import Fetch
        from bantin.registry import find_source
        from bantin.runs import newer_run
        from bantin.salvage import stored_parts
        from storage.store import open_store

        settings = Settings.from_environment()
        run = run_of(context)
        if newer := newer_run(open_store(settings.archive), self.source_id, run):
            return stored_parts(self.source_id, run, newer, settings)
        source = find_source(settings.sources, self.source_id)
        secrets = connection_secrets(source)
        scope = scope_of(context["params"])
        self._fetch = Fetch(source, run, settings, LogProgress(), secrets=secrets, scope=scope)
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


class CrawlOperator(FetchOperator):
    """Crawls, cleans and publishes a source in one task, over which the DAG of a shard is mapped. Returns the key of
    the run's report.

    A further try, and a cleared one, goes on from the last good step: what is committed is not asked for again. While
    another crawl of the source or of its politeness group is under way, the task waits without a slot; where a later
    run crawls the source meanwhile, nothing is left to be done, and it is skipped.
    """

    def __init__(self, *, shard: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shard = shard

    def execute(self, context: Any) -> Any:
        """All three steps, one after the other."""
        from bantin.registry import find_source
        from bantin.under_way import holder_of
        from storage import keys
        from storage.store import open_store

        with final_errors():
            settings = Settings.from_environment()
            source = find_source(settings.sources, self.source_id)
            store, run = open_store(settings.archive), run_of(context)
            if not is_rules_only(context["params"]) and store.head(keys.captures(source.id, run)) is None:
                if holder := holder_of(store, source.id, run, source.fetch.group):
                    self._wait(context, f"{source.id} waits: {holder.source} is being crawled by run {holder.run}")
                self._fetch_or_wait(context)
        return finish(source.id, context, articles_of_shard(self.shard))

    def _fetch_or_wait(self, context: Any) -> None:
        try:
            self.fetch(context)
        except NothingStored as err:
            if not context.get("task_reschedule_count"):
                raise
            raise AirflowSkipException(f"while this one waited, a later run has crawled {self.source_id}") from err
        except FetchFailed as err:
            if err.exit_code != HELD:
                raise
            self._wait(context, str(err))

    def _wait(self, context: Any, why: str) -> None:
        wait = min(LONGEST_WAIT, FIRST_WAIT * LONGER ** min(context.get("task_reschedule_count", 0), 20))
        logger.info("%s; it looks again in %s", why, wait)
        raise AirflowRescheduleException(datetime.now(UTC) + wait)  # type: ignore[no-untyped-call]


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
