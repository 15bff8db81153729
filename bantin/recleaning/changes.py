"""What a re-clean changes: the rows of a run's articles table beside those that take their place.

A row is one capture cleaned, so rows are the same that were made from the same record, whatever their `id` is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from model.article import Article

Place = tuple[str, int]
"""A record: the key of its WARC part and its offset there."""

NOT_COMPARED = frozenset({"cleaner_version", "text_sha256"})
"""The one is another's with every release, the other only says once more that title or text has changed."""

SAMPLES = 3
"""So many pages are kept as a sample, of each field and of rows that appear or vanish."""

FIELDS = tuple(one.name for one in fields(Article) if one.name not in NOT_COMPARED)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value that changes: of the row of `url` in `run`. A dataclass is a dict here."""

    source: str
    run: str
    url: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Gone:
    """A page that is no article any more, or has become one (`reason` is empty then)."""

    source: str
    run: str
    url: str
    reason: str


@dataclass(slots=True)
class Changes:
    """What changes in one run, or (`add`) in many.

    `rows` counts the rows there were, `changed` those of them with another value in any field, `fields` the same a
    field. `appeared` are pages that were no articles and are, `vanished` the other way round, by the kind of their
    rejection. `blocks_before` and `blocks_after` count removed blocks by rule, over all rows. Samples are capped.
    """

    rows: int = 0
    changed: int = 0
    appeared: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    vanished: Counter[str] = field(default_factory=Counter)
    blocks_before: Counter[str] = field(default_factory=Counter)
    blocks_after: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    appeared_samples: list[Gone] = field(default_factory=list)
    vanished_samples: list[Gone] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.changed or self.appeared or self.vanished)

    def add(self, other: "Changes") -> None:
        """Counts `other`, too."""
        self.rows += other.rows
        self.changed += other.changed
        self.appeared += other.appeared
        for name in ("fields", "vanished", "blocks_before", "blocks_after"):
            getattr(self, name).update(getattr(other, name))
        for sample in other.samples:
            self._keep(sample)
        self.appeared_samples = (self.appeared_samples + other.appeared_samples)[:SAMPLES]
        self.vanished_samples = (self.vanished_samples + other.vanished_samples)[:SAMPLES]

    def blocks_by_rule(self) -> list[tuple[str, int, int]]:
        """Rule, blocks before and after, of the rules that take another number of blocks: the largest change first."""
        counts = [
            (rule, self.blocks_before[rule], self.blocks_after[rule])
            for rule in self.blocks_before.keys() | self.blocks_after.keys()
        ]
        return sorted((one for one in counts if one[1] != one[2]), key=lambda one: (-abs(one[1] - one[2]), one[0]))

    def _keep(self, sample: Sample) -> None:
        same = [one.url for one in self.samples if one.field == sample.field]
        if len(same) < SAMPLES and sample.url not in same:
            self.samples.append(sample)


def compare_tables(before: pa.Table, after: pa.Table, why: Mapping[Place, tuple[str, str]]) -> Changes:
    """What changes between two tables of one run's articles, as `read_whole` and `as_table` give them. `why` has kind
    and detail of each page that was rejected now; a row that is gone and was not is of a page that another row stands
    for. Most values stay as they are: Arrow compares them, and Python sees only those that do not."""
    old, new = _numbered(before), _numbered(after)
    found = Changes(rows=len(old), blocks_before=_blocks(before), blocks_after=_blocks(after))
    gone = [place for place in old if place not in new]
    for place, told in zip(gone, _told(before, [old[place] for place in gone]), strict=True):
        kind, detail = why.get(place, ("same-page", "another row of the run is of this page"))
        found.vanished[kind] += 1
        if len(found.vanished_samples) < SAMPLES:
            found.vanished_samples.append(Gone(*told, f"{kind}: {detail}"))
    come = [row for place, row in new.items() if place not in old]
    found.appeared = len(come)
    found.appeared_samples = [Gone(*told, "") for told in _told(after, come[:SAMPLES])]
    stay = [place for place in old if place in new]
    rows = (pa.array([numbers[place] for place in stay], pa.int64()) for numbers in (old, new))
    _compare(before.take(next(rows)), after.take(next(rows)), found)
    return found


def _compare(before: pa.Table, after: pa.Table, found: Changes) -> None:
    """Takes in the changes between rows of the same pages, in the same order."""
    told = _told(before, range(len(before)))
    changed: dict[int, set[str]] = {}
    for name in FIELDS:
        for row, old, new in _unlike(before[name], after[name]):
            names = changed.setdefault(row, set())
            names.add(name)
            if name != "html" or "text" not in names:  # it would show the same once more
                found._keep(Sample(*told[row], name, old, new))
            found.fields[name] += 1
    found.changed += len(changed)


def _unlike(before: pa.ChunkedArray, after: pa.ChunkedArray) -> Iterator[tuple[int, Any, Any]]:
    """The numbers of the rows whose values differ, and both values. The order of a map's entries is no difference."""
    if before.equals(after):
        return
    for row in range(len(before)):
        if not before.slice(row, 1).equals(after.slice(row, 1)):
            old, new = (column.slice(row, 1).to_pylist(maps_as_pydicts="strict")[0] for column in (before, after))
            if old != new:
                yield row, old, new


def _numbered(table: pa.Table) -> dict[Place, int]:
    places = zip(table["warc_key"].to_pylist(), table["warc_offset"].to_pylist(), strict=True)
    return {place: row for row, place in enumerate(places)}


def _told(table: pa.Table, rows: Sequence[int]) -> list[tuple[str, str, str]]:
    """Source, run and URL of the rows with these numbers."""
    told = [table[name].to_pylist() for name in ("source", "run", "url")]
    return [(told[0][row], told[1][row], told[2][row]) for row in rows]


def _blocks(table: pa.Table) -> Counter[str]:
    rules = pc.struct_field(pc.list_flatten(table["removed"]), "rule")
    return Counter({one["values"]: one["counts"] for one in pc.value_counts(rules).to_pylist()})
