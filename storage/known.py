"""What is known of one URL, as who decides whether to ask for it again wants it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.capture import Kind
from model.url import is_home_page
from storage.facts import key_of


class Fate(StrEnum):
    """What became of a page, as far as the last answer tells."""

    LIVE = "live"
    GONE = "gone"
    """404 or 410."""
    MOVED = "moved"
    """A redirect that was not followed, or one to the home page."""
    WAITING = "waiting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one URL.

    `url` is its spelling when it last answered, which a server understands for certain; `key` its normal one; `kind` as
    what it answered. `via` is the page it was first found on, `last_fetched` when it was last asked for, None while it
    waits.

    `status`, `body_sha256`, `place` (its record: WARC key and offset) and `answered_at` are of the last full answer,
    `rejected` whether the cleaner took that for no article, `text_sha256` the last text that it did take; a page of a
    run that was never published is no answer. `etag` and `last_modified` are the newest it gave, and None where another
    address answered. `final_url` and, of a redirect, `location` are of the last answer. `failures` counts the tries
    that failed since. `last_news`, of a list: when an article or a file was last found on it that nobody knew.
    """

    url: str
    kind: Kind
    first_seen: datetime
    last_fetched: datetime | None
    next_due: datetime
    interval_h: float
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    text_sha256: str | None = None
    place: tuple[str, int] | None = None
    rejected: bool = False
    failures: int = 0
    via: str | None = None
    last_news: datetime | None = None
    answered_at: datetime | None = None
    location: str | None = None
    final_url: str | None = None

    @property
    def key(self) -> str:
        """What the frontier knows the URL by."""
        return key_of(self.url, self.kind)

    @property
    def waiting(self) -> bool:
        """Whether it was found and never asked for; of a list, also whether the last run that came to it left it."""
        return self.last_fetched is None

    @property
    def fate(self) -> Fate:
        """What became of it. A failure tells nothing: it is as it was before."""
        if self.waiting:
            return Fate.WAITING
        if self.status in (404, 410):
            return Fate.GONE
        if self.status is None or self.status >= 400:
            return Fate.UNKNOWN
        went_home = (
            self.final_url is not None
            and self.final_url != self.url
            and is_home_page(self.final_url)
            and not is_home_page(self.url)
        )
        return Fate.MOVED if self.status >= 300 or went_home else Fate.LIVE
