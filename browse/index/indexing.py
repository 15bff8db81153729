"""Tables read and documents indexed: here, or in several processes that each make segments of their own.

A segment is a few files that nothing else refers to but the list of segments, `meta.json`: so indexes of different
articles become one by putting their segments beside each other. The processes are plain children that are handed
work through pipes, since Airflow's tasks may not use multiprocessing's.
"""

import gc
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self

import psutil

from browse.errors import SearchFailed
from browse.index.ledger import History
from browse.index.parts import Part, Replaced, Rows, read_documents, read_part
from browse.index.writer import META, IndexWriter, files_of
from model.errors import BantinError
from storage.rows import READERS, OnTable, read_each
from storage.store import ObjectStore, open_store
from storage.without_pandas import block_pandas

CHUNK = 2_000
"""About so many articles are handed to a process at a time."""

Chunk = list[tuple[Part, Mapping[str, History]]]
"""Articles to be indexed: by the part that has their newest rows, and by id."""

_TABLES = 40
"""So many tables are handed to a process at a time."""

_ROOT = Path(__file__).parents[2]
_CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")
_LEAST_MB, _MOST_MB = 64, 1_000
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Words that wait are looked up all over the memory: by pages of 2 MB that takes a twentieth less."""
_YOUNG_OBJECTS = 50_000
"""So many objects are made before Python looks for cycles among them, of which documents have none: by itself it looks
after each 700."""


def read_here(
    store: ObjectStore, parts: Sequence[Part], on_table: OnTable | None = None, readers: int = READERS
) -> list[Rows | Replaced]:
    """What the ledger needs of each part, in their order; or why it cannot be read. Raises `StorageError`."""

    def tried(part: Part) -> Rows | Replaced:
        try:
            return read_part(store, part)
        except Replaced as err:
            return err

    return read_each(parts, tried, on_table, readers)


def index_here(store: ObjectStore, writer: IndexWriter, chunks: Iterable[Chunk]) -> Iterator[int]:
    """Adds the documents of these articles; yields how many, by chunks. Raises `Replaced` and `StorageError`."""
    for chunk in chunks:
        yield writer.add(document for part, wanted in chunk for document in read_documents(store, part, wanted))


class Indexers:
    """The same in several processes, each of which makes an index of its own, in a folder within `folder`. They start
    when they are first asked for something, and end with the block that this is the context of.

    What they are asked for raises what `read_here` and `index_here` raise, and `SearchFailed` where a process dies.
    """

    def __init__(self, url: str, folder: Path, processes: int) -> None:
        self._url = url
        self._processes = processes
        self._folder = TemporaryDirectory(prefix=".others-", dir=folder)
        self._threads = ThreadPoolExecutor(processes)
        self._workers: list[_Worker] = []

    @property
    def started(self) -> bool:
        """Whether the processes are there."""
        return bool(self._workers)

    def read(self, parts: Sequence[Part], on_table: OnTable) -> list[Rows | Replaced]:
        """What `read_here` gives."""
        found: dict[int, list[Rows | Replaced]] = {}
        done = 0
        for start, rows in self._handed_out(
            "read", ((n, parts[n : n + _TABLES]) for n in range(0, len(parts), _TABLES))
        ):
            found[start] = rows
            done += len(rows)
            on_table(done, len(parts))
        return [one for _, rows in sorted(found.items()) for one in rows]

    def index(self, chunks: Iterable[Chunk]) -> Iterator[int]:
        """Has the chunks indexed; yields how many articles, a chunk at a time."""
        for _, count in self._handed_out("index", enumerate(chunks)):
            yield count

    def end(self) -> list[Path]:
        """Has what was indexed committed, and ends the processes; returns the folders of their indexes (`join`)."""
        for worker in self._workers:
            worker.end()
        return [worker.folder for worker in self._workers]

    def _handed_out(self, verb: str, work: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """Gives each worker that is idle the next piece of work; yields the answers as they come, with the numbers of
        their pieces."""
        if not self._workers:
            share_mb = memory_mb(self._processes)
            places = [Path(self._folder.name, str(number)) for number in range(self._processes)]
            self._workers = [_Worker(self._url, place, share_mb) for place in places]
        under_way: dict[Future[Any], tuple[int, _Worker]] = {}
        idle, left = list(self._workers), iter(work)
        while True:
            for number, piece in islice(left, len(idle)):
                worker = idle.pop()
                under_way[self._threads.submit(worker.ask, verb, piece)] = number, worker
            if not under_way:
                return
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                number, worker = under_way.pop(one)
                idle.append(worker)
                yield number, one.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown()
        self._folder.cleanup()


class _Worker:
    """A process that reads tables, and indexes chunks into a folder of its own."""

    def __init__(self, url: str, folder: Path, memory_mb: int) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "browse.index.indexing", url, str(folder), str(memory_mb)]
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**_LARGE_PAGES, **os.environ, "PYTHONPATH": path}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, verb: str, piece: object) -> Any:
        """Has a piece of work done; returns its answer. Raises what the process did."""
        try:
            pickle.dump((verb, piece), self._pipe(self._process.stdin))
            self._pipe(self._process.stdin).flush()
            answer = pickle.load(self._pipe(self._process.stdout))  # noqa: S301 - of our own process
        except (EOFError, OSError, pickle.UnpicklingError) as err:
            code = self._process.wait()
            raise SearchFailed(f"a process that indexed died with exit code {code}: look for want of memory") from err
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def end(self) -> None:
        """Has what was indexed committed: the process ends where no more is handed to it."""
        self._pipe(self._process.stdin).close()
        if code := self._process.wait():
            raise SearchFailed(f"a process that indexed ended with exit code {code}")

    def kill(self) -> None:
        """Ends the process, if it has not ended."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                self._pipe(pipe).close()

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None  # noqa: S101 - for mypy: pipes were asked for
        return pipe


def join(folder: Path, others: Iterable[Path]) -> None:
    """Puts the segments of other indexes beside those in `folder`, all of one schema and of different articles."""
    metas: list[dict[str, Any]] = []
    for place in [folder, *others]:
        names = files_of(place)
        if names:
            metas.append(json.loads((place / META).read_bytes()))
        for name in names:
            if place != folder and name != META:
                (place / name).rename(folder / name)
    segments = [segment for meta in metas for segment in meta["segments"]]
    joined = {**metas[0], "segments": segments, "opstamp": max(meta["opstamp"] for meta in metas)}
    unfinished = folder / f".{META}"
    unfinished.write_text(json.dumps(joined))
    unfinished.replace(folder / META)


def memory_mb(processes: int) -> int:
    """How much each of so many processes may take for documents that wait to become a segment: the more, the fewer
    segments, and the less is merged afterwards. All of them together take a quarter of what is free."""
    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # outside of a container, or in one without a limit
        free = min(free, int(_CONTAINER_MEMORY.read_text()))
    return max(_LEAST_MB, min(_MOST_MB, free // (4 * processes * 1_000_000)))


def _serve(
    url: str,
    folder: Path,
    memory_mb: int,
    read: Callable[[], tuple[str, Any]],
    write: Callable[[object], None],
) -> None:
    """What a worker does until its parent hands it no more, or is gone."""
    store = open_store(url)
    writer = IndexWriter(folder, threads=1, memory_mb=memory_mb)
    verbs: dict[str, Callable[[Any], object]] = {
        "read": lambda parts: read_here(store, parts, readers=READERS // 2),
        "index": lambda chunk: sum(index_here(store, writer, [chunk])),
    }
    while True:
        try:
            verb, piece = read()
        except EOFError:
            writer.commit()
            writer.close()
            return
        try:
            write(verbs[verb](piece))
        except BantinError as err:
            write(err)


def main() -> None:
    """A worker: `python -m browse.index.indexing ARCHIVE FOLDER MEMORY_MB`, with work on standard input."""
    block_pandas()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    url, folder, memory_mb = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not reach the parent as an answer

    def write(answer: object) -> None:
        pickle.dump(answer, answers)
        answers.flush()

    _serve(url, Path(folder), int(memory_mb), lambda: pickle.load(sys.stdin.buffer), write)  # noqa: S301 - our parent's


if __name__ == "__main__":
    main()
