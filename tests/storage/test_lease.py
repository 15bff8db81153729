"""A lease keeps a second crawl out: whoever asks, whenever, and however the first one ends."""

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from storage import keys
from storage.errors import LeaseHeld, LeaseLost, StoreRefused
from storage.lease import CLOCK_ALLOWANCE, Lease
from storage.store import ObjectStore, open_store
from tests.servers.faulty_s3 import Fault, FaultyS3
from tests.servers.s3 import S3Server
from tests.waiting import wait_until

RUN, LATER = "20261122T000000Z", "20261123T000000Z"
KIMSON = keys.source_lease("kimson")
FORK = multiprocessing.get_context("fork")


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["directory", "moto", "unconditional"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """An empty store: a folder, a bucket, and a bucket that takes conditions and ignores them."""
    if request.param == "directory":
        return open_store(str(request.getfixturevalue("tmp_path") / "archive"))
    if request.param == "moto":
        return emptied_bucket(request.getfixturevalue("moto_s3"), monkeypatch)
    monkeypatch.setattr("storage.lease.SETTLE_S", (0.01, 0.02))  # nobody else is there whose write might settle later
    return emptied_bucket(request.getfixturevalue("careless").server, monkeypatch)


@pytest.fixture
def faulty(faulty_s3: FaultyS3) -> Iterator[FaultyS3]:
    """A server of buckets that fails on demand."""
    faulty_s3.reset()
    yield faulty_s3
    faulty_s3.reset()


@pytest.fixture
def careless(faulty: FaultyS3) -> FaultyS3:
    """The same, ignoring conditions."""
    faulty.ignores_conditions = True
    return faulty


def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://{server.make_bucket()}/news")


_BUCKETS: dict[str, ObjectStore] = {}


def emptied_bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """The same bucket for all tests: most of a test's time would go into opening one."""
    made = bucket(server, monkeypatch) if server.endpoint not in _BUCKETS else _BUCKETS[server.endpoint]
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)  # for other processes
    made.delete([info.key for info in made.list("")])
    return _BUCKETS.setdefault(server.endpoint, made)


def take(store: ObjectStore, source: str = "kimson", *, run: str = RUN, clock: Clock | None = None) -> Lease:
    return Lease.acquire(store, source, run=run, attempt=1, clock=clock or Clock())


def take_in_group(store: ObjectStore, source: str) -> Lease:
    return Lease.acquire(store, source, run=RUN, attempt=1, group="ninh-binh")


def put_as_from_elsewhere(store: ObjectStore, **changes: object) -> None:
    """Changes a lease's object as if a process of another machine had written it."""
    said = json.loads(store.get(KIMSON)) | {"boot_id": "another", "holder": "another"} | changes
    store.put(KIMSON, json.dumps(said).encode())


# One at a time


def test_a_second_crawl_is_told_who_holds_the_lease(store: ObjectStore) -> None:
    lease = take(store)
    with pytest.raises(LeaseHeld) as caught:
        take(store, run=LATER)
    held = caught.value
    assert (held.source, held.run, held.attempt, held.pid) == ("kimson", RUN, 1, os.getpid())
    assert (held.since, held.expires) == (lease.holder.since, lease.holder.expires)
    assert held.retryable
    assert str(held).startswith(f"kimson is being crawled by run {RUN} (attempt 1) on host ")
    assert f"process {os.getpid()}, since {lease.holder.since:%Y-%m-%dT%H:%M:%SZ}; its lease ends at" in str(held)


def test_a_lease_that_was_given_back_can_be_taken(store: ObjectStore) -> None:
    with take(store) as lease:
        assert [info.key for info in store.list("leases/")] == ["leases/src=kimson.json"]
    assert list(store.list("leases/")) == []
    lease.release()  # once more does no harm
    take(store).check()


def test_two_sources_do_not_wait_for_each_other(store: ObjectStore) -> None:
    take(store, "kimson").check()
    take(store, "baohatinh").check()


def test_a_group_is_one_more_lease_and_the_first_is_given_back_where_it_is_held(store: ObjectStore) -> None:
    with take_in_group(store, "kimson"):
        with pytest.raises(LeaseHeld, match="hoalu shares a group with kimson: kimson is being crawled") as caught:
            take_in_group(store, "hoalu")
        assert caught.value.source == "kimson"
        assert [i.key for i in store.list("leases/")] == ["leases/group=ninh-binh.json", "leases/src=kimson.json"]
    assert list(store.list("leases/")) == []
    take_in_group(store, "hoalu").check()


def _race(url: str, start: float) -> str | None:
    store = open_store(url)
    time.sleep(max(0.0, start - time.time()))
    try:
        return take(store).holder.holder
    except LeaseHeld:
        return None


@pytest.mark.parametrize("store", ["directory", "moto"], indirect=True)
@pytest.mark.parametrize("over", [False, True], ids=["a free lease", "a lease that has ended"])
@pytest.mark.parametrize("runner", ["threads", "processes"])
def test_of_several_one_wins(store: ObjectStore, runner: str, over: bool) -> None:
    if over:
        take(store)
        long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        put_as_from_elsewhere(store, expires=long_ago)
    count = 5 if runner == "threads" else 3
    pool = ThreadPoolExecutor(count) if runner == "threads" else ProcessPoolExecutor(count, mp_context=FORK)
    with pool:
        start = time.time() + 0.3
        won = [one for one in pool.map(_race, [store.url] * count, [start] * count) if one]
        assert len(won) == 1  # processes still live here: none may be taken for dead
        assert json.loads(store.get(KIMSON))["holder"] == won[0]


def test_without_conditional_writes_at_most_one_gets_past_its_check(
    careless: FaultyS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bucket(careless.server, monkeypatch)
    assert not store.conditional

    def try_it(_: int) -> Lease | None:
        try:
            return take(store)
        except LeaseHeld:
            return None

    with ThreadPoolExecutor(4) as pool:
        taken = [lease for lease in pool.map(try_it, range(4)) if lease]
    passed = []
    for lease in taken:
        try:
            lease.check()
            passed.append(lease)
        except LeaseLost:
            pass
    assert len(passed) == 1


# Its end


def test_a_lease_ends_by_the_time_it_says_and_a_little_more(store: ObjectStore, clock: Clock) -> None:
    take(store, clock=clock)
    put_as_from_elsewhere(store)
    clock.pass_s(60)
    with pytest.raises(LeaseHeld):
        take(store, run=LATER, clock=clock)
    clock.pass_s(CLOCK_ALLOWANCE.total_seconds())
    assert take(store, run=LATER, clock=clock).holder.run == LATER


def test_a_renewed_lease_lasts_longer(store: ObjectStore, clock: Clock) -> None:
    lease = take(store, clock=clock)
    clock.pass_s(50)
    lease.check()
    clock.pass_s(50)
    with pytest.raises(LeaseHeld):
        take(store, run=LATER, clock=clock)


def test_the_heartbeat_renews(store: ObjectStore) -> None:
    with Lease.acquire(store, "kimson", run=RUN, attempt=1, ttl_s=0.4) as lease:
        first = lease.holder.expires
        lease.keep_alive()
        wait_until(lambda: lease.holder.expires > first + timedelta(seconds=0.5))
        assert lease.lost is None
    assert list(store.list("leases/")) == []


def test_a_holder_that_was_killed_need_not_be_waited_for(store: ObjectStore) -> None:
    code = f"""
import sys
from storage.lease import Lease
from storage.store import open_store
lease = Lease.acquire(open_store(sys.argv[1]), "kimson", run="{RUN}", attempt=1)
print("taken", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, store.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "taken\n"
        with pytest.raises(LeaseHeld, match=f"process {child.pid}"):
            take(store, run=LATER)
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and its parent has not asked yet: a zombie
        assert take(store, run=LATER).holder.run == LATER


def test_a_process_that_got_the_number_of_a_dead_one_is_not_taken_for_it(store: ObjectStore) -> None:
    lease = take(store)
    assert lease.holder.process_started is not None
    said = json.loads(lease.holder.encode()) | {"process_started": lease.holder.process_started - 3600}
    store.put(KIMSON, json.dumps(said).encode())
    assert take(store, run=LATER).holder.run == LATER


@pytest.mark.parametrize("elsewhere", [{"boot_id": "another"}, {"pid_namespace": "pid:[1]"}, {"boot_id": ""}])
def test_of_a_process_of_another_machine_or_container_nothing_is_known(
    store: ObjectStore, elsewhere: dict[str, str]
) -> None:
    take(store)
    put_as_from_elsewhere(store, **{"boot_id": json.loads(store.get(KIMSON))["boot_id"], "pid": 2**31 - 1, **elsewhere})
    with pytest.raises(LeaseHeld):
        take(store, run=LATER)


# Losing it


def test_a_holder_whose_lease_went_to_another_may_not_commit(store: ObjectStore, clock: Clock) -> None:
    slow = take(store, clock=clock)
    clock.pass_s(120)
    quick = take(store, run=LATER, clock=clock)
    with pytest.raises(LeaseLost, match=f"kimson is being crawled by run {LATER}") as caught:
        slow.check()
    assert caught.value.retryable
    assert slow.lost is caught.value
    slow.release()
    quick.check()  # which the loser's release has not touched


def test_a_holder_that_slept_past_the_end_keeps_what_nobody_took(store: ObjectStore, clock: Clock) -> None:
    lease = take(store, clock=clock)
    clock.pass_s(3600)
    lease.check()
    with pytest.raises(LeaseHeld):
        take(store, run=LATER, clock=clock)


def test_a_lease_that_was_deleted_or_overwritten_is_lost(store: ObjectStore) -> None:
    one = take(store)
    store.delete([KIMSON])
    with pytest.raises(LeaseLost, match="was deleted"):
        one.check()
    other = take(store)
    store.put(KIMSON, b"xin chao")
    with pytest.raises(LeaseLost, match="was overwritten"):
        other.check()


def test_a_released_lease_does_not_pass_a_check(store: ObjectStore) -> None:
    lease = take_in_group(store, "kimson")
    lease.release()
    with pytest.raises(LeaseLost, match="released"):
        lease.check()


def test_losing_the_groups_lease_is_losing_it(store: ObjectStore) -> None:
    lease = take_in_group(store, "kimson")
    store.delete([keys.group_lease("ninh-binh")])
    with pytest.raises(LeaseLost):
        lease.check()


def test_the_heartbeat_tells_of_the_loss(store: ObjectStore) -> None:
    told = threading.Event()
    reasons: list[LeaseLost] = []

    def on_lost(err: LeaseLost) -> None:
        reasons.append(err)
        told.set()

    lease = Lease.acquire(store, "kimson", run=RUN, attempt=1, ttl_s=0.4)
    lease.keep_alive(on_lost)
    while not told.is_set():  # a renewal may write over it once where conditions are ignored
        put_as_from_elsewhere(store, run=LATER)
        told.wait(0.3)
    assert reasons == [lease.lost]
    assert LATER in str(lease.lost)


def test_a_store_that_fails_for_a_while_is_no_loss(faulty: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lease.acquire(emptied_bucket(faulty.server, monkeypatch), "kimson", run=RUN, attempt=1, ttl_s=3) as lease:
        first = lease.holder.expires
        faulty.faults += [Fault("PUT", "leases/", 500, "InternalError")] * 2
        lease.keep_alive()
        wait_until(lambda: not faulty.faults)
        wait_until(lambda: lease.holder.expires > first)
        assert lease.lost is None
        lease.check()


def test_a_renewal_whose_answer_got_lost_is_no_loss(faulty: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    store = bucket(faulty.server, monkeypatch)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    lease = take(store)
    faulty.faults.append(Fault("PUT", "leases/"))
    with pytest.raises(Exception, match="try again"):
        lease.check()
    lease.check()
    assert lease.lost is None


def test_a_store_that_stays_away_until_the_end_is_a_loss(faulty: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    lease = Lease.acquire(bucket(faulty.server, monkeypatch), "kimson", run=RUN, attempt=1, ttl_s=1)
    faulty.faults += [Fault("PUT", "leases/", 403, "AccessDenied") for _ in range(100)]
    lease.keep_alive(lambda err: told.set())
    assert told.wait(20)
    assert "could not be renewed" in str(lease.lost)
    lease.release()  # in vain, and silently
    with pytest.raises(LeaseLost):
        lease.check()


def test_a_store_that_refuses_shows_at_once(faulty: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    store = bucket(faulty.server, monkeypatch)
    assert store.conditional
    faulty.faults.append(Fault("PUT", "leases/", 403, "AccessDenied"))
    with pytest.raises(StoreRefused):
        take(store)


# What lies there instead


@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"\0\xff\xfe", b"null", b"[]", b"[" * 4000, b"{}", b'{"holder": 1}', b"x" * 1_000_000,
        {"pid": -1}, {"pid": 10**30}, {"pid": "1; ls"}, {"since": "0001-01-01T00:00:00+14:00"},
        {"expires": "9999-12-31T23:59:59-12:00"}, {"expires": "2099-01-01T00:00:00Z"}, {"expires": 1e308},
        {"expires": "2026-11-22T00:00:00"}, {"host": "\x1b[31m"}, {"process_started": "NaN"},
    ],
    ids=lambda one: repr(one)[:40],
)  # fmt: skip
@pytest.mark.parametrize("store", ["directory"], indirect=True)
def test_what_cannot_be_read_ends_a_leases_time_after_it_was_written(
    store: ObjectStore, clock: Clock, garbage: bytes | dict[str, object]
) -> None:
    if isinstance(garbage, bytes):
        store.put(KIMSON, garbage)
    else:
        take(store, clock=clock)
        put_as_from_elsewhere(store, **garbage)
    if garbage != {"process_started": "NaN"}:
        with pytest.raises(LeaseHeld, match="no lease that can be read") as caught:
            take(store, clock=clock)
        assert caught.value.run is None
        assert caught.value.expires is not None
    clock.pass_s(66)
    assert take(store, run=LATER, clock=clock).holder.run == LATER


def test_errors_survive_pickling() -> None:
    moment = datetime.now(UTC)
    held = LeaseHeld("bận", "./x", "leases/a", source="kimson", run=RUN, pid=7, since=moment)
    back: LeaseHeld = pickle.loads(pickle.dumps(held))
    assert (str(back), back.key, back.source, back.run, back.pid, back.since) == (
        "bận", "leases/a", "kimson", RUN, 7, moment,
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(LeaseLost("mất"))).retryable


@pytest.mark.parametrize("name", ["../x", "", "Kimson", "a/b"])
def test_names_that_are_no_ids_make_no_key(name: str) -> None:
    for make in (keys.source_lease, keys.group_lease):
        with pytest.raises(Exception, match="expected"):
            make(name)
