"""What hosts asked by Retry-After, from one run to the next: the reports carry it."""

import logging
from datetime import UTC, datetime

from bantin.runs import newest_of
from model.report import RunReport
from storage import keys, reports
from storage.errors import StorageError
from storage.places import place_of
from storage.store import ObjectStore

logger = logging.getLogger("bantin.fetch")


def asked_to_wait(store: ObjectStore, source: str, run: str) -> dict[str, str]:
    """The hosts that asked to be left alone until a time (ISO 8601, UTC) that has not come yet: as the newest other run
    of `source` has it, and an earlier attempt of `run`.

    Raises `StorageError` where the archive cannot be listed. A report that cannot be read tells nothing.
    """
    places = (place_of(info.key) for info in store.list(keys.reports_prefix(source)))
    runs = {place.run for place in places if place and place.family == "report" and place.run}
    newest = newest_of(one for one in runs if one != run)
    waits: dict[str, str] = {}
    for one in (newest, run if run in runs else None):
        if one and (report := _read(store, source, one)):
            waits |= report.wait_until
    now = datetime.now(UTC)
    return {host: until for host, until in waits.items() if _is_after(until, now)}


def _read(store: ObjectStore, source: str, run: str) -> RunReport | None:
    try:
        return reports.read_report(store, source, run)
    except StorageError as err:
        logger.warning("whether a host asked to wait cannot be told: %s", err)
        return None


def _is_after(until: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(until) > now
    except (ValueError, TypeError):  # no time, or one without a zone
        return False
