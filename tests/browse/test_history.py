"""Lists as of a time, the history of an article, and citations that survive a re-clean."""

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bantin.run import run_source
from bantin.settings import Settings
from bantin.timeline import notes, show_history
from browse.history.citations import find
from browse.history.comparing import compare, newest_change
from browse.history.diff import is_changed
from browse.history.diff_forms import marked
from browse.history.moments import Moment, citation, parse_moment, parse_reference
from browse.reading import NoSuchArticle, find_article, find_history, list_articles, list_page
from demo import DemoWeb, truth
from model.article import Article
from model.capture import Capture
from model.report import RunReport, State
from storage import keys, reports
from storage.errors import Corrupt
from storage.replaced import replaced_tables
from storage.store import open_store
from storage.superseded import replace_articles
from storage.tables import encode
from tests.bantin.test_cli import bantin
from tests.conftest import demo_source
from tests.records import AT, article, capture

ID = "0123456789abcdef"
DAY = timedelta(days=1)
CITED = parse_moment("2026-11-22T00:00:05Z")


def put(settings: Settings, day: int, *articles: Article, captures: list[Capture] | None = None) -> None:
    """Publishes a run of that day, as `publish` does it: what it replaces is kept."""
    store, run = open_store(settings.archive), keys.run_id(AT + day * DAY)
    store.put(keys.captures("kimson", run), encode(captures or [on(day)], Capture))
    replace_articles(store, "kimson", run, encode(articles, Article))


def rot(settings: Settings, key: str) -> None:
    """Turns the bits of what a table holds, and leaves its footer."""
    store = open_store(settings.archive)
    data = bytearray(store.get(key))
    data[4:200] = bytes(byte ^ 0xFF for byte in data[4:200])
    store.put(key, bytes(data))


def replaced(settings: Settings) -> list[str]:
    """The replaced tables of the first day's run, those that were put away last at the end."""
    return [one.key for one in replaced_tables(open_store(settings.archive), "kimson", keys.run_id(AT))]


def row(day: int, text: str = "Sáng nay xã mở hội.", **changes: Any) -> Article:
    """What was fetched on that day; 0 is 2026-11-22."""
    run = keys.run_id(AT + day * DAY)
    warc_key = keys.raw_part("kimson", run, 1, 1)
    return article(**{"run": run, "fetched_at": AT + day * DAY, "text": text, "warc_key": warc_key, **changes})


def on(day: int, **changes: Any) -> Capture:
    return capture(run=keys.run_id(AT + day * DAY), fetched_at=AT + day * DAY, warc_offset=100, **changes)


def titles(settings: Settings, at: Moment | None = None) -> list[str]:
    return [entry.title for entry in list_page(open_store(settings.archive), at=at and at.end).entries]


def test_a_list_shows_the_newest_row_of_each_article_newest_day_first(settings: Settings) -> None:
    put(settings, 0, row(0, title="Cũ"), row(0, id="b", title="Khác", published_on=date(2026, 11, 22)))
    put(settings, 1, row(1, title="Mới"), row(1, id="c", title="Không ngày", published_on=None))
    assert titles(settings) == ["Khác", "Mới", "Không ngày"]
    assert [entry.title for entry in list_articles(open_store(settings.archive), "kimson")] == titles(settings)
    assert list_articles(open_store(settings.archive), "another") == []


def test_a_list_as_of_a_time_shows_what_had_been_fetched_then(settings: Settings) -> None:
    put(settings, 0, row(0, title="Cũ"))
    put(settings, 1, row(1, title="Mới"), row(1, id="b", title="Khác"))
    assert titles(settings, parse_moment("2026-11-21")) == []
    assert titles(settings, parse_moment("2026-11-22")) == ["Cũ"]
    assert titles(settings, parse_moment("2026-11-23T00:00:04Z")) == ["Cũ"]
    assert sorted(titles(settings, parse_moment("2026-11-23"))) == ["Khác", "Mới"]


def test_the_first_of_a_list_and_how_many_there_are(settings: Settings) -> None:
    put(settings, 0, *(row(0, id=f"{n:016x}", published_on=date(2026, 11, n + 1)) for n in range(9)))
    page = list_page(open_store(settings.archive), most=2)
    assert ([entry.published_on.day for entry in page.entries if entry.published_on], page.total) == ([9, 8], 9)


def test_a_history_tells_texts_absences_and_returns_in_order(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    put(settings, 1, row(1, "A"))
    put(settings, 2, row(2, "B"), captures=[on(2)])
    put(settings, 3, captures=[on(3, status=404)])
    put(settings, 4, row(4, "A", quarantined=True))
    put(settings, 5, captures=[on(5, status=304, unchanged=True)])
    put(settings, 6, captures=[on(6, status=301, location="http://moi.example/le-hoi")])
    out = io.StringIO()
    show_history(Console(file=out), find_history(open_store(settings.archive), ID[:4]))
    lines = [line.split("\t")[:3] for line in out.getvalue().splitlines()]
    assert lines == [
        ["2026-11-22T00:00:05Z", "2026-11-23T00:00:05Z", "fetched 2 ×"],
        ["2026-11-24T00:00:05Z", "2026-11-24T00:00:05Z", "fetched 1 ×"],
        ["2026-11-25T00:00:05Z", "", "gone (HTTP 404)"],
        ["2026-11-26T00:00:05Z", "", "back"],
        ["2026-11-26T00:00:05Z", "2026-11-27T00:00:05Z", "fetched 1 ×, quarantined"],
        ["2026-11-28T00:00:05Z", "", "moved to http://moi.example/le-hoi"],
    ]


def test_the_history_of_a_page_that_is_edited_and_taken_away(web: DemoWeb, settings: Settings) -> None:
    source = demo_source("portal")
    url = next(url for url in truth() if "portal.example" in url)
    run_source(source, settings, "20261122T000000Z")
    web.edit(url, truth()[url].text[1], "Câu này đã được sửa mà không ai nói.")
    run_source(source, settings, "20991230T000000Z")
    web.fail(url, status=410, times=None)
    run_source(source, settings, "20991231T000000Z")
    wanted = next(entry.id for entry in list_articles(open_store(settings.archive)) if entry.url == url)
    found = find_history(open_store(settings.archive), wanted)
    assert [len(version.rows) for version in found.versions] == [1, 1]
    assert [(away.absence, away.status, away.until) for away in found.away] == [("gone", 410, None)]
    told = [
        marked(paragraph)
        for paragraph in newest_change(open_store(settings.archive), wanted).paragraphs
        if is_changed(paragraph)
    ]
    assert len(told) == 1
    assert told[0].endswith("mà không ai nói+}.")


def test_a_citation_leads_to_the_row_fetched_then(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    put(settings, 1, row(1, "B"))
    for day, text in enumerate("AB"):
        wanted, moment = parse_reference(citation(ID, AT + day * DAY))
        found = find(open_store(settings.archive), wanted, moment)
        assert (found.article.text, found.citation) == (text, citation(ID, AT + day * DAY))
        assert notes(found) == []
    assert find(open_store(settings.archive), ID, None).article.text == "B"


def test_a_time_at_which_nothing_was_fetched_leads_to_the_newest_row_before_and_says_so(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    put(settings, 2, row(2, "B"))
    found = find(open_store(settings.archive), ID, parse_moment("2026-11-23T12:00:00Z"))
    assert found.article.text == "A"
    assert notes(found) == [
        f"nothing was fetched at 2026-11-23T12:00:00Z: this is the newest before, {ID}@2026-11-22T00:00:05Z"
    ]
    assert notes(find(open_store(settings.archive), ID, parse_moment("2026-11-23"))) == []


def test_after_a_reclean_a_citation_leads_to_the_present_text_and_names_the_one_before(settings: Settings) -> None:
    put(settings, 0, row(0, "Hội làng. Lượt xem: 5"))
    put(settings, 0, row(0, "Hội làng. Lượt xem"))
    put(settings, 0, row(0, "Hội làng."))
    found = find(open_store(settings.archive), ID, CITED)
    assert (found.article.text, found.cleaned, len(found.earlier)) == ("Hội làng.", None, 2)
    for earlier in found.earlier:
        assert any(f"bantin show {ID}@2026-11-22T00:00:05Z --cleaned {earlier.mark}" in line for line in notes(found))
    texts = {find(open_store(settings.archive), ID, CITED, earlier.mark[:4]).article.text for earlier in found.earlier}
    assert texts == {"Hội làng. Lượt xem: 5", "Hội làng. Lượt xem"}
    assert find(open_store(settings.archive), ID, None).article.text == "Hội làng."


def test_a_reclean_that_left_the_text_alone_is_not_mentioned(settings: Settings) -> None:
    put(settings, 0, row(0, author="Hòang Mai"))
    put(settings, 0, row(0, author="Hoàng Mai"))
    assert notes(find(open_store(settings.archive), ID, CITED)) == []


def test_a_row_that_a_reclean_dropped_is_found_where_it_was_put(settings: Settings) -> None:
    put(settings, 0, row(0, "A"), row(0, "khác", id="fedcba9876543210", warc_offset=900))
    put(settings, 0, row(0, "khác", id="fedcba9876543210", warc_offset=900))
    for moment in (CITED, None, parse_moment("2026-11-30")):
        found = find(open_store(settings.archive), ID, moment)
        assert (found.article.text, found.now) == ("A", None)
        assert "this is what an earlier cleaning made of the page" in notes(found)[0]
    with pytest.raises(NoSuchArticle):
        find(open_store(settings.archive), ID, parse_moment("2026-11-21"))


def test_a_citation_is_not_led_astray_by_an_older_row_when_its_own_was_dropped(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    put(settings, 1, row(1, "B"))
    put(settings, 1)
    assert find(open_store(settings.archive), ID, parse_moment("2026-11-23T00:00:05Z")).article.text == "B"
    assert find(open_store(settings.archive), ID, None).article.text == "A"


def test_a_capture_that_has_another_id_since_the_reclean_is_named(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    put(settings, 0, row(0, "A", id="fedcba9876543210"))
    found = find(open_store(settings.archive), ID, CITED)
    assert (found.article.id, found.now) == (ID, "fedcba9876543210@2026-11-22T00:00:05Z")
    assert "today the page is known as fedcba9876543210@2026-11-22T00:00:05Z" in notes(found)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_dropped_rows_citation_leads_to_the_same_text_in_a_copy_whose_objects_come_in_any_order(
    backwards: bool, settings: Settings, tmp_path: Path
) -> None:
    for text in ("A", "B", "A", "C", "D"):
        put(settings, 0, row(0, text))
    put(settings, 0)
    store, target = open_store(settings.archive), open_store(str(tmp_path / "copy"))
    for info in sorted(store.list(""), key=lambda info: info.key, reverse=backwards):
        target.put(info.key, store.get(info.key))
    found, copied = find(store, ID, CITED), find(target, ID, CITED)
    assert (found.article.text, [one.row.text_sha256 for one in found.earlier]) == (
        "D",
        [one.row.text_sha256 for one in copied.earlier],
    )
    assert notes(copied) == notes(found)


def test_a_damaged_table_that_was_replaced_keeps_no_citation_from_its_answer(settings: Settings) -> None:
    for text in ("A", "B", "C"):
        put(settings, 0, row(0, text))
    put(settings, 1, row(1, "D"))
    put(settings, 1)
    (first, last) = replaced(settings)
    rot(settings, first)
    found = find(open_store(settings.archive), ID, CITED)
    assert (found.article.text, found.unread) == ("C", (first,))
    assert any(line.startswith(f"{first}: it is damaged") for line in notes(found))
    assert [one.mark for one in found.earlier] == [last.rpartition("/")[2][:8]]
    other = find(open_store(settings.archive), ID, parse_moment("2026-11-23T00:00:05Z"))
    assert (other.article.text, other.unread) == ("D", ()), "a run's table says nothing of another run"
    assert compare(open_store(settings.archive), ID, [CITED]).unchanged


def test_of_a_dropped_row_the_last_table_that_is_whole_answers(settings: Settings) -> None:
    for text in ("A", "B", "C"):
        put(settings, 0, row(0, text))
    put(settings, 0)
    *_, before, last = replaced(settings)
    rot(settings, last)
    found = find(open_store(settings.archive), ID, CITED)
    assert (found.article.text, found.cleaned, found.unread) == ("B", before.rpartition("/")[2][:8], (last,))


def test_where_todays_table_is_damaged_the_one_that_it_replaced_answers(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    put(settings, 0, row(0, "B"))
    put(settings, 1, row(1, "C"))
    key = keys.articles("kimson", keys.run_id(AT))
    rot(settings, key)
    for moment in (CITED, parse_moment("2026-11-22")):
        found = find(open_store(settings.archive), ID, moment)
        assert (found.article.text, found.unread) == ("A", (key,))
    newest = find(open_store(settings.archive), ID, None)
    assert (newest.article.text, newest.unread) == ("C", (key,)), "it might have a newer one"
    other = find(open_store(settings.archive), ID, parse_moment("2026-11-23T00:00:05Z"))
    assert (other.article.text, other.unread) == ("C", ())
    before = find(open_store(settings.archive), ID, parse_moment("2026-11-30T00:00:05Z"))
    assert (before.article.text, before.unread) == ("C", (key,))


def test_what_a_damaged_table_alone_may_have_is_not_said_to_be_nowhere(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    rot(settings, keys.articles("kimson", keys.run_id(AT)))
    for moment in (CITED, None):
        with pytest.raises(Corrupt, match="which no other table has"):
            find(open_store(settings.archive), ID, moment)


def test_a_text_that_is_not_as_it_was_stored_is_not_shown(settings: Settings) -> None:
    put(settings, 0, row(0, "A"))
    store, run = open_store(settings.archive), keys.run_id(AT)
    put(settings, 0, replace(row(0, "B"), text="Bóng đá"))
    found = find(store, ID, CITED)
    assert (found.article.text, found.unread) == ("A", (keys.articles("kimson", run),))


def test_what_is_gone_of_the_replaced_tables_is_said(settings: Settings) -> None:
    for text in ("A", "B"):
        put(settings, 0, row(0, text))
    store, run = open_store(settings.archive), keys.run_id(AT)
    (gone,) = replaced(settings)
    store.delete([gone])
    assert find(store, ID, CITED).unread == (gone,)
    store.delete([info.key for info in store.list("superseded/")])
    assert notes(find(store, ID, CITED)) == []
    report = RunReport(source="kimson", run=run, state=State.PUBLISHED, started_at=AT, finished_at=AT)
    reports.write_report(store, replace(report, recleaned_at=AT + DAY))
    (said,) = notes(find(store, ID, CITED))
    assert "cleaned anew 2026-11-23T00:00:05Z" in said
    assert "no table that was replaced then is left" in said


def test_the_commands_tell_what_they_could_not_read(settings: Settings) -> None:
    for text in ("A", "B"):
        put(settings, 0, row(0, text))
    (key,) = replaced(settings)
    rot(settings, key)
    for words in (("show", f"{ID}@2026-11-22T00:00:05Z"), ("show", ID), ("cite", ID), ("diff", ID, "2026-11-22")):
        done = bantin(*words, "--archive", settings.archive)
        assert (done.returncode, done.stderr.count(key)) == (0, 1), done.stderr


def test_what_does_not_exist_is_told_from_what_is_ambiguous(settings: Settings) -> None:
    put(settings, 0, row(0), row(0, id="0123ffffffffffff"))
    for wanted, moment, cleaned, message in (
        ("0123", None, None, "2 articles begin so .*give more of the id"),
        ("beef", None, None, "no article of this id in .*`bantin list`"),
        ("", None, None, "no article of this id"),
        (ID, parse_moment("2026-11-21"), None, "it was first fetched at 2026-11-22T00:00:05Z"),
        (ID, None, "abc", "no earlier cleaning begins so: there are none"),
    ):
        with pytest.raises(NoSuchArticle, match=message):
            find(open_store(settings.archive), wanted, moment, cleaned)
    with pytest.raises(NoSuchArticle, match="give more of the id"):
        find_article(open_store(settings.archive), "01")


def test_without_times_the_two_newest_versions_that_differ_are_compared(settings: Settings) -> None:
    for day, text in enumerate(("Một.", "Hai “ba”.", 'Hai "ba".', 'Hai "ba".')):
        put(settings, day, row(day, text))
    found = newest_change(open_store(settings.archive), ID)
    assert (found.old.text, found.new.text) == ("Một.", "Hai “ba”.")
    since = compare(open_store(settings.archive), ID, [parse_moment("2026-11-23")])
    assert (since.old.fetched_at, since.new.fetched_at, since.unchanged) == (AT + DAY, AT + 3 * DAY, True)
    back = compare(open_store(settings.archive), ID, [parse_moment("2026-11-23"), parse_moment("2026-11-22")])
    assert (back.old.text, back.new.text) == ("Hai “ba”.", "Một.")


def test_the_commands(settings: Settings) -> None:
    put(settings, 0, row(0, "Hai đội\x1b[31m đua. Lượt xem: 5"))
    put(settings, 0, row(0, "Hai đội\x1b[31m đua."))
    put(settings, 1, row(1, "Ba đội đua."))
    where = ("--archive", settings.archive)
    shown = bantin("show", f"{ID}@2026-11-22T00:00:05Z", *where)
    assert "Hai đội" in shown.stdout
    assert "\x1b" not in shown.stdout
    mark = shown.stderr.partition("--cleaned ")[2].split()[0]
    assert "Lượt xem: 5" in bantin("show", f"{ID}@2026-11-22", "--cleaned", mark, *where).stdout
    told = bantin("diff", ID[:5], *where).stdout
    assert "[-Hai-]{+Ba+} đội" in told
    assert "2 words deleted, 1 inserted" in told
    assert "1 word deleted, 2 inserted" in bantin("diff", ID, "2026-11-23", "2026-11-22", *where).stdout
    assert json.loads(bantin("diff", ID, "2026-11-22", "2026-11-23", "--json", *where).stdout)["inserted_words"] == 1
    assert "<ins>Ba</ins>" in bantin("diff", ID, "2026-11-22", "--html", *where).stdout
    assert len(json.loads(bantin("history", ID, "--json", *where).stdout)["versions"]) == 2
    cited = bantin("cite", ID, *where).stdout.splitlines()
    assert cited[0] == f"{ID}@2026-11-23T00:00:05Z"
    assert any("attempt-1-part-1.warc.gz, offset 100, 50 bytes" in line for line in cited)
    assert bantin("list", "--as-of", "2026-11-21", *where).stdout == ""
    wrong = bantin("list", "--as-of", "hôm qua", *where)
    assert (wrong.returncode, "without a zone it is UTC" in wrong.stderr) == (2, True)
