"""The registry: all sources of a folder."""

from pathlib import Path

from model.errors import SourceError
from model.source import Source, load_source, source_files


def load_registry(folder: Path) -> list[Source]:
    """Every source of `folder`, by id. Raises `SourceError` with the mistakes of all files together."""
    sources, mistakes = [], []
    for path in source_files(folder):
        try:
            sources.append(load_source(path))
        except SourceError as err:
            mistakes += err.mistakes
    if mistakes:
        raise SourceError(mistakes)
    return sources


def find_source(folder: Path, source_id: str) -> Source:
    """The source called `source_id`. Raises `SourceError`, naming those there are."""
    path = folder / f"{source_id}.yaml"
    known = source_files(folder)
    if path not in known:
        names = ", ".join(file.stem for file in known) or "none"
        raise SourceError([f"{folder}: source: {source_id!r}: expected one of: {names}"])
    return load_source(path)
