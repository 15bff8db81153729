"""What can go wrong when the archive is read.

BantinError
├── ExportError       what is asked for cannot be exported, or not to there
├── NoSuchColumn      articles have no column of that name
├── MissingLibrary    what is asked for wants a library that is not installed
├── InvalidQuery      (browse/query.py) a query cannot be understood, or asks for too much
└── SearchFailed      the index cannot be asked
    └── NoIndex       there is none yet
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
