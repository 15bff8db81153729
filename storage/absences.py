"""When an article's page was not there: gone or moved, and back again, as the captures of its source tell it.

An article is found at several addresses: the one that its rows name and every address that led there. It is away while
the last answer of each of them says so: on a site that is asked under an old and a new address the old one's 404 tells
nothing. A failure (5xx, no answer) tells nothing either.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.capture import Kind
from model.url import article_id, normalise_url
from storage import keys
from storage.history import Row
from storage.places import table_of
from storage.rows import OnTable, read_each
from storage.store import ObjectStore
from storage.tables import read_table

_REPEATED = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema(
    [
        ("url", pa.string()),
        ("final_url", pa.string()),
        ("kind", _REPEATED),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("status", pa.int64()),
        ("error", _REPEATED),
        ("location", pa.string()),
        ("unchanged", pa.bool_()),
        ("warc_offset", pa.int64()),
    ]
)


class Absence(StrEnum):
    """How a page can be away."""

    GONE = "gone"
    """404 or 410."""
    MOVED = "moved"
    """It leads to another article, to another site or to the home page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A time during which the page of an article was away: `until` is None where it is not back. `url` is the address
    that was asked, `leads_to` where it led."""

    absence: Absence
    since: datetime
    until: datetime | None
    url: str
    status: int
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What captures tell of an article's page: when it was away, and when it was there unchanged."""

    away: list[Away]
    unchanged: list[datetime]


@dataclass(frozen=True, slots=True)
class _Answer:
    at: datetime
    run: str
    address: str
    url: str
    final: str
    status: int
    location: str | None
    unchanged: bool


def read_seen(store: ObjectStore, rows: Sequence[Row], on_table: OnTable | None = None) -> Seen:
    """What the captures of the sources of `rows`, which are those of one article, tell of it. Raises `StorageError`."""
    tables = [
        (name[1], info.key)
        for source in sorted({row.source for row in rows})
        for info in store.list(keys.captures_prefix(source))
        if (name := table_of(info.key))
    ]
    own = {_address(row.url) for row in rows}
    own |= {_address(r.canonical_url) for r in rows if r.canonical_url and _names(r.canonical_url, r.id)}
    read = read_each(tables, lambda table: _articles_of(store, table[1]), on_table)
    known = _Addresses()
    led = set(own)
    for captures in read:
        answered = captures.filter(pc.is_in(captures["status"], value_set=pa.array([200, 304], pa.int64())))
        led |= set(known.of(answered["url"].filter(pa.array(known.among(answered["final_url"], own)))))
    answers = [
        answer
        for (run, _), captures in zip(tables, read, strict=True)
        for answer in _answers(captures.filter(pa.array(known.among(captures["url"], led))), run)
    ]
    return seen(answers, rows, own)


class _Addresses:
    """The addresses by which URLs are known, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, urls: pa.ChunkedArray) -> list[str]:
        return [self._of(url) for url in urls.to_pylist()]

    def among(self, urls: pa.ChunkedArray, wanted: Collection[str]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        return np.array([self._of(url) in wanted for url in urls.to_pylist()], bool)

    def _of(self, url: str) -> str:
        found = self._known.get(url)
        if found is None:
            found = self._known[url] = _address(url)
        return found


def _address(url: str) -> str:
    """What an article's id is made of: the normal spelling without the scheme."""
    try:
        return normalise_url(url).partition("://")[2]
    except ValueError:
        return url


def _names(url: str, wanted: str) -> bool:
    """Whether the page at `url` is the article of that id; what is no address names none."""
    try:
        return article_id(url) == wanted
    except ValueError:
        return False


def _articles_of(store: ObjectStore, key: str) -> pa.Table:
    captures = read_table(store, key, _SCHEMA)
    return captures.filter(pc.equal(captures["kind"].cast(pa.string()), Kind.ARTICLE.value))


def _answers(captures: pa.Table, run: str) -> list[_Answer]:
    """The answers of a run, but for redirects that were followed: what they led to is another row."""
    rows = captures.to_pylist()
    rows = [row for row in rows if row["status"] is not None or row["error"] is not None]  # the others wait
    rows.sort(key=lambda row: (row["fetched_at"], row["warc_offset"] if row["warc_offset"] is not None else -1))
    last = {_address(row["url"]): place for place, row in enumerate(rows)}
    return [
        _Answer(
            row["fetched_at"],
            run,
            _address(row["url"]),
            row["url"],
            row["final_url"],
            row["status"],
            row["location"],
            bool(row["unchanged"]),
        )
        for place, row in enumerate(rows)
        if row["error"] is None
        and (row["status"] < 400 or row["status"] in (404, 410))
        and not (_redirects(row["status"]) and place != last[_address(row["url"])])
    ]


def _redirects(status: int) -> bool:
    return 300 <= status < 400 and status != 304


def seen(answers: Sequence[_Answer], rows: Iterable[Row], own: Collection[str]) -> Seen:
    """The answers folded by time; `own` are the addresses at which the article itself is. A row whose capture is not
    among the answers is one, too."""
    told = {answer.at for answer in answers}
    alone = [
        _Answer(row.fetched_at, row.run, _address(row.url), row.url, row.url, 200, None, False)
        for row in rows
        if row.fetched_at not in told
    ]
    found, unchanged = list[Away](), list[datetime]()
    state: dict[str, Away | None] = {}
    current: Away | None = None
    for answer in sorted([*answers, *alone], key=lambda a: (a.at, a.run)):
        if answer.status in (200, 304) and answer.address not in own and _address(answer.final) == answer.address:
            continue  # an address that once led here, and has a page of its own
        state[answer.address] = now = _away(answer, own)
        if now is None and (answer.unchanged or answer.status == 304):
            unchanged.append(answer.at)
        away = None if None in state.values() else now
        if away and current and (away.absence, away.leads_to) == (current.absence, current.leads_to):
            continue
        if current is not None:
            found.append(replace(current, until=answer.at))
        current = away
    return Seen([*found, current] if current is not None else found, unchanged)


def _away(answer: _Answer, own: Collection[str]) -> Away | None:
    if answer.status in (404, 410):
        return Away(absence=Absence.GONE, since=answer.at, until=None, url=answer.url, status=answer.status)
    redirects = _redirects(answer.status)
    leads_to = answer.location or answer.final if redirects else answer.final
    if not redirects and _address(leads_to) in own:
        return None
    return Away(
        absence=Absence.MOVED, since=answer.at, until=None, url=answer.url, status=answer.status, leads_to=leads_to
    )
