"""An archive of sources of which each is ailing in its own way, as of noon on 2026-11-22 (UTC), with its registry.

All are due at midnight in Hà Nội, which is 17:00 UTC, and had five articles a day since they began on 1 October.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from model.alarm import Alarm, Kind, Severity
from model.causes import cause_of
from model.report import RunReport, State
from model.source import dump_source
from storage import keys
from storage.alarms import change_alarms
from storage.reports import write_report
from storage.store import ObjectStore, open_store
from tests.settings import settings_in
from tests.stored import a_source

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGUN = datetime(2026, 10, 1, 17, tzinfo=UTC)
LAST = datetime(2026, 11, 21, 17, tzinfo=UTC)
NEW = 5
REFUSED = "nothing could be fetched: connection refused"


def fill(folder: Path) -> Settings:
    """The settings of that archive."""
    (folder / "registry").mkdir()
    settings = settings_in(folder, sources=folder / "registry", processes=1)
    store = open_store(settings.archive)
    for name in ("binh-an", "cap-cuu", "dang-tat", "het-thoi", "om-nang", "tre-nai", "yeu-dan"):
        source = a_source().model_copy(update={"id": name, "name": name.title()})
        days = 49 if name == "tre-nai" else 52
        for day in range(days):
            at = BEGUN + timedelta(days=day)
            failed = name == "om-nang" and day >= days - 2
            report(store, name, at, reason="5 of 5 pages failed" if failed else None)
            store.put(keys.run_source(name, keys.run_id(at)), dump_source(source).encode())
        if name != "het-thoi":
            enabled = name != "dang-tat"
            text = dump_source(source.model_copy(update={"enabled": enabled}))
            (settings.sources / f"{name}.yaml").write_text(text)
    for name in ("moi-tinh", "sai-ten"):
        file = a_source().model_copy(update={"id": "moi-tinh", "name": "Mới tinh"})
        (settings.sources / f"{name}.yaml").write_text(dump_source(file))
    change_alarms(store, lambda _: alarms())
    store.delete([keys.report("cap-cuu", keys.run_id(LAST))])
    bring_up_to_date(settings)
    report(store, "cap-cuu", LAST, reason=REFUSED)  # as no build has seen it
    return settings


def report(store: ObjectStore, source: str, at: datetime, reason: str | None = None) -> None:
    """Writes the report of a run that took ten minutes."""
    told = RunReport(
        source=source,
        run=keys.run_id(at),
        state=State.FAILED if reason else State.PUBLISHED,
        reason=reason,
        started_at=at,
        finished_at=at + timedelta(minutes=10),
        captures={"article 200": NEW, "article error": 1},
        articles={} if reason else {"new": NEW, "changed": 1, "unchanged": 2},
        rejected={"too-short": 3},
    )
    write_report(store, told)


def alarms() -> Sequence[Alarm]:
    """One that stands, and one that is over."""
    stands = Alarm(
        source="yeu-dan",
        kind=Kind.FEW,
        severity=Severity.WARNING,
        since=AT.date(),
        usual="Usual are 5 a day.",
        seen="There were 0\x1b[31m <b>today</b>.",
        cause=cause_of(Kind.FEW, "yeu-dan"),
        raised_at=AT,
        last_seen=AT,
    )
    over = Alarm(
        source="binh-an",
        kind=Kind.MANY,
        severity=Severity.SERIOUS,
        since=AT.date(),
        usual="",
        seen="",
        cause="",
        raised_at=AT,
        last_seen=AT,
        over_at=AT,
    )
    return [stands, over]
