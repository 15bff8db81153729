"""Who is told: the targets that BANTIN_ALARMS names, with commas between them.

    email:CONNECTION:ADDRESS     e-mail, through an Airflow connection of type `smtp`
    slack:CONNECTION             a webhook as Slack has them, through an Airflow connection of type `slackwebhook`
    file:PATH                    a line of JSON a message, at the end of a file

Secrets stand in the connections alone; a target is called by what stands here.
"""

import re
from typing import NamedTuple

from bantin.settings import SettingsError

EXPECTED = "expected email:CONNECTION:ADDRESS, slack:CONNECTION or file:/PATH, with commas between them"
_CONNECTION = re.compile(r"[\w.-]{1,200}", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>\",;:]+@[^\s@<>\",;:]+")


class Target(NamedTuple):
    """A target: its `kind`, the Airflow `connection` it is reached by (a file: none) and its address or path."""

    kind: str
    connection: str
    address: str = ""

    @property
    def name(self) -> str:
        """What it is called where it is kept who was told."""
        return ":".join(part for part in self if part)


def parse_targets(text: str) -> list[Target]:
    """The targets that `text` names, each once. Raises `SettingsError`."""
    named = [one.strip() for one in text.split(",")]
    return list(dict.fromkeys(_parse(one) for one in named if one))


def _parse(text: str) -> Target:
    kind, _, rest = text.partition(":")
    connection, _, address = rest.partition(":")
    if kind == "file" and rest.startswith("/"):
        return Target(kind, "", rest)
    if kind == "slack" and _CONNECTION.fullmatch(connection) and not address:
        return Target(kind, connection)
    if kind == "email" and _CONNECTION.fullmatch(connection) and _ADDRESS.fullmatch(address):
        return Target(kind, connection, address)
    shown = f"{kind}:…" if kind in ("email", "slack", "file") else "…"  # a webhook's address would be a secret
    raise SettingsError(f"BANTIN_ALARMS: {shown}: {EXPECTED}")
