"""The alarms that stand, and those that were over lately: one object, so that who looks sees all or none.

It is replaced on condition that it is still the one that was read: of two watches at once the second reads it again.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from model.alarm import Alarm
from storage import keys, schema
from storage.errors import Corrupt, KeyNotFound, PreconditionFailed, StoreUnavailable
from storage.store import ObjectStore

TRIES = 10


def read_alarms(store: ObjectStore) -> list[Alarm]:
    """All that are stored, those that stand and those that are over. Raises `Corrupt`, `UnknownVersion`."""
    return _read(store)[0]


def change_alarms(store: ObjectStore, change: Callable[[Sequence[Alarm]], Sequence[Alarm]]) -> list[Alarm]:
    """Stores what `change` makes of the alarms, and returns it; `change` is called again with what is there then where
    somebody else was first, so it does nothing else. Nothing is written where nothing changes.

    Raises `Corrupt`, `UnknownVersion`, and `StoreUnavailable` where others were first time and again.
    """
    key = keys.alarms()
    for _ in range(TRIES):
        there, etag = _read(store)
        changed = list(change(there))
        if changed == there:
            return changed
        try:
            store.put(key, _encoded(changed), if_absent=etag is None, if_match=etag)
        except PreconditionFailed:
            continue
        return changed
    raise StoreUnavailable(f"{key}: others wrote it {TRIES} times: try again later", store.url, key)


def _read(store: ObjectStore) -> tuple[list[Alarm], str | None]:
    key = keys.alarms()
    while info := store.head(key):
        try:
            return _decoded(key, store.get(key, if_match=info.etag)), info.etag
        except (KeyNotFound, PreconditionFailed):  # replaced this moment
            continue
    return [], None


def _encoded(alarms: Sequence[Alarm]) -> bytes:
    values = {schema.JSON_FIELD: schema.ALARMS.mark, "alarms": [asdict(alarm) for alarm in alarms]}
    return json.dumps(values, default=lambda at: at.isoformat(), ensure_ascii=False, indent=1).encode()


def _decoded(key: str, data: bytes) -> list[Alarm]:
    try:
        values = json.loads(data)
        schema.check_version(key, values.get(schema.JSON_FIELD))
        return [Alarm.from_json(one) for one in values["alarms"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        what = "expected the standing alarms; it may be deleted: the next watch tells all anew"
        raise Corrupt(f"{key}: {err}: {what}", key=key) from err
