"""What the daily audit sweeps, and above all what it leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from bantin.audit import Audit, audit
from bantin.settings import Settings
from model.capture import Capture
from storage import keys
from storage.lease import Lease
from storage.store import ObjectStore, Swept, open_store
from storage.tables import encode
from tests.bantin.test_cli import bantin
from tests.records import RUN, capture

SOURCE = "kimson"
LATER = "20261123T000000Z"
NOW = datetime.now(UTC)
IN_A_WEEK = NOW + timedelta(days=8)


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    return open_store(settings.archive)


def put(store: ObjectStore, *names: str) -> list[str]:
    """Objects of ten bytes."""
    for name in names:
        store.put(name, bytes(10))
    return sorted(names)


def passing(run: str) -> tuple[str, str, str]:
    """A run's passing objects: the rules of its attempt, a cleaned part and its rejections."""
    part = keys.raw_part(SOURCE, run, 1, 1)
    return keys.attempt_rules(SOURCE, run, 1), keys.work_articles(part), keys.work_rejected(part)


def commit(store: ObjectStore, run: str) -> None:
    store.put(keys.captures(SOURCE, run), encode([capture(run=run)], Capture))


def keys_of(store: ObjectStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


def test_passing_objects_go_a_week_after_the_last_was_written_and_a_dry_run_only_counts_them(
    settings: Settings, store: ObjectStore
) -> None:
    commit(store, RUN)
    raw = put(store, keys.raw_part(SOURCE, RUN, 1, 1))
    put(store, *passing(RUN), "work/probe")
    everything = keys_of(store)
    assert audit(settings, at=NOW + timedelta(days=6)).work == Swept()
    assert audit(settings, at=IN_A_WEEK, dry_run=True).work == Swept(4, 40)
    assert keys_of(store) == everything
    assert audit(settings, at=IN_A_WEEK).work == Swept(4, 40)
    assert keys_of(store) == [keys.captures(SOURCE, RUN), *raw]
    assert audit(settings, at=IN_A_WEEK).work == Swept()


def test_the_rules_of_an_attempt_that_was_never_committed_stay_with_what_it_stored(
    settings: Settings, store: ObjectStore
) -> None:
    put(store, keys.raw_part(SOURCE, RUN, 1, 1))
    put(store, keys.attempt_rules(SOURCE, RUN, 1), keys.attempt_rules(SOURCE, LATER, 1))
    assert audit(settings, at=IN_A_WEEK).work == Swept(1, 10), "of the second run nothing is stored"
    assert keys_of(store, keys.work_prefix()) == [keys.attempt_rules(SOURCE, RUN, 1)]
    commit(store, RUN)
    assert audit(settings, at=IN_A_WEEK).work == Swept(1, 10), "now they stand in the run's source.yaml"


def test_what_a_crawl_under_way_may_need_stays(settings: Settings, store: ObjectStore) -> None:
    commit(store, RUN)
    left = put(store, *passing(RUN))
    with Lease.acquire(store, SOURCE, run=RUN, attempt=2, clock=lambda: IN_A_WEEK):
        assert audit(settings, at=IN_A_WEEK).work == Swept()
    assert keys_of(store, keys.work_prefix()) == left


def test_leases_go_a_day_after_their_end_and_those_of_the_living_stay(settings: Settings, store: ObjectStore) -> None:
    for source, group, age in (("dead", "song-lau", 25), ("lately", None, 23), ("living", None, 0)):
        began = NOW - timedelta(hours=age)
        Lease.acquire(store, source, group=group, run=RUN, attempt=1, clock=lambda at=began: at)
    leases = keys_of(store, keys.leases_prefix())
    assert leases == ["leases/group=song-lau.json", *(f"leases/src={s}.json" for s in ("dead", "lately", "living"))]
    assert audit(settings, dry_run=True).leases.count == 2
    assert keys_of(store, keys.leases_prefix()) == leases
    assert audit(settings).leases.count == 2
    assert keys_of(store, keys.leases_prefix()) == ["leases/src=lately.json", "leases/src=living.json"]


def test_what_is_no_lease_is_no_concern_of_the_audits(settings: Settings, store: ObjectStore) -> None:
    left = put(store, "leases/src=kimson.json", "leases/notes.txt")
    assert audit(settings, at=IN_A_WEEK).leases == Swept()
    assert keys_of(store) == sorted(left)


def test_it_sweeps_a_bucket_too(settings: Settings, moto_s3: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto_s3.environment().items():  # type: ignore[attr-defined]
        monkeypatch.setenv(name, value)
    bucket = moto_s3.make_bucket()  # type: ignore[attr-defined]
    remote = settings.override(archive=f"s3://{bucket}/news")
    store = open_store(remote.archive)
    commit(store, RUN)
    put(store, *passing(RUN))
    moto_s3.client().create_multipart_upload(Bucket=bucket, Key="news/raw/x")  # type: ignore[attr-defined]
    assert audit(remote, at=IN_A_WEEK) == Audit(Swept(3, 30), Swept(1, 0), Swept(), Swept())
    assert keys_of(store) == [keys.captures(SOURCE, RUN)]


def test_the_command_tells_counts_and_bytes(settings: Settings, store: ObjectStore) -> None:
    put(store, *passing(RUN))
    done = bantin("audit", "--archive", settings.archive, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{what}: 0 swept, 0 bytes (a dry run: all is still there)"
        for what in ("work", "unfinished", "leases", "index")
    ]
