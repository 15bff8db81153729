"""One DAG a source, made from the registry: fetch → clean (mapped over WARC parts) → publish.

Adding, changing or pausing a source file changes the DAGs; nothing here does. Parsing imports neither Scrapy nor
trafilatura, and where Airflow asks for one DAG (a task starts) only that one is built. Retries are Airflow's own
settings (`core.default_task_retries`, `default_task_retry_delay`), which bantin/engine.py sets to two after a minute.
Sources of one politeness group are fetched in a pool of one slot (bantin/pools.py).
"""

import re
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, CronTriggerTimetable, get_current_context, get_parsing_context, task

from bantin.operators import FetchOperator, final_errors, run_of
from bantin.pools import pool_of
from bantin.settings import Settings
from model.errors import SourceError
from model.source import Source, load_source, source_files

DAG_PREFIX = "crawl-"


@task
def clean(part_key: str) -> None:
    """Turns the pages of one WARC part into articles."""
    from bantin.clean import clean_part

    with final_errors():
        clean_part(part_key, Settings.from_environment())


@task(trigger_rule="none_failed")
def publish(source_id: str) -> str:
    """Makes the run visible, and returns the key of its report. Runs too where there was nothing to clean, and cleans
    what is missing: cleared after a week, the cleaned parts have been swept."""
    from bantin.rerun import complete
    from storage import keys

    run = run_of(get_current_context())
    with final_errors():
        complete(source_id, run, Settings.from_environment())
    return keys.report(source_id, run)


@task(retries=0)
def refuse(mistakes: str) -> None:
    """Fails with what is wrong with a source's file."""
    with final_errors():
        raise SourceError(mistakes.splitlines())


def source_dag(source: Source) -> DAG:
    """The DAG that crawls `source` on its schedule."""
    place = source.locality
    with DAG(
        dag_id=DAG_PREFIX + source.id,
        dag_display_name=source.name,
        description=f"{source.url} → cleaned articles",
        doc_md=f"`{source.id}`: a {source.kind} at {source.url}, described in `sources/{source.id}.yaml`.",
        schedule=CronTriggerTimetable(source.schedule, timezone=source.timezone) if source.enabled else None,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,  # `enabled` in the source's file is the switch
        tags=[source.kind, *source.languages, *([place.province] if place else [])],
    ) as dag:
        group = source.fetch.group
        pool = pool_of(group) if group else None
        fetch = FetchOperator(task_id="fetch", source_id=source.id, retry_exponential_backoff=2, pool=pool)
        cleaned = clean.expand(part_key=fetch.output)
        asset = Asset(name=f"articles/{source.id}", uri=f"x-bantin://articles/{source.id}")
        published = publish.override(outlets=[asset])(source.id)
        fetch >> cleaned >> published
    return dag


def broken_dag(source_id: str, err: SourceError, schedule: str = "@daily") -> DAG:
    """A DAG that stands for a file that cannot be read, and goes red every day until it can."""
    with DAG(
        dag_id=DAG_PREFIX + source_id,
        description="its file has mistakes",
        doc_md="```\n" + str(err) + "\n```",
        schedule=schedule,
        catchup=False,
        is_paused_upon_creation=False,
        tags=["broken"],
    ) as dag:
        refuse(str(err))
    return dag


def build(path: Path) -> DAG:
    """The DAG for one file of the registry. One that is paused (`enabled: false`) has a DAG without a schedule, so that
    its runs can be seen and cleared."""
    try:
        source = load_source(path)
    except SourceError as err:
        return broken_dag(re.sub(r"[^\w.-]", "-", path.stem, flags=re.ASCII), err)
    return source_dag(source)


def build_all(wanted: str | None) -> dict[str, Any]:
    """The DAGs of the registry, or only the one called `wanted`, by id."""
    dags = (
        build(path)
        for path in source_files(Settings.from_environment().sources)
        if wanted is None or wanted == DAG_PREFIX + path.stem
    )
    return {dag.dag_id: dag for dag in dags}


globals().update(build_all(get_parsing_context().dag_id))
