"""Thousands of sources: `BANTIN_SHARDS` DAGs, each of which crawls its share of them, in the place of a DAG a source.

Every quarter of an hour a shard chooses those of its sources that are due, by their own schedules and time zones, and
maps one task over them: it crawls, cleans and publishes one source. A source that fails holds up no other; *Clear* the
task that bears its name, and it goes on from what is stored. What came due while Airflow was down is one run a source.
Started by hand, a shard crawls the sources named in the form, or all it has that are not paused.

A source whose last crawl is still under way is left to the next tick. Sources of one politeness group wait for each
other without a slot. The run's id is the tick's time, for all sources that it began.
"""

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, get_parsing_context, task

from bantin.assets import articles_of_shard
from bantin.dag_defaults import WAITING_LIMIT, common
from bantin.dag_ids import shard_dag
from bantin.forms import crawl_form
from bantin.operators import CrawlOperator, final_errors, run_of
from bantin.pools import CRAWL
from bantin.settings import Settings
from bantin.sharding import TICK, begin, named, tick_schedule

CHOSEN = "chosen"
"""Under this key each scheduled run leaves up to when it chose, and what it left to the next."""

TICKS_AT_ONCE = 64
"""A tick does not wait for a crawl that an earlier one began and that takes hours: so many may be under way."""

CRAWL_LIMIT = timedelta(hours=12)
"""So long may one source take. Its budget of minutes ends the crawl long before; what is fetched is cleaned then."""


@task
def choose(shard: int) -> list[str]:
    """The ids of the sources that this run crawls: those due since the last one, or by hand those of the form."""
    context = get_current_context()
    with final_errors():
        settings = Settings.from_environment()
        until = context["dag_run"].run_after
        if context["dag_run"].run_type == "manual":
            return named(context["params"]["sources"], shard, settings)
        before = context["ti"].xcom_pull("choose", key=CHOSEN, include_prior_dates=True, map_indexes=-1)
        since = datetime.fromisoformat(before["until"]) if before else until - TICK
        waiting = before["left"] if before else []
        chosen, left = begin(set(waiting), since, until, shard, run_of(context), settings)
    context["ti"].xcom_push(CHOSEN, {"until": until.isoformat(), "left": left})
    return chosen


def dag_of_shard(shard: int, shards: int) -> DAG:
    """The DAG of the sources whose shard is `shard`, of `shards`."""
    default = "Default: all of the shard that are not paused."
    by_name = Param(None, type=["null", "array"], items={"type": "string"}, description=default)
    with DAG(
        dag_id=shard_dag(shard),
        description=f"sources of shard {shard} of {shards} → cleaned articles",
        doc_md=__doc__,
        schedule=CronTriggerTimetable(tick_schedule(shard), timezone="UTC"),
        params={"sources": by_name, **crawl_form()},
        tags=["shard"],
        **{**common(run_limit=WAITING_LIMIT), "max_active_runs": TICKS_AT_ONCE},
    ) as dag:
        CrawlOperator.partial(
            task_id="crawl",
            shard=shard,
            pool=CRAWL,
            outlets=[articles_of_shard(shard)],
            map_index_template="{{ task.source_id }}",
            execution_timeout=CRAWL_LIMIT,
        ).expand(source_id=choose(shard))
    return dag


def build_all(wanted: str | None) -> dict[str, Any]:
    """The DAGs of all shards, or only the one called `wanted`, by id."""
    shards = Settings.from_environment().shards
    ids = {shard_dag(shard): shard for shard in range(shards)}
    return {dag_id: dag_of_shard(shard, shards) for dag_id, shard in ids.items() if wanted in (None, dag_id)}


globals().update(build_all(get_parsing_context().dag_id))
