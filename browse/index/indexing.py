"""Documents into the index: here, or in several processes that each make segments of their own.

A segment is a few files that nothing else refers to but the list of segments, `meta.json`: so indexes of different
articles become one by putting their segments beside each other. The processes are plain children that are handed
chunks of work through pipes, since Airflow's tasks may not use multiprocessing's.
"""

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
from typing import IO, Any

from browse.errors import SearchFailed
from browse.index.ledger import History
from browse.index.parts import Part, read_documents
from browse.index.writer import META, IndexWriter, files_of
from model.errors import BantinError
from storage.store import ObjectStore, open_store
from storage.without_pandas import block_pandas

CHUNK = 2_000
"""About so many articles are handed to a process at a time."""

Chunk = list[tuple[Part, Mapping[str, History]]]
"""Articles to be indexed: by the part that has their newest rows, and by id."""

_ROOT = Path(__file__).parents[2]


def index_here(store: ObjectStore, writer: IndexWriter, chunks: Iterable[Chunk]) -> Iterator[int]:
    """Adds the documents of these articles; yields how many, a part at a time. Raises `Replaced` and `StorageError`."""
    for chunk in chunks:
        for part, wanted in chunk:
            yield writer.add(read_documents(store, part, wanted))


def index_elsewhere(url: str, places: Sequence[Path], chunks: Iterator[Chunk]) -> Iterator[int]:
    """The same in as many processes as there are `places`, folders in which each makes an index of its own (`join`).

    Raises what `index_here` raises, and `SearchFailed` where a process dies.
    """
    with ThreadPoolExecutor(len(places)) as threads:
        workers = [_Worker(url, place) for place in places]
        try:
            yield from _handed_out(chunks, workers, threads)
            for worker in workers:
                worker.end()
        finally:
            for worker in workers:
                worker.kill()


def _handed_out(chunks: Iterator[Chunk], workers: list["_Worker"], threads: ThreadPoolExecutor) -> Iterator[int]:
    """Gives each worker that is idle the next chunk; yields how many articles one has done."""
    under_way: dict[Future[int], _Worker] = {}
    idle = list(workers)
    while True:
        for chunk in islice(chunks, len(idle)):
            worker = idle.pop()
            under_way[threads.submit(worker.index, chunk)] = worker
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for one in done:
            idle.append(under_way.pop(one))
            yield one.result()


class _Worker:
    """A process that indexes chunks into a folder of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        command = [sys.executable, "-m", "browse.index.indexing", url, str(folder)]
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def index(self, chunk: Chunk) -> int:
        """Has a chunk indexed; returns how many articles. Raises what the process did."""
        try:
            pickle.dump(chunk, self._pipe(self._process.stdin))
            self._pipe(self._process.stdin).flush()
            answer = pickle.load(self._pipe(self._process.stdout))  # noqa: S301 - of our own process
        except (EOFError, OSError, pickle.UnpicklingError) as err:
            code = self._process.wait()
            raise SearchFailed(f"a process that indexed died with exit code {code}: look for want of memory") from err
        if isinstance(answer, BaseException):
            raise answer
        return int(answer)

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


def _serve(url: str, folder: Path, read: Callable[[], Chunk], write: Callable[[object], None]) -> None:
    """What a worker does until its parent hands it no more, or is gone."""
    store = open_store(url)
    writer = IndexWriter(folder, threads=1)
    while True:
        try:
            chunk = read()
        except EOFError:
            writer.commit()
            writer.close()
            return
        try:
            write(sum(index_here(store, writer, [chunk])))
        except BantinError as err:
            write(err)


def main() -> None:
    """A worker: `python -m browse.index.indexing ARCHIVE FOLDER`, with chunks on standard input."""
    block_pandas()
    url, folder = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not reach the parent as an answer

    def write(answer: object) -> None:
        pickle.dump(answer, answers)
        answers.flush()

    _serve(url, Path(folder), lambda: pickle.load(sys.stdin.buffer), write)  # noqa: S301 - of our own parent


if __name__ == "__main__":
    main()
