"""The replaced articles tables of a run, in the order in which they were put away.

The order decides where the citation of a row leads that newer rules have dropped. The time at which a store wrote an
object does not tell it: a copy has other times. So a note lies beside each table, and says when it was put away. It is
called by the table's hash and its own, is never written again, and goes along wherever the table is copied to.

Tables that an earlier version put away have no note, and count as put away before all that have one, by the time at
which the store wrote them; who copies such a table writes that time down beside the copy, as a time of the store's.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from storage import keys, schema
from storage.errors import KeyNotFound, PreconditionFailed, UnknownVersion
from storage.places import place_of
from storage.store import ObjectInfo, ObjectStore

_TICK = timedelta(microseconds=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A replaced table: its key, when it was put away last, and whether whoever did so noted it (`noted`), or the time
    is a store's."""

    key: str
    at: datetime
    noted: bool

    @property
    def order(self) -> tuple[bool, datetime, str]:
        """What replaced tables of a run are sorted by."""
        return self.noted, self.at, self.key


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says: the hash of a replaced table, when it was put away, and whether that is a store's time only."""

    table: str
    at: datetime
    by_store: bool = False

    def encode(self) -> bytes:
        """JSON; the same note gives the same bytes."""
        values = {schema.JSON_FIELD: schema.REPLACED.mark, "table": self.table, "at": self.at.isoformat()}
        return json.dumps({**values, "by_store": self.by_store}).encode()

    def key(self, source: str, run: str) -> str:
        """Where it is kept, for a table of this run."""
        return keys.superseded_note(source, run, self.table, hashlib.sha256(self.encode()).hexdigest())


def replaced_tables(store: ObjectStore, source: str, run: str) -> list[Replaced]:
    """The replaced tables of a run, those that were put away last at the end. Raises `StorageError`.

    A table may have been put away more than once; it counts where it was last. Of times of stores the earliest counts:
    the others are those of copies. A note that cannot be read is as if it were not there.
    """
    return survey(store, source, run)[0]


def survey(store: ObjectStore, source: str, run: str) -> tuple[list[Replaced], list[str]]:
    """What `replaced_tables` gives, and the keys of tables that notes name and that are gone. Raises `StorageError`."""
    infos = list(store.list(keys.superseded_prefix(source, run)))
    noted, by_store = defaultdict[str, list[datetime]](list), defaultdict[str, list[datetime]](list)
    for info in infos:
        if note := _read(store, info):
            (by_store if note.by_store else noted)[note.table].append(note.at)
    found = []
    for info in infos:
        if is_table(info.key):
            sha256 = PurePosixPath(info.key).stem
            if times := noted.get(sha256):
                found.append(Replaced(info.key, max(times), noted=True))
            else:
                found.append(Replaced(info.key, min([info.modified, *by_store[sha256]]), noted=False))
    named = {keys.superseded(source, run, table) for info in infos if (table := table_noted(info.key))}
    return sorted(found, key=lambda one: one.order), sorted(named - {one.key for one in found})


def names_in(store: ObjectStore, source: str, run: str) -> list[str]:
    """The names of the replaced tables and rules of a run that are there, without their folder. Raises
    `StorageError`."""
    listed = (info.key for info in store.list(keys.superseded_prefix(source, run)) if not info.key.endswith(".json"))
    return sorted(PurePosixPath(key).name for key in listed if place_of(key))


def is_table(key: str) -> bool:
    """Whether a key of `superseded/` is that of a table."""
    place = place_of(key)
    return place is not None and place.family == "superseded" and key.endswith(".parquet")


def table_noted(key: str) -> str | None:
    """The hash of the table that the note at `key` is about; None where that is no note."""
    place = place_of(key)
    if place is None or place.family != "superseded" or not key.endswith(".json"):
        return None
    return PurePosixPath(key).name.partition(".")[0]


def write_note(store: ObjectStore, source: str, run: str, sha256: str) -> None:
    """Notes that the table of this hash is put away now: after all that were before, whatever the clock says. Raises
    `StorageError`."""
    times = [note.at for info in store.list(keys.superseded_prefix(source, run)) if (note := _read(store, info))]
    _put(store, source, run, Note(sha256, max([datetime.now(UTC), *(at + _TICK for at in times)])))


def carry_time(target: ObjectStore, source: str, run: str, table: ObjectInfo, there: Container[str] = ()) -> None:
    """Notes in `target`, which has the keys `there`, when another store, whose `table` has no note, wrote it. Raises
    `StorageError`."""
    note = Note(PurePosixPath(table.key).stem, table.modified, by_store=True)
    if note.key(source, run) not in there:
        _put(target, source, run, note)


def _put(store: ObjectStore, source: str, run: str, note: Note) -> None:
    with suppress(PreconditionFailed):
        store.put(note.key(source, run), note.encode(), if_absent=True)


def _read(store: ObjectStore, info: ObjectInfo) -> Note | None:
    table, place = table_noted(info.key), place_of(info.key)
    if table is None or place is None:
        return None
    try:
        data = store.get(info.key)
        if hashlib.sha256(data).hexdigest() != place.sha256:
            raise ValueError("it does not have the hash that is its name")
        values = json.loads(data)
        schema.check_version(info.key, values.get(schema.JSON_FIELD))
        return Note(table, datetime.fromisoformat(values["at"]).astimezone(UTC), bool(values["by_store"]))
    except KeyNotFound:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, UnknownVersion) as err:
        logger.warning("%s: %s: when its table was put away is told by the store alone", info.key, err)
        return None
