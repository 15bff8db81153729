"""The verb export: articles of the archive as files that other programs take.

Rows come by source, run and address, and every one carries its source, its address and when it was fetched: whoever
gets an export can tell whose the words are.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from browse.errors import ExportError
from browse.exporting.destination import new_file, new_folder
from browse.exporting.formats import TEXT_COLUMNS, Csv, HuggingFace, JsonLines, Parquet, Text, Writer
from model.article import Article
from storage.selection import Selection, choose, read_chosen
from storage.store import ObjectStore
from storage.tables import schema_of

FILES: dict[str, Callable[[BinaryIO, pa.Schema], Writer]] = {"jsonl": JsonLines, "csv": Csv, "parquet": Parquet}
FOLDERS = {"hf": ("README.md", "data/train-*.parquet"), "text": ("*/*/*.txt",)}
"""The formats that are folders, and what lies in them."""

FORMATS = (*FILES, *FOLDERS)
STREAMS = ("jsonl", "csv")
"""The formats that standard output takes, and that may be compressed."""

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
RIGHTS = ("source", "url", "fetched_at")
"""The columns that every export has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be written: `columns` of rows in `format`, to `path` or, where that is None, to a stream."""

    path: Path | None
    format: str
    compression: str | None
    columns: tuple[str, ...]


def target(path: Path | None, format_: str | None, fields: Sequence[str] = ()) -> Target:
    """The target that a path, a format and the names of columns stand for. None is standard output; without a format
    the path's ending tells it. Raises `ExportError` where they do not go together.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes] if path else []
    compression = COMPRESSIONS.get(suffixes.pop()) if suffixes and suffixes[-1] in COMPRESSIONS else None
    named = suffixes[-1].removeprefix(".") if suffixes else "jsonl" if path is None else ""
    format_ = format_ or (named if named in FILES else None)
    if format_ is None:
        raise ExportError(f"{path}: name a format, or a file that ends in {', '.join(f'.{one}' for one in FILES)}")
    if path is None and format_ not in STREAMS:
        raise ExportError(f"{format_} cannot go to standard output: name a {'file' if format_ in FILES else 'folder'}")
    if compression and format_ not in STREAMS:
        raise ExportError(f"{path}: only {' and '.join(STREAMS)} can be compressed: leave the ending out")
    return Target(path=path, format=format_, compression=compression, columns=_columns(format_, fields))


def export(
    selection: Selection,
    to: Target,
    store: ObjectStore,
    stdout: BinaryIO,
    *,
    force: bool = False,
    on_table: Callable[[int, int], None] = lambda done, total: None,
    on_rows: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes the selected rows and returns how many they are; `stdout` takes them where the target has no path.

    A file or folder appears when it is whole, in place of an older one only with `force`. First `on_table` is told how
    many tables of how many were looked at, then `on_rows` how many rows are written. Raises `ExportError` and
    `StorageError`.
    """
    done = 0
    with _writer(to, selection, stdout, force) as writer:
        chosen = choose(store, selection, on_table)
        total = sum(len(one.rows) for one in chosen)
        for rows in read_chosen(store, chosen, to.columns):
            writer.write(rows)
            done += len(rows)
            on_rows(done, total)
    return done


def _columns(format_: str, fields: Sequence[str]) -> tuple[str, ...]:
    known = schema_of(Article).names
    if format_ == "text":
        if fields:
            raise ExportError("a text has its own head: leave the fields out")
        return TEXT_COLUMNS
    if unknown := [name for name in fields if name not in known]:
        raise ExportError(f"{', '.join(unknown)}: no such column: expected some of {', '.join(known)}")
    return tuple(dict.fromkeys((*fields, *RIGHTS))) if fields else tuple(known)


@contextmanager
def _writer(to: Target, selection: Selection, stdout: BinaryIO, force: bool) -> Iterator[Writer]:
    """The writer of the target's format; what it wrote is in its place when the block ends well."""
    schema = pa.schema([schema_of(Article).field(name) for name in to.columns])
    if to.path is None:
        with _closed(FILES[to.format](stdout, schema)) as writer:
            yield writer
        stdout.flush()
    elif to.format in FILES:
        with (
            new_file(to.path, force=force) as file,
            pa.output_stream(str(file), compression=to.compression) as out,
            _closed(FILES[to.format](out, schema)) as writer,
        ):
            yield writer
    else:
        with new_folder(to.path, FOLDERS[to.format], force=force) as folder:
            of_folder = HuggingFace(folder, schema) if to.format == "hf" else Text(folder, selection.all_versions)
            with _closed(of_folder) as writer:
                yield writer


@contextmanager
def _closed(writer: Writer) -> Iterator[Writer]:
    """Closes the writer; after a failure only for what it holds open, and the first error is the one to tell."""
    try:
        yield writer
    except BaseException:
        with suppress(OSError, ValueError):
            writer.close()
        raise
    writer.close()
