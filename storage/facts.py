"""Facts: the rows of captures tables as columns, by time, each with the URL it is about and the text it brought.

What the frontier is folded from (storage/frontier.py). A million rows are too many for an object each, so whatever can
be said of a row by itself is said here of all rows at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from model.capture import Kind
from model.url import is_home_page, normalise_url
from storage import keys
from storage.store import ObjectStore
from storage.tables import read_table, unread_of

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KINDS: tuple[Kind, ...] = tuple(kind for kind in Kind if kind != Kind.PROBE)
"""The kinds that the frontier knows; where numbers stand for them, it is their place here."""

PAGES = [KINDS.index(Kind.ARTICLE), KINDS.index(Kind.ASSET)]
"""Those of which "gone" and "moved" are answers: of a list they are failures."""

_PAGED = re.compile(r"#page=\d+$")
_REPEATED = pa.dictionary(pa.int32(), pa.string())
_CAPTURES = pa.schema(
    [
        ("url", pa.string()),
        ("final_url", pa.string()),
        ("via", _REPEATED),
        ("kind", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("status", pa.int64()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("body_sha256", pa.string()),
        ("error", _REPEATED),
        ("location", pa.string()),
        ("unchanged", pa.bool_()),
        ("warc_key", _REPEATED),
        ("warc_offset", pa.int64()),
    ]
)
_ARTICLES = pa.schema(
    [("url", pa.string()), ("fetched_at", pa.timestamp("us", tz="UTC")), ("text_sha256", pa.string())]
)
_KEPT = ("url", "final_url", "via", "etag", "last_modified", "body_sha256", "location", "warc_key", "warc_offset")


def key_of(url: str, kind: Kind) -> str:
    """What the frontier knows `url` by: its normal spelling; of a list page that is got by POST with the number it ends
    with, `#page=3`, which alone tells it from the others. Where `url` is no address, it is its own key."""
    paged = _PAGED.search(url) if kind == Kind.LISTING else None
    return _spelled(url) + paged[0] if paged else _spelled(url)


def _spelled(url: str) -> str:
    try:
        return normalise_url(url)
    except ValueError:
        return url


@dataclass(frozen=True, slots=True)
class RunTables:
    """A run's captures and, once it is published, its articles."""

    run: str
    captures: pa.Table
    articles: pa.Table | None

    @property
    def span(self) -> tuple[int, int] | None:
        """When the first and the last row were fetched, in µs since 1970; None where there are none."""
        if not len(self.captures):
            return None
        found = pc.min_max(self.captures["fetched_at"].cast(pa.int64())).as_py()
        return found["min"], found["max"]


def read_run(store: ObjectStore, source: str, run: str, *, published: bool) -> RunTables:
    """The tables of a run that has captures, without those of kinds the frontier leaves out. Raises `StorageError`."""
    captures = read_table(store, keys.captures(source, run), _CAPTURES)
    captures = captures.filter(pc.is_in(captures["kind"], value_set=pa.array(list(KINDS), pa.string())))
    elsewhere = pc.if_else(pc.equal(captures["final_url"], captures["url"]), "", captures["final_url"])
    captures = captures.set_column(captures.schema.get_field_index("final_url"), "final_url", elsewhere)
    articles = read_table(store, keys.articles(source, run), _ARTICLES) if published else None
    return RunTables(run, captures, articles)


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of captures by `fetched_at`, one place of each column for each.

    `keys` are the keys of the URLs in the order they turned up, `code` says which of them a row is about. `columns`
    hold what a row says: `final_url` is "" where it is the URL that was asked for. Times are in µs since 1970.

    `waiting`: the URL was found and not asked for. `hop`: a redirect that was followed; the answer is another row of
    the run. `failed`: no answer, or a page that nobody has cleaned, or could. `page`: the cleaner was to read it;
    `text_sha256` is what it read. `moved`: led elsewhere, or home. `light`: nothing changed, and the body is not in
    this record.
    `direct`: the URL itself gave the answer.
    """

    keys: pa.Array
    code: Ints
    columns: dict[str, Any]
    at: Ints
    run_at: Ints
    kind: Ints
    status: Ints
    waiting: Flags
    hop: Flags
    failed: Flags
    page: Flags
    moved: Flags
    light: Flags
    direct: Flags


def facts(runs: Sequence[RunTables]) -> Facts:
    """The rows of `runs`, at least one. Equal times are told apart by the place in the WARC part, then by the run."""
    rows = pa.concat_tables([run.captures for run in runs]).unify_dictionaries()
    run = np.repeat(np.arange(len(runs)), [len(one.captures) for one in runs])
    order = np.lexsort((run, _ints(rows["warc_offset"], np.iinfo(np.int64).max), _ints(rows["fetched_at"])))
    if not np.array_equal(order, np.arange(len(order))):  # most are in order, and a copy takes time and memory
        rows, run = rows.take(pa.array(order)), run[order]
    at, status = _ints(rows["fetched_at"]), _ints(rows["status"], -1)
    kind = _ints(pc.index_in(rows["kind"], value_set=pa.array(list(KINDS), pa.string())))
    error = _flags(pc.is_valid(rows["error"]))
    light = _flags(pc.fill_null(rows["unchanged"], False)) | (status == 304)
    known_by, code = _keys(rows["url"], kind)
    direct, home = _redirected(rows["url"], rows["final_url"])
    asked = error | (status >= 0)
    redirect = ~error & (status >= 300) & (status < 400) & (status != 304)
    page = ~error & (kind == KINDS.index(Kind.ARTICLE)) & (status == 200) & ~light & ~home
    answered = np.where(
        np.isin(kind, PAGES), np.isin(status, (200, 404, 410)) | (status // 100 == 3), np.isin(status, (200, 304))
    )
    refused = (status >= 0) & ~answered
    unpublished = page & ~np.array([one.articles is not None for one in runs], bool)[run]
    unpublished[_unread(runs, rows)] = True
    columns = {name: rows[name] for name in _KEPT}
    columns["text_sha256"] = _texts([one.articles for one in runs if one.articles is not None], rows, page)
    return Facts(
        keys=known_by,
        code=code,
        columns=columns,
        at=at,
        run_at=np.array([_microseconds(one.run) for one in runs], np.int64)[run],
        kind=kind,
        status=status,
        waiting=~asked,
        hop=redirect & _answered_later(run, code, asked),
        failed=error | refused | unpublished,
        page=page,
        moved=redirect | ((status == 200) & home),
        light=light,
        direct=direct,
    )


def _keys(urls: pa.ChunkedArray, kind: Ints) -> tuple[pa.Array, Ints]:
    """The keys in the order they turn up, and which of them each row has."""
    encoded = urls.combine_chunks().dictionary_encode()
    code = _ints(encoded.indices)
    spellings: list[str] = encoded.dictionary.to_pylist()
    known_by = [_spelled(url) for url in spellings]
    listing = kind == KINDS.index(Kind.LISTING)
    as_listing = np.arange(len(spellings))
    for place in np.unique(code[listing]):
        if "#page=" in spellings[place]:
            as_listing[place] = len(known_by)
            known_by.append(key_of(spellings[place], Kind.LISTING))
    code = np.where(listing, as_listing[code], code)
    by_row = pa.array(known_by, pa.string()).take(pa.array(code)).dictionary_encode()
    return by_row.dictionary, _ints(by_row.indices)


def _redirected(urls: pa.ChunkedArray, finals: pa.ChunkedArray) -> tuple[Flags, Flags]:
    """Of each row whether the URL itself answered, and whether it led to the home page."""
    direct, home = np.ones(len(urls), bool), np.zeros(len(urls), bool)
    elsewhere = np.flatnonzero(_flags(pc.not_equal(finals, "")))
    places = pa.array(elsewhere)
    pairs = zip(elsewhere, urls.take(places).to_pylist(), finals.take(places).to_pylist(), strict=True)
    for place, url, final in pairs:
        direct[place] = _spelled(url) == _spelled(final)
        home[place] = _is_home(final) and not _is_home(url)
    return direct, home


def _is_home(url: str) -> bool:
    try:
        return is_home_page(url)
    except ValueError:
        return False


def _answered_later(run: Ints, code: Ints, asked: Flags) -> Flags:
    """Of each row whether its URL was asked for again in the same run, as a redirect that is followed does."""
    places = np.flatnonzero(asked)
    places = places[np.lexsort((places, code[places], run[places]))]
    later = np.zeros(len(run), bool)
    before, after = places[:-1], places[1:]
    later[before] = (run[before] == run[after]) & (code[before] == code[after])
    return later


def _unread(runs: Sequence[RunTables], rows: pa.Table) -> list[int]:
    """The rows of pages that the cleaner failed to read. They are few, and in most runs there are none."""
    lost = {place for one in runs if one.articles is not None for place in unread_of(one.articles)}
    if not lost:
        return []
    places = zip(rows["warc_key"].to_pylist(), rows["warc_offset"].to_pylist(), strict=True)
    return [at for at, place in enumerate(places) if place in lost]


def _texts(articles: Sequence[pa.Table], rows: pa.Table, page: Flags) -> pa.Array:
    """The hash of the text that each row became. An article bears the address that answered, which redirects may have
    made another than the one asked for."""
    places = np.flatnonzero(page)
    texts = pa.concat_tables([_ARTICLES.empty_table(), *articles])
    asked = rows.select(["url", "final_url", "fetched_at"]).take(pa.array(places))
    answered = pc.if_else(pc.equal(asked["final_url"], ""), asked["url"], asked["final_url"])
    addresses = pa.chunked_array([*texts["url"].chunks, *answered.chunks], pa.string()).combine_chunks()
    _, moments = np.unique(
        np.concatenate([_ints(texts["fetched_at"]), _ints(asked["fetched_at"])]), return_inverse=True
    )
    marks = (_ints(addresses.dictionary_encode().indices) << 32) | moments
    have, want = marks[: len(texts)], marks[len(texts) :]
    order = np.argsort(have, kind="stable")
    found = np.searchsorted(have[order], want, side="right") - 1  # of equal ones the last
    hit = found >= 0
    hit[hit] = have[order][found[hit]] == want[hit]
    source = np.full(len(page), -1)
    source[places[hit]] = order[found[hit]]
    return pick(texts["text_sha256"], source)


def pick(column: Any, places: Ints) -> Any:
    """The values at `places` of an Arrow column; null where a place is negative."""
    taken = column.take(pa.array(places, mask=places < 0))
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def _microseconds(run: str) -> int:
    return int(keys.run_time(run).timestamp()) * 1_000_000


def _ints(column: Any, null: int = 0) -> Ints:
    """An Arrow column as numbers of one's own, `null` in place of null."""
    return np.array(pc.fill_null(column.cast(pa.int64()), null), np.int64)


def _flags(column: Any) -> Flags:
    return np.array(column, bool)
