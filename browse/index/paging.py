"""How the system reads the files of an open index, which are mapped into memory.

A page of hits needs twenty texts from as many places. Where the system reads ahead of each by megabytes, as some do, a
question that finds nothing in memory has a hundred of them read, and others' pages have to go. So it is told to read
texts as they are asked for; postings and columns are read in order, and go on as they are.
"""

import ctypes
import mmap
import sys
from pathlib import Path


def read_texts_at_random(folder: Path) -> None:
    """Tells the system so of the texts of the index in `folder` that are mapped now. Does nothing but on Linux."""
    if not sys.platform.startswith("linux"):
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    below = f"{folder.resolve()}/"
    for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
        place, *_, path = line.split(maxsplit=5)
        if path.startswith(below) and path.endswith(".store"):
            start, end = (int(one, 16) for one in place.split("-"))
            madvise(start, end - start, mmap.MADV_RANDOM)  # advice: that it is refused does no harm
