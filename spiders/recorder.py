"""The recorder of one crawl: its WARC parts, open on disk and then in the store, and its captures."""

import logging
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from model.capture import Capture
from spiders.blocked import find_block
from spiders.cut_short import STOPS, may_be_cut_short, stops_within
from storage import keys
from storage.content_encoding import ContentEncodingError
from storage.errors import StorageError, StoreRefused
from storage.exchange import Exchange, one_line
from storage.store import ObjectStore
from storage.warc import PartWriter, read_answer

logger = logging.getLogger(__name__)

ROOM_BYTES = 32_000_000
"""So much may wait for the writer."""

LEAST_BYTES = ROOM_BYTES // 64
"""An exchange takes at least so much of the room: a small body may decompress to a large one, and what waits when the
crawl is asked to stop must be written within its grace."""


@dataclass(slots=True)
class Recorder:
    """Writes exchanges into parts of about `part_bytes`, each uploaded (create-only) as soon as it is closed.

    One thread decodes, hashes, compresses and writes, in the order of the calls; another uploads. Calls return at once
    unless the writer is far behind. `captures` is complete after `close`; `bytes_received` is the size of all bodies
    so far, as sent.

    `folder` is this attempt's own working folder; it goes when everything in it is stored. What cannot be written
    becomes `failure`; that, or what cannot be uploaded, is raised by `close`: what a crawl could not store, it must
    not count. Not to be called from within a signal handler, which may interrupt one of these calls.
    """

    store: ObjectStore
    source: str
    run: str
    attempt: int
    folder: Path
    part_bytes: int
    max_body_bytes: int
    software: str
    captures: list[Capture] = field(default_factory=list)
    bytes_received: int = 0
    closed: bool = False
    failure: BaseException | None = None
    _told: bool = False
    _part: PartWriter | None = None
    _parts: int = 0
    _waiting_bytes: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _uploads: list[Future[str]] = field(default_factory=list)
    _writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "write"))
    _uploader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "upload"))

    def record(self, exchange: Exchange) -> None:
        """Keeps one exchange; waits where too much is waiting already.

        After `close` it is dropped: the attempt's parts are complete by then. Raises `failure`, where something that
        was handed over before could not be written; once, and what comes after that is dropped.
        """
        size = len(exchange.body)
        if self._hand_over(partial(self._keep, partial(self._write, exchange)), max(size, LEAST_BYTES)):
            self.bytes_received += size

    def note(self, failure: Capture) -> None:
        """Keeps the failure to get an answer, after the exchanges recorded before. Raises as `record`."""
        self._hand_over(partial(self._keep, lambda part: part.note(failure)), LEAST_BYTES)

    def close(self) -> None:
        """Writes what is waiting, closes and uploads the open part and waits for all uploads. May be called again.

        Raises the first failure (`StorageError`); parts that were not stored stay in `folder` then.
        """
        with self._changed:
            if not self.closed:
                self.closed = True
                self._submit(self._finish_part, 0)
                self._changed.notify_all()
        self._writer.shutdown(wait=True)
        self._uploader.shutdown(wait=True)
        if self.failure:
            raise self.failure
        for upload in self._uploads:
            upload.result()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hand_over(self, work: Callable[[], None], size: int) -> bool:
        """Gives `work` to the writer, when there is room; says whether it did. A body larger than all the room goes
        through alone."""
        with self._changed:
            while self._waiting_bytes and self._waiting_bytes + size > ROOM_BYTES and not self.closed:
                self._changed.wait()
            if self.failure and not self._told:
                self._told = True
                raise self.failure
            if self.failure or self.closed:
                return False
            self._submit(work, size)
            return True

    def _submit(self, work: Callable[[], None], size: int) -> None:
        self._waiting_bytes += size
        self._writer.submit(work).add_done_callback(partial(self._done, size))

    def _done(self, size: int, work: Future[Any]) -> None:
        with self._changed:
            self.failure = self.failure or work.exception()
            self._waiting_bytes -= size
            self._changed.notify_all()

    # What follows runs in the writer's thread, the upload in the uploader's.

    def _keep(self, write: Callable[[PartWriter], Capture]) -> None:
        if self.failure:
            return
        try:
            if self._part is None:
                self._part = self._open_part()
            self.captures.append(write(self._part))
            if self._part.size_bytes >= self.part_bytes:
                self._finish_part()
        except OSError as err:
            expected = "expected a folder with room to write in: set BANTIN_WORK to one"
            raise StoreRefused(f"{self.folder}: {err.strerror or err}: {expected}") from err

    def _write(self, exchange: Exchange, part: PartWriter) -> Capture:
        """Writes an exchange. One page that we are not up to must not end the crawl, so it becomes a failure that is
        counted like others."""
        try:
            return part.write(exchange)
        except OSError:
            raise
        except Exception as err:
            logger.exception("%r could not be recorded", exchange.final_url)
            failure = Capture(
                source=self.source,
                run=self.run,
                url=one_line(exchange.url),
                final_url=one_line(exchange.final_url),
                via=one_line(exchange.via) if exchange.via else None,
                kind=exchange.kind,
                language=exchange.language,
                fetched_at=exchange.fetched_at,
                error=f"could not be recorded: {err!r}",
            )
            return part.note(failure)

    def _open_part(self) -> PartWriter:
        self._parts += 1
        key = keys.raw_part(self.source, self.run, self.attempt, self._parts)
        self.folder.mkdir(parents=True, exist_ok=True)
        return PartWriter(self.folder / Path(key).name, key, self.software, self.max_body_bytes, self._problem)

    def _problem(self, exchange: Exchange, body: bytes) -> str | None:
        """What is wrong with an answer: it is a wall, or half of the page that is stored."""
        if block := find_block(exchange, body):
            return block
        if may_be_cut_short(exchange, body) and (whole := self._stored_body(exchange)) and stops_within(body, whole):
            return STOPS
        return None

    def _stored_body(self, exchange: Exchange) -> bytes | None:
        """The body that the answer is compared with; None where there is none that can be read."""
        if exchange.earlier is None or exchange.earlier.place is None:
            return None
        try:
            return read_answer(self.store, *exchange.earlier.place, self.max_body_bytes)[2]
        except (StorageError, ContentEncodingError) as err:
            logger.warning("%s cannot be compared with what is stored: %s", exchange.final_url, err)
            return None

    def _finish_part(self) -> None:
        if self._part is not None:
            self._part.close()
            self._uploads.append(self._uploader.submit(self._upload, self._part))
            self._part = None

    def _upload(self, part: PartWriter) -> str:
        etag = self.store.put(part.key, part.path, if_absent=True)
        part.path.unlink()
        logger.info("stored %s (%.1f MB)", part.key, part.size_bytes / 1e6)
        return etag
