"""The registry as those who read an archive know it: which sources are to be crawled, and why others are not."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from browse.catalog import Catalog, SourceEntry
from browse.index.entries import described
from model.errors import SourceError
from model.source import load_source, retired_files, source_files

Registry = Mapping[str, SourceEntry | SourceError | None]
"""The registry's sources, by id: of a file that cannot be read, what is wrong with it; of a retired one, None."""


def registry_in(folder: Path) -> Registry:
    """The registry in a folder of source files. Cheap when repeated: a file is read again only where it has changed.
    Raises `SourceError` where `folder` is none."""
    found: dict[str, SourceEntry | SourceError | None] = {path.stem: None for path in retired_files(folder)}
    for path in source_files(folder):
        try:
            found[path.stem] = _registered(path, path.stat().st_mtime_ns)
        except SourceError as err:
            found[path.stem] = err
        except FileNotFoundError:  # removed this moment
            continue
    return found


def known_sources(catalog: Catalog, registry: Registry) -> Iterator[tuple[SourceEntry, str | SourceError | None]]:
    """The sources of both, by id, each with why it is not crawled, if it is not. A registry that has none of the
    archive's sources is another archive's, and says nothing of them."""
    of_archive = {entry.id: entry for entry in catalog.sources()}
    is_its_own = not registry.keys().isdisjoint(of_archive)
    for name in sorted({*of_archive, *registry}):
        entry = registry.get(name)
        if isinstance(entry, SourceError):
            yield of_archive.get(name) or SourceEntry(id=name, name=name), entry
        elif entry is not None:
            yield entry, _off(entry)
        elif name in of_archive:
            is_retired = name in registry
            gone = "retired" if is_retired else "no longer in the registry" if is_its_own else None
            yield of_archive[name], gone or _off(of_archive[name])


def _off(entry: SourceEntry) -> str | None:
    return None if entry.enabled else "switched off"


@lru_cache(maxsize=100_000)
def _registered(path: Path, _modified_ns: int) -> SourceEntry:
    source = load_source(path)
    return described(source, source.id, 0)
