"""How the system reads the files of an open index, which are mapped into memory.

A page of hits needs some words, postings, positions and twenty texts, from as many places. Where the system reads ahead
of each by megabytes, as some do, a question that finds nothing in memory has a hundred of them read, and others' pages
have to go. So it is told to read these as they are asked for. Columns are small and needed by nearly every question:
they are read at once. How long texts are is only needed where hits are ranked, and then read as any file is.
"""

import ctypes
import mmap
import sys
from pathlib import Path

_ADVICE = {**dict.fromkeys(["idx", "pos", "store", "term"], "MADV_RANDOM"), "fast": "MADV_WILLNEED"}
"""By what the files' names end in."""


def advise(folder: Path) -> None:
    """Tells the system so of the files of the index in `folder` that are mapped now. Does nothing but on Linux."""
    if not sys.platform.startswith("linux"):
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    below = f"{folder.resolve()}/"
    for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
        place, *_, path = line.split(maxsplit=5)
        advice = _ADVICE.get(path.rpartition(".")[2])
        if advice and path.startswith(below):
            start, end = (int(one, 16) for one in place.split("-"))
            madvise(start, end - start, getattr(mmap, advice))  # that advice is refused does no harm
