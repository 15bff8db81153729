"""Trying the cleaner on a page saved from a browser."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bantin.registry import find_source, load_registry
from bantin.settings import Settings
from model.article import Article, Rejected
from model.capture import Capture, Kind
from model.discovery import Discovery, Listing
from model.errors import BantinError
from model.source import ArticleUrls, Source
from model.url import host_of

if TYPE_CHECKING:
    from cleaning.fates import Fate

ANY_LANGUAGE = ["vi", "en", "id", "zh", "ja", "ko", "fr", "es", "de", "ru", "th", "lo", "km", "it", "pt", "nl"]


class UnreadableFile(BantinError):
    """A saved page cannot be read."""


class UnwritableFile(BantinError):
    """A tinted page cannot be written."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the cleaner made of a page: the `outcome`, what became of each text (nothing where it is no page), and the
    page as HTML with its texts tinted."""

    outcome: Article | Rejected
    fates: "list[Fate]"
    html: str


def clean_file(path: Path, url: str, settings: Settings, source_id: str | None = None) -> Trial:
    """What the cleaner makes of the page in the file at `path`, saved from `url`.

    By the rules of the source called `source_id`, or of the one `url` belongs to, or by the general ones. Raises
    `UnreadableFile` and `SourceError`.
    """
    from cleaning.tint import tinted

    try:
        body = path.read_bytes()
        saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as err:
        raise UnreadableFile(f"{path}: {err.strerror}: expected a saved page") from err
    source = find_source(settings.sources, source_id) if source_id else source_of(url, settings.sources)
    capture = Capture(
        source=source.id,
        run="",
        url=url,
        final_url=url,
        via=None,
        kind=Kind.ARTICLE,
        language=source.language_of(url),
        fetched_at=saved,
        status=200,
    )
    outcome, fates, html = tinted(capture, body, source)
    return Trial(outcome, fates, html)


def write_page(path: Path, html: str) -> None:
    """Writes a tinted page. Raises `UnwritableFile`."""
    try:
        path.write_text(html, "utf-8")
    except OSError as err:
        raise UnwritableFile(f"{path}: {err.strerror}: expected a place to write the tinted page to") from err


def source_of(url: str, registry: Path) -> Source:
    """The registry's source that `url` belongs to, or one that knows nothing of the site. Raises `SourceError`."""
    for source in load_registry(registry):
        if host_of(url) in source.all_hosts:
            return source
    return unknown_source(url)


def unknown_source(url: str) -> Source:
    """A source for a page of a site that is not in the registry. Raises `SourceError` where `url` is no address."""
    from pydantic import ValidationError

    from model.errors import SourceError

    try:
        return Source(
            id="unknown",
            name=host_of(url) or url,
            url=url,
            kind="newspaper",
            languages=ANY_LANGUAGE,
            schedule="0 0 * * *",
            discovery=Discovery(listings=[Listing(url=url)]),
            articles=ArticleUrls(allow=["."]),
        )
    except ValidationError as err:
        raise SourceError([f"--url: {url!r}: expected an absolute http(s) address"]) from err
