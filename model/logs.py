"""Log lines as JSON: one object a line, which says of which source and run it is.

    {"time": "2026-11-22T00:00:05.123+00:00", "level": "info", "logger": "spiders", "source": "kimson",
     "run": "20261122T000000Z", "message": "200 https://…"}

and `exception`, a traceback, where there is one. A process that starts another one reads them back by `read_record`, so
that a warning stays one.
"""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

VARIABLE = "BANTIN_LOG"
"""The environment variable that chooses how lines look: `text`, or `JSON`."""

JSON = "json"


class JsonLines(logging.Formatter):
    """Writes records as JSON. `about` tells what the present ones are about, `redact` takes out what nobody may see."""

    def __init__(self, about: Callable[[], Mapping[str, object]], redact: Callable[[str], str] = str) -> None:
        super().__init__()
        self._about = about
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        exception = getattr(record, "exception", None)
        if record.exc_info and record.exc_info[0]:
            exception = self.formatException(record.exc_info)
        about = dict(self._about())
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **{name: about.pop(name) for name in ("source", "run") if name in about},
            **about,
            "message": self._redact(record.getMessage().removesuffix(f"\n{exception}")),
            **({"exception": self._redact(exception)} if exception else {}),
        }
        return json.dumps(told, ensure_ascii=False, default=str)


def is_read(record: logging.LogRecord) -> bool:
    """Whether a record comes from another process, by `read_record`."""
    return hasattr(record, "exception")


def read_record(line: str) -> logging.LogRecord | None:
    """The record that a process wrote as JSON; None where the line is something else. Its message ends with its
    traceback, if it has one, which is its `exception`, too."""
    if not line.startswith('{"time": '):
        return None
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        told = json.loads(line)
        level = logging.getLevelNamesMapping()[told["level"].upper()]
        exception = told.get("exception")
        message = f"{told['message']}\n{exception}" if exception else told["message"]
        record = logging.LogRecord(told["logger"], level, "", 0, "%s", (message,), None)
        record.created = datetime.fromisoformat(told["time"]).timestamp()
        record.exception = exception
        return record
    return None
