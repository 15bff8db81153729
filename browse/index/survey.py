"""What became of runs since an index was built: a listing of the archive against the catalog."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from browse.catalog import Catalog
from browse.index.ledger import Table
from storage import keys
from storage.places import place_of
from storage.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Listed:
    """The ETags of a run's objects; None where there is none."""

    articles: str | None = None
    report: str | None = None
    rules: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """The runs that are new, or of which an object is another one now, and those that are gone. `sources` are those
    that were looked through, None where all were; `at` is when that began."""

    at: datetime
    sources: tuple[str, ...] | None = None
    changed: Mapping[Table, Listed] = field(default_factory=dict)
    gone: frozenset[Table] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


def survey(store: ObjectStore, catalog: Catalog, sources: Sequence[str] | None = None) -> Survey:
    """Compares the runs of these sources, or of all, with what the catalog says of them. Reads no object.

    Raises `StorageError`, and `InvalidKey` where a source's id is none.
    """
    at = datetime.now(UTC)
    named = None if sources is None else tuple(sorted(set(sources)))
    prefixes: tuple[str | None, ...] = (None,) if named is None else named
    found = {
        table: listed
        for source in prefixes
        for table, listed in _listed(store, source).items()
        if listed.articles or listed.report
    }
    known = dict(_known(catalog, named))
    changed = {table: listed for table, listed in found.items() if known.get(table) != listed}
    return Survey(at, named, changed, frozenset(known.keys() - found.keys()))


def _listed(store: ObjectStore, source: str | None) -> dict[Table, Listed]:
    found: dict[Table, dict[str, str]] = {}
    for prefix in (keys.articles_prefix(source), keys.reports_prefix(source)):
        for info in store.list(prefix):
            place = place_of(info.key)
            if place and place.source and place.run:
                found.setdefault(Table(place.run, place.source), {})[place.family] = info.etag
    return {table: Listed(**etags) for table, etags in found.items()}


def _known(catalog: Catalog, sources: tuple[str, ...] | None) -> Iterator[tuple[Table, Listed]]:
    """The runs of the catalog. What could not be read has no ETag there, and so is looked at again."""
    names = ("run", "source", "articles_etag", "report_etag", "rules_etag")
    for run, source, *etags in zip(*(catalog.table[name].to_pylist() for name in names), strict=True):
        if sources is None or source in sources:
            yield Table(run, source), Listed(*etags)
