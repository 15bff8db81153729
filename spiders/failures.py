"""Failures in words that a reader understands without the class names of Twisted."""

from twisted.python.failure import Failure

from spiders import tls
from spiders.secrets import redact

LONGEST = 300


def describe(failure: Failure) -> str:
    """What went wrong, in one line of at most 300 characters."""
    error = failure.value
    assert error is not None  # noqa: S101 - for mypy: Twisted lets a failure be empty only after clean-up
    text = redact(" ".join((tls.explain(error) or str(error)).split()) or type(error).__name__)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
