"""Where an export goes: a file or folder that appears when it is whole, and not before.

It is written beside its place under a name that begins with a dot, and renamed; what fails or is interrupted leaves
nothing.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from browse.errors import ExportError


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[Path]:
    """The name of a file, to be written in the block, that becomes `path` when that ends well; with `force` in place of
    another one. Raises `ExportError` where it may not, or cannot be written.
    """
    if path.is_dir() or (path.exists() and not force):
        raise ExportError(f"{path}: is there already: {_advice(path.is_dir())}")
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        passing = _passing(path)
        try:
            yield passing
            with passing.open("rb+") as file:
                os.fsync(file.fileno())
            passing.replace(path)
        finally:
            passing.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, patterns: Sequence[str], *, force: bool) -> Iterator[Path]:
    """A folder, to be filled in the block, that becomes `path` when that ends well.

    It takes the place of an empty one, and with `force` of one that holds only files of these patterns, so that a
    mistyped path cannot cost anything else. Raises `ExportError` where it may not, or cannot be written.
    """
    with _told(path):
        if path.exists() and not path.is_dir():
            raise ExportError(f"{path}: is a file: {_advice(True)}")
        if path.is_dir() and any(path.iterdir()):
            if not force:
                raise ExportError(f"{path}: is there already: {_advice(False)}")
            if strange := next((p for p in path.rglob("*") if p.is_file() and not _fits(p, path, patterns)), None):
                raise ExportError(
                    f"{path}: holds {strange.relative_to(path)}, which no such export has: {_advice(True)}"
                )
        passing = _passing(path)
        passing.mkdir(parents=True)
        try:
            yield passing
            if path.exists():
                old = _passing(path)
                path.rename(old)
                passing.rename(path)
                shutil.rmtree(old)
            else:
                passing.rename(path)
        finally:
            shutil.rmtree(passing, ignore_errors=True)


def _fits(file: Path, folder: Path, patterns: Sequence[str]) -> bool:
    inner = file.relative_to(folder)
    return any(len(inner.parts) == pattern.count("/") + 1 and inner.match(pattern) for pattern in patterns)


def _passing(path: Path) -> Path:
    return path.absolute().parent / f".{path.name[:100]}.{uuid4().hex[:8]}.part"


def _advice(elsewhere: bool) -> str:
    return "name another one" if elsewhere else "name another one, or let --force replace it"


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tells of what the disk refuses. Errors of a store are none of these."""
    try:
        yield
    except OSError as err:
        problem = f"cannot be written: {err.strerror or err}: name another place, or mend this one"
        raise ExportError(f"{path}: {problem}") from err
