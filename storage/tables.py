"""The two tables, captures and articles: one Arrow schema each, made from the dataclass; Parquet with zstd.

The same rows give the same bytes: nothing of the clock or the machine enters a file.
"""

import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from model.article import Removal
from storage import schema as versions
from storage.errors import Corrupt, Overwritten
from storage.row_groups import spans, written
from storage.store import ObjectStore, open_object

Record = TypeVar("Record")

_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


@cache
def schema_of(record: type) -> pa.Schema:
    """The Arrow schema of a dataclass: a field that may be None is nullable, a nested dataclass is a struct. Its
    metadata names the schema's version, where the dataclass is a row of the archive."""
    version = versions.OF_RECORD.get(record)
    return pa.schema(_arrow_fields(record), {versions.PARQUET_KEY: version.mark} if version else None)


_hints = cache(get_type_hints)

Places = Sequence[tuple[str, int]]
"""Records of pages, by WARC key and offset."""

_APART: dict[type, Callable[[Sequence[Any]], list[list[Any]]]] = {
    Removal: lambda blocks: [[one.text for one in blocks], [one.rule for one in blocks], [one.path for one in blocks]]
}
"""How a dataclass is taken apart of which there are many times as many as rows, its fields in order: written out, that
takes half as long as by `attrgetter`."""

UNREAD = b"bantin.unread"
"""The key of a table's metadata that names the records without a row."""

_MADE_BY = b"bantin.made_by"
# A table is replaced under its reader where two clean or publish one run; as often as that, it is read again.
_AGAIN = 3
# Fewer are read sooner without a pool of threads; and a process that ends while one starts can abort (seen once).
_MANY_ROWS = 50_000


def encode(rows: Iterable[Any], record: type, *, unread: Places = (), made_by: str | None = None) -> bytes:
    """The Parquet file that holds `rows`, instances of the dataclass `record`, in their order. `unread`, of a table of
    articles, are the pages that could not be cleaned, of one of captures that was made anew the records that were
    damaged then; `made_by` names the rules that a cleaned part was made by:
    `unread_of` and `made_by_of` find them in the file's metadata."""
    rows = list(rows)
    places = spans(len(rows), record)
    groups = (as_table(rows[start:stop], record) for start, stop in places)
    return written(groups, len(places), _noted(record, unread, made_by))


def encode_table(table: pa.Table, record: type, *, unread: Places = ()) -> bytes:
    """What `encode` gives for the same rows, of a table as `as_table` and `read_whole` give it."""
    places = spans(len(table), record)
    groups = (table.slice(start, stop - start).combine_chunks() for start, stop in places)
    return written(groups, len(places), _noted(record, unread))


def as_table(rows: Sequence[Any], record: type) -> pa.Table:
    """The rows, instances of the dataclass `record`, as Arrow holds them."""
    schema = schema_of(record)
    return pa.Table.from_arrays(_columns(rows, schema), schema=schema)


def read(store: ObjectStore, key: str, record: type[Record], where: Mapping[str, Any] | None = None) -> list[Record]:
    """The rows of the table at `key`, or those of them that have the values of `where`. Columns of a later version are
    left out; ones that are missing (an earlier version wrote the file) take the field's default, or None.

    Raises `KeyNotFound`, `UnknownVersion`, and `Corrupt` where the object is no such table.
    """
    known = {f.name: f for f in fields(record)}  # type: ignore[arg-type]
    return as_records(read_columns(store, key, list(known), where), record)


def as_records(rows: Iterable[Mapping[str, Any]], record: type[Record]) -> list[Record]:
    """Rows, a dict each, as instances of the dataclass `record`; a missing field takes its default, or None."""
    known, hints = {f.name: f for f in fields(record)}, _hints(record)  # type: ignore[arg-type]
    told = [dict(row) for row in rows]
    there = told[0].keys() if told else set()
    revived = [(name, f, hints[name]) for name, f in known.items() if name not in there or _is_revived(f, hints[name])]
    for row in told:
        for name, f, hint in revived:
            row[name] = _revive(row.get(name), f, hint)
    return [record(**row) for row in told]


def read_columns(
    store: ObjectStore, key: str, columns: Sequence[str], where: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The named columns (those that are there) of the table at `key`, a dict a row; where `where` is given, of those
    rows that have its values.

    Raises `KeyNotFound`, `UnknownVersion`, and `Corrupt` where the object is not Parquet.
    """
    conditions = where or {}
    table = _read(store, key, [*columns, *conditions])
    for name, value in conditions.items():
        table = table.filter(pc.equal(table[name], value))
    table = table.select([name for name in table.column_names if name in columns])
    try:
        rows: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="strict")
    except ValueError as err:  # text that is no UTF-8
        raise Corrupt(f"{key}: {err}: expected a Parquet table", key=key) from err
    return rows


def read_table(store: ObjectStore, key: str, schema: pa.Schema) -> pa.Table:
    """The columns that `schema` names, of the table at `key`, as Arrow holds them. A column that is not there (an
    earlier version wrote the file) is all null. A field of a dictionary type is read as such: what repeats is small.

    Raises `KeyNotFound`, `UnknownVersion`, and `Corrupt` where the object is not Parquet or a column cannot be cast.
    """
    repeated = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    table = _read(store, key, schema.names, repeated)
    absent = [field for field in schema if field.name not in table.schema.names]
    for field in absent:
        table = table.append_column(field.name, pa.nulls(table.num_rows, field.type))
    try:
        return table.select(schema.names).cast(schema.with_metadata(table.schema.metadata))
    except (pa.ArrowException, ValueError) as err:
        raise Corrupt(f"{key}: {err}: expected the columns of {schema.names}", key=key) from err


def read_whole(store: ObjectStore, key: str, record: type) -> pa.Table:
    """The table at `key` as Arrow holds it, with all columns of `record` and valid text; what one of an earlier version
    lacks is the field's default.

    Raises `KeyNotFound`, `UnknownVersion`, and `Corrupt` where the object is no such table.
    """
    schema = schema_of(record)
    table = _read(store, key, schema.names)
    if table.schema.names != schema.names:
        return as_table(read(store, key, record), record)
    try:
        table = table.cast(schema)
        table.validate(full=True)
    except (pa.ArrowException, ValueError) as err:
        raise Corrupt(f"{key}: {err}: expected a Parquet table", key=key) from err
    return table


def unread_of(table: pa.Table) -> set[tuple[str, int]]:
    """What `encode` was told of records without a row; `table` is as `read_table` gave it."""
    noted = (table.schema.metadata or {}).get(UNREAD, b"[]")
    return {(key, offset) for key, offset in json.loads(noted)}


def mark_of(parquet: pq.ParquetFile) -> str | None:
    """The version that a table says it is of; None where it was written before there were any."""
    mark: bytes | None = (parquet.schema_arrow.metadata or {}).get(versions.PARQUET_KEY)
    return mark.decode("utf-8", "replace") if mark is not None else None


def made_by_of(table: pa.Table) -> str | None:
    """What `encode` was told of the rules; `table` is as `read_table` gave it."""
    noted = (table.schema.metadata or {}).get(_MADE_BY)
    return noted.decode() if noted else None


def _read(store: ObjectStore, key: str, columns: Sequence[str], repeated: Sequence[str] = ()) -> pa.Table:
    for _ in range(_AGAIN):
        with suppress(Overwritten):
            return _read_once(store, key, columns, repeated)
    return _read_once(store, key, columns, repeated)


def _read_once(store: ObjectStore, key: str, columns: Sequence[str], repeated: Sequence[str]) -> pa.Table:
    with open_object(store, key) as file:
        try:
            parquet = pq.ParquetFile(file, read_dictionary=list(repeated))
            versions.check_version(key, mark_of(parquet))
            wanted = [name for name in parquet.schema_arrow.names if name in columns]
            return parquet.read(columns=wanted, use_threads=parquet.metadata.num_rows > _MANY_ROWS)
        except (pa.ArrowException, OSError, ValueError) as err:  # damage shows as any of these
            raise Corrupt(f"{key}: {err}: expected a Parquet table", key=key) from err


def _noted(record: type, unread: Places, made_by: str | None = None) -> pa.Schema:
    """The schema with what `unread_of` and `made_by_of` find in it."""
    schema = schema_of(record)
    noted = {UNREAD: json.dumps(list(unread)) if unread else None, _MADE_BY: made_by}
    return schema.with_metadata({**(schema.metadata or {}), **{name: value for name, value in noted.items() if value}})


def _arrow_fields(record: type) -> list[pa.Field]:
    hints = _hints(record)
    return [_arrow_field(f.name, hints[f.name]) for f in fields(record)]


def _arrow_field(name: str, hint: Any) -> pa.Field:
    inner, optional = _optional(hint)
    return pa.field(name, _arrow_type(inner), nullable=optional)


def _arrow_type(hint: Any) -> pa.DataType:
    if get_origin(hint) is list:
        (item,) = get_args(hint)
        return pa.list_(_arrow_field("item", item))
    if get_origin(hint) is dict:
        key, value = get_args(hint)
        return pa.map_(_arrow_type(key), _arrow_field("value", value))
    if is_dataclass(hint):
        return pa.struct(_arrow_fields(hint))  # type: ignore[arg-type]
    if issubclass(hint, StrEnum):
        return pa.string()
    return _SCALARS[hint]


def _columns(records: Sequence[Any], fields: Iterable[pa.Field]) -> list[pa.Array]:
    """The columns of dataclasses that have these fields."""
    if records and (apart := _APART.get(type(records[0]))):
        return [_column(values, field) for values, field in zip(apart(records), fields, strict=True)]
    return [_column(list(map(attrgetter(field.name), records)), field) for field in fields]


def _column(values: Sequence[Any], field: pa.Field) -> pa.Array:
    """The values of one field as Arrow holds them. Lists, maps and dataclasses are taken apart by column: Arrow's
    own conversion, of a dict for each struct, takes many times as long."""
    kind = field.type
    if pa.types.is_struct(kind):
        return pa.StructArray.from_arrays(_columns(values, kind), fields=list(kind))
    if pa.types.is_list(kind):
        items = _column(list(chain.from_iterable(values)), kind.value_field)
        return pa.ListArray.from_arrays(_offsets(values), items, kind)
    if pa.types.is_map(kind):
        names = _column(list(chain.from_iterable(values)), kind.key_field)
        items = _column(list(chain.from_iterable(map(dict.values, values))), kind.item_field)
        return pa.MapArray.from_arrays(_offsets(values), names, items, kind)
    return pa.array(values, kind)


def _offsets(values: Sequence[Any]) -> pa.Array:
    return pa.array(list(accumulate(map(len, values), initial=0)), pa.int32())


def _is_revived(field: "Field[Any]", hint: Any) -> bool:
    """Whether the dataclass may hold something else than the column's value."""
    inner, _ = _optional(hint)
    is_plain = inner in _SCALARS and (field.default is None or field.default is MISSING)
    return not is_plain or field.default_factory is not MISSING


def _revive(value: Any, field: "Field[Any]", hint: Any) -> Any:
    """A column's value as the dataclass holds it."""
    inner, _ = _optional(hint)
    if value is None:
        if field.default_factory is not MISSING:
            return field.default_factory()
        return None if field.default is MISSING else field.default
    if get_origin(inner) is list and is_dataclass(item := get_args(inner)[0]):
        return [item(**one) for one in value]  # type: ignore[operator]
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return inner(value)
    return value


def _optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        inner = [part for part in get_args(hint) if part is not types.NoneType]
        return inner[0], True
    return hint, False
