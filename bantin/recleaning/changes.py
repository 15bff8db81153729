"""What a re-clean changes: the rows of a run's articles table beside those that take their place.

A row is one capture cleaned, so rows are the same that were made from the same record, whatever their `id` is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

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
    """One value that changes: of the row of `url` in `run`."""

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


def compare_rows(before: Iterable[Article], after: Iterable[Article], why: Mapping[Place, tuple[str, str]]) -> Changes:
    """What changes between two tables of one run. `why` has kind and detail of each page that was rejected now; a row
    that is gone and was not is of a page that another row stands for."""
    found = Changes()
    old, new = {_place(row): row for row in before}, {_place(row): row for row in after}
    found.rows = len(old)
    for place, row in old.items():
        found.blocks_before.update(removal.rule for removal in row.removed)
        if (other := new.get(place)) is None:
            kind, detail = why.get(place, ("same-page", "another row of the run is of this page"))
            found.vanished[kind] += 1
            found.vanished_samples.append(Gone(row.source, row.run, row.url, f"{kind}: {detail}"))
            continue
        names = [name for name in FIELDS if getattr(row, name) != getattr(other, name)]
        found.changed += bool(names)
        found.fields.update(names)
        for name in names:
            if name == "html" and "text" in names:
                continue  # it would show the same once more
            found._keep(Sample(row.source, row.run, row.url, name, getattr(row, name), getattr(other, name)))
    for place, row in new.items():
        found.blocks_after.update(removal.rule for removal in row.removed)
        if place not in old:
            found.appeared += 1
            found.appeared_samples.append(Gone(row.source, row.run, row.url, ""))
    found.appeared_samples, found.vanished_samples = found.appeared_samples[:SAMPLES], found.vanished_samples[:SAMPLES]
    return found


def _place(row: Article) -> Place:
    return row.warc_key, row.warc_offset
