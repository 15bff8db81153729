"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(
    condition: Callable[[], Any], seconds: float = 60, what: str = "what was to happen", *, every_s: float = 0.2
) -> Any:
    """What `condition` returns once it is true. It is asked every `every_s` seconds; never is a failure of the test."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {what}"
        time.sleep(every_s)
    return found


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    """The same for what must be caught as it happens, and costs nothing to ask: two hundred times a second."""
    wait_for(condition, seconds, every_s=0.005)
