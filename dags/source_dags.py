"""One DAG a source, made from the registry: fetch → clean (mapped over WARC parts) → publish.

Adding, changing or pausing a source file changes the DAGs; nothing here does. Parsing imports neither Scrapy nor
trafilatura, and where Airflow asks for one DAG (a task starts) only that one is built. What all DAGs have in common
stands in bantin/dag_defaults.py, pools in bantin/pools.py, the form of a manual run in bantin/forms.py. Where all
sources are crawled by shards (`BANTIN_SHARDS`) there are none of these: see dags/shard_dags.py.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, get_current_context, get_parsing_context, task

from bantin.assets import articles_of
from bantin.dag_defaults import RUN_LIMIT, WAITING_LIMIT, common
from bantin.dag_ids import crawl_dag, source_of
from bantin.forms import crawl_form
from bantin.operators import FetchOperator, final_errors, finish
from bantin.pools import CLEAN, pool_of
from bantin.settings import Settings
from bantin.source_notes import notes_on
from model.errors import SourceError
from model.source import Source, load_source, source_files

PART_NAME = "{{ task.op_kwargs['part_key'].rsplit('/', 1)[-1].removesuffix('.warc.gz') }}"
"""`attempt-1-part-2`: how Airflow names each mapped task."""

FETCH_MARGIN = timedelta(hours=1)
"""So much longer than its budget of minutes may a fetch take: what is under way is waited for, and stored."""


@task(pool=CLEAN, map_index_template=PART_NAME)
def clean(part_key: str) -> None:
    """Turns the pages of one WARC part into articles."""
    from bantin.clean import clean_part

    with final_errors():
        clean_part(part_key, Settings.from_environment())


@task(pool=CLEAN, trigger_rule="none_failed")
def publish(source_id: str) -> str | None:
    """Makes the run visible, and returns the key of its report. Runs too where there was nothing to clean, and cleans
    what is missing: cleared after a week, the cleaned parts have been swept."""
    return finish(source_id, get_current_context(), articles_of(source_id))


@task(retries=0)
def refuse(mistakes: str) -> None:
    """Fails with what is wrong with a source's file."""
    with final_errors():
        raise SourceError(mistakes.splitlines())


def source_dag(source: Source) -> DAG:
    """The DAG that crawls `source` on its schedule."""
    place, group = source.locality, source.fetch.group
    with DAG(
        dag_id=crawl_dag(source.id),
        dag_display_name=source.name,
        description=f"{source.url} → cleaned articles",
        doc_md=notes_on(source),
        schedule=CronTriggerTimetable(source.schedule, timezone=source.timezone) if source.enabled else None,
        params=crawl_form(),
        tags=[source.kind, *source.languages, *([place.province] if place else [])],
        # `enabled` in the source's file is the switch.
        **common(source.owner, run_limit=WAITING_LIMIT if group else RUN_LIMIT),
    ) as dag:
        limit = timedelta(minutes=source.fetch.max_minutes) + FETCH_MARGIN
        fetch = FetchOperator(task_id="fetch", source_id=source.id, pool=pool_of(group), execution_timeout=limit)
        cleaned = clean.expand(part_key=fetch.output)
        published = publish.override(outlets=[articles_of(source.id)])(source.id)
        fetch >> cleaned >> published
    return dag


def broken_dag(dag_id: str, err: SourceError) -> DAG:
    """A DAG that stands for a file that cannot be read, and goes red every day until it can."""
    with DAG(
        dag_id=dag_id,
        description="its file has mistakes",
        doc_md="```\n" + str(err) + "\n```",
        schedule="@daily",
        tags=["broken"],
        **common(),
    ) as dag:
        refuse(str(err))
    return dag


def build(path: Path) -> DAG:
    """The DAG for one file of the registry. One that is paused (`enabled: false`) has a DAG without a schedule, so that
    its runs can be seen and cleared."""
    try:
        source = load_source(path)
    except SourceError as err:
        return broken_dag(crawl_dag(path.stem), err)
    return source_dag(source)


def build_all(wanted: str | None) -> dict[str, Any]:
    """The DAGs of the registry, or only the one called `wanted`, by id; none where shards have the sources."""
    settings = Settings.from_environment()
    if settings.shards or (wanted is not None and source_of(wanted) is None):
        return {}
    paths = [path for path in source_files(settings.sources) if wanted in (None, crawl_dag(path.stem))]
    return {dag.dag_id: dag for dag in map(build, paths)}


globals().update(build_all(get_parsing_context().dag_id))
