"""Putting an object in the place of a damaged one: of the one that was judged, and of no other.

Between a look and a repair somebody else may have mended the object, or written it again. So what is displaced is read
on the condition that it has the ETag it was judged with, and replaced on the same; a store that knows no conditions
looks again itself, right before it writes.
"""

import hashlib

from model.errors import BantinError
from storage import keys
from storage.errors import KeyNotFound, PreconditionFailed
from storage.store import ObjectStore


class Meanwhile(BantinError):
    """Somebody else has written an object since it was judged: it stays as it is now."""


def displace(store: ObjectStore, key: str, seen: str | None, data: bytes) -> bytes | None:
    """Puts `data` in the place of the damaged object at `key`, which had the ETag `seen` (None: there was none) when it
    was judged. That is kept below `damaged/`, and returned. Raises `Meanwhile` and `StorageError`."""
    old = None
    try:
        if seen is not None:
            old = store.get(key, if_match=seen)
            store.put(keys.damaged(key, hashlib.sha256(old).hexdigest()), old)
        store.put(key, data, if_absent=seen is None, if_match=seen)
    except (KeyNotFound, PreconditionFailed) as err:
        raise meanwhile(key) from err
    return old


def meanwhile(key: str) -> Meanwhile:
    """The error of an object that is not the one that was judged."""
    return Meanwhile(f"{key}: it was written by somebody else meanwhile, and stays as it is: verify again")
