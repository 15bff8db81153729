"""Failures in words that a reader understands without the class names of Twisted."""

from scrapy.exceptions import ResponseDataLossError
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from spiders import tls
from spiders.secrets import redact

LONGEST = 300

BROKEN_OFF = "the connection ended in the middle of the answer"
NO_ANSWER = "the server closed the connection without an answer, or with a header too long to be read"


def describe(failure: Failure) -> str:
    """What went wrong, in one line of at most 300 characters."""
    error = failure.value
    assert error is not None  # noqa: S101 - for mypy: Twisted lets a failure be empty only after clean-up
    plain = tls.explain(error) or _explain(error) or str(error)
    text = redact(" ".join(plain.split()) or type(error).__name__)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _explain(error: BaseException) -> str | None:
    """What is wrong with an answer that never came, or that is none; None where `error` speaks for itself."""
    *around, root = tls.causes(error)
    if any(isinstance(one, ResponseDataLossError) for one in (*around, root)):
        return BROKEN_OFF
    if not any(getattr(one, "reasons", None) for one in around):
        return None
    if isinstance(root, ConnectionDone):
        return NO_ANSWER
    if isinstance(root, ConnectionLost):
        return str(root)
    return f"the answer is not HTTP as it should be: {root}"
