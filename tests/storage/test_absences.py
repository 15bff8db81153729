"""When an article's page was gone or moved, as captures tell it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from model.article import Article
from model.capture import Capture, Kind
from model.url import article_id
from storage import keys
from storage.absences import Absence, Away, Seen, read_seen
from storage.history import Row
from storage.rows import article_tables
from storage.store import ObjectStore, open_store
from storage.tables import encode, read
from tests.records import AT, URL, article, capture

DAY = timedelta(days=1)
OLD = "http://portal.example/cu/le-hoi"
OTHER = "http://portal.example/tin-khac-9"
HOME = "http://portal.example/"


def archive(folder: Path, *runs: list[Capture], published: int = 1, **changes: Any) -> ObjectStore:
    """An archive of runs a day apart with these captures; the first ones made a row of the article at `URL`."""
    store = open_store(str(folder))
    for n, captures in enumerate(runs):
        run = keys.run_id(AT + n * DAY)
        store.put(keys.captures("kimson", run), encode(captures, Capture))
        if n < published:
            made = article(id=article_id(URL), run=run, fetched_at=AT + n * DAY, **changes)
            store.put(keys.articles("kimson", run), encode([made], Article))
    return store


def told(store: ObjectStore) -> Seen:
    names = [name for name in Row.__slots__ if name != "key"]
    tables = article_tables(store)
    articles = [(table.key, one) for table in tables for one in read(store, table.key, Article)]
    rows = [Row(key=key, **{name: getattr(one, name) for name in names}) for key, one in articles]
    return read_seen(store, [row for row in rows if row.id == article_id(URL)])


def spans(found: Seen) -> list[tuple[str, int, int | None, str | None]]:
    """How the page was away, from which day to which, and where it led."""
    return [(a.absence, (a.since - AT).days, a.until and (a.until - AT).days, a.leads_to) for a in found.away]


def on(day: int, url: str = URL, **changes: Any) -> Capture:
    offset = changes.pop("warc_offset", 100)
    return capture(url=url, fetched_at=AT + day * DAY, warc_key="w", warc_offset=offset, **changes)


def test_gone_and_back_again(tmp_path: Path) -> None:
    store = archive(tmp_path, [on(0)], [on(1, status=404)], [on(2, status=410)], [on(3)])
    assert told(store).away == [
        Away(absence=Absence.GONE, since=AT + DAY, until=AT + 3 * DAY, url=URL, status=404, leads_to=None)
    ]


def test_gone_and_not_back(tmp_path: Path) -> None:
    assert spans(told(archive(tmp_path, [on(0)], [on(1, status=410)]))) == [("gone", 1, None, None)]


def test_failures_and_addresses_that_wait_tell_nothing(tmp_path: Path) -> None:
    nothing = [on(1, status=503), on(1, status=None), on(1, status=None, error="timeout"), on(1, error="blocked")]
    assert told(archive(tmp_path, [on(0)], *[[one] for one in nothing])).away == []
    assert spans(told(archive(tmp_path, [on(0)], [on(1, status=404)], [on(2, status=500)]))) == [
        ("gone", 1, None, None)
    ]


def test_what_a_search_engine_was_shown_tells_nothing(tmp_path: Path) -> None:
    assert told(archive(tmp_path, [on(0)], [on(1, kind=Kind.PROBE, status=404)])).away == []


def test_a_redirect_that_was_not_followed_is_a_move(tmp_path: Path) -> None:
    elsewhere = "http://other.example/le-hoi"
    found = told(archive(tmp_path, [on(0)], [on(1, status=301, location=elsewhere)]))
    assert spans(found) == [("moved", 1, None, elsewhere)]


def test_a_page_that_leads_home_has_moved(tmp_path: Path) -> None:
    hop = on(1, status=302, location=HOME, warc_offset=1)
    found = told(archive(tmp_path, [on(0)], [hop, on(1, final_url=HOME, warc_offset=2)]))
    assert spans(found) == [("moved", 1, None, HOME)]


def test_a_page_that_leads_to_another_article_has_moved_there(tmp_path: Path) -> None:
    hop = on(1, status=301, location=OTHER, warc_offset=1)
    found = told(archive(tmp_path, [on(0)], [hop, on(1, final_url=OTHER, warc_offset=2)]))
    assert spans(found) == [("moved", 1, None, OTHER)]


def test_gone_after_it_had_moved_is_two_absences(tmp_path: Path) -> None:
    found = told(archive(tmp_path, [on(0)], [on(1, status=301, location=OTHER)], [on(2, status=404)], [on(3)]))
    assert spans(found) == [("moved", 1, 2, OTHER), ("gone", 2, 3, None)]


def test_an_article_that_is_found_under_an_old_address_alone_is_gone_when_that_is(tmp_path: Path) -> None:
    led = [on(0, OLD, status=301, location=URL, warc_offset=1), on(0, OLD, final_url=URL, warc_offset=2)]
    assert spans(told(archive(tmp_path, led, [on(1, OLD, status=404)]))) == [("gone", 1, None, None)]


def test_an_old_address_that_is_gone_tells_nothing_while_the_article_is_found_at_another(tmp_path: Path) -> None:
    led = [on(0, OLD, status=301, location=URL, warc_offset=1), on(0, OLD, final_url=URL, warc_offset=2)]
    assert told(archive(tmp_path, [*led, on(0)], [on(1, OLD, status=404), on(1)])).away == []


def test_http_and_https_are_one_address(tmp_path: Path) -> None:
    secure = URL.replace("http:", "https:")
    hop = on(1, status=301, location=secure, warc_offset=1)
    found = told(archive(tmp_path, [on(0)], [hop, on(1, final_url=secure, warc_offset=2)], [on(2, secure, status=404)]))
    assert spans(found) == [("gone", 2, None, None)]


def test_answers_that_nothing_changed_are_told_with_their_time(tmp_path: Path) -> None:
    found = told(archive(tmp_path, [on(0)], [on(1, status=304, unchanged=True)], [on(2, unchanged=True)]))
    assert found == Seen([], [AT + DAY, AT + 2 * DAY])


def test_a_row_whose_captures_are_lost_shows_that_the_page_was_there(tmp_path: Path) -> None:
    store = archive(tmp_path, [on(0)], [on(1, status=404)], [on(2)], published=3)
    store.delete([keys.captures("kimson", keys.run_id(AT + 2 * DAY))])
    assert spans(told(store)) == [("gone", 1, 2, None)]
