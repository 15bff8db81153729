"""What a process that is forked from a warm one (tests/warm.py) does in tests/faults/doomed.py: a run.

There is a watch before every call of an object store: one of the six verbs of a folder, one request to a bucket. The
crawl and the cleaner's workers, which are processes of their own, are forked as well. Nothing of bantin itself knows of
any of this. Only such a process may import this module.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from botocore.config import Config

import bantin.child
import bantin.fetch
import bantin.publish
import spiders.capture
import spiders.losses
import spiders.selection
import storage.lease
import storage.s3
from bantin.clean import clean_part
from bantin.fetch import Fetch, parts_with_pages
from bantin.publish import publish
from bantin.run import run_source
from bantin.settings import Settings
from model.errors import BantinError
from model.source import Source, parse_source
from storage.store import ObjectInfo, ObjectReader, ObjectStore, open_store
from storage.without_pandas import block_pandas
from tests.faults.doomed import Death
from tests.forking import Forked


@dataclass(slots=True)
class Watch:
    """Where each call is noted, a line each, before it is made; and the death that comes before one of them."""

    log: Path
    death: Death | None
    outcome: Connection
    crawling: bool = False

    def __call__(self, call: str) -> None:
        """Notes a call; does not come back from it where that is this process's death."""
        with _one_at_a_time, self.log.open("a+") as log:
            log.write(f"{'crawl' if self.crawling else 'run'} {call}\n")
            log.seek(0)
            number = len(log.readlines())
        if self.death and number == self.death.before:
            self._die(self.death)

    def _die(self, death: Death) -> None:
        if death.victim == "crawl" and self.crawling:
            os.kill(os.getpid(), signal.SIGKILL)
        elif death.victim == "parent" and self.crawling and death.held:
            os.kill(os.getppid(), signal.SIGKILL)
            death.held.read_bytes()
        elif death.victim == "hang":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif death.victim == "pause":
            os.killpg(0, signal.SIGSTOP)
        else:
            os.killpg(0, signal.SIGKILL)


_one_at_a_time = threading.Lock()
_watch: Watch | None = None


def _note(call: str) -> None:
    if _watch:
        _watch(call)


class Watched:
    """An `ObjectStore` each of whose calls is noted before it is made."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.url = store.url
        self.conditional = store.conditional

    def put(self, key: str, data: bytes | Path, **conditions: Any) -> str:
        _note(f"put {key}")
        return self._store.put(key, data, **conditions)

    def get(self, key: str, byte_range: tuple[int, int] | None = None, **conditions: Any) -> bytes:
        _note(f"get {key}")
        return self._store.get(key, byte_range, **conditions)

    def open(self, key: str) -> ObjectReader:
        _note(f"open {key}")
        return self._store.open(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        _note(f"list {prefix}")
        return self._store.list(prefix)

    def head(self, key: str) -> ObjectInfo | None:
        _note(f"head {key}")
        return self._store.head(key)

    def delete(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        _note(f"delete {' '.join(keys)}")
        self._store.delete(keys)


def _open_watched(url: str) -> ObjectStore:
    store = open_store(url)
    if not url.startswith("s3://"):
        return Watched(store)
    store._client.meta.events.register(  # type: ignore[attr-defined]
        "before-send.s3", lambda request, **_: _note(f"{request.method} {request.url}"), unique_id="watch"
    )
    return store


class Doomed(Forked):
    """A process of the run."""

    def begin(self, module: str, kept: set[int]) -> None:
        assert _watch
        _watch.crawling = module == "spiders.crawl"
        kept.add(_watch.outcome.fileno())  # it tells by its end that all of the run have ended


def _set_clock(ahead: timedelta) -> None:
    """From here on, bantin's clock in this process and its forks differs from the machine's."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    for module in (bantin.fetch, bantin.publish, spiders.capture, spiders.losses, spiders.selection, storage.lease):
        module.datetime = Clock  # type: ignore[attr-defined]


def work(
    verb: str,
    rules: str,
    run: str,
    settings: Settings,
    log: Path,
    death: Death | None,
    outcome: Connection,
    environment: dict[str, str],
) -> None:
    """Does `verb` (see `doomed.start`), and tells `outcome` how it ended, unless it dies."""
    global _watch  # noqa: PLW0603 - one a process
    os.setsid()
    os.environ.update(environment)
    if timeout_s := os.environ.pop("READ_TIMEOUT_S", ""):
        storage.s3.Config = lambda **options: Config(**{**options, "read_timeout": float(timeout_s)})
    bantin.child.END_S = float(os.environ.pop("END_S", bantin.child.END_S))
    if hours := os.environ.pop("CLOCK_H", ""):
        _set_clock(timedelta(hours=float(hours)))
    _watch = Watch(log, death, outcome)
    for module in list(sys.modules.values()):  # where it was imported from storage.store by name
        if getattr(module, "open_store", None) is open_store and module.__name__ != __name__:
            module.open_store = _open_watched  # type: ignore[attr-defined]
    block_pandas()
    subprocess.Popen = Doomed  # type: ignore[misc]
    ended: dict[str, Any] = {}
    try:
        _VERBS[verb](parse_source(rules, "the test's source"), settings, run)
    except BantinError as err:
        ended = {"error": type(err).__name__, "message": str(err), "retryable": err.retryable}
    outcome.send(ended)


def finish(source: Source, settings: Settings, run: str) -> None:
    """What Airflow does again where fetch has ended well: clean, part by part, and publish."""
    for part in parts_with_pages(open_store(settings.archive), source.id, run):
        clean_part(part, settings)
    publish(source.id, run, settings)


_VERBS: dict[str, Callable[[Source, Settings, str], object]] = {
    "run": run_source,
    "fetch": lambda source, settings, run: Fetch(source, run, settings).run(),
    "finish": finish,
}
