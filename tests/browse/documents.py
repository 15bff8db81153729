"""Documents for tests, with what a test does not care about filled in; and an index of some."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from browse.index.document import Document
from browse.index.engine import FolderIndex
from browse.index.seam import Found, Order
from browse.index.writer import IndexWriter
from browse.query import parse_query

AT = datetime(2026, 11, 22, 0, 0, 5, tzinfo=UTC)


def document(number: int = 1, **changes: Any) -> Document:
    """An article; `number` makes its id and address."""
    values = {
        "id": f"{number:016x}",
        "source": "kimson",
        "run": "20261122T000000Z",
        "url": f"https://portal.example/tin-tuc/bai-{number}.html",
        "title": "Lễ hội mùa thu",
        "text": "Sáng nay xã mở hội.\nHai đội đua thuyền.",
        "fetched_at": AT,
        "language": "vi",
        "published_on": date(2026, 11, 21),
        **changes,
    }
    return Document(**values)


def indexed(folder: Path, documents: Iterable[Document]) -> FolderIndex:
    """An index that has these."""
    with IndexWriter(folder, threads=1) as writer:
        writer.add(documents)
    return FolderIndex(folder)


def found(index: FolderIndex, text: str, order: Order = Order.NEWEST, **more: Any) -> Found:
    """What is found by a query as people type it."""
    return index.search(parse_query(text), order=order, **more)


def numbers(index: FolderIndex, text: str, order: Order = Order.NEWEST) -> list[int]:
    """The numbers of the documents that are found, in order."""
    return [int(hit.id, 16) for hit in found(index, text, order).hits]
