"""A capture: one answer of a server, and where its bytes lie."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.url import is_home_page


class Kind(StrEnum):
    """What a URL was asked for as."""

    ARTICLE = "article"
    LISTING = "listing"
    FEED = "feed"
    SITEMAP = "sitemap"
    ROBOTS = "robots"
    ASSET = "asset"
    PROBE = "probe"
    """An article's page, asked for once more as a search engine's visitor would: cloaking shows."""


LISTS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)
"""What names articles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One answer, the failure to get one, or (`waiting`) an address that was found and left for a later run.

    `url` is the address as it was discovered and `final_url` the one that gave this answer: of a chain of
    redirects every hop is a capture of its own with the same `url`. `via` is the page on which it was found.
    `charset` is the one of the Content-Type header. `body_sha256` is taken of the content-decoded body and is
    None where there was none (304, errors). `status` is None where no answer came: `error` then says why, and
    the `warc_*` fields, which name the response or revisit record, are None too. `location` is where a redirect leads,
    absolute. `unchanged`: a 304, or a body that is identical to the last one stored; its record is a `revisit` and
    holds no body. Of a list's page that was got by POST, `url` ends with its number: `#page=3`.
    """

    source: str
    run: str
    url: str
    final_url: str
    via: str | None
    kind: Kind
    language: str | None
    fetched_at: datetime
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    charset: str | None = None
    size_bytes: int | None = None
    body_sha256: str | None = None
    error: str | None = None
    location: str | None = None
    unchanged: bool = False
    warc_key: str | None = None
    warc_offset: int | None = None
    warc_length: int | None = None

    @property
    def is_page(self) -> bool:
        """Whether this is the body of an article's page, for the cleaner to read."""
        return (
            self.kind == Kind.ARTICLE
            and self.status == 200
            and self.warc_key is not None
            and self.error is None
            and not self.unchanged
            and not self.went_home
        )

    @property
    def went_home(self) -> bool:
        """Whether another page's address led to the home page: many sites do that with what they have removed."""
        return self.final_url != self.url and is_home_page(self.final_url) and not is_home_page(self.url)

    @property
    def waiting(self) -> bool:
        """Whether the address was found and not asked for, since the run's budget was spent."""
        return self.status is None and self.error is None

    @property
    def failed(self) -> bool:
        """Whether the server did not do its part (see `is_failure`)."""
        return is_failure(self.kind, self.status, self.error)

    @property
    def problem(self) -> str:
        """What went wrong with a failed capture."""
        return self.error or f"HTTP {self.status}"


def is_failure(kind: str, status: int | None, error: str | None) -> bool:
    """Whether an answer is a failure: an error, a refusal, or none came (`error` says why).

    That an article is gone (404, 410) or has moved (a redirect that led nowhere) is an answer; that a list has, is not.
    Nor is a success other than 200: a firewall's 202 has no page, a 206 that nobody asked for a part of it.
    """
    if error is not None:
        return True
    if status is None:
        return False  # it waits, and was not asked for
    if kind in (Kind.ARTICLE, Kind.ASSET, Kind.PROBE):
        return status not in (200, 404, 410) and not 300 <= status < 400
    return status not in (200, 304)
