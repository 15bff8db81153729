"""Objects that lie in one another's place: each is whole, and none is taken for what it stands in the place of."""

from pathlib import Path

import pytest

from bantin.lake import refresh
from bantin.settings import Settings
from bantin.verifying.findings import Trouble
from model.article import Article
from storage import keys
from storage.errors import Corrupt
from storage.notices import Notice, write_notice
from storage.reports import read_report
from storage.store import ObjectStore, open_store
from storage.tables import read
from tests.bantin.test_bodies import FIRST, FULL, SECOND, SOURCE, THIRD, store  # noqa: F401 - a fixture
from tests.bantin.test_verify import repaired, wrong
from tests.servers.site import PAGE
from tests.stored import a_source, publish_run

KINDS = {"captures": keys.captures, "articles": keys.articles, "report": keys.report}


def swap(store: ObjectStore, one: str, other: str) -> None:  # noqa: F811
    data = store.get(one), store.get(other)
    store.put(other, data[0])
    store.put(one, data[1])


def rows(store: ObjectStore) -> list[list[Article]]:  # noqa: F811
    return [read(store, keys.articles(SOURCE, run), Article) for run in (FIRST, SECOND, THIRD)]


@pytest.mark.parametrize("kind", KINDS)
def test_tables_and_reports_that_were_swapped_are_made_anew_and_no_row_is_lost(
    kind: str,
    store: ObjectStore,  # noqa: F811
    settings: Settings,
) -> None:
    before = rows(store)
    assert [len(of_run) for of_run in before] == [2, 0, 0]
    places = KINDS[kind](SOURCE, FIRST), KINDS[kind](SOURCE, SECOND)
    swap(store, *places)
    assert set(places) <= {key for key, trouble in wrong(settings) if trouble == Trouble.ROT}
    assert repaired(settings)[0] == 0
    assert (rows(store), wrong(settings)) == (before, [])


def test_so_are_captures_and_articles_at_once(store: ObjectStore, settings: Settings) -> None:  # noqa: F811
    before = rows(store)
    for key in (keys.captures, keys.articles):
        swap(store, key(SOURCE, FIRST), key(SOURCE, SECOND))
    assert repaired(settings)[0] == 0
    assert (rows(store), wrong(settings)) == (before, [])


@pytest.mark.parametrize("damaged", [False, True])
def test_no_page_is_taken_from_a_part_of_another_run(
    damaged: bool,
    store: ObjectStore,  # noqa: F811
    settings: Settings,
) -> None:
    before, other = rows(store), keys.raw_part(SOURCE, SECOND, 1, 1)
    swap(store, FULL, other)
    captures = store.get(keys.captures(SOURCE, FIRST))
    if damaged:
        store.put(keys.captures(SOURCE, FIRST), b"no table")
    code, said = repaired(settings)
    assert (code, f"it is another part, {other}" in said, f"it is another part, {FULL}" in said) == (1, True, True), (
        said
    )
    assert rows(store) == before
    if not damaged:
        assert store.get(keys.captures(SOURCE, FIRST)) == captures
    swap(store, FULL, other)
    repaired(settings)
    assert (rows(store), wrong(settings)) == (before, [])
    assert store.get(keys.captures(SOURCE, FIRST)) == captures


def test_nobody_takes_another_runs_report_for_a_runs_own(store: ObjectStore, settings: Settings) -> None:  # noqa: F811
    swap(store, keys.report(SOURCE, FIRST), keys.report(SOURCE, SECOND))
    with pytest.raises(Corrupt, match=f"it is the report of {SOURCE}, run {SECOND}"):
        read_report(store, SOURCE, FIRST)


@pytest.mark.parametrize("data", [b"", b"{", b"other"])
def test_a_notice_that_is_damaged_is_told(data: bytes, store: ObjectStore, settings: Settings) -> None:  # noqa: F811
    at = keys.run_time(FIRST)
    write_notice(store, Notice(source="kim", at=at, renamed_to=SOURCE))
    assert wrong(settings) == []
    key = keys.notice("kim")
    store.put(key, Notice(source="other", at=at).encode() if data == b"other" else data)
    assert wrong(settings) == [(key, Trouble.ROT)]
    assert wrong(settings, sources=[SOURCE]) == []
    assert Path(settings.archive, key).is_file()


def test_objects_of_the_lake_that_lie_in_one_anothers_place_are_told_and_built_anew(
    settings: Settings, tmp_path: Path
) -> None:
    for run in ("20260901T000000Z", "20261001T000000Z"):
        publish_run(settings, a_source(), run, {"/tin": PAGE.format(title=run)}, tmp_path / "parts")
    refresh(settings)
    there = open_store(settings.archive)
    one, other = (keys.lake("kimson", month) for month in ("2026-09", "2026-10"))
    before = [read(there, key, Article) for key in (one, other)]
    data = there.get(one), there.get(other)
    there.put(one, data[1])
    there.put(other, data[0])
    for quick in (False, True):
        assert wrong(settings, quick=quick) == [(one, Trouble.MISMATCH), (other, Trouble.MISMATCH)]
    assert repaired(settings)[0] == 0
    assert ([read(there, key, Article) for key in (one, other)], wrong(settings)) == (before, [])
