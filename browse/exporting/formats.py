"""The formats of an export: each a writer that takes tables of rows, one after the other, and closes.

Given the same rows in the same order a writer writes the same bytes.
"""

import codecs
import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from browse.exporting.dataset_card import dataset_card

ROW_GROUP_ROWS = 5_000
ROW_GROUP_BYTES = 64 << 20
SHARD_BYTES = 500_000_000
"""A file of a Hugging Face dataset holds about so much: the size at which its own tools cut."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, or leaves out before one:
https://owasp.org/www-community/attacks/CSV_Injection"""

TEXT_COLUMNS = ("id", "source", "run", "url", "fetched_at", "title", "author", "published_on", "language", "text")


class Writer(Protocol):
    """Takes rows. What it writes to is the caller's to close, and is whole after `close`."""

    def write(self, rows: pa.Table) -> None:
        """Appends the rows."""

    def close(self) -> None:
        """Writes what is still to be written."""


class JsonLines:
    """One JSON object a line, in UTF-8; keys are the columns, times in ISO 8601."""

    def __init__(self, out: BinaryIO, _schema: pa.Schema) -> None:
        self._out = out

    def write(self, rows: pa.Table) -> None:
        """See `Writer`."""
        lines = (_json(row) + "\n" for row in rows.to_pylist(maps_as_pydicts="strict"))
        self._out.write("".join(lines).encode())

    def close(self) -> None:
        """Nothing is left to write."""


class Csv:
    """RFC 4180 in UTF-8 with a line of names. Lists and maps are JSON, null is an empty cell, and text that a
    spreadsheet would run as a formula has an apostrophe before it."""

    def __init__(self, out: BinaryIO, schema: pa.Schema) -> None:
        self._out = out
        self._write([schema.names])

    def write(self, rows: pa.Table) -> None:
        """See `Writer`."""
        self._write([_cell(value) for value in row.values()] for row in rows.to_pylist(maps_as_pydicts="strict"))

    def _write(self, rows: Any) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._out.write(text.getvalue().encode())

    def close(self) -> None:
        """Nothing is left to write."""


class MarkedCsv(Csv):
    """The same behind a byte order mark, without which Excel takes UTF-8 for the machine's own code page: for files
    that people open. A program would have the mark in the first column's name."""

    def __init__(self, out: BinaryIO, schema: pa.Schema) -> None:
        out.write(codecs.BOM_UTF8)
        super().__init__(out, schema)


class Parquet:
    """One Parquet file with the archive's own columns and types. Rows are gathered into groups worth reading."""

    def __init__(self, out: BinaryIO, schema: pa.Schema) -> None:
        self._file = pq.ParquetWriter(out, schema, compression="zstd")
        self._waiting: list[pa.Table] = []

    def write(self, rows: pa.Table) -> None:
        """See `Writer`."""
        self._waiting.append(rows)
        waiting = self._waiting
        if sum(map(len, waiting)) >= ROW_GROUP_ROWS or sum(t.nbytes for t in waiting) >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Writes the last rows and the footer."""
        try:
            self._flush()
            self._file.close()
        finally:
            self._file.is_open = False  # else it tries again when it is collected, and complains

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.concat_tables(self._waiting))
            self._waiting = []


class HuggingFace:
    """A folder that `datasets.load_dataset` takes: README.md, the card, and `data/train-….parquet`.

    That library knows no maps: `origins` is a list of {field, value} here.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = pa.schema([_without_map(field) for field in schema])
        self._languages: set[str] = set()
        self._rows = 0
        self._shards = 0
        (folder / "data").mkdir()
        self._open()

    def write(self, rows: pa.Table) -> None:
        """See `Writer`."""
        if self._out.tell() >= SHARD_BYTES:
            self._end_shard()
            self._open()
        for number, field in enumerate(rows.schema):
            if pa.types.is_map(field.type):
                rows = rows.set_column(number, self._schema.field(number), _pairs(rows[field.name]))
        self._shard.write(rows)
        self._rows += len(rows)
        if "language" in rows.schema.names:
            self._languages |= set(pc.unique(rows["language"]).to_pylist()) - {None}

    def close(self) -> None:
        """Names the shards by their number, which is known only now, and writes the card."""
        self._end_shard()
        for number in range(self._shards):
            name = f"train-{number:05}-of-{self._shards:05}.parquet"
            self._shard_path(number).rename(self._folder / "data" / name)
        card = dataset_card(self._schema, sorted(self._languages), self._rows)
        (self._folder / "README.md").write_text(card, "utf-8")

    def _shard_path(self, number: int) -> Path:
        return self._folder / "data" / f"train-{number:05}.parquet"

    def _open(self) -> None:
        self._out = self._shard_path(self._shards).open("xb")
        self._shard = Parquet(self._out, self._schema)

    def _end_shard(self) -> None:
        with self._out:
            self._shard.close()
        self._shards += 1


class Text:
    """A folder with a file an article, `SOURCE/MONTH/DAY-ID.txt`: some lines that say what it is, an empty one, the
    text. The day is that of publication; of `all_versions` the run stands in the name, too."""

    def __init__(self, folder: Path, all_versions: bool) -> None:
        self._folder = folder
        self._all_versions = all_versions

    def write(self, rows: pa.Table) -> None:
        """See `Writer`. The columns are `TEXT_COLUMNS`."""
        for row in rows.to_pylist():
            folder = self._folder / _safe(row["source"]) / _month(row["published_on"])
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{row['published_on'] or 'undated'}-{_safe(row['id'])}"
            name += f"-{_safe(row['run'])}" if self._all_versions else ""
            with _new_file(folder, name) as file:
                file.write(_with_head(row).encode())

    def close(self) -> None:
        """Nothing is left to write."""


class PlainText:
    """One file of UTF-8: of each article some lines that say what it is, an empty one, the text; a form feed between
    two. The columns are `TEXT_COLUMNS`."""

    def __init__(self, out: BinaryIO, _schema: pa.Schema) -> None:
        self._out = out
        self._begun = False

    def write(self, rows: pa.Table) -> None:
        """See `Writer`."""
        for row in rows.to_pylist():
            self._out.write(("\f\n" if self._begun else "").encode() + _with_head(row).encode())
            self._begun = True

    def close(self) -> None:
        """Nothing is left to write."""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda moment: moment.isoformat())


def _cell(value: Any) -> Any:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    if isinstance(value, list | dict):
        return _json(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _without_map(field: pa.Field) -> pa.Field:
    if not pa.types.is_map(field.type):
        return field
    pair = pa.struct([pa.field("field", field.type.key_type), pa.field("value", field.type.item_type)])
    return pa.field(field.name, pa.list_(pair), nullable=field.nullable)


def _pairs(maps: pa.ChunkedArray) -> pa.Array:
    whole = maps.combine_chunks()
    pairs = pa.StructArray.from_arrays([whole.keys, whole.items], ["field", "value"])
    return pa.ListArray.from_arrays(whole.offsets, pairs)


def _safe(name: str) -> str:
    """What may stand in the name of a file on every system: ids and sources consist of it already."""
    return re.sub(r"[^A-Za-z0-9-]", "_", name)[:80] or "_"


def _month(day: date | None) -> str:
    return f"{day:%Y-%m}" if day else "undated"


def _new_file(folder: Path, name: str) -> BinaryIO:
    """A file of that name, or of that with the first number that is free."""
    number = 1
    while True:
        try:
            return (folder / f"{name}{f'-{number}' if number > 1 else ''}.txt").open("xb")
        except FileExistsError:
            number += 1


def _with_head(row: dict[str, Any]) -> str:
    head = {
        "Title": row["title"],
        "Author": row["author"],
        "Published": row["published_on"],
        "Language": row["language"],
        "Source": row["source"],
        "URL": row["url"],
        "Fetched": row["fetched_at"].isoformat(),
        "Id": row["id"],
    }
    lines = [f"{name}: {' '.join(str(value).split())}" for name, value in head.items() if value is not None]
    return "\n".join([*lines, "", row["text"], ""])
