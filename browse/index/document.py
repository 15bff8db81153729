"""What the index knows of an article: its newest row, and what its other rows tell."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from browse.index.ledger import Seen
from model.url import article_id, is_web_address

COLUMNS = (
    "id", "source", "run", "url", "title", "text", "lead", "author", "section", "language", "locality", "tags",
    "published_on", "published_at", "fetched_at", "images", "via_url", "alternates", "removed", "spam", "quarantined",
)  # fmt: skip
"""The columns of the articles table that a document is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An article as the index takes it. `id` is 16 hexadecimal digits; `runs` are the runs that hold rows of it, each
    with its source; `versions` counts the texts it had; `refers_to` are the ids of what it names as its editions in
    other languages, and as its source; `removed` and `spam` are numbers of blocks and of links. `seen` are all its
    rows, the oldest first, and `changed_at` is when its text was seen to have changed for the last time."""

    id: str
    source: str
    run: str
    url: str
    title: str
    text: str
    fetched_at: datetime
    lead: str | None = None
    author: str | None = None
    section: str | None = None
    language: str | None = None
    locality: str | None = None
    province: str | None = None
    tags: tuple[str, ...] = ()
    published_on: date | None = None
    published_at: datetime | None = None
    image_url: str | None = None
    removed: int = 0
    spam: int = 0
    quarantined: bool = False
    versions: int = 1
    runs: tuple[tuple[str, str], ...] = ()
    refers_to: tuple[str, ...] = ()
    changed_at: datetime | None = None
    seen: tuple[Seen, ...] = ()


def document_of(
    row: Mapping[str, Any],
    *,
    versions: int = 1,
    runs: Sequence[tuple[str, str]] | None = None,
    province: str | None = None,
    changed_at: datetime | None = None,
    seen: tuple[Seen, ...] = (),
) -> Document:
    """The document of an article whose newest row is `row`: its `COLUMNS`, as pyarrow's `to_pylist` or
    `dataclasses.asdict` give them; of `removed` and `spam` their lengths are enough.

    `runs` are (source, run) of all its rows, that of `row` alone where it is not given. `province` is the source's, as
    the source.yaml of the row's run has it; the rest is as the document has it.
    """
    named = [one["url"] for one in row["alternates"] or ()] + [row["via_url"] or ""]
    refers_to = {article_id(url): None for url in named if is_web_address(url)}
    refers_to.pop(row["id"], None)
    return Document(
        **{name: row[name] for name in _AS_THEY_ARE},
        tags=tuple(row["tags"] or ()),
        image_url=next((one["url"] for one in row["images"] or ()), None),
        removed=_count(row["removed"]),
        spam=_count(row["spam"]),
        province=province,
        versions=versions,
        runs=tuple(sorted(runs or [(row["source"], row["run"])], key=lambda one: one[::-1])),
        refers_to=tuple(refers_to),
        changed_at=changed_at,
        seen=seen,
    )


_AS_THEY_ARE = tuple(
    name for name in COLUMNS if name not in ("tags", "images", "via_url", "alternates", "removed", "spam")
)


def _count(value: int | Sized | None) -> int:
    return value if isinstance(value, int) else len(value or ())
