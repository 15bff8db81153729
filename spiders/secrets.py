"""Secrets: what a source's file only names, where it is found, and how it is kept out of everything that is written.

`${NAME}` is the environment variable NAME. `${connection:ID.field}` is a field of the Airflow connection ID: `login`,
`password`, `host`, `port`, `schema`, `extra`, or a key of `extra`. The crawl finds both in its environment, the latter
under the very name `connection:ID.field`: `bantin.connections` asks Airflow for it. Nothing else of Airflow is known
here, and no Scrapy, since an operator imports this module.
"""

import json
import logging
import os
import re
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus

from model.errors import SourceError
from model.source import Source

WITHHELD = "(withheld)"

SHORTEST = 4
"""A shorter value is no secret, and its letters are all over the log."""

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_VARIABLE = re.compile(r"\w+")
_CONNECTION = re.compile(r"connection:(?P<id>[\w.-]+)\.(?P<field>[\w-]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def names(source: Source) -> set[str]:
    """The placeholders in `fetch.proxy`, `fetch.headers` and `fetch.cookies`, without `${}`."""
    fetch = source.fetch
    values = [fetch.proxy or "", *fetch.headers.values(), *fetch.cookies.values()]
    return {name for value in values for name in _PLACEHOLDER.findall(value)}


def connection_field(name: str) -> tuple[str, str] | None:
    """Connection and field that a placeholder names; None for one of another kind."""
    found = _CONNECTION.fullmatch(name)
    return (found["id"], found["field"]) if found else None


def is_secret(value: str) -> bool:
    """Whether `value`, as the source's file has it, takes anything from elsewhere."""
    return _PLACEHOLDER.search(value) is not None


def expand(value: str, source_id: str, field: str) -> str:
    """`value` with each placeholder replaced by what the environment has. What was put in is withheld from then on
    (`redact`). Raises `SourceError`."""

    def lookup(found: re.Match[str]) -> str:
        name = found[1]
        secret = os.environ.get(name)
        if secret is None or _CONTROL.search(secret):
            raise SourceError([f"{source_id}: {field}: {value!r}: {_expected(name, secret)}"])
        if not name.startswith("connection:") or not name.endswith((".port", ".schema")):
            withhold(secret)
        return secret

    return _PLACEHOLDER.sub(lookup, value)


class Redaction:
    """The texts that are not to be seen, and what is left of a line without them."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Withholds `secret` and its usual spellings: URL-encoded, in JSON, as bytes are shown, in Base64."""
        if len(secret) < SHORTEST:
            return
        raw = secret.encode()
        self._texts |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), b64encode(raw).decode()}
        quoted = (json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret), repr(raw)[1:])
        self._texts |= {text[1:-1] for text in quoted}
        # The longest first: it may hold another.
        longest_first = sorted(self._texts, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def apply(self, text: str) -> str:
        """`text` with "(withheld)" in the place of each secret."""
        return self._pattern.sub(WITHHELD, text) if self._pattern else text


_process = Redaction()  # of this process: log lines come from everywhere in it


def withhold(secret: str) -> None:
    """Keeps `secret` out of what this process writes from now on, as far as it goes through `redact`."""
    _process.add(secret)


def redact(text: str) -> str:
    """`text` without the secrets of this process."""
    return _process.apply(text)


def redact_values(value: Any) -> Any:
    """A JSON-like value whose strings are redacted, keys of mappings too."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact_values(key): redact_values(one) for key, one in value.items()}
    return [redact_values(one) for one in value] if isinstance(value, list | tuple) else value


class RedactingFormatter(logging.Formatter):
    """A formatter whose lines, tracebacks included, hold no secret."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return redact(super().format(record))


def _expected(name: str, secret: str | None) -> str:
    if secret is not None:
        return f"expected ${{{name}}} to be one line without control characters"
    if connection := connection_field(name):
        return (
            f"expected the field {connection[1]} of the Airflow connection {connection[0]}, "
            f"or, without Airflow, an environment variable of the name {name} (`env '{name}=…' bantin crawl …`)"
        )
    if _VARIABLE.fullmatch(name):
        return f"expected the environment variable {name} to be set"
    return "expected ${NAME} for an environment variable, or ${connection:ID.field} for an Airflow connection"
