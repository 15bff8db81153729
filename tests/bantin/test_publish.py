"""What publish makes of cleaned parts: one row a page by address, and a report of all rows."""

import json
from datetime import timedelta

import pytest

from bantin.errors import NotReady
from bantin.publish import publish
from bantin.settings import Settings
from model.article import Article, Removal, SpamLink
from model.capture import Capture
from model.source import dump_source
from storage import keys
from storage.store import ObjectStore, open_store
from storage.tables import encode, read
from tests.records import AT, RUN, article, capture
from tests.stored import a_source

PARTS = [keys.raw_part("kimson", RUN, 1, number) for number in (1, 2)]
LATER = AT + timedelta(seconds=9)
MENU = Removal(text="Trang chủ", rule="menu", path="ul")
COUNTER = Removal(text="Trực tuyến: 9", rule="visit-counter", path="p")
BET = SpamLink(text="nhà cái", url="http://192.0.2.1/", rule="bare-ip", hidden=True)


def row(name: str, part: int, **changes: object) -> Article:
    url = f"http://portal.example/{name}"
    return article(**{"id": name, "url": url, "title": name, "warc_key": PARTS[part], **changes})


FIRST = [row("c", 0), row("moved", 0, url="http://portal.example/z", fetched_at=LATER, removed=[MENU, COUNTER])]
SECOND = [row("b", 1, spam=[BET], removed=[]), row("moved", 1, url="http://portal.example/a", quarantined=True)]


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    """An archive with a run that is fetched: two parts, cleaned."""
    store = open_store(settings.archive)
    store.put(keys.run_source("kimson", RUN), dump_source(a_source()).encode())
    captures = [capture(warc_key=part, warc_offset=100, warc_length=50) for part in PARTS]
    store.put(keys.captures("kimson", RUN), encode(captures, Capture))
    for part, rows in zip(PARTS, (FIRST, SECOND), strict=True):
        store.put(keys.work_articles(part), encode(rows, Article, made_by="rules"))
        store.put(keys.work_rejected(part), json.dumps([]).encode())
    return store


def test_a_page_that_two_addresses_led_to_has_its_last_row_and_rows_are_by_address(
    store: ObjectStore, settings: Settings
) -> None:
    publish("kimson", RUN, settings)
    wanted = [SECOND[0], FIRST[0], FIRST[1]]
    assert read(store, keys.articles("kimson", RUN), Article) == wanted
    assert store.get(keys.articles("kimson", RUN)) == encode(wanted, Article)


def test_the_report_counts_the_rows_that_are_published(store: ObjectStore, settings: Settings) -> None:
    earlier = "20261121T000000Z"
    known = [row("b", 0, text="trước", text_sha256="0" * 64), row("c", 0)]
    older = [article(**{name: getattr(one, name) for name in ("id", "url", "text_sha256")}, run=earlier,
                     fetched_at=AT - timedelta(days=1)) for one in known]  # fmt: skip
    store.put(keys.articles("kimson", earlier), encode(older, Article))
    report = publish("kimson", RUN, settings)
    assert report.articles == {"new": 1, "changed": 1, "unchanged": 1, "quarantined": 0}
    assert list(report.removed.items()) == [("visit-counter", 2), ("menu", 1)]
    assert report.spam == [{"page": SECOND[0].url, "url": BET.url, "text": BET.text, "rule": BET.rule}]
    assert report.cleaner_version == "test"


def test_a_run_of_one_row_group_and_more_is_published_in_order(store: ObjectStore, settings: Settings) -> None:
    for part, start in enumerate((1, 0)):
        rows = [row(f"{number:04}", part) for number in range(start, 1400, 2)]
        store.put(keys.work_articles(PARTS[part]), encode(rows, Article, made_by="rules"))
    publish("kimson", RUN, settings)
    assert [one.id for one in read(store, keys.articles("kimson", RUN), Article)] == [f"{n:04}" for n in range(1400)]


def test_a_part_that_is_no_table_is_named_with_what_to_do(store: ObjectStore, settings: Settings) -> None:
    key = keys.work_articles(PARTS[1])
    store.put(key, store.get(key)[:-9])
    with pytest.raises(NotReady, match=f"{key}: damaged: expected {PARTS[1]} to be cleaned"):
        publish("kimson", RUN, settings)
