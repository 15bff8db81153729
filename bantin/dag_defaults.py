"""What all DAGs have in common, in one place: who owns them, how often a task is tried, and when it is given up.

Nothing of Airflow is imported here. How many tries there are, and what lies between the first two, are Airflow's own
settings (`core.default_task_retries`, `core.default_task_retry_delay`; bantin/engine.py sets two after a minute), so
that an operator changes them for all DAGs at once.
"""

from datetime import timedelta
from typing import Any

from bantin.notifying import run_failed

OWNER = "bantin"
"""Who looks after a DAG of which nothing else is said (`owner` in a source's file)."""

BACKOFF = 2.0
"""Each wait for a further try is so many times the one before, and up to that much longer again, by chance."""

MAX_DELAY = timedelta(minutes=30)
"""The longest wait for a further try."""

TASK_LIMIT = timedelta(hours=6)
"""After so long a task that asks no other people's server is ended, and tried again."""

RUN_LIMIT = timedelta(days=2)
"""After so long a run of a DAG is given up, which would else keep its successors out."""

WAITING_LIMIT = timedelta(days=14)
"""The same where crawls wait for each other: those of a politeness group, of which each may take hours."""


def defaults(owner: str | None = None, limit: timedelta = TASK_LIMIT) -> dict[str, Any]:
    """The `default_args` of a DAG whose tasks are looked after by `owner` and may each take as long as `limit`."""
    return {
        "owner": owner or OWNER,
        "retry_exponential_backoff": BACKOFF,
        "max_retry_delay": MAX_DELAY,
        "execution_timeout": limit,
        "weight_rule": "upstream",  # what ends a run goes before what begins another
    }


def common(owner: str | None = None, *, run_limit: timedelta = RUN_LIMIT) -> dict[str, Any]:
    """The arguments that every `DAG` of ours is made with: one run at a time, none for what was missed but the last,
    `defaults`, and switched on, since files and settings are the switches here. A run that fails is told."""
    return {
        "default_args": defaults(owner),
        "catchup": False,
        "max_active_runs": 1,
        "is_paused_upon_creation": False,
        "dagrun_timeout": run_limit,
        "on_failure_callback": run_failed,  # of the run, not of each task: one message
    }
