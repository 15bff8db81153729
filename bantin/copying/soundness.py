"""Whether an object that is to be copied is whole as far as it tells by itself: for what no report vouches for."""

import json
from collections.abc import Callable
from pathlib import Path

from model.errors import BantinError
from model.report import RunReport
from model.source import parse_source
from storage.members import members
from storage.notices import Notice
from storage.superseded import is_whole


def problem_of(family: str, key: str, file: Path) -> str | None:
    """What shows that the object at `key`, of which `file` is a copy, is damaged; None where nothing does. Of a key
    that is none of the archive's nothing is known."""
    check = _CHECKS.get(family)
    if check is None or not key.endswith((".parquet", ".gz", ".yaml", ".json")):
        return None
    try:
        return check(key, file)
    except (BantinError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        return str(err) or type(err).__name__


def _table(_: str, file: Path) -> str | None:
    return None if is_whole(file) else "it cannot be read to its end as a Parquet table"


def _part(_: str, file: Path) -> str | None:
    with file.open("rb") as part:
        broken = [member for member in members(part) if member.problem]
    return f"{len(broken)} damaged records, the first at {broken[0].offset}: {broken[0].problem}" if broken else None


def _rules(key: str, file: Path) -> None:
    parse_source(file.read_bytes().decode(), key)


def _report(_: str, file: Path) -> None:
    RunReport.from_json(json.loads(file.read_bytes()))


def _notice(key: str, file: Path) -> None:
    Notice.decode(key, file.read_bytes())


_CHECKS: dict[str, Callable[[str, Path], str | None]] = {
    "raw": _part,
    "captures": _table,
    "articles": _table,
    "lake": _table,
    "rules": _rules,
    "report": _report,
    "notices": _notice,
}
