"""The recorder of one crawl: its WARC parts, open on disk and then in the store, and its captures."""

import logging
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from model.capture import Capture
from storage import keys
from storage.store import ObjectStore
from storage.warc import Exchange, PartWriter

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorder:
    """Writes exchanges into parts of about `part_bytes`, each uploaded (create-only) as soon as it is closed.

    `folder` is this attempt's own working folder; it goes when the recorder is closed. A failed upload is raised by
    `close`: what a crawl could not store, it must not count.
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
    _part: PartWriter | None = None
    _parts: int = 0
    _uploads: list[Future[str]] = field(default_factory=list)
    _uploader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "upload"))

    def record(self, exchange: Exchange) -> None:
        """Keeps one exchange. After `close` it is dropped: the attempt's parts are complete by then."""
        if self.closed:
            return
        if self._part is None:
            self._parts += 1
            key = keys.raw_part(self.source, self.run, self.attempt, self._parts)
            self.folder.mkdir(parents=True, exist_ok=True)
            self._part = PartWriter(self.folder / Path(key).name, key, self.software, self.max_body_bytes)
        self.captures.append(self._part.write(exchange))
        if self._part.size_bytes >= self.part_bytes:
            self._finish_part()

    def note(self, capture: Capture) -> None:
        """Keeps a capture without an answer: a failure."""
        if not self.closed:
            self.captures.append(capture)

    def close(self) -> None:
        """Closes and uploads the open part and waits for all uploads. Raises `StorageError`. May be called again."""
        if not self.closed:
            self.closed = True
            self._finish_part()
            self._uploader.shutdown(wait=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        for upload in self._uploads:
            upload.result()

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
