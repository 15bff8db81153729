"""A process that cleans pages, one at a time: `python -m bantin.clean_worker FD LIMIT_S`, started by `bantin.crew`.

Pages come, and answers go, through the socket FD. The process ends when that closes; on a page that takes longer than
LIMIT_S; and when standard input closes, to which nothing is written: when the parent has died, however it did. The last
two are the kernel's doing, so that they work while C code holds the interpreter.
"""

import fcntl
import gc
import logging
import os
import pickle
import select
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from model.article import Article, Rejected
from model.capture import Capture
from model.logs import JSON, VARIABLE, JsonLines
from model.source import Source

GROWN_BYTES = 300_000_000
"""A worker that has come to hold so much makes room for another: memory that a huge page took stays with a process."""

YOUNG_OBJECTS = 50_000
"""So many objects are made before Python looks for cycles among them: about a page's. It looks after each 700 by
itself, while a page's are all in use."""

START_S = 120
"""How long a process may take until it can clean."""

Page = tuple[Capture, bytes, Source | None]
"""A page to clean. The source is None where it is that of the page before."""

Answer = tuple[Article | Rejected, str | None]
"""What the cleaner made of a page, and the traceback where it raised."""


def main(argv: list[str]) -> int:
    """Cleans until the socket closes."""
    connection, limit_s = Connection(int(argv[0])), float(argv[1])
    about: dict[str, str] = {}
    if os.environ.get(VARIABLE) == JSON:  # what libraries complain of; our own words are the parent's
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines(lambda: about))
        logging.basicConfig(handlers=[handler])
    _end_with_parent()
    signal.setitimer(signal.ITIMER_REAL, START_S)
    from cleaning import clean

    signal.setitimer(signal.ITIMER_REAL, 0)
    source: Source | None = None
    last = False
    settled = False
    while not last:
        try:
            capture, body, other = connection.recv()
        except (EOFError, OSError):
            break
        source = other or source
        assert source is not None  # noqa: S101 - the first page brings one
        about.update(source=capture.source, run=capture.run, url=capture.url)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        mistake = None
        try:
            result = clean(capture, body, source)
        except Exception as err:  # noqa: BLE001 - the task's edge: it is reported by its page, and the others go on
            result, mistake = Rejected("failed", _told(err)), traceback.format_exc()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not settled:
            settle()
            settled = True
        last = _held_bytes() > GROWN_BYTES
        try:
            connection.send_bytes(sealed((result, mistake), last=last))
        except OSError:
            break
    return 0


def sealed(answer: Answer, *, last: bool) -> bytes:
    """The answer as it is sent. Whether the process ends now stands outside, for whoever has the next page for it."""
    return bytes([last]) + pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


def is_last(answer: bytes) -> bool:
    """Whether the process has ended after this one."""
    return answer[0] != 0


def opened(answer: bytes) -> Answer:
    """What was sealed. It comes from a child of ours, not from a page."""
    found: Answer = pickle.loads(memoryview(answer)[1:])  # noqa: S301
    return found


def settle() -> None:
    """Takes what the process has loaded out of Python's search for cycles, which would go through it again and again,
    and has it search more seldom. To be called when a page has been cleaned: then all rules are loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def _told(err: Exception) -> str:
    """The error and the line of ours that it came from."""
    here = str(Path(__file__).parent.parent)
    ours = [frame for frame in traceback.extract_tb(err.__traceback__) if frame.filename.startswith(here)]
    place = f" (cleaning/{Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return f"{type(err).__name__}: {err}"[:500] + place


def _held_bytes() -> int:
    """What the process holds in memory now; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _end_with_parent() -> None:
    """Has the kernel end the process, whatever it is at, when the other end of standard input closes. (Linux does so;
    elsewhere a page that hangs has its limit.)"""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:  # it had closed before
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
