"""What became of a source that is not crawled any more under its id: it was renamed, or retired.

A notice is a small object beside the source's runs, or in their place: whoever comes with an old id, from a citation or
an address that was kept, is led on by it.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from storage import keys, schema
from storage.errors import Corrupt, InvalidKey, KeyNotFound
from storage.store import ObjectStore

_LONGEST_WAY = 20
"""So many renamings, one after the other, are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What became of `source`, and since when.

    `renamed_to` is the id that it has now; None where it was retired, for `reason` perhaps. `moving`: the renaming has
    begun and not ended, and some of its runs may still be under the old id.
    """

    source: str
    at: datetime
    renamed_to: str | None = None
    moving: bool = False
    reason: str | None = None

    def encode(self) -> bytes:
        """JSON."""
        values = {schema.JSON_FIELD: schema.NOTICE.mark, **asdict(self), "at": self.at.isoformat()}
        return json.dumps(values, ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, key: str, data: bytes) -> Self:
        """The notice that `encode` wrote. Raises `Corrupt`, `UnknownVersion`."""
        try:
            values = json.loads(data)
            schema.check_version(key, values.pop(schema.JSON_FIELD, None))
            notice = cls(**{**values, "at": datetime.fromisoformat(values["at"])})
            for source in (notice.source, *([] if notice.renamed_to is None else [notice.renamed_to])):
                keys.notice(source)  # it is led to: an id, and nothing else
        except (ValueError, TypeError, KeyError, AttributeError, InvalidKey, RecursionError) as err:
            raise Corrupt(f"{key}: {err}: expected a notice; where it is damaged, delete it", key=key) from err
        return notice


def read_notice(store: ObjectStore, source: str) -> Notice | None:
    """What became of a source; None of one that is as it was. Raises `Corrupt`, `UnknownVersion` and `StorageError`."""
    key = keys.notice(source)
    try:
        return Notice.decode(key, store.get(key))
    except KeyNotFound:
        return None


def write_notice(store: ObjectStore, notice: Notice) -> None:
    """Puts a notice in its place, over an earlier one of the source. Raises `StorageError`."""
    store.put(keys.notice(notice.source), notice.encode())


def name_now(store: ObjectStore, source: str) -> str | None:
    """The id that a renamed source has now; None of one that was not renamed, or of which notices lead in a circle.
    Raises as `read_notice`."""
    now = source
    for _ in range(_LONGEST_WAY):
        notice = read_notice(store, now)
        if notice is None or notice.renamed_to is None:
            return now if now != source else None
        now = notice.renamed_to
    return None
