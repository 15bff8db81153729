"""What can go wrong with a call, as opposed to a page: pages that are no articles are `Rejected`, not raised.

BantinError
└── CleaningError    the cleaner was given something it cannot work with
"""

from model.errors import BantinError


class CleaningError(BantinError):
    """The call cannot be answered. `url` is the page it was about."""

    def __init__(self, message: str, url: str) -> None:
        super().__init__(message, url)
        self.message = message
        self.url = url

    def __str__(self) -> str:
        return f"{self.url}: {self.message}"
