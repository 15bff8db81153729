"""An archive as its readers hold it: the store, the index, the catalog of runs, each opened when it is needed."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from storage.store import ObjectStore, open_store

if TYPE_CHECKING:
    from browse.catalog import Catalog
    from browse.index.shipped import ShippedIndex


class Archive:
    """What `url` names. `cache` is a folder for what is fetched of the index (default: the user's cache folder)."""

    def __init__(self, url: str, cache: Path | None = None) -> None:
        self.url = url
        self._cache = cache

    @cached_property
    def store(self) -> ObjectStore:
        """Where the bytes lie. Raises `StorageError`."""
        return open_store(self.url)

    @cached_property
    def index(self) -> "ShippedIndex":
        """The index. It follows what is built later. Raises `NoIndex`, `StorageError`."""
        from browse.index.shipped import open_index

        return open_index(self.store, self._cache)

    @property
    def catalog(self) -> "Catalog":
        """What is known of sources and runs, of the same moment as the index. Raises `NoIndex`, `StorageError`."""
        return self.index.catalog
