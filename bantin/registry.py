"""The registry: all sources of a folder, and those that have retired, in `retired/` below it."""

from pathlib import Path

from model.errors import SourceError
from model.source import Source, load_source, parse_source, source_files

RETIRED = "retired"
"""The folder within the registry's that has the files of sources that are crawled no more."""


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


def load_retired(folder: Path) -> list[Source]:
    """Every source of `folder` that has retired, by id. Raises `SourceError`."""
    files = source_files(folder / RETIRED) if (folder / RETIRED).is_dir() else []
    return [parse_source(path.read_text("utf-8"), str(path), folder) for path in files]


def find_source(folder: Path, source_id: str) -> Source:
    """The source called `source_id`. Raises `SourceError`, naming those there are."""
    path = folder / f"{source_id}.yaml"
    known = source_files(folder)
    if path not in known:
        if folder / RETIRED / path.name in (folder / RETIRED).glob("*.yaml"):
            expected = f"`bantin source resume {source_id}` brings it back"
            raise SourceError([f"{folder}: source: {source_id!r}: it is retired: {expected}"])
        names = ", ".join(file.stem for file in known) or "none"
        raise SourceError([f"{folder}: source: {source_id!r}: expected one of: {names}"])
    return load_source(path)
