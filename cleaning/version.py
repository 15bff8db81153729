"""The cleaner's version: what an article's text depends on beside its page and its source's file."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cleaning.rules import RULES_VERSION

_LIBRARIES = ("trafilatura", "lxml", "py3langid")


@cache
def cleaner_version() -> str:
    """Ours and the libraries' versions in one line, like `bantin 0.1.0, rules 1, trafilatura 2.3.1, lxml 6.1.3 …`."""
    return ", ".join(
        [f"bantin {_version('bantin')}", f"rules {RULES_VERSION}", *(f"{name} {_version(name)}" for name in _LIBRARIES)]
    )


@cache
def cleaner_sha256() -> str:
    """The hash of the version and of this package's own files, rules and all: between two versions they change, too."""
    found = hashlib.sha256(cleaner_version().encode())
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), *here.glob("ruleset/*.yaml")]):
        found.update(f"{path.name}\n".encode() + path.read_bytes())
    return found.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
