"""What `verify` finds, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from storage.errors import StorageError


class Trouble(StrEnum):
    """What is wrong with an object."""

    ROT = "bit rot"
    """Its bytes are not those that were stored."""
    TRUNCATED = "truncated"
    MISSING = "missing"
    GONE = "gone"
    """Nothing is left of the run or source, and something else names it."""
    BODY = "no body"
    """Revisit captures refer to an answer, and its record is not there any more."""
    MISMATCH = "mismatch"
    """It can be read, and contradicts another object."""
    STALE = "stale"
    """It was right once: what it tells of has been written again."""
    VERSION = "unknown version"
    ORPHAN = "orphan"
    """Nothing names it."""
    UNPUBLISHED = "not published"
    """It was fetched, and waits to be published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with the object at `key`, or (`harmless`) something to know of it. `source` and `run` are None
    where it is of none."""

    key: str
    trouble: Trouble
    detail: str
    remedy: str
    source: str | None = None
    run: str | None = None
    harmless: bool = False

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        detail = " ".join(self.detail.split())  # a library's message may be of several lines
        return f"{self.key}: {'note: ' if self.harmless else ''}{self.trouble}: {detail}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did, or could not do. `differs`: what stands there now is not, or not for sure, what was stored."""

    text: str
    differs: bool = False

    def __str__(self) -> str:
        return self.text


RESTORE = "restore it from a back-up: bantin copy --check BACKUP ARCHIVE"
REPAIR = "bantin verify --repair makes it anew"
REPAIR_CAPTURES = "bantin verify --repair makes it anew from the WARC parts, but for addresses that wait"
RESTORE_FIRST = (
    "restore the damaged WARC parts from a back-up: bantin copy --check BACKUP ARCHIVE; then bantin verify --repair"
    " makes it anew"
)
UPDATE = "update bantin"

MADE_ANEW = "made anew by bantin verify --repair"
"""So begins the warning in a report that was lost, and says only what the tables tell."""

SHOWN = 3
"""So many addresses or the like are written out in a finding."""


def some(what: Sequence[str]) -> str:
    """The first of many, and how many more there are."""
    rest = len(what) - SHOWN
    return ", ".join(what[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def told(err: Exception) -> str:
    """What `err` says, but for what it advises elsewhere: to call `bantin verify`."""
    return err.message if isinstance(err, StorageError) else str(err)
