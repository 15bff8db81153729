"""The assets that tell of published runs: what they are called, what their events say, and of whom events tell.

A source's DAG emits one of its own, a shard's DAG one for all of its sources; the DAG `index` starts by them.
"""

from typing import Any

from airflow.sdk import Asset

from bantin.dag_ids import shard_name
from model.report import RunReport
from storage import keys

ARTICLES = "x-bantin://articles/"
"""How the addresses of the assets begin that tell of a source's published runs."""

SHARDS = "x-bantin://shards/"
"""The same of those that tell of the runs of all sources of a shard; which it was stands in the event."""


def articles_of(source_id: str) -> Asset:
    """What a source's DAG emits when it has published a run."""
    return Asset(name=f"articles/{source_id}", uri=f"{ARTICLES}{source_id}")


def articles_of_shard(shard: int) -> Asset:
    """What a shard's DAG emits for each source that has published a run."""
    return Asset(name=f"shards/{shard_name(shard)}", uri=f"{SHARDS}{shard_name(shard)}")


def figures_of(report: RunReport) -> dict[str, Any]:
    """What an event tells of a run: its counts, its state, and where its report lies."""
    counts = {name: report.articles.get(name, 0) for name in ("new", "changed", "unchanged")}
    return {
        "source": report.source,
        "run": report.run,
        "state": report.state.value,
        **counts,
        "rejected": sum(report.rejected.values()),
        "report": keys.report(report.source, report.run),
    }


def published(events: Any) -> list[str] | None:
    """The sources that `triggering_asset_events` tell of; None where there are none, as by hand."""
    found = set()
    for asset, emitted in (events or {}).items():
        uri = str(getattr(asset, "uri", ""))  # an alias has none
        if uri.startswith(ARTICLES):
            found.add(uri.removeprefix(ARTICLES))
        elif uri.startswith(SHARDS):
            found |= {event.extra["source"] for event in emitted if "source" in event.extra}
    return sorted(found) or None
