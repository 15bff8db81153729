"""The frontier: the newest fact wins, failures are tried again, intervals follow the text."""

from datetime import timedelta
from pathlib import Path

import pytest

from model.article import Article
from model.capture import Capture
from storage import keys
from storage.frontier import Known, fold, last_texts
from storage.store import ObjectStore, open_store
from storage.tables import encode
from tests.records import AT, URL, article, capture

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path))


def commit(store: ObjectStore, number: int, *captures: Capture, texts: tuple[str, ...] = ()) -> str:
    """Puts a run `number` days after the first into the archive; one article for each text, of the first captures."""
    run = keys.run_id(AT + number * DAY)
    store.put(keys.captures("kimson", run), encode(captures, Capture))
    rows = [
        article(url=c.final_url, fetched_at=c.fetched_at, text=text, run=run)
        for c, text in zip(captures, texts, strict=False)
    ]
    store.put(keys.articles("kimson", run), encode(rows, Article))
    return run


def frontier(store: ObjectStore, leave_out: str | None = None) -> dict[str, Known]:
    return fold(store, "kimson", leave_out=leave_out, min_h=24, max_h=96)


def test_an_empty_archive_knows_nothing(store: ObjectStore) -> None:
    assert frontier(store) == {}


def test_validators_of_the_last_full_answer_are_kept_over_a_304(store: ObjectStore) -> None:
    commit(store, 0, capture(etag='"1"', last_modified="x", body_sha256="aa"), texts=("một",))
    commit(store, 1, capture(status=304, fetched_at=AT + DAY))
    known = frontier(store)[URL]
    assert (known.etag, known.last_modified, known.body_sha256, known.status) == ('"1"', "x", "aa", 200)
    assert known.last_fetched == AT + DAY
    assert known.first_seen == AT


def test_runs_committed_out_of_order_give_the_same(store: ObjectStore, tmp_path: Path) -> None:
    other = open_store(str(tmp_path / "other"))
    runs = [
        (0, capture(etag='"1"'), "một"),
        (1, capture(etag='"2"', fetched_at=AT + DAY), "hai"),
        (2, capture(etag='"3"', fetched_at=AT + 2 * DAY), "hai"),
    ]
    for number, one, text in runs:
        commit(store, number, one, texts=(text,))
    for number, one, text in reversed(runs):
        commit(other, number, one, texts=(text,))
    assert frontier(store) == frontier(other)
    assert frontier(store)[URL].etag == '"3"'


def test_the_interval_grows_while_the_text_stays_and_shrinks_when_it_changes(store: ObjectStore) -> None:
    for number, text in enumerate(["một", "một", "một", "hai"]):
        commit(store, number, capture(fetched_at=AT + number * DAY, body_sha256=str(number)), texts=(text,))
    known = frontier(store)[URL]
    assert known.interval_h == pytest.approx(24 * 1.5 * 1.5 * 0.8)
    started = keys.run_time(keys.run_id(AT + 3 * DAY))
    assert known.next_due == started + timedelta(hours=known.interval_h)


def test_the_text_behind_a_redirect_counts_for_the_address_that_was_asked_for(store: ObjectStore) -> None:
    for number in range(2):
        at = AT + number * DAY
        hop = capture(status=302, final_url=URL, fetched_at=at)
        answer = capture(final_url=f"{URL}-moi", fetched_at=at + timedelta(seconds=1))
        commit(store, number, answer, hop, texts=("một",))
    known = frontier(store)[URL]
    assert known.text_sha256 == article(text="một").text_sha256
    assert known.interval_h == pytest.approx(24 * 1.5)


def test_intervals_stay_between_the_bounds(store: ObjectStore) -> None:
    for number in range(9):
        commit(store, number, capture(fetched_at=AT + number * DAY), texts=("một",))
    assert frontier(store)[URL].interval_h == 96


def test_a_failure_is_due_at_once_and_forgets_nothing(store: ObjectStore) -> None:
    commit(store, 0, capture(etag='"1"'), texts=("một",))
    commit(store, 1, capture(status=None, error="time-out", fetched_at=AT + DAY))
    commit(store, 2, capture(status=503, fetched_at=AT + 2 * DAY))
    known = frontier(store)[URL]
    assert (known.failures, known.etag, known.next_due) == (2, '"1"', AT + 2 * DAY)


def test_a_run_that_is_repeated_does_not_count_itself(store: ObjectStore) -> None:
    commit(store, 0, capture(etag='"1"'), texts=("một",))
    again = commit(store, 1, capture(etag='"2"', fetched_at=AT + DAY), texts=("hai",))
    assert frontier(store, leave_out=again)[URL].etag == '"1"'


def test_texts_before_a_run_are_the_newest_of_the_others(store: ObjectStore) -> None:
    commit(store, 0, capture(), texts=("một",))
    commit(store, 1, capture(fetched_at=AT + DAY), texts=("hai",))
    run = commit(store, 2, capture(fetched_at=AT + 2 * DAY), texts=("ba",))
    before = last_texts(store, "kimson", leave_out=run, before=AT + 2 * DAY)
    assert before == {article().id: article(text="hai").text_sha256}
