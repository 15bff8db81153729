"""Objects that rot: whoever reads one says which it is and what to do, and harms nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bantin.clean import clean_part
from bantin.errors import NotReady
from bantin.fetch import parts_with_pages
from bantin.publish import publish
from bantin.settings import Settings
from storage import keys
from storage.errors import Corrupt
from storage.store import ObjectStore, open_store
from tests.faults.archives import LATER, RUN, SOURCE, expect_whole, frontier_of, rows_of
from tests.faults.conftest import Crawled

ADVICE = "`bantin verify` says what else is damaged, and what can be made again"


def cut(data: bytes) -> bytes:
    """Without the last third: of a Parquet file without its footer."""
    return data[: len(data) * 2 // 3]


def overwritten(data: bytes) -> bytes:
    """With a footer of zeros behind a good beginning and end."""
    return data[:-400] + bytes(392) + data[-8:]


def flipped(data: bytes) -> bytes:
    """With one bit changed in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES = {"cut": cut, "a footer of zeros": overwritten}
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
Damage = Callable[[bytes], bytes]


@pytest.fixture
def published(crawled: Crawled) -> tuple[Settings, ObjectStore]:
    """An archive with one run."""
    settings = crawled.archive()
    assert crawled.start(settings).wait().well
    return settings, open_store(settings.archive)


def spoil(store: ObjectStore, key: str, damage: Damage) -> bytes:
    """Damages an object; returns what it was."""
    data = store.get(key)
    store.put(key, damage(data))
    return data


def content(store: ObjectStore, *besides: str) -> dict[str, bytes]:
    return {info.key: store.get(info.key) for info in store.list("") if not info.key.startswith(besides)}


@every_damage
@pytest.mark.parametrize(
    "table", [keys.captures(SOURCE, RUN), keys.articles(SOURCE, RUN)], ids=["captures", "articles"]
)
def test_a_damaged_table_stops_the_next_run_and_nothing_is_taken_for_new(
    crawled: Crawled, published: tuple[Settings, ObjectStore], table: str, damage: Damage
) -> None:
    settings, store = published
    store.delete([keys.frontier(SOURCE)])
    whole = spoil(store, table, damage)
    before = content(store, "work/")
    refused = crawled.start(settings, run=LATER).wait()
    assert refused.error == "FetchFailed"
    assert table in refused.message
    assert ADVICE in refused.message
    assert content(store, "work/", f"runs/src={SOURCE}/{LATER}") == before, "it has left all else alone"
    store.put(table, whole)
    later = crawled.start(settings, run=LATER).wait()
    assert later.well, later.message
    expect_whole(store, crawled.pages)


@every_damage
def test_a_damaged_captures_table_stops_its_own_run_from_being_done_again(
    crawled: Crawled, published: tuple[Settings, ObjectStore], damage: Damage
) -> None:
    settings, store = published
    table = keys.captures(SOURCE, RUN)
    whole = spoil(store, table, damage)
    rows = store.get(keys.articles(SOURCE, RUN))
    for verb in ("run", "finish"):
        refused = crawled.start(settings, verb=verb).wait()
        assert table in refused.message
        assert ADVICE in refused.message
    assert store.get(keys.articles(SOURCE, RUN)) == rows
    store.put(table, whole)
    assert crawled.start(settings).wait().well
    expect_whole(store, crawled.pages)


@every_damage
def test_a_damaged_articles_table_is_made_again_by_its_run(
    crawled: Crawled, published: tuple[Settings, ObjectStore], damage: Damage
) -> None:
    settings, store = published
    whole = spoil(store, keys.articles(SOURCE, RUN), damage)
    with pytest.raises(Corrupt, match=keys.articles(SOURCE, RUN)):
        rows_of(store)
    again = crawled.start(settings, verb="finish").wait()
    assert again.well, again.message
    assert store.get(keys.articles(SOURCE, RUN)) == whole
    (kept,) = store.list("damaged/")
    assert store.get(kept.key) == damage(whole)
    store.delete([kept.key])
    expect_whole(store, crawled.pages)


@pytest.mark.parametrize("damage", [*DAMAGES.values(), lambda data: b""], ids=[*DAMAGES, "nothing left"])
def test_damaged_work_is_named_and_cleaned_anew(
    crawled: Crawled, published: tuple[Settings, ObjectStore], damage: Damage
) -> None:
    settings, store = published
    whole = store.get(keys.articles(SOURCE, RUN))
    part = parts_with_pages(store, SOURCE, RUN)[0]
    for key in (keys.work_articles(part), keys.work_rejected(part)):
        spoil(store, key, damage if key.endswith("parquet") else cut)
        with pytest.raises(NotReady, match=rf"{key}: damaged: expected {part} to be cleaned"):
            publish(SOURCE, RUN, settings)
        assert store.get(keys.articles(SOURCE, RUN)) == whole
        clean_part(part, settings)
        publish(SOURCE, RUN, settings)
        assert store.get(keys.articles(SOURCE, RUN)) == whole
    expect_whole(store, crawled.pages)


@pytest.mark.parametrize("damage", [*DAMAGES.values(), flipped], ids=[*DAMAGES, "a bit"])
def test_a_damaged_snapshot_of_the_frontier_costs_time_alone(
    crawled: Crawled, published: tuple[Settings, ObjectStore], damage: Damage
) -> None:
    settings, store = published
    known = {one.url: one for one in frontier_of(store)}
    assert crawled.start(settings, run=LATER).wait().well, "which leaves a snapshot"
    spoil(store, keys.frontier(SOURCE), damage)
    assert {one.url for one in frontier_of(store)} == set(known)
    assert crawled.start(settings, run="20261124T000000Z").wait().well
    expect_whole(store, crawled.pages)


@pytest.mark.parametrize("damage", [cut, flipped])
def test_a_damaged_part_makes_no_half_an_article(
    crawled: Crawled, published: tuple[Settings, ObjectStore], damage: Damage
) -> None:
    settings, store = published
    whole = store.get(keys.articles(SOURCE, RUN))
    (part, *_) = [key for key in parts_with_pages(store, SOURCE, RUN) if store.get(key).count(b"\x1f\x8b\x08") > 3]
    page = next(row for row in rows_of(store) if row.warc_key == part)
    record = store.get(part)
    at = page.warc_offset + page.warc_length // 2
    store.put(part, record[:at] if damage is cut else record[:at] + flipped(record[at : at + 1]) + record[at + 1 :])
    with pytest.raises(Corrupt, match=rf"{part}.*{ADVICE}"):
        clean_part(part, settings)
    refused = crawled.start(settings, verb="finish").wait()
    assert part in refused.message
    assert store.get(keys.articles(SOURCE, RUN)) == whole, "what was published stays"
    store.put(part, record)
    assert crawled.start(settings, verb="finish").wait().well
    expect_whole(store, crawled.pages)


def test_a_damaged_part_that_no_table_names_yet_stops_its_run_and_once_deleted_is_fetched_again(
    crawled: Crawled, tmp_path: Path
) -> None:
    settings = crawled.archive()
    assert crawled.start(settings, verb="fetch").wait().well
    store = open_store(settings.archive)
    parts = [info.key for info in store.list(keys.raw_prefix(SOURCE, RUN))]
    store.delete([keys.captures(SOURCE, RUN)])
    record = store.get(parts[-1])
    store.put(parts[-1], flipped(record))
    refused = crawled.start(settings).wait()
    assert refused.error == "FetchFailed"
    assert parts[-1] in refused.message
    assert store.head(keys.captures(SOURCE, RUN)) is None
    store.delete([parts[-1]])
    assert crawled.start(settings).wait().well
    expect_whole(store, crawled.pages)
