"""The catalog: runs and sources as pages list them."""

from datetime import UTC, datetime

import pytest

from browse.catalog import Catalog, Gone, RunEntry, SourceEntry
from storage.keys import run_time

KIMSON = SourceEntry(id="kimson", name="Kim Sơn", url="http://kimson.example/", kind="portal", languages=["vi"], runs=3)
HOALU = SourceEntry(id="hoa-lu", name="Hoa Lư", province="Ninh Bình", runs=1)


def entry(source: str, run: str, **changes: object) -> RunEntry:
    at = run_time(run)
    return RunEntry(source=source, run=run, state="published", started_at=at, finished_at=at, **changes)  # type: ignore[arg-type]


ENTRIES = [
    entry(
        "hoa-lu",
        "20261121T120000Z",
        new=1,
        rows=4,
        covered={"author": 1, "lead": 4},
        future=1,
        removed_by={"share-buttons": 4},
        cleaner="0.1",
    ),
    entry("kimson", "20261120T000000Z", new=5, gone=[Gone("http://kimson.example/a", "404")], vanished=1),
    entry(
        "kimson", "20261122T000000Z", changed=2, rejected=3, gone=[Gone("http://kimson.example/b", "410")], vanished=1
    ),
    RunEntry(source="kimson", run="20261122T120000Z", state="failed", reason="nothing answered", report_etag="x"),
]


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.decode(Catalog.of(ENTRIES, [KIMSON, HOALU]).encoded())


def test_it_is_read_as_it_was_written(catalog: Catalog) -> None:
    assert [catalog.run(one.source, one.run) for one in ENTRIES] == ENTRIES
    assert catalog.sources() == [HOALU, KIMSON]
    assert catalog.source("kimson") == KIMSON
    assert catalog.source("nowhere") is catalog.run("kimson", "20261121T120000Z") is None


def test_the_same_runs_give_the_same_bytes(catalog: Catalog) -> None:
    assert catalog.encoded() == Catalog.of(ENTRIES, [HOALU, KIMSON]).encoded()


def test_runs_come_newest_first_a_page_at_a_time(catalog: Catalog) -> None:
    assert catalog.runs() == [ENTRIES[place] for place in (3, 2, 0, 1)]
    assert catalog.runs("kimson", offset=1, limit=1) == [ENTRIES[2]]
    assert catalog.count("kimson") == 3


def test_the_newest_run_of_each_source(catalog: Catalog) -> None:
    assert catalog.newest() == {"hoa-lu": ENTRIES[0], "kimson": ENTRIES[3]}


def test_what_vanished_last(catalog: Catalog) -> None:
    assert [(page.url, page.how, page.run) for page in catalog.vanished()] == [
        ("http://kimson.example/b", "410", "20261122T000000Z"),
        ("http://kimson.example/a", "404", "20261120T000000Z"),
    ]
    assert catalog.vanished("hoa-lu") == []


def test_coverage_is_a_share_of_rows(catalog: Catalog) -> None:
    assert catalog.coverage("hoa-lu")["author"] == 0.25
    assert ENTRIES[0].coverage["lead"] == 1
    assert catalog.coverage("kimson") == {}


def test_runs_are_replaced_added_and_taken_away(catalog: Catalog) -> None:
    fresh = [entry("kimson", "20261122T120000Z", new=1), entry("an-binh", "20260101T000000Z")]
    changed = catalog.with_runs(fresh, [("hoa-lu", "20261121T120000Z")], [KIMSON])
    assert changed.encoded() == Catalog.of([fresh[1], *ENTRIES[1:3], fresh[0]], [KIMSON]).encoded()


def test_an_archive_without_runs_has_an_empty_one() -> None:
    empty = Catalog.decode(Catalog.empty().encoded())
    assert empty.runs() == empty.sources() == empty.vanished() == []
    assert empty.newest() == {}


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a catalog of runs"):
        Catalog.decode(b"PAR1 nonsense")


def test_the_day_of_a_run_is_that_in_utc() -> None:
    assert ENTRIES[0].day == datetime(2026, 11, 21, tzinfo=UTC).date()


def test_the_runs_of_a_source_since_a_day(catalog: Catalog) -> None:
    assert catalog.since("kimson", ENTRIES[2].day) == ENTRIES[2:]
    assert catalog.since("nowhere", ENTRIES[2].day) == []
    assert catalog.first_day("kimson") == ENTRIES[1].day
    assert catalog.first_day("nowhere") is None


def test_the_runs_beside_a_run(catalog: Catalog) -> None:
    first, second, third = "20261120T000000Z", "20261122T000000Z", "20261122T120000Z"
    assert catalog.beside("kimson", first) == (None, second)
    assert catalog.beside("kimson", second) == (first, third)
    assert catalog.beside("kimson", third) == (second, None)
    assert catalog.beside("kimson", "20261121T000000Z") == (first, second)
    assert catalog.beside("nowhere", first) == (None, None)


def test_how_many_new_texts_each_source_had_lately(catalog: Catalog) -> None:
    assert catalog.news(3) == {"hoa-lu": [0, 1, 0], "kimson": [5, 0, 0]}
    assert catalog.news(2) == {"hoa-lu": [1, 0], "kimson": [0, 0]}
    assert Catalog.empty().news() == {}
