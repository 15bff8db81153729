"""One crawl of a source at a time, and one of each politeness group: a lease in the archive.

    with Lease.acquire(store, source.id, group=source.fetch.group, run=run, attempt=attempt) as lease:
        lease.keep_alive(on_lost=stop_crawling)
        …
        lease.check()
        …commit…

A lease is an object that names its holder and ends by itself unless its holder renews it. It is made with `if_absent`
and replaced with `if_match`, so of many who want it one gets it. What has ended may be taken over; so may, at once,
what belongs to a process of this machine that is gone: a retry need not wait for the remains of a killed crawl.

Clocks of machines that share an archive may differ by `CLOCK_ALLOWANCE`. On a store without conditional writes
(`ObjectStore.conditional`) this is best effort: who takes a lease looks again after a moment whether it is still his,
and two may both find that it is. Then the one who wrote first learns it from his next renewal, or from `check`.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from storage import keys
from storage.errors import Corrupt, KeyNotFound, LeaseHeld, LeaseLost, PreconditionFailed, StorageError
from storage.holder import Holder
from storage.store import ObjectInfo, ObjectStore

TTL_S = 60.0
RENEWALS = 4
"""So often is a lease renewed in its time: three attempts may fail."""

CLOCK_ALLOWANCE = timedelta(seconds=5)
LONGEST = timedelta(days=1)
"""A lease that says it lasts longer was written by a broken clock, and counts as unreadable."""

MAX_BYTES = 4096
TRIES = 5
SETTLE_S = (0.3, 0.9)
"""How long a taker waits, without conditional writes, before it looks whether somebody else wrote just then."""

RELEASE_S = 1.0
"""A renewal under way may hold up a release for so long; then the lease is left to end by itself."""

logger = logging.getLogger("storage.lease")


def _now() -> datetime:
    return datetime.now(UTC)


class Lease:
    """The right to crawl a source. Made by `acquire`; a context manager that releases it.

    Its methods may be called from any thread. `lost` is the error that ended it early, else None.
    """

    def __init__(self, store: ObjectStore, holder: Holder, ttl_s: float, clock: Callable[[], datetime]) -> None:
        self.holder = holder
        self.lost: LeaseLost | None = None
        self._store = store
        self._ttl = timedelta(seconds=ttl_s)
        self._clock = clock
        self._etags: dict[str, str] = {}
        self._changing = threading.Lock()
        self._over = threading.Event()

    @classmethod
    def acquire(
        cls,
        store: ObjectStore,
        source: str,
        *,
        run: str,
        attempt: int,
        group: str | None = None,
        ttl_s: float = TTL_S,
        clock: Callable[[], datetime] = _now,
    ) -> Self:
        """Takes the lease of `source`, then that of its `group`; where the second is held the first is given back.

        It lasts `ttl_s` seconds: `keep_alive` renews it. Raises `LeaseHeld` and what the store's verbs raise.
        """
        now = clock()
        holder = Holder.here(source, run, attempt, since=now, expires=now + timedelta(seconds=ttl_s))
        lease = cls(store, holder, ttl_s, clock)
        try:
            for key in (keys.source_lease(source), *([keys.group_lease(group)] if group else [])):
                lease._etags[key] = lease._take(key)
        except BaseException:
            lease.release()
            raise
        return lease

    def keep_alive(self, on_lost: Callable[[LeaseLost], None] = lambda err: None) -> None:
        """Renews the lease from now on, in a thread of its own, until it is released.

        `on_lost` is called once, in that thread, when another one has the lease, or when the store could not be
        reached until it ended.
        """
        threading.Thread(target=self._beat, args=(on_lost,), name="lease", daemon=True).start()

    def check(self) -> None:
        """Renews the lease, and so makes sure that what is stored within the next `ttl_s` seconds is its holder's.

        Raises `LeaseLost` where another one has it or had it meanwhile, and what the store's verbs raise.
        """
        with self._changing:
            if self.lost is not None:
                raise self.lost
            if self._over.is_set():
                raise self._loss(keys.source_lease(self.holder.source), "it has been released")
            self._renew()

    def release(self) -> None:
        """Gives the lease back, where it is still this holder's. Never fails: what cannot be given back ends by
        itself. May be called again."""
        if self._over.is_set() and not self._etags:
            return
        self._over.set()
        if not self._changing.acquire(timeout=RELEASE_S):
            logger.warning("the lease of %s is being renewed and is left to end by itself", self.holder.source)
            return
        try:
            for key in reversed(list(self._etags)):
                self._give_back(key)
            self._etags.clear()
        finally:
            self._changing.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _take(self, key: str) -> str:
        """Makes the object at `key` name this holder; returns its ETag."""
        data = self.holder.encode()
        for _ in range(TRIES):
            found = self._look(key)
            try:
                if found is None:
                    etag = self._store.put(key, data, if_absent=True)
                else:
                    self._expect_over(key, *found)
                    etag = self._store.put(key, data, if_match=found[0].etag)
            except PreconditionFailed:
                continue  # somebody was quicker: see who
            if self._store.conditional or self._has_settled(key):
                return etag
        raise LeaseHeld(f"{key}: others keep taking and leaving it: try again later", self._store.url, key)

    def _look(self, key: str) -> tuple[ObjectInfo, Holder | None] | None:
        """The object and who holds it, None where that cannot be read; None where nothing is there."""
        info = self._store.head(key)  # first: with an ETag older than the content, a conditional put fails
        if info is None:
            return None
        try:
            holder = Holder.decode(self._store.get(key, (0, MAX_BYTES)))
        except KeyNotFound:
            return None
        except Corrupt:
            return info, None
        return info, holder if holder.expires - info.modified < LONGEST else None

    def _expect_over(self, key: str, info: ObjectInfo, other: Holder | None) -> None:
        """Raises `LeaseHeld` unless the lease has ended or its holder is dead."""
        ends = other.expires if other else info.modified + self._ttl
        if self._clock() - CLOCK_ALLOWANCE >= ends:
            logger.warning("%s: taking over a lease that ended at %s", key, _short(ends))
        elif other is not None and other.is_dead():
            logger.warning("%s: taking over from run %s, whose process %d is gone", key, other.run, other.pid)
        elif other is None:
            message = f"{key}: it is no lease that can be read, and counts until {_short(ends)}: try again then"
            raise LeaseHeld(message, self._store.url, key, expires=ends)
        else:
            raise LeaseHeld(
                _who(self.holder.source, other),
                self._store.url,
                key,
                **other.model_dump(include={"source", "run", "attempt", "host", "pid", "since", "expires"}),
            )

    def _has_settled(self, key: str) -> bool:
        """Whether what was written without a condition is still there after a moment."""
        time.sleep(random.uniform(*SETTLE_S))  # noqa: S311 - no secret
        return self._is_ours(self._look(key))

    def _is_ours(self, found: tuple[ObjectInfo, Holder | None] | None) -> bool:
        return found is not None and found[1] is not None and found[1].holder == self.holder.holder

    def _renew(self) -> None:
        """Puts off the end of every object. Raises `LeaseLost`. Runs under the lock."""
        renewed = self.holder.until(self._clock() + self._ttl)
        try:
            for key in self._etags:
                self._write(key, renewed.encode())
        except LeaseLost as err:
            self.lost = err
            raise
        self.holder = renewed

    def _write(self, key: str, data: bytes) -> None:
        for _ in range(TRIES):
            try:
                self._etags[key] = self._store.put(key, data, if_match=self._etags[key])
            except PreconditionFailed:
                found = self._look(key)
                if found is None or not self._is_ours(found):
                    raise self._loss(key, _fate(self.holder.source, found)) from None
                self._etags[key] = found[0].etag  # an earlier renewal was stored, and its answer lost
            else:
                return
        raise self._loss(key, "somebody else keeps writing it")

    def _loss(self, key: str, fate: str) -> LeaseLost:
        whose = f"{self.holder.source}, run {self.holder.run}, attempt {self.holder.attempt}"
        message = f"{whose}: its lease is lost: {fate}; a further attempt goes on from what is stored"
        return LeaseLost(message, self._store.url, key)

    def _give_back(self, key: str) -> None:
        try:
            # There is no conditional delete. While it is freshly renewed nobody may take it, so it is ours to delete.
            self._write(key, self.holder.until(self._clock() + self._ttl).encode())
            self._store.delete([key])
        except LeaseLost:
            pass
        except StorageError as err:
            logger.warning("%s could not be given back, and ends by itself: %s", key, err)

    def _beat(self, on_lost: Callable[[LeaseLost], None]) -> None:
        while not self._over.wait(self._pause_s()):
            with self._changing:
                if self._over.is_set():
                    return
                try:
                    if self.lost is None:
                        self._renew()
                except LeaseLost:
                    pass
                except StorageError as err:
                    if self._clock() >= self.holder.expires:
                        ended = f"it ended at {_short(self.holder.expires)} and could not be renewed: {err}"
                        self.lost = self._loss(err.key or keys.source_lease(self.holder.source), ended)
                    else:
                        logger.warning("a lease could not be renewed yet, and ends at %s: %s", self.holder.expires, err)
            if self.lost is not None:
                logger.error("%s", self.lost)
                on_lost(self.lost)
                return

    def _pause_s(self) -> float:
        """Until the next renewal: a part of the lease's time, and no longer than what is left of it."""
        left = self.holder.expires - self._clock()
        return max(0.0, min(self._ttl / RENEWALS, left).total_seconds())


def _who(source: str, other: Holder) -> str:
    """Who keeps `source` from being crawled."""
    what = "" if other.source == source else f"{source} shares a group with {other.source}: "
    run = f"run {other.run} (attempt {other.attempt})"
    process = f"host {other.host}, process {other.pid}, since {_short(other.since)}"
    ends = f"its lease ends at {_short(other.expires)} unless renewed"
    return f"{what}{other.source} is being crawled by {run} on {process}; {ends}"


def _fate(source: str, found: tuple[ObjectInfo, Holder | None] | None) -> str:
    """What became of a lease that is not ours any more."""
    if found is None:
        return "its object was deleted"
    return "its object was overwritten" if found[1] is None else _who(source, found[1])


def _short(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
