"""The recorder of one crawl: its WARC parts, open on disk and then in the store, and its captures."""

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from model.capture import Capture
from storage import keys
from storage.errors import StorageError, StoreRefused
from storage.store import ObjectStore
from storage.warc import Exchange, PartWriter

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorder:
    """Writes exchanges into parts of about `part_bytes`, each uploaded (create-only) as soon as it is closed.

    `folder` is this attempt's own working folder; it goes when everything in it is stored. What cannot be written or
    uploaded becomes `failure`, which `close` raises: what a crawl could not store, it must not count.
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
    closed: bool = False
    failure: StorageError | None = None
    _part: PartWriter | None = None
    _parts: int = 0
    _uploads: list[Future[str]] = field(default_factory=list)
    _uploader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "upload"))

    def record(self, exchange: Exchange) -> None:
        """Keeps one exchange. After `close` it is dropped: the attempt's parts are complete by then.

        Raises `StorageError` where the disk does not take it.
        """
        self._keep(lambda part: part.write(exchange))

    def note(self, failure: Capture) -> None:
        """Keeps the failure to get an answer. Raises as `record`."""
        self._keep(lambda part: part.note(failure))

    def close(self) -> None:
        """Closes and uploads the open part and waits for all uploads. May be called again.

        Raises `StorageError`; parts that were not stored stay in `folder` then.
        """
        if not self.closed:
            self.closed = True
            self._finish_part()
            self._uploader.shutdown(wait=True)
        for upload in self._uploads:
            upload.result()
        if self.failure:
            raise self.failure
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self, write: Callable[[PartWriter], Capture]) -> None:
        if self.closed or self.failure:
            return
        try:
            if self._part is None:
                self._part = self._open_part()
            self.captures.append(write(self._part))
            if self._part.size_bytes >= self.part_bytes:
                self._finish_part()
        except OSError as err:
            expected = "expected a folder with room to write in: set BANTIN_WORK to one"
            self.failure = self.failure or StoreRefused(f"{self.folder}: {err.strerror}: {expected}")
            raise self.failure from err

    def _open_part(self) -> PartWriter:
        self._parts += 1
        key = keys.raw_part(self.source, self.run, self.attempt, self._parts)
        self.folder.mkdir(parents=True, exist_ok=True)
        return PartWriter(self.folder / Path(key).name, key, self.software, self.max_body_bytes)

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
