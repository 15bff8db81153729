"""What can go wrong when the archive is read.

BantinError
├── ExportError       what is asked for cannot be exported, or not to there
├── NoSuchColumn      articles have no column of that name
├── MissingLibrary    what is asked for wants a library that is not installed
├── InvalidQuery      (browse/query.py) a query cannot be understood, or asks for too much
└── SearchFailed      the index cannot be asked
    ├── NoIndex       there is none yet
    └── DamagedIndex  a part of it is missing, or is not what was stored
        └── OutdatedIndex   it was made by another version of bantin
"""

from typing import ClassVar

from model.errors import BantinError


class ExportError(BantinError):
    """What is asked for cannot be exported, or not to there; the message says what to do."""


class NoSuchColumn(BantinError):
    """Articles have no column of that name."""


class MissingLibrary(BantinError):
    """What is asked for wants a library that is not installed; `library` is its name."""

    def __init__(self, library: str) -> None:
        super().__init__(f"{library} is not installed: `pip install {library}`, or `uv add {library}`")
        self.library = library

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.library,)


class SearchFailed(BantinError):
    """The index cannot be asked; the message says what to do."""

    retryable: ClassVar[bool] = True


class NoIndex(SearchFailed):
    """The archive has no index yet."""

    retryable: ClassVar[bool] = False


class DamagedIndex(SearchFailed):
    """A part of the index is missing, or is not what was stored. It can always be made anew; the message says how."""

    retryable: ClassVar[bool] = False


class OutdatedIndex(DamagedIndex):
    """The index was made by another version of bantin, which this one cannot read. The next build makes it anew."""
