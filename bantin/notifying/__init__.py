"""Messages about problems: to whom (targets), what they say (messages), how they get there (notifiers), when (tell),
and at once where a run failed (failures)."""

from typing import Any


def run_failed(context: Any) -> None:
    """A DAG's `on_failure_callback`: tells that a run failed, and why. Costs nothing until one does."""
    from bantin.notifying.failures import tell_of_failure

    tell_of_failure(context)
