"""The version of what a file holds, written into each: older files stay readable, newer ones are told from damage.

    Parquet      `bantin.schema` in the file's metadata: `articles 3`
    JSON         the field `schema`
    WARC         `bantin-schema` in the warcinfo record

A file without a mark was written before there were any, and is of an earlier version. The snapshot of a frontier has
a version of its own (storage/snapshot.py): one that is not of the present version is made anew.

Whenever a field comes, goes or changes its meaning, its version is counted up here and a file of it is added to
tests/storage/files/.
"""

from dataclasses import dataclass

from model.article import Article
from model.capture import Capture
from storage.errors import UnknownVersion

PARQUET_KEY = b"bantin.schema"
JSON_FIELD = "schema"
WARC_FIELD = "bantin-schema"


@dataclass(frozen=True, slots=True)
class Schema:
    """A kind of file, and the version of it that this bantin writes."""

    name: str
    version: int

    @property
    def mark(self) -> str:
        """What is written into the file."""
        return f"{self.name} {self.version}"


ARTICLES = Schema("articles", 3)
"""1: without `locality`; 2: without the `path` of an injected link."""

CAPTURES = Schema("captures", 2)
"""1: without `location` and `unchanged`."""

REPORT = Schema("report", 6)
"""1: without `waiting`, `vanished`, `cloaked`, `warnings`; 2: without `retry`; 3: without `objects`, `recleaned_at`; 4:
without `replaced`; 5: without `wait_until`."""

LEASE = Schema("lease", 1)
ALARMS = Schema("alarms", 1)
NOTICE = Schema("notice", 1)
PART = Schema("part", 1)
REPLACED = Schema("replaced", 1)

OF_RECORD = {Article: ARTICLES, Capture: CAPTURES}
"""The schema of a table, by the dataclass of its rows."""

_KNOWN = {schema.name: schema.version for schema in (ARTICLES, CAPTURES, REPORT, LEASE, ALARMS, NOTICE, PART, REPLACED)}


def check_version(key: str, mark: str | None) -> None:
    """Raises `UnknownVersion` where the object at `key` bears the mark of a version later than ours. None is an earlier
    one."""
    if mark is None:
        return
    name, _, number = mark.partition(" ")
    known = _KNOWN.get(name, 0)
    if not number.isdecimal() or int(number) > known:
        ours = f"up to {name} {known}" if known else f"of {', '.join(_KNOWN)} only"
        message = f"{key}: it is of version {mark!r}, of a later bantin; this one reads versions {ours}: update bantin"
        raise UnknownVersion(message, key=key)
