"""Putting an object in the place of a damaged one: of the one that was judged, and of no other.

Between a look and a repair somebody else may have mended the object, or written it again. So what is displaced is read
on the condition that it has the ETag it was judged with, and replaced on the same; a store that knows no conditions
looks again itself, right before it writes.
"""

import hashlib
from dataclasses import replace
from datetime import timedelta

from model.errors import BantinError
from model.report import RunReport
from storage import keys, reports
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


def write_report(store: ObjectStore, report: RunReport, seen: str | None, *, is_damaged: bool) -> None:
    """Puts the report in the place of the one that was judged, whose ETag is `seen`; keeps that where it is damaged.
    Raises `Meanwhile`."""
    key, data = keys.report(report.source, report.run), reports.encode_report(report)
    if is_damaged:
        displace(store, key, seen, data)
        return
    try:
        store.put(key, data, if_absent=seen is None, if_match=seen)
    except PreconditionFailed as err:
        raise meanwhile(key) from err


def older(report: RunReport) -> RunReport:
    """The report as it is a moment before: what was stored first wins against what was made anew."""
    moment = timedelta(microseconds=1)
    recleaned_at = report.recleaned_at - moment if report.recleaned_at else None
    return replace(report, finished_at=report.finished_at - moment, recleaned_at=recleaned_at)
