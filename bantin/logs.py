"""What bantin's own log looks like: lines for people, or with `BANTIN_LOG=json` for programs (model/logs.py).

The verbs say which source and run they are at by structlog's context variables, which Airflow's task logs show, too:

    with bound_contextvars(source="kimson", run="20261122T000000Z"):
        logger.info("…")
"""

import logging
import os
import sys

import click

from bantin.settings import SettingsError
from browse.escaping import safe
from model.logs import JSON, VARIABLE, JsonLines

logger = logging.getLogger("bantin")


def as_json() -> bool:
    """Whether lines are to be JSON. Raises `SettingsError`."""
    form = os.environ.get(VARIABLE) or "text"
    if form not in ("text", JSON):
        raise SettingsError(f"{VARIABLE}: {form!r}: expected text or json")
    return form == JSON


def log_as_json() -> None:
    """Sends this process's log to standard error as JSON, from INFO on."""
    from structlog.contextvars import get_contextvars

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(get_contextvars))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("botocore").setLevel(logging.WARNING)


def about() -> str:
    """The source and run that a line is about, where one is: `kimson 20261122T000000Z`."""
    from structlog.contextvars import get_contextvars

    told = get_contextvars()
    return " ".join(str(told[name]) for name in ("source", "run") if name in told)


def complain(message: object, *, by: str = "bantin: ") -> None:
    """Tells the user of a command on standard error what is wrong, and which program says so; in a log of JSON as an
    error."""
    _say(logging.ERROR, message, by)


def remark(message: object) -> None:
    """Tells on standard error how a command ended that has printed what it did; in a log of JSON, too."""
    _say(logging.INFO, message, "bantin: ")


def _say(level: int, message: object, by: str) -> None:
    if os.environ.get(VARIABLE) == JSON:
        logger.log(level, "%s", message)
    else:
        click.echo(f"{by}{safe(message)}", err=True)
