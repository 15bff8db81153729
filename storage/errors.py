"""What can go wrong with the archive.

    BantinError
    └── StorageError
        ├── StoreUnavailable     retryable: refused connection, time-out, 5xx, 503 SlowDown, an I/O error
        │   └── Overwritten      retryable: another object has come under the key while this one was read
        ├── StoreRefused         final: read-only or full disk, no such bucket, bad credentials, access denied
        ├── InvalidKey           final: a key no store takes
        ├── KeyNotFound          final: nothing is stored there
        ├── PreconditionFailed   final: if_absent or if_match did not hold; somebody else was first
        ├── LeaseHeld            retryable: another crawl of the source, or of its group, is under way
        ├── LeaseLost            retryable: this crawl's lease ended or went to another one; it may not commit
        ├── Corrupt              final: the object is there and is not what it should be
        └── UnknownVersion       final: a later bantin wrote the object; update this one

Each message ends with what to do. `retryable` is what a scheduler asks before it tries the same call again.
"""

from datetime import datetime
from typing import ClassVar

from model.errors import BantinError


class StorageError(BantinError):
    """Base of the errors of `storage`.

    `message` says what was expected and what to do; `url` is the store's (None where no store was asked), `key` the
    object's (None where the error is about the whole store).
    """

    def __init__(self, message: str, url: str | None = None, key: str | None = None) -> None:
        super().__init__(message, url, key)  # all of them, so that pickle can make the error again
        self.message = message
        self.url = url
        self.key = key

    def __str__(self) -> str:
        return self.message


class StoreUnavailable(StorageError):
    """The store did not answer, or said that it is busy or broken. The same call may succeed later."""

    retryable: ClassVar[bool] = True


class Overwritten(StoreUnavailable):
    """The object was replaced while it was read in pieces. What was read of it is of no use."""


class StoreRefused(StorageError):
    """The store will not do this until somebody changes something; the message says what."""


class InvalidKey(StorageError):
    """The key is one that not every store can hold, or that could leave the archive."""


class KeyNotFound(StorageError):
    """No object has this key."""


class PreconditionFailed(StorageError):
    """`if_absent` or `if_match` did not hold: the object was written or removed by somebody else. Read it again."""


class LeaseHeld(StorageError):
    """Another crawl holds the lease that is asked for.

    `source`, `run`, `attempt`, `host`, `pid` and `since` describe it, and are None where the lease's object cannot be
    read; at `expires` it ends unless it is renewed.
    """

    retryable: ClassVar[bool] = True

    def __init__(
        self,
        message: str,
        url: str | None = None,
        key: str | None = None,
        *,
        source: str | None = None,
        run: str | None = None,
        attempt: int | None = None,
        host: str | None = None,
        pid: int | None = None,
        since: datetime | None = None,
        expires: datetime | None = None,
    ) -> None:
        super().__init__(message, url, key)
        self.source = source
        self.run = run
        self.attempt = attempt
        self.host = host
        self.pid = pid
        self.since = since
        self.expires = expires


class LeaseLost(StorageError):
    """This crawl held a lease and does so no more: it may store nothing further as its run's result."""

    retryable: ClassVar[bool] = True


class Corrupt(StorageError):
    """The object was read, and is not what its key promises."""

    def __str__(self) -> str:
        return f"{self.message}: `bantin verify` says what else is damaged, and what can be made again"


class UnknownVersion(StorageError):
    """The object was written by a later version of bantin, which this one cannot read."""
