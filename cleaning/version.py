"""The cleaner's version: what an article's text depends on beside its page and its source's file."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from cleaning.rules import RULES_VERSION

_LIBRARIES = ("trafilatura", "lxml", "py3langid")


@cache
def cleaner_version() -> str:
    """Ours and the libraries' versions in one line, like `bantin 0.1.0, rules 1, trafilatura 2.3.1, lxml 6.1.3 …`."""
    return ", ".join(
        [f"bantin {_version('bantin')}", f"rules {RULES_VERSION}", *(f"{name} {_version(name)}" for name in _LIBRARIES)]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
