"""A small archive with what a reader from outside meets: two runs, a revisit, a changed page, an empty table."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from model.article import Article, Attachment, SpamLink
from model.capture import Capture
from model.url import article_id
from storage import keys
from storage.exchange import Earlier, Exchange
from storage.store import ObjectStore
from storage.tables import encode
from storage.warc import PartWriter
from tests.records import article, exchange

FIRST, SECOND = "20261121T000000Z", "20261122T000000Z"
FESTIVAL, MARKET, SPAM = (f"http://portal.example/{name}" for name in ("le-hoi-1", "cho-phien-2", "nha-cai-3"))


def fill(store: ObjectStore, folder: Path) -> None:
    """Two runs of kimson: two pages; a day later one of them unchanged, the other with a new text, and a third that is
    spam. And a run of vung that found nothing."""
    first = [page(FESTIVAL, FIRST, "Lễ hội mùa thu"), page(MARKET, FIRST, "Chợ phiên")]
    known = Earlier(url=FESTIVAL, fetched_at=first[0].fetched_at, body_sha256=None)
    second = [
        exchange(url=FESTIVAL, fetched_at=at(SECOND), status=304, status_text="Not Modified", body=b"", earlier=known),
        page(MARKET, SECOND, "Chợ phiên dời ngày"),
        page(SPAM, SECOND, "Nhà cái"),
    ]
    for run, exchanges in ((FIRST, first), (SECOND, second)):
        captures = written(store, run, exchanges, folder)
        rows = [row(capture, one) for capture, one in zip(captures, exchanges, strict=True) if not capture.unchanged]
        store.put(keys.captures("kimson", run), encode(captures, Capture))
        store.put(keys.articles("kimson", run), encode(rows, Article))
    store.put(keys.captures("vung", SECOND), encode([], Capture))
    store.put(keys.articles("vung", SECOND), encode([], Article))


def at(run: str) -> datetime:
    """When the pages of a run were fetched."""
    return keys.run_time(run).astimezone(UTC) + timedelta(microseconds=5_250_000)


def page(url: str, run: str, title: str) -> Exchange:
    """The page of that title."""
    return exchange(url=url, fetched_at=at(run), body=f"<h1>{title}</h1>".encode())


def written(store: ObjectStore, run: str, exchanges: list[Exchange], folder: Path) -> list[Capture]:
    """The captures of the exchanges, whose part is in the store afterwards."""
    key = keys.raw_part("kimson", run, 1, 1)
    part = PartWriter(folder / f"{run}.warc.gz", key, "bantin-test", 1_000_000)
    captures = [part.write(one) for one in exchanges]
    part.close()
    store.put(key, part.path)
    return captures


def row(capture: Capture, of: Exchange) -> Article:
    """The article of a page."""
    title = of.body.decode().removeprefix("<h1>").removesuffix("</h1>")
    return article(
        id=article_id(capture.url),
        url=capture.url,
        run=capture.run,
        fetched_at=capture.fetched_at,
        title=title,
        text=f"{title}.",
        tags=["lễ hội"] if capture.url == FESTIVAL else [],
        attachments=[Attachment(url=f"{capture.url}.pdf", name="Kế hoạch")],
        spam=[SpamLink(text="nhà cái", url="http://192.0.2.1/", rule="bare-ip", hidden=True, path="div#footer/a")],
        warc_key=capture.warc_key,
        warc_offset=capture.warc_offset,
        warc_length=capture.warc_length,
        quarantined=capture.url == SPAM,
    )
