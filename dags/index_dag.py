"""The DAG that brings the search index up to date: whenever a source has published a run, and by hand.

Runs of other sources that are published while one is under way are taken together by the next: each takes all that is
new. Triggered by hand it looks through all sources, or makes the index anew (*rebuild*).
"""

from airflow.sdk import DAG, Asset, AssetAny, Param, get_current_context, get_parsing_context, task

from bantin.assets import articles_of, articles_of_shard, published
from bantin.dag_defaults import common
from bantin.operators import final_errors
from bantin.settings import Settings
from model.source import is_source_id, source_files

DAG_ID = "index"


@task
def build() -> int:
    """Indexes what is new; returns the index's generation. Fails where a table could not be read: the others are in."""
    from bantin.index import refresh

    context = get_current_context()
    with final_errors():
        sources = published(context.get("triggering_asset_events"))
        return refresh(Settings.from_environment(), sources, rebuild=context["params"]["rebuild"])


def assets() -> list[Asset]:
    """What the DAGs of all sources emit, paused ones too; or what the shards do. No source's file is read for it: a
    task's start would take the longer the more sources there are. One with mistakes emits nothing until it has none."""
    settings = Settings.from_environment()
    if settings.shards:
        return [articles_of_shard(shard) for shard in range(settings.shards)]
    return [articles_of(path.stem) for path in source_files(settings.sources) if is_source_id(path.stem)]


def index_dag() -> DAG:
    """Any source's asset starts it; one run at a time."""
    emitted = assets()
    with DAG(
        dag_id=DAG_ID,
        description="what was published → the search index",
        doc_md=__doc__,
        schedule=AssetAny(*emitted) if emitted else None,
        params={"rebuild": Param(False, type="boolean", description="Make the whole index anew.")},
        tags=["archive"],
        **common(),
    ) as dag:
        build()
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    index = index_dag()
