"""The frontier: the newest fact wins, failures are tried again, intervals follow the text; snapshots change nothing."""

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from model.article import Article
from model.capture import Capture, Kind, is_failure
from storage import frontier as frontier_module
from storage import keys, snapshot
from storage.facts import RunTables, facts, read_run
from storage.frontier import Fate, Frontier, Known, fold, key_of, last_texts
from storage.store import ObjectStore, open_object, open_store
from storage.tables import encode
from tests.records import AT, URL, article, capture

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LIST = "http://portal.example/tin-tuc/"
HOME = "http://portal.example/"
OTHER = "http://portal.example/dua-thuyen-1205"


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path))


def commit(store: ObjectStore, number: int, *captures: Capture, texts: tuple[str, ...] | None = ()) -> str:
    """Puts a run `number` days after the first into the archive; one article for each text, of the first captures. With
    `texts=None` the run stays unpublished."""
    run = keys.run_id(AT + number * DAY)
    store.put(keys.captures("kimson", run), encode(captures, Capture))
    if texts is not None:
        publish(store, run, captures, texts)
    return run


def publish(store: ObjectStore, run: str, captures: tuple[Capture, ...], texts: tuple[str, ...]) -> None:
    rows = [
        article(url=c.final_url, fetched_at=c.fetched_at, text=text, run=run)
        for c, text in zip(captures, texts, strict=False)
    ]
    store.put(keys.articles("kimson", run), encode(rows, Article))


def frontier(store: ObjectStore, leave_out: str | None = None, *, save: bool = False) -> Frontier:
    return fold(store, "kimson", leave_out=leave_out, min_h=24, max_h=96, save=save)


def known_of(store: ObjectStore, url: str = URL, leave_out: str | None = None) -> Known:
    known = frontier(store, leave_out).get(url)
    assert known is not None
    return known


def row(day: float, **changes: Any) -> Capture:
    """A capture so many days after the first, with a record of its own."""
    values = {"fetched_at": AT + day * DAY, "warc_key": f"raw/{day}", "warc_offset": 7, **changes}
    return capture(**values)


def test_an_empty_archive_knows_nothing(store: ObjectStore) -> None:
    assert len(frontier(store)) == 0


def test_validators_of_the_last_full_answer_are_kept_over_a_304(store: ObjectStore) -> None:
    commit(store, 0, capture(etag='"1"', last_modified="x", body_sha256="aa"), texts=("một",))
    commit(store, 1, capture(status=304, fetched_at=AT + DAY))
    known = known_of(store)
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
    assert list(frontier(store)) == list(frontier(other))
    assert known_of(store).etag == '"3"'


def test_the_interval_grows_while_the_text_stays_and_shrinks_when_it_changes(store: ObjectStore) -> None:
    for number, text in enumerate(["một", "một", "một", "hai"]):
        commit(store, number, capture(fetched_at=AT + number * DAY, body_sha256=str(number)), texts=(text,))
    known = known_of(store)
    assert known.interval_h == pytest.approx(24 * 1.5 * 1.5 * 0.8)
    started = keys.run_time(keys.run_id(AT + 3 * DAY))
    assert known.next_due == started + timedelta(hours=known.interval_h)


def test_the_text_behind_a_redirect_counts_for_the_address_that_was_asked_for(store: ObjectStore) -> None:
    for number in range(2):
        at = AT + number * DAY
        hop = capture(status=302, final_url=URL, fetched_at=at)
        answer = capture(final_url=f"{URL}-moi", fetched_at=at + timedelta(seconds=1))
        commit(store, number, answer, hop, texts=("một",))
    known = known_of(store)
    assert known.text_sha256 == article(text="một").text_sha256
    assert known.interval_h == pytest.approx(24 * 1.5)


def test_intervals_stay_between_the_bounds(store: ObjectStore) -> None:
    for number in range(9):
        commit(store, number, capture(fetched_at=AT + number * DAY), texts=("một",))
    assert known_of(store).interval_h == 96


def test_a_failure_is_due_at_once_and_forgets_nothing(store: ObjectStore) -> None:
    commit(store, 0, capture(etag='"1"'), texts=("một",))
    commit(store, 1, capture(status=None, error="time-out", fetched_at=AT + DAY))
    commit(store, 2, capture(status=503, fetched_at=AT + 2 * DAY))
    known = known_of(store)
    assert (known.failures, known.etag, known.next_due) == (2, '"1"', AT + 2 * DAY)


def test_a_run_that_is_repeated_does_not_count_itself(store: ObjectStore) -> None:
    commit(store, 0, capture(etag='"1"'), texts=("một",))
    again = commit(store, 1, capture(etag='"2"', fetched_at=AT + DAY), texts=("hai",))
    assert known_of(store, leave_out=again).etag == '"1"'


def test_texts_before_a_run_are_the_newest_of_the_others(store: ObjectStore) -> None:
    commit(store, 0, capture(), texts=("một",))
    commit(store, 1, capture(fetched_at=AT + DAY), texts=("hai",))
    run = commit(store, 2, capture(fetched_at=AT + 2 * DAY), texts=("ba",))
    before = last_texts(store, "kimson", leave_out=run, before=AT + 2 * DAY)
    assert before == {article().id: article(text="hai").text_sha256}


def test_a_page_that_is_gone_or_has_moved_is_asked_for_less_and_less(store: ObjectStore) -> None:
    moved = "http://moi.example/1"
    commit(store, 0, row(0), row(0.01, url=OTHER, status=301, location=moved), texts=("một",))
    commit(store, 1, row(1, status=404), row(1.01, url=OTHER, final_url=HOME))
    gone, away = known_of(store), known_of(store, OTHER)
    assert (gone.fate, gone.interval_h, gone.status) == (Fate.GONE, 36, 404)
    assert gone.text_sha256 == article(text="một").text_sha256
    assert (away.fate, away.interval_h, away.final_url, away.rejected) == (Fate.MOVED, 54, HOME, False)


def test_where_a_redirect_leads_is_known_while_it_is_the_last_answer(store: ObjectStore) -> None:
    commit(store, 0, row(0, status=302, location="http://moi.example/1"))
    assert (known_of(store).fate, known_of(store).location) == (Fate.MOVED, "http://moi.example/1")
    commit(store, 1, row(1), texts=("một",))
    assert (known_of(store).fate, known_of(store).location) == (Fate.LIVE, None)


def test_a_redirect_that_was_followed_is_no_answer_of_its_own(store: ObjectStore) -> None:
    hop = row(0, status=302, location=OTHER)
    commit(store, 0, hop, row(0.001, final_url=OTHER, status=None, error="time-out"))
    commit(store, 1, row(1, status=302, location=OTHER), row(1.001, final_url=OTHER, status=503))
    known = known_of(store)
    assert (known.failures, known.interval_h, known.fate) == (2, 24, Fate.UNKNOWN)


def test_a_rejected_page_is_asked_for_less_and_less(store: ObjectStore) -> None:
    commit(store, 0, row(0), row(0.01, url=OTHER), texts=("một",))
    known = known_of(store, OTHER)
    assert (known.rejected, known.interval_h, known.fate) == (True, 36, Fate.LIVE)
    assert frontier(store).rejected() == {OTHER}


def test_an_unchanged_answer_keeps_the_record_and_takes_the_newer_validators(store: ObjectStore) -> None:
    commit(store, 0, row(0, etag='"1"', last_modified="x", body_sha256="aa"), texts=("một",))
    commit(store, 1, row(1, unchanged=True, etag='"2"'))
    known = known_of(store)
    assert (known.etag, known.last_modified, known.body_sha256, known.place) == ('"2"', "x", "aa", ("raw/0", 7))
    assert (known.answered_at, known.last_fetched) == (AT, AT + DAY)
    assert known.interval_h == 36
    commit(store, 2, row(2, status=304, unchanged=True, last_modified="y"))
    known = known_of(store)
    assert (known.etag, known.last_modified, known.status, known.interval_h) == ('"2"', "y", 200, 54)


def test_an_unchanged_page_with_another_status_has_that_status(store: ObjectStore) -> None:
    commit(store, 0, row(0, body_sha256="aa"))
    commit(store, 1, row(1, status=404, unchanged=True))
    assert (known_of(store).fate, known_of(store).place) == (Fate.GONE, ("raw/0", 7))


def test_validators_of_another_address_are_none(store: ObjectStore) -> None:
    commit(store, 0, row(0, etag='"1"', final_url=OTHER))
    assert known_of(store).etag is None
    commit(store, 1, row(1, etag='"2"', final_url=f"{URL}?utm_source=zalo#dau"))
    assert known_of(store).etag == '"2"'


@pytest.mark.parametrize("kind", [Kind.LISTING, Kind.FEED, Kind.SITEMAP, Kind.ROBOTS])
def test_a_list_is_asked_for_less_until_its_body_changes(store: ObjectStore, kind: Kind) -> None:
    bodies = ["aa", "aa", None, "bb"]
    intervals = []
    for number, body in enumerate(bodies):
        status = 200 if body else 304
        commit(store, number, row(number, url=LIST, kind=kind, body_sha256=body, status=status))
        intervals.append(known_of(store, LIST).interval_h)
    assert intervals == [24, 36, 54, 24]


def test_a_file_starts_at_the_longest_interval_and_follows_its_body(store: ObjectStore) -> None:
    intervals = []
    for number, body in enumerate(["aa", "bb", "bb", "cc"]):
        commit(store, number, row(number, kind=Kind.ASSET, body_sha256=body))
        intervals.append(known_of(store).interval_h)
    assert intervals == pytest.approx([96, 76.8, 96, 76.8])


def test_an_answer_of_a_run_that_is_not_published_is_a_failure(store: ObjectStore) -> None:
    commit(store, 0, row(0, etag='"1"'), row(0.01, url=LIST, kind=Kind.LISTING), texts=None)
    known = known_of(store)
    assert (known.failures, known.etag, known.next_due, known.fate) == (1, None, AT, Fate.UNKNOWN)
    assert known_of(store, LIST).failures == 0


def test_what_waits_is_due_at_once_and_in_the_order_it_was_found(store: ObjectStore) -> None:
    found = [f"http://portal.example/{number}" for number in (3, 1, 2)]
    rows = [row(0, url=url, status=None, warc_key=None, fetched_at=AT + n * MINUTE) for n, url in enumerate(found)]
    commit(store, 0, *reversed(rows))
    known = frontier(store)
    assert [one.url for one in known.waiting(Kind.ARTICLE)] == found
    assert [one.url for one in known.waiting(Kind.ARTICLE, limit=2)] == found[:2]
    assert known.waiting(Kind.ASSET) == []
    assert known.due(AT + 99 * DAY, list(Kind)) == []
    first = known_of(store, found[0])
    assert (first.fate, first.last_fetched, first.first_seen, first.next_due) == (Fate.WAITING, None, AT, AT)


def test_an_answer_ends_the_waiting_and_nothing_begins_it_again(store: ObjectStore) -> None:
    commit(store, 0, row(0, status=None, via=LIST))
    commit(store, 1, row(1, via=None), texts=("một",))
    commit(store, 2, row(2, status=None, via=HOME))
    known = known_of(store)
    assert (known.waiting, known.first_seen, known.last_fetched, known.via) == (False, AT, AT + DAY, LIST)


def test_probes_are_no_facts(store: ObjectStore) -> None:
    commit(store, 0, row(0), texts=("một",))
    before = known_of(store)
    commit(store, 1, row(1, kind=Kind.PROBE, status=404), row(1, kind=Kind.PROBE, url=OTHER))
    assert list(frontier(store)) == [before]


def test_pages_of_a_list_that_are_got_by_post_are_told_apart(store: ObjectStore) -> None:
    pages = [row(n / 9, url=f"{LIST}#page={n}", kind=Kind.LISTING, body_sha256=str(n)) for n in range(3)]
    commit(store, 0, *pages, row(0.9, url=f"{URL}#page=2"), row(0.95, url=URL))
    known = frontier(store)
    assert len(known) == 4
    page = known.get(key_of(f"{LIST}#page=2", Kind.LISTING))
    assert page is not None
    assert (page.body_sha256, page.url) == ("2", f"{LIST}#page=2")
    assert key_of(f"{LIST}#page=2", Kind.FEED) == LIST


def test_a_list_knows_when_it_last_named_something_new(store: ObjectStore) -> None:
    lists = [row(0, url=LIST, final_url=f"{LIST}trang-1", kind=Kind.LISTING), row(0, url=HOME, kind=Kind.LISTING)]
    commit(store, 0, *lists, row(0.1, via=LIST), row(0.2, url=f"{URL}.jpg", kind=Kind.ASSET, via=f"{LIST}trang-1"))
    commit(store, 1, row(1, via=LIST), row(1, url=f"{LIST}?p=2", kind=Kind.LISTING, via=LIST))
    assert known_of(store, LIST).last_news == AT + 0.2 * DAY
    assert known_of(store, HOME).last_news is None
    assert known_of(store).last_news is None


def test_what_is_due_comes_soonest_first(store: ObjectStore) -> None:
    commit(store, 0, row(0), row(0.1, url=OTHER), row(0.2, url=LIST, kind=Kind.LISTING), texts=("một",))
    commit(store, 1, row(1, url=f"{URL}-hong", status=None, error="time-out"))
    known = frontier(store)
    started = keys.run_time(keys.run_id(AT))
    articles = [Kind.ARTICLE]
    assert [one.url for one in known.due(AT + 9 * DAY, articles)] == [URL, f"{URL}-hong", OTHER]
    assert [one.url for one in known.due(AT + 9 * DAY, articles, limit=1)] == [URL]
    assert [one.url for one in known.due(AT + 9 * DAY, articles, max_failures=1)] == [URL, OTHER]
    assert [one.url for one in known.due(started + DAY, list(Kind))] == [URL, LIST]
    assert known.due(started + DAY - MINUTE, list(Kind)) == []


def test_a_url_is_asked_for_by_the_spelling_that_answered(store: ObjectStore) -> None:
    spelling = "http://portal.example/%6Ce-hoi?b=2&a=1&utm_source=zalo"
    commit(store, 0, row(0, url=spelling), texts=("một",))
    known = known_of(store, key_of(spelling, Kind.ARTICLE))
    assert (known.url, known.key) == (spelling, "http://portal.example/le-hoi?a=1&b=2")
    assert known.final_url == spelling


def test_a_url_that_is_no_address_is_its_own_key(store: ObjectStore) -> None:
    commit(store, 0, row(0, url="http://[::1/x", final_url="http://[::1/y"))
    assert known_of(store, "http://[::1/x").key == "http://[::1/x"


def test_a_table_of_an_earlier_version_is_folded(store: ObjectStore, tmp_path: Path) -> None:
    run = commit(store, 0, row(0, etag='"1"'), texts=("một",))
    key = keys.captures("kimson", run)
    with open_object(store, key) as file:
        table = pq.read_table(file)
    pq.write_table(table.drop(["location", "unchanged"]), tmp_path / "old.parquet")
    store.put(key, tmp_path / "old.parquet")
    assert (known_of(store).etag, known_of(store).location) == ('"1"', None)


def test_failures_are_those_of_the_captures_themselves(store: ObjectStore) -> None:
    kinds = [kind for kind in Kind if kind != Kind.PROBE]
    answers = [(status, None) for status in (200, 206, 301, 304, 403, 404, 410, 429, 503)] + [(None, "x"), (200, "x")]
    rows = [
        row(n / 1000, url=f"{URL}/{kind}/{n}", kind=kind, status=status, error=error)
        for kind in kinds
        for n, (status, error) in enumerate(answers)
    ]
    run = commit(store, 0, *rows)
    found = facts([read_run(store, "kimson", run, published=True)])
    by_url = dict(zip(found.columns["url"].to_pylist(), found.failed.tolist(), strict=True))
    assert by_url == {one.url: is_failure(one.kind, one.status, one.error) for one in rows}
    assert sum(by_url.values()) == 2 * 6 + 4 * 9


# The snapshot.


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs whose tables are read from here on."""
    read: list[str] = []

    def counted(store: ObjectStore, source: str, run: str, *, published: bool) -> RunTables:
        read.append(run)
        return read_run(store, source, run, published=published)

    monkeypatch.setattr(frontier_module, "read_run", counted)
    return read


def two_runs(store: ObjectStore) -> list[str]:
    return [
        commit(store, 0, row(0, etag='"1"'), row(0.1, url=LIST, kind=Kind.LISTING), texts=("một",)),
        commit(store, 1, row(1), row(1.1, url=OTHER), texts=("một", "hai")),
    ]


def test_a_snapshot_saves_the_reading_of_all_but_the_new_runs(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_runs(store)
    whole = list(frontier(store, save=True))
    read = counting(monkeypatch)
    assert list(frontier(store, save=True)) == whole
    assert read == []
    new = commit(store, 2, row(2), texts=("ba",))
    known = known_of(store)
    assert read == [new]
    store.delete([keys.frontier("kimson")])
    assert known_of(store) == known
    assert known.interval_h == pytest.approx(24 * 1.5 * 0.8)


def test_without_being_asked_nothing_is_saved(store: ObjectStore) -> None:
    two_runs(store)
    frontier(store)
    assert keys.frontier("kimson") == "frontier/src=kimson.parquet"
    assert store.head(keys.frontier("kimson")) is None


def a_late_run(store: ObjectStore, runs: list[str]) -> None:
    commit(store, 2, row(0.5, etag='"late"'), texts=("một",))


def a_second_cleaning(store: ObjectStore, runs: list[str]) -> None:
    publish(store, runs[1], (row(1),), ("khác",))


def a_table_that_is_taken_away(store: ObjectStore, runs: list[str]) -> None:
    store.delete([keys.articles("kimson", runs[0])])


@pytest.mark.parametrize("change", [a_late_run, a_second_cleaning, a_table_that_is_taken_away])
def test_a_snapshot_that_no_longer_fits_is_not_used(
    store: ObjectStore, change: Callable[[ObjectStore, list[str]], None]
) -> None:
    runs = two_runs(store)
    before = list(frontier(store, save=True))
    change(store, runs)
    after = list(frontier(store, save=True))
    assert list(frontier(store)) == after
    store.delete([keys.frontier("kimson")])
    assert list(frontier(store)) == after
    assert before != after


def test_a_run_that_is_published_later_counts_from_then_on(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, 0, row(0, etag='"1"'), texts=None)
    frontier(store, save=True)
    read = counting(monkeypatch)
    assert (known_of(store).failures, read) == (1, [])
    run = keys.run_id(AT)
    publish(store, run, (row(0),), ("một",))
    assert (known_of(store).failures, known_of(store).etag) == (0, '"1"')
    assert read == [run, run]


def test_a_run_that_is_left_out_is_in_no_snapshot(store: ObjectStore) -> None:
    runs = two_runs(store)
    frontier(store, save=True)
    without = list(frontier(store, leave_out=runs[1], save=True))
    assert [one.url for one in without] == [URL, LIST]
    assert list(frontier(store, leave_out=runs[1])) == without
    assert len(frontier(store)) == 3


def test_other_bounds_make_another_snapshot(store: ObjectStore) -> None:
    two_runs(store)
    frontier(store, save=True)
    known = fold(store, "kimson", min_h=1, max_h=2, save=True).get(URL)
    assert known is not None
    assert known.interval_h == 1.5
    assert known_of(store).interval_h == 36


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 255]) + data[101:]


def foreign(data: bytes) -> bytes:
    return encode([capture()], Capture)


@pytest.mark.parametrize("damage", [cut, flip, foreign, lambda data: b""])
def test_a_snapshot_that_is_damaged_or_foreign_is_made_anew(
    store: ObjectStore, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    two_runs(store)
    whole = list(frontier(store, save=True))
    key = keys.frontier("kimson")
    damaged = damage(store.get(key))
    assert damaged != store.get(key)
    store.put(key, damaged)
    with caplog.at_level(logging.WARNING):
        assert list(frontier(store, save=True)) == whole
    assert "it is made anew" in caplog.text
    caplog.clear()
    assert list(frontier(store)) == whole
    assert caplog.text == ""


def test_a_snapshot_of_another_version_is_made_anew(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    two_runs(store)
    whole = list(frontier(store, save=True))
    monkeypatch.setattr(snapshot, "VERSION", snapshot.VERSION + 1)
    with caplog.at_level(logging.WARNING):
        assert list(frontier(store, save=True)) == whole
    assert "it is of version" in caplog.text


def test_a_snapshot_that_cannot_be_saved_is_no_failure(
    store: ObjectStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    two_runs(store)
    (tmp_path / "frontier").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING):
        assert len(frontier(store, save=True)) == 3
    assert "not written" in caplog.text


# Histories by chance: whatever happened, neither the order of commits, nor snapshots, nor portions change the result.


def history(rng: random.Random) -> list[tuple[int, tuple[Capture, ...], tuple[str, ...] | None]]:
    """A few runs of a few URLs, with all that can happen to them; some overlap."""
    runs = []
    for number in range(rng.randint(2, 6)):
        rows: list[Capture] = []
        texts: list[str] = []
        at = AT + number * DAY - rng.choice([0, 0, 0, 1.5]) * DAY
        for _ in range(rng.randint(0, 12)):
            at += rng.choice([0, 1, 1, 600]) * timedelta(seconds=1)
            url = rng.choice([URL, OTHER, f"{OTHER}?b=1&a=2", HOME, LIST, f"{LIST}#page=1", f"{LIST}#page=2"])
            kinds = [Kind.ARTICLE] * 4 + [Kind.ASSET, Kind.PROBE]
            if url.startswith(LIST):
                kinds = [Kind.LISTING] if "#" in url else [Kind.LISTING, Kind.FEED]
            status = rng.choice([200, 200, 200, 200, 304, 302, 404, 503, None])
            whole = status is not None and status != 304
            one = capture(
                url=url,
                kind=rng.choice(kinds),
                final_url=rng.choice([url, url, url, OTHER, HOME]),
                via=rng.choice([LIST, f"{LIST}#page=1", HOME, None]),
                fetched_at=at,
                status=status,
                error=rng.choice([None, "time-out"]) if status is None else None,
                location=OTHER if status == 302 else None,
                etag=rng.choice([None, f'"{number}"']) if status else None,
                last_modified=rng.choice([None, str(number)]) if status else None,
                body_sha256=rng.choice(["aa", "bb"]) if whole else None,
                unchanged=status == 304 or (whole and rng.random() < 0.2),
                warc_key=f"raw/{number}" if status else None,
                warc_offset=rng.randint(0, 9) if status else None,
            )
            rows.append(one)
        pages = [one for one in rows if one.is_page and rng.random() < 0.8]
        texts = [rng.choice(["một", "hai"]) for _ in pages]
        ordered = (*pages, *(one for one in rows if one not in pages))
        runs.append((number, ordered, tuple(texts) if rng.random() < 0.8 else None))
    return runs


@pytest.mark.parametrize("seed", range(16))
def test_histories_fold_to_the_same_however_they_come(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    runs = history(rng)
    late = [run for run in runs if run[2] is not None and rng.random() < 0.3]
    plain, shuffled = open_store(str(tmp_path / "plain")), open_store(str(tmp_path / "shuffled"))
    for number, rows, texts in runs:
        commit(plain, number, *rows, texts=texts)
    whole = list(frontier(plain))
    for number, rows, texts in rng.sample(runs, len(runs)):
        commit(shuffled, number, *rows, texts=None if (number, rows, texts) in late else texts)
        frontier(shuffled, save=rng.random() < 0.7)
    for number, rows, texts in late:
        publish(shuffled, keys.run_id(AT + number * DAY), rows, texts or ())
        frontier(shuffled, save=rng.random() < 0.7)
    assert list(frontier(shuffled)) == whole
    shuffled.delete([keys.frontier("kimson")])
    monkeypatch.setattr(frontier_module, "BATCH_ROWS", 1)
    assert list(frontier(shuffled)) == whole
    folded = frontier(plain)
    assert [folded.get(known.key) for known in whole] == whole


@pytest.mark.parametrize("seed", range(4))
def test_histories_in_the_order_of_time_grow_snapshot_upon_snapshot(seed: int, store: ObjectStore) -> None:
    for number, rows, texts in history(random.Random(seed)):
        commit(store, number, *rows, texts=texts)
        grown = list(frontier(store, save=True))
        kept = store.get(keys.frontier("kimson"))
        store.delete([keys.frontier("kimson")])
        assert list(frontier(store)) == grown
        store.put(keys.frontier("kimson"), kept)
