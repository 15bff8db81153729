"""Writing an index into a folder, and which files make it up."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import tantivy

from browse.errors import NoIndex, SearchFailed
from browse.index.document import Document
from browse.index.schema import build_schema, entries_of

META = "meta.json"
"""The one file that is ever replaced: it names the segments. All others are written once, under names of their own."""

_BATCH, _BATCH_CHARACTERS = 500, 10_000_000
_PARTS = ("fast", "fieldnorm", "idx", "pos", "store", "term")


class IndexWriter:
    """Puts documents into the index in `folder`, which is made where there is none; one process at a time.

        with IndexWriter(folder) as writer:
            writer.add(documents)

    What is added and removed counts from the commit on that the end of the block makes; where an error ends it, or the
    process dies, the last commit stands. `memory_mb` is for documents that wait, `threads` index them. Raises
    `SearchFailed` where another process writes, or the index is of another version.
    """

    def __init__(self, folder: Path, *, threads: int = 2, memory_mb: int = 256) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        try:
            self._writer = tantivy.Index(build_schema(), str(folder)).writer(memory_mb * 1_000_000, threads)
        except ValueError as err:
            busy = "LockBusy" in str(err) or "Lockfile" in str(err)
            what = "another process writes into it: wait for it" if busy else "build it anew: bantin index --rebuild"
            raise SearchFailed(f"{folder}: the index cannot be written ({err}): {what}") from err
        self._is_new = not files_of(folder)
        self._added: set[int] = set()

    def add(self, documents: Iterable[Document]) -> int:
        """Adds documents, each in the place of what the index has of its id; returns how many."""
        count = 0
        for batch in _batches(documents):
            for document, entry in zip(batch, entries_of(batch), strict=True):
                number = int(document.id, 16)
                if not self._is_new or number in self._added:
                    self._writer.delete_documents_by_term("id", document.id)
                with self._told():
                    self._writer.add_document(entry)
                if self._is_new:
                    self._added.add(number)
            count += len(batch)
        return count

    def remove(self, ids: Iterable[str]) -> None:
        """Takes the documents of these ids out."""
        for one in ids:
            self._writer.delete_documents_by_term("id", one)

    def commit(self) -> None:
        """Makes what was added and removed count. Raises `SearchFailed` where it cannot be written."""
        with self._told():
            self._writer.commit()

    def close(self) -> None:
        """Waits until segments that are being merged are, so that the files of the last commit are at rest."""
        self._writer.wait_merging_threads()

    def abandon(self) -> None:
        """Leaves the last commit as it is, and what came since out of it."""
        with suppress(ValueError):  # it is dead already: then there is nothing to leave out
            self._writer.rollback()
            self.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What tantivy raises as `SearchFailed`: of a full disk it says that a thread has died."""
        try:
            yield
        except (ValueError, OSError) as err:
            room = "make room there, or name another folder in BANTIN_CACHE"
            raise SearchFailed(f"{self.folder}: the index cannot be written ({err}): {room}") from err

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self.abandon()
            return
        self.commit()
        self.close()


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """The documents, some hundred at a time, but no more than have so many characters."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) >= _BATCH or characters > _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def files_of(folder: Path) -> list[str]:
    """The names of the files that make up the last commit in `folder`, `META` last; empty where there is no index.

    Raises `SearchFailed` where `META` cannot be read.
    """
    try:
        meta = json.loads((folder / META).read_bytes())
        names = []
        for segment in meta["segments"]:
            base = segment["segment_id"].replace("-", "")
            names += [f"{base}.{part}" for part in _PARTS]
            if segment["deletes"]:
                names.append(f"{base}.{segment['deletes']['opstamp']}.del")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise SearchFailed(f"{folder / META}: {err}: build the index anew: bantin index --rebuild") from err
    return [*sorted(names), META]


def open_folder(folder: Path) -> tantivy.Index:
    """The index in a folder, to be asked. Raises `NoIndex` and `SearchFailed`."""
    if not (folder / META).exists():
        raise NoIndex(f"{folder}: there is no index yet: make one with bantin index")
    try:
        index = tantivy.Index.open(str(folder))
        index.config_reader("manual")
    except ValueError as err:
        raise SearchFailed(f"{folder}: {err}: build the index anew: bantin index --rebuild") from err
    return index
