"""The fields of the index, and what of a document goes into which.

| field | of what | for |
|---|---|---|
| `text` | title and text, folded, with positions | words, phrases without accents |
| `text_spelt` | the same, spelt | phrases in quotes; exact spellings rank higher |
| `title` `title_spelt` | the title alone | `title:`; titles rank higher |
| `source` … `month` | values as they are | facets, and a value that is known just so |
| `facts` | the words of tags, author, section, locality, province, each after its field's name | a part of a value |
| `table` `changed` | the tables that hold rows of it; when its text changed | building; what changed last |
| `url` `id` `run` `is` `refers_to` `tag` | | fields of the query language, and what leads from article to article |
| `typed` | words and pairs of words of titles, folded and spelt | suggestions |
| `newest` `oldest` `day` `number` | numbers in columns | order by date, timeline, exporting ids |
| `kept` | what a hit shows, and the text for its snippet | |

Every text comes with its words parted by spaces (`browse.words`): tantivy only splits there.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

import tantivy

from browse.index.document import Document
from browse.index.ledger import Row, Seen, Table
from browse.index.seam import FACETS, Hit, Marked
from browse.words import spell_and_fold, spell_and_fold_texts

SCHEMA_VERSION = 1
"""Of an index with another number nothing can be asked: it is built anew. It grows with the fields, and whenever
`browse.words` cuts words in another way."""

BREAK = "¶"
"""Stands between title and text and between tags, so that no phrase reaches across; no word is spelt so."""

PAIRED = "\x1f"
"""Stands between the folded and the spelt form in `typed`."""

FACT_FIELDS = ("author", "section", "locality", "province", "tag")
"""Fields of whose values a part finds them."""

_RAW = ("id", "run", "table", "is", "refers_to", "tag", "typed")
_MOST_DAYS, _MOST_MS = (1 << 22) - 1, (1 << 42) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_schema() -> tantivy.Schema:
    """The schema of a new index."""
    builder = tantivy.SchemaBuilder()
    for name in ("text", "text_spelt", "title", "title_spelt", "facts", "url"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in _RAW:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("newest", "oldest", "number", "changed"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_integer_field("day", indexed=True, fast=True)
    builder.add_bytes_field("kept", stored=True)
    return builder.build()


def entries_of(documents: Sequence[Document]) -> Iterator[tantivy.Document]:
    """The documents as tantivy takes them, in their order; some hundred are prepared sooner together than apart."""
    texts = spell_and_fold_texts([one.text for one in documents])
    for document, (spelt, folded, words) in zip(documents, texts, strict=True):
        yield _entry(document, spelt, folded, words)


def _entry(document: Document, spelt: str, folded: str, words: int) -> tantivy.Document:
    """The document, whose text has so many words: spelt, and folded."""
    title_spelt, title = spell_and_fold(document.title)
    newest, oldest = order_keys(document.published_on, document.fetched_at)
    entry = tantivy.Document()
    entry.add_text("id", document.id)
    entry.add_unsigned("number", int(document.id, 16))
    entry.add_text("title", " ".join(title))
    entry.add_text("title_spelt", " ".join(title_spelt))
    entry.add_text("text", " ".join([*title, BREAK, folded]))
    entry.add_text("text_spelt", " ".join([*title_spelt, BREAK, spelt]))
    entry.add_text("url", " ".join(address_words(document.url)))
    entry.add_text("facts", " ".join(_facts(document)))
    for name, value in _values(document):
        entry.add_text(name, value)
    for typed in _typed(title_spelt, title):
        entry.add_text("typed", typed)
    entry.add_unsigned("newest", newest)
    entry.add_unsigned("oldest", oldest)
    if document.published_on is not None:
        entry.add_integer("day", document.published_on.toordinal())
    if document.changed_at is not None:
        entry.add_unsigned("changed", order_keys(None, document.changed_at)[0])
    entry.add_bytes("kept", _packed(document, words))
    return entry


def address_words(url: str) -> list[str]:
    """The words of an address, folded, without its scheme."""
    return spell_and_fold(url.partition("://")[2] if "://" in url else url)[1]


@lru_cache(2_000)
def fact_words(field: str, value: str) -> tuple[str, ...]:
    """The words of a field's value as `facts` has them."""
    return tuple(f"{field}={word}" for word in spell_and_fold(value)[1])


def order_keys(published_on: date | None, fetched_at: datetime) -> tuple[int, int]:
    """Two numbers that grow towards the newest, and towards the oldest: by day, then by fetching; those of no day are
    the least of both."""
    at_ms = min(max((fetched_at - _EPOCH) // timedelta(milliseconds=1), 0), _MOST_MS)
    day = published_on.toordinal() if published_on else 0
    newest = day << 42 | at_ms
    oldest = (_MOST_DAYS - day if day else 0) << 42 | _MOST_MS - at_ms
    return newest, oldest


def table_name(table: Table) -> str:
    """A run's table of articles as `table` has it."""
    return f"{table.source}/{table.run}"


def states_of(document: Document) -> list[str]:
    """What `is:` finds the document by."""
    found = {
        "changed": document.versions > 1,
        "injected": document.spam > 0,
        "quarantined": document.quarantined,
        "undated": document.published_on is None,
    }
    return [state for state, is_so in found.items() if is_so]


def _values(document: Document) -> list[tuple[str, str]]:
    """Fields with a value that is a term as it stands."""
    single = {name: getattr(document, name, None) for name in FACETS}
    single["month"] = document.published_on and f"{document.published_on:%Y-%m}"
    return [
        *((name, value) for name, value in single.items() if value),
        *(("tag", tag) for tag in document.tags),
        *(("run", run) for run in dict.fromkeys(run for _, run in document.runs or [("", document.run)])),
        *(("table", named) for named in dict.fromkeys(table_name(seen.table) for seen in document.seen)),
        *(("is", state) for state in states_of(document)),
        *(("refers_to", other) for other in document.refers_to),
    ]


def _facts(document: Document) -> list[str]:
    values = [(name, getattr(document, name)) for name in FACT_FIELDS if name != "tag"]
    values += [("tag", tag) for tag in document.tags]
    return [word for name, value in values if value for word in [*fact_words(name, value), BREAK]]


def _typed(spelt: list[str], folded: list[str]) -> set[str]:
    words = list(zip(folded, spelt, strict=True))
    pairs = [(f"{a[0]} {b[0]}", f"{a[1]} {b[1]}") for a, b in pairwise(words)]
    return {f"{one}{PAIRED}{other}" for one, other in [*words, *pairs]}


def _packed(document: Document, words: int) -> bytes:
    begins_with_lead = document.lead is not None and document.text.startswith(document.lead)
    kept = [
        document.id,
        document.source,
        document.run,
        document.url,
        document.title,
        len(document.lead or "") if begins_with_lead else document.lead,
        document.author,
        document.section,
        document.language,
        document.locality,
        document.province,
        document.tags,
        document.published_on and document.published_on.isoformat(),
        document.published_at and document.published_at.isoformat(),
        document.fetched_at.isoformat(),
        document.image_url,
        words,
        document.versions,
        document.removed,
        document.spam,
        document.quarantined,
        [f"{table_name(seen.table)}/{seen.at_us}/{seen.text}" for seen in document.seen]
        or [f"{source}/{run}" for source, run in document.runs or [(document.source, document.run)]],
        document.text,
    ]
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


class Kept:
    """What the index keeps of an article to show it by."""

    __slots__ = ("_values",)

    def __init__(self, entry: tantivy.Document) -> None:
        packed: Any = entry.get_first("kept")
        self._values: list[Any] = json.loads(packed)

    @property
    def title(self) -> str:
        """The title as the page has it."""
        return str(self._values[4])

    @property
    def text(self) -> str:
        """The article's text."""
        return str(self._values[-1])

    @property
    def runs(self) -> list[tuple[str, str]]:
        """Source and run of the article's rows, by run."""
        named = {(source, run) for source, run, *_ in (one.split("/") for one in self._values[-2])}
        return sorted(named, key=lambda one: one[::-1])

    @property
    def id(self) -> str:
        """The article's id."""
        return str(self._values[0])

    @property
    def rows(self) -> list[Row]:
        """The article's rows; none where the document was made without."""
        parts = (one.split("/") for one in self._values[-2])
        return [Row(self.id, Seen(Table(run, source), int(at), text)) for source, run, at, text in parts]

    def hit(self, title: Marked, snippet: Marked | None, score: float | None) -> Hit:
        """The hit, with what a query has marked."""
        (
            id_, source, run, url, _, lead, author, section, language, locality, province, tags, published_on,
            published_at, fetched_at, image_url, words, versions, removed, spam, quarantined, _, text,
        ) = self._values  # fmt: skip
        return Hit(
            id=id_,
            source=source,
            run=run,
            url=url,
            title=title,
            snippet=snippet,
            lead=text[:lead] if isinstance(lead, int) else lead,
            author=author,
            section=section,
            language=language,
            locality=locality,
            province=province,
            tags=tuple(tags),
            published_on=date.fromisoformat(published_on) if published_on else None,
            published_at=datetime.fromisoformat(published_at) if published_at else None,
            fetched_at=datetime.fromisoformat(fetched_at),
            image_url=image_url,
            words=words,
            versions=versions,
            removed=removed,
            spam=spam,
            quarantined=quarantined,
            score=score,
        )
