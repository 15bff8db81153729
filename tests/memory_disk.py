"""A file system in memory for the tests' folders. Each object that is put into a folder costs two fsync(2), which take
ten milliseconds on a disk, and the tests put tens of thousands."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

IN_MEMORY = Path("/dev/shm")
ROOM_BYTES = 4_000_000_000


def use_memory() -> None:
    """Lets pytest make its folders in memory, where the system has that, with room, and programs may be run there, and
    it keeps extended attributes, which OpenStack Swift wants; and nobody has told it otherwise."""
    with suppress(OSError):
        if shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES and not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC:
            with TemporaryFile(dir=IN_MEMORY) as file:
                os.setxattr(file.fileno(), "user.bantin", b"x")
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))
