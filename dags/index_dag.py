"""The DAG that brings the search index up to date: whenever a source has published a run, and by hand.

Runs of other sources that are published while one is under way are taken together by the next: each takes all that is
new. Triggered by hand it looks through all sources, or makes the index anew (*rebuild*).
"""

from typing import Any

from airflow.sdk import DAG, Asset, AssetAny, Param, get_current_context, get_parsing_context, task

from bantin.dag_defaults import common
from bantin.operators import ARTICLES, SHARDS, articles_of, articles_of_shard, final_errors
from bantin.settings import Settings
from model.errors import SourceError
from model.source import load_source, source_files

DAG_ID = "index"


@task
def build() -> int:
    """Indexes what is new; returns the index's generation. Fails where a table could not be read: the others are in."""
    from bantin.index import refresh

    context = get_current_context()
    with final_errors():
        settings = Settings.from_environment()
        return refresh(
            settings, published(context.get("triggering_asset_events")), rebuild=context["params"]["rebuild"]
        )


def published(events: Any) -> list[str] | None:
    """The sources whose assets triggered the run, or of which the events of a shard's asset tell; None where nothing
    triggered it."""
    found = set()
    for asset, emitted in (events or {}).items():
        uri = str(getattr(asset, "uri", ""))
        if uri.startswith(ARTICLES):
            found.add(uri.removeprefix(ARTICLES))
        elif uri.startswith(SHARDS):
            found |= {event.extra["source"] for event in emitted if "source" in event.extra}
    return sorted(found) or None


def assets() -> list[Asset]:
    """What the DAGs of all sources emit, paused ones too; or what the shards do."""
    settings = Settings.from_environment()
    if settings.shards:
        return [articles_of_shard(shard) for shard in range(settings.shards)]
    found = []
    for path in source_files(settings.sources):
        try:
            source = load_source(path)
        except SourceError:
            continue  # a DAG of its own says what is wrong with it
        found.append(articles_of(source.id))
    return found


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
