"""The cleaner as the measuring scripts want it: one function from a page's bytes to a dictionary.

    python score_extraction.py --data DATA --path . -e ours=bench.extractor:extract

`BANTIN_GENERIC=1` in the environment leaves the registry aside, so that every page is cleaned by the general rules.
"""

import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cleaning import clean
from model.article import Article, Rejected
from model.capture import Capture, Kind
from model.discovery import Discovery, Listing
from model.source import ArticleUrls, Source, load_source, source_files
from model.url import host_of

FETCHED_AT = datetime(2026, 11, 22, tzinfo=UTC)
SOURCES = Path(__file__).resolve().parent.parent / "sources"
LANGUAGES = [
    "en",
    "vi",
    "id",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "ru",
    "uk",
    "ja",
    "ko",
    "zh",
    "tr",
    "sv",
    "da",
    "no",
    "fi",
    "cs",
    "el",
    "ar",
    "he",
]


def extract(html: bytes, url: str) -> dict[str, Any]:
    """Text, title, author and day of the article in `html`; {} where the page is rejected."""
    article = cleaned(html, url)
    if isinstance(article, Rejected):
        return {}
    day = article.published_on
    return {
        "text": article.text,
        "title": article.title,
        "author": article.author.split("; ") if article.author else None,
        "date": day.isoformat() if day else None,
    }


def cleaned(html: bytes, url: str) -> Article | Rejected:
    """What the cleaner makes of the page, with its source's rules where the registry knows the host."""
    return clean(capture_of(url), html, source_for(url))


def capture_of(url: str) -> Capture:
    """A capture of the page at `url`."""
    url = url or "https://example.org/page"
    source = source_for(url)
    return Capture(
        source=source.id,
        run="20261122T000000Z",
        url=url,
        final_url=url,
        via=None,
        kind=Kind.ARTICLE,
        language=source.language_of(url) if source.id != "generic" else None,
        fetched_at=FETCHED_AT,
        status=200,
    )


def source_for(url: str) -> Source:
    """The registry's source for the page at `url`, or one that knows nothing of its site."""
    url = url or "https://example.org/page"
    known = None if os.environ.get("BANTIN_GENERIC") else _registry().get(host_of(url))
    return known or _generic(host_of(url) or "example.org")


@cache
def _registry() -> dict[str, Source]:
    sources = [load_source(path) for path in source_files(SOURCES)]
    return {host: source for source in sources for host in sorted(source.all_hosts)}


def _generic(host: str) -> Source:
    return _unknown().model_copy(update={"name": host, "url": f"https://{host}/"})


@cache
def _unknown() -> Source:
    home = "https://example.org/"
    return Source(
        id="generic",
        name="example.org",
        url=home,
        kind="newspaper",
        languages=LANGUAGES,
        schedule="0 0 * * *",
        discovery=Discovery(listings=[Listing(url=home, page=None, first=2, last=5)]),
        articles=ArticleUrls(allow=["."]),
    )
