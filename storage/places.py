"""What a key names: storage/keys.py read backwards."""

import re
from typing import NamedTuple

from storage import keys
from storage.errors import InvalidKey

_SRC = r"src=(?P<source>[a-z0-9]+(?:-[a-z0-9]+)*)"
_AT = r"(?P<run>\d{8}T\d{6}Z)"
_DAY = r"day=(?P<day>\d{4}-\d\d-\d\d)"
_SHA256 = r"(?P<sha256>[0-9a-f]{64})"
_NOTED = r"(?P<noted>[0-9a-f]{64}\.)"
_FAMILIES = {
    "raw": rf"raw/{_SRC}/run={_AT}/attempt-\d+-part-\d+\.warc\.gz",
    "captures": rf"captures/{_SRC}/{_DAY}/{_AT}\.parquet",
    "articles": rf"articles/{_SRC}/{_DAY}/{_AT}\.parquet",
    "rules": rf"runs/{_SRC}/{_AT}/source\.yaml",
    "report": rf"runs/{_SRC}/{_AT}/report\.json",
    "superseded": rf"superseded/{_SRC}/run={_AT}/{_NOTED}?{_SHA256}\.(?(noted)json|(?:parquet|yaml))",
    "lake": rf"lake/{_SRC}/month=(?P<month>\d{{4}}-(?:0[1-9]|1[0-2]))\.parquet",
    "work": rf"work/(?:{_SRC}/run={_AT}/)?.+",
    "frontier": rf"frontier/{_SRC}\.parquet",
    "leases": rf"leases/(?:{_SRC}|group=(?P<group>[a-z0-9]+(?:-[a-z0-9]+)*))\.json",
    "notices": rf"notices/{_SRC}\.json",
    "index": rf"index/(?:manifest\.json|(?:files|catalog)/{_SHA256}(?:\.parquet)?)",
    "alarms": r"alarms/standing\.json",
    "damaged": rf"damaged/{_SHA256}/.+",
}
_PATTERNS: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
for _family, _pattern in _FAMILIES.items():
    _PATTERNS.setdefault(_pattern.partition("/")[0], []).append((_family, re.compile(_pattern, re.ASCII)))


class Place(NamedTuple):
    """What kind of object a key names, and what else the key says of it.

    `family`: `raw`, `captures`, `articles`, `rules`, `report`, `superseded`, `lake`, `work`, `frontier`, `leases`,
    `notices`, `index`, `alarms` or `damaged`. `month` is that of a lake's table, `group` that of a lease, `sha256` the
    hash of its bytes that a replaced or damaged object, or one of the index, is called by.
    """

    family: str
    source: str | None = None
    run: str | None = None
    month: str | None = None
    group: str | None = None
    sha256: str | None = None


def place_of(key: str) -> Place | None:
    """What `key` names; None where it is no key of the archive."""
    for family, pattern in _PATTERNS.get(key.partition("/")[0], ()):
        if found := pattern.fullmatch(key):
            names = found.groupdict()
            day = names.pop("day", None)
            names.pop("noted", None)
            return Place(family, **names) if _is_time(names.get("run"), day) else None
    return None


def table_of(key: str) -> tuple[str, str] | None:
    """Source and run of a captures or articles table; None where `key` is another object."""
    place = place_of(key)
    if place is None or place.family not in ("captures", "articles"):
        return None
    return place.source or "", place.run or ""


def _is_time(run: str | None, day: str | None) -> bool:
    """Whether a run's id, if any, is a time, and that of `day`: in a folder of another one its rows would be there
    twice."""
    try:
        time = keys.run_time(run) if run else None
    except InvalidKey:  # digits that are no time
        return False
    return time is None or day in (None, f"{time:%Y-%m-%d}")
