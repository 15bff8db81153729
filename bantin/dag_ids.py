"""What the DAGs that crawl are called: from a source to its DAG, and back."""

import re
from hashlib import sha256

CRAWL = "crawl-"
"""How the ids of the DAGs begin that crawl one source."""

SHARD = "shard-"
"""The same of those that share all sources between them."""


def crawl_dag(name: str) -> str:
    """The id of the DAG of the source called `name`. A file with mistakes may bear a name that Airflow does not
    allow."""
    return CRAWL + re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)


def source_of(dag_id: str) -> str | None:
    """The source whose DAG is called so; None for a DAG that crawls several, or none."""
    return dag_id.removeprefix(CRAWL) if dag_id.startswith(CRAWL) else None


def shard_of(source_id: str, shards: int) -> int:
    """The shard, from 0, that a source belongs to: by its id and the number of shards, and by nothing else."""
    return int.from_bytes(sha256(source_id.encode()).digest()[:8]) % shards


def shard_name(shard: int) -> str:
    """`007`."""
    return f"{shard:03}"


def shard_dag(shard: int) -> str:
    """The id of a shard's DAG."""
    return SHARD + shard_name(shard)


def dag_of(source_id: str, shards: int) -> str:
    """The id of the DAG that crawls a source: one of its own, or where there are shards that of its shard."""
    return shard_dag(shard_of(source_id, shards)) if shards else crawl_dag(source_id)
