"""Captures without a body of their own: whether the answer that each refers to, in whichever run, is still there.

What a revisit record refers to is read along with its part. The answers are looked for when all runs of a source have
been read: in the captures tables, which are small beside the parts, and with what the reading has told of these. Of
runs that were not to be checked a part counts as whole where it is as long as its captures say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc

from bantin.verifying.findings import RESTORE, Finding, Trouble, some
from storage import keys
from storage.errors import Corrupt, KeyNotFound, UnknownVersion
from storage.places import place_of, table_of
from storage.store import ObjectStore
from storage.tables import read_table

Answer = tuple[str, int]
"""The address that gave it, and when, in microseconds since 1970."""

Place = tuple[str, int]
"""The key of a WARC part and an offset there."""

MEND_FIRST = "bantin verify --repair may find it, since a captures table is damaged; else " + RESTORE

_COLUMNS = pa.schema(
    [
        ("final_url", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("status", pa.int64()),
        ("unchanged", pa.bool_()),
        ("warc_key", pa.dictionary(pa.int32(), pa.string())),
        ("warc_offset", pa.int64()),
        ("warc_length", pa.int64()),
    ]
)


def answer_of(refers_to: tuple[str, str]) -> Answer | None:
    """What a revisit record refers to, by `WARC-Refers-To-Target-URI` and `-Date`; None where that is no date."""
    url, date = refers_to
    try:
        at = datetime.fromisoformat(date)
    except ValueError:
        return None
    return url, int(pa.scalar(at, pa.timestamp("us", tz="UTC")).value)


@dataclass(slots=True)
class Read:
    """What reading a run's parts tells: the answers that the revisit records of each part refer to, and the places of
    captures whose record is not what they say."""

    refers_to: dict[str, list[Answer]] = field(default_factory=dict)
    unsound: set[Place] = field(default_factory=set)


@dataclass(slots=True)
class Bodies:
    """Which bodies are wanted, by all runs that were read. May be told from several threads."""

    store: ObjectStore
    _wanted: dict[str, dict[Answer, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    """By source and answer: the part of each record that refers to it."""
    _unsound: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    _adding: Lock = field(default_factory=Lock)

    def add(self, source: str, read: Read) -> None:
        """Takes in what was read of one run."""
        with self._adding:
            self._unsound[source] |= read.unsound
            wanted = self._wanted[source]
            for part, answers in read.refers_to.items():
                for answer in answers:
                    wanted.setdefault(answer, []).append(part)

    def lost(self, source: str) -> list[Finding]:
        """The captures of the source whose body cannot be had any more, a finding for each part where it was. To be
        asked when all runs have been read, and again when something was repaired. Raises `StorageError`."""
        wanted = self._wanted[source]
        if not wanted:
            return []
        sizes = {info.key: info.size_bytes for info in self.store.list(keys.raw_prefix(source))}
        lay: dict[Answer, str] = {}
        unread = self._look(source, wanted, sizes, lay)
        lost: dict[str | None, list[Answer]] = defaultdict(list)
        for answer in wanted:
            lost[lay.get(answer)].append(answer)
        return [self._told(source, part, lost[part], unread) for part in sorted(lost, key=lambda part: part or "")]

    def lost_of_all(self) -> Iterator[Finding]:
        """What `lost` tells, of each source of which it told something before."""
        for source in sorted(self._wanted):
            yield from self.lost(source)

    def _look(
        self, source: str, wanted: dict[Answer, list[str]], sizes: dict[str, int], lay: dict[Answer, str]
    ) -> bool:
        """Takes out of `wanted` what is there still; notes in `lay` where lost ones were. Returns whether there are
        captures that cannot be read."""
        runs = {place.run for key in sizes if (place := place_of(key))}
        is_unread = False
        for info in self.store.list(keys.captures_prefix(source)):
            if (table := table_of(info.key)) is None:
                continue
            runs.discard(table[1])
            try:
                rows = self._rows(info.key, wanted)
            except KeyNotFound:
                continue
            except (Corrupt, UnknownVersion):
                is_unread = True
                continue
            for answer, (part, offset), length in rows:
                if sizes.get(part, -1) >= offset + length and (part, offset) not in self._unsound[source]:
                    wanted.pop(answer, None)
                elif answer in wanted:
                    lay[answer] = part
            if not wanted:
                break
        return is_unread or bool(runs)

    def _rows(self, key: str, wanted: Iterable[Answer]) -> list[tuple[Answer, Place, int]]:
        """The full answers of a captures table that are wanted: where the record of each lies, and how long it is."""
        table = read_table(self.store, key, _COLUMNS)
        urls, times = zip(*wanted, strict=True)
        at = table["fetched_at"].cast(pa.int64())
        is_full = pc.and_(pc.is_valid(table["status"]), pc.invert(pc.fill_null(table["unchanged"], False)))
        is_wanted = pc.and_(
            pc.is_in(at, pa.array(set(times), pa.int64())),
            pc.is_in(table["final_url"], pa.array(set(urls), pa.string())),
        )
        found = table.set_column(1, "fetched_at", at).filter(pc.and_(is_full, is_wanted))
        return [
            ((row["final_url"], row["fetched_at"]), (row["warc_key"], row["warc_offset"]), row["warc_length"])
            for row in found.to_pylist()
            if row["warc_key"] is not None
        ]

    def _told(self, source: str, part: str | None, answers: Sequence[Answer], unread: bool) -> Finding:
        parts = [one for answer in answers for one in self._wanted[source][answer]]
        runs = sorted({place.run for one in parts if (place := place_of(one)) and place.run})
        of = f"run {runs[0]}" if len(runs) == 1 else f"{len(runs)} runs, {runs[0]} to {runs[-1]},"
        where = "there" if part else "in an answer that no capture has any more"
        what = f"{len(parts)} captures of {of} are revisits whose body was {where}: {some([url for url, _ in answers])}"
        remedy = MEND_FIRST if unread and part is None else RESTORE
        key = part or keys.captures_prefix(source)
        return Finding(key=key, trouble=Trouble.BODY, detail=what, remedy=remedy, source=source)
