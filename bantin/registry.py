"""The registry: all sources of a folder, and those that have retired, in `retired/` below it."""

from pathlib import Path

from model.errors import SourceError
from model.source import RETIRED, Source, load_source, retired_files, source_files


def load_registry(folder: Path) -> list[Source]:
    """Every source of `folder`, by id. Raises `SourceError` with the mistakes of all files together."""
    return _load(source_files(folder), folder)


def load_retired(folder: Path) -> list[Source]:
    """Every source of `folder` that has retired, by id. Raises `SourceError` as `load_registry`."""
    return _load(retired_files(folder), folder)


def find_source(folder: Path, source_id: str) -> Source:
    """The source called `source_id`. Raises `SourceError`, naming those there are."""
    path = folder / f"{source_id}.yaml"
    known = source_files(folder)
    if path not in known:
        if folder / RETIRED / path.name in retired_files(folder):
            expected = f"`bantin source resume {source_id}` brings it back"
            raise SourceError([f"{folder}: source: {source_id!r}: it is retired: {expected}"])
        names = ", ".join(file.stem for file in known) or "none"
        raise SourceError([f"{folder}: source: {source_id!r}: expected one of: {names}"])
    return load_source(path)


def _load(files: list[Path], folder: Path) -> list[Source]:
    """The sources in these files, of retired ones too: certificates that they name lie in `folder`."""
    sources, mistakes = [], []
    for path in files:
        try:
            sources.append(load_source(path, folder))
        except SourceError as err:
            mistakes += err.mistakes
    if mistakes:
        raise SourceError(mistakes)
    return sources
