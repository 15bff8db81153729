"""The DAG that brings the search index up to date: whenever a source has published a run, and by hand.

Runs of other sources that are published while one is under way are taken together by the next: each takes all that is
new. Triggered by hand it looks through all sources, or makes the index anew (*rebuild*).
"""

from typing import Any

from airflow.sdk import DAG, Asset, AssetAny, Param, get_current_context, get_parsing_context, task

from bantin.operators import final_errors
from bantin.settings import Settings
from model.errors import SourceError
from model.source import load_source, source_files

DAG_ID = "index"
ASSET_PREFIX = "x-bantin://articles/"


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
    """The sources whose assets triggered the run; None where nothing did."""
    uris = (str(getattr(asset, "uri", "")) for asset in events or ())
    return sorted(uri.removeprefix(ASSET_PREFIX) for uri in uris if uri.startswith(ASSET_PREFIX)) or None


def assets() -> list[Asset]:
    """What the sources' DAGs emit, of every source."""
    found = []
    for path in source_files(Settings.from_environment().sources):
        try:
            source = load_source(path)
        except SourceError:
            continue  # a DAG of its own says what is wrong with it
        found.append(Asset(name=f"articles/{source.id}", uri=f"{ASSET_PREFIX}{source.id}"))
    return found


def index_dag() -> DAG:
    """Any source's asset starts it; one run at a time."""
    emitted = assets()
    with DAG(
        dag_id=DAG_ID,
        description="what was published → the search index",
        doc_md=__doc__,
        schedule=AssetAny(*emitted) if emitted else None,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        params={"rebuild": Param(False, type="boolean", description="Make the whole index anew.")},
        tags=["archive"],
    ) as dag:
        build()
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    index = index_dag()
