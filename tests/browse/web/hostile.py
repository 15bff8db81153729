"""An archive in which every field of its articles, and every stored page, tries what it can."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bantin.index import bring_up_to_date
from model.article import Alternate, Article, Attachment, Image, Removal, SpamLink
from model.capture import Capture
from model.url import article_id
from storage import keys
from storage.store import open_store
from storage.tables import encode
from tests.browse.web import payloads
from tests.records import article, exchange
from tests.sample_archive import FIRST, SECOND, at, written
from tests.settings import settings_in


@dataclass(frozen=True, slots=True)
class Hostile:
    """The archive's address, the ids of its articles, and of those among them whose stored pages attack."""

    archive: str
    articles: list[str]
    pages: list[str]


def hostile_archive(folder: Path) -> Hostile:
    """An article for each text, address and fragment of `payloads`, in two runs, so that each has a history; and an
    article for each page."""
    settings = settings_in(folder)
    store = open_store(settings.archive)
    fields = [_fields(n) for n in range(max(len(payloads.TEXTS), len(payloads.FRAGMENTS)))]
    urls = [f"http://portal.example/article-{n}" for n in range(len(fields))]
    pages = [f"http://portal.example/page-{n}" for n in range(len(payloads.PAGES))]
    for run in (FIRST, SECOND):
        exchanges = [exchange(url=url, fetched_at=at(run), body=payloads.ATTACKS.encode()) for url in urls]
        exchanges += [
            exchange(url=url, fetched_at=at(run), body=body, headers=[(b"Content-Type", _line(kind))])
            for url, (kind, body) in zip(pages, payloads.PAGES, strict=True)
        ]
        captures = written(store, run, exchanges, folder)
        rows = [
            _row(capture, {**values, "title": f"{values['title']} {run}", "text": f"{values['text']} {run}"})
            for capture, values in zip(
                captures, [*fields, *({"title": "Page", "text": "Read me."} for _ in pages)], strict=True
            )
        ]
        store.put(keys.captures("kimson", run), encode(captures, Capture))
        store.put(keys.articles("kimson", run), encode(rows, Article))
    bring_up_to_date(settings)
    return Hostile(settings.archive, [article_id(url) for url in urls], [article_id(url) for url in pages])


def _line(value: str) -> bytes:
    return value.replace("\r\n", " ").encode()


def _fields(number: int) -> dict[str, Any]:
    text = payloads.TEXTS[number % len(payloads.TEXTS)].replace("\x00", "")
    url = payloads.ADDRESSES[number % len(payloads.ADDRESSES)]
    local = payloads.LOCAL_ADDRESSES[number % len(payloads.LOCAL_ADDRESSES)]
    return {
        "title": text,
        "lead": text,
        "text": f"{text}\n{text}",
        "html": payloads.FRAGMENTS[number % len(payloads.FRAGMENTS)].replace("\x00", ""),
        "author": text,
        "section": text,
        "locality": text,
        "language": text[:20],
        "tags": [text, "lễ hội"],
        "images": [Image(url=url, caption=text, credit=text), Image(url=local, caption=text)],
        "attachments": [Attachment(url=url, name=text)],
        "origins": {"title": text, "author": text, text: text},
        "via_name": text,
        "via_url": url,
        "canonical_url": url,
        "alternates": [Alternate(language=text[:30], url=url), Alternate(language="en", url=local)],
        "cleaner_version": text,
        "removed": [
            Removal(text=f"{text}\n{text}", rule=text, path=text),
            Removal(text="Read me.", rule=text, path="p"),
        ],
        "spam": [SpamLink(text=text, url=url, rule=text, hidden=True, path=text)],
        "quarantined": number % 5 == 4,
    }


def _row(capture: Capture, values: dict[str, Any]) -> Article:
    return article(
        id=article_id(capture.url),
        url=capture.url,
        run=capture.run,
        fetched_at=capture.fetched_at,
        warc_key=capture.warc_key,
        warc_offset=capture.warc_offset,
        warc_length=capture.warc_length,
        **values,
    )
