"""An article: one capture cleaned, and what was taken off it."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of the article. `url` is absolute."""

    url: str
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document the article links to. `url` is absolute."""

    url: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternate:
    """The same article in another language, as the page announces it (`hreflang`)."""

    language: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A block of the page that is not the article's text.

    `rule` is the name of what took it (docs/cleaning.md lists them), `path` where it stood: the element path from the
    body, e.g. `div#right/table.counter`. Lines of `text` are separated by newlines. An article's text and all its
    removals are together the words that its page shows, each once.
    """

    text: str
    rule: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamLink:
    """A link that somebody else put into the page. `hidden`: readers could not see it; `path` is where it stood, as of
    a removal; None where an earlier version found it."""

    text: str
    url: str
    rule: str
    hidden: bool
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One cleaned capture: one row of the archive.

    `id` names the page (`model.url.article_id` of the canonical URL where that is trusted, else of `url`);
    `published_on` is the day as the page gives it, in the page's own offset; `published_at` is the instant in
    UTC and None where the page gave only a day; the same for `modified_*`. `text` is NFC, begins with the lead,
    and separates blocks by a newline. `html` is the same as a fragment of p, h2–h6, ul/ol/li, br, blockquote and
    table elements without attributes. `locality` is the place that the source speaks for (`Kim Sơn, Ninh Bình`).
    `origins` maps a field's name to where its value came from (`json-ld`, `open-graph`, `meta`, `selector`,
    `visible`, `url`, `signature` …).
    """

    id: str
    source: str
    run: str
    url: str
    canonical_url: str | None
    fetched_at: datetime
    text_sha256: str

    title: str
    lead: str | None
    text: str
    html: str
    author: str | None
    published_on: date | None
    published_at: datetime | None
    modified_on: date | None
    modified_at: datetime | None
    language: str | None
    section: str | None
    tags: list[str] = field(default_factory=list)
    locality: str | None = None
    images: list[Image] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    origins: dict[str, str] = field(default_factory=dict)
    via_name: str | None
    via_url: str | None
    alternates: list[Alternate] = field(default_factory=list)
    warc_key: str
    warc_offset: int
    warc_length: int
    cleaner_version: str

    removed: list[Removal] = field(default_factory=list)
    spam: list[SpamLink] = field(default_factory=list)
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a capture is not an article: a short kind to count by (`listing`, `error-page`, `blocked`,
    `not-html`, `empty` …) and what was seen."""

    kind: str
    detail: str

    @property
    def reason(self) -> str:
        """Kind and detail in one line."""
        return f"{self.kind}: {self.detail}"


def text_sha256(title: str, text: str) -> str:
    """The hash that tells whether an article *changed*: hexadecimal SHA-256 of its title and text."""
    return hashlib.sha256(f"{title}\n\n{text}".encode()).hexdigest()
