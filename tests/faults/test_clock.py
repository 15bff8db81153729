"""A clock that is put back between two runs, or between two attempts of one."""

from datetime import timedelta

from browse.reading import find_article, list_articles
from storage import keys
from storage.store import open_store
from tests.faults.archives import LATER, RUN, SOURCE, expect_whole, frontier_of, rows_of
from tests.faults.conftest import PAGES, Crawled
from tests.faults.doomed import Death
from tests.servers.scripted import ScriptedSite, source_of
from tests.servers.site import PAGE, Answer

LAST = "20261124T000000Z"
DAY_H = 24
HALF_A_DAY_H = 12


def test_a_run_begun_after_another_and_fetched_before_it(crawled: Crawled, site: ScriptedSite) -> None:
    settings = crawled.archive()
    store = open_store(settings.archive)
    assert crawled.start(settings, clock_h=DAY_H).wait().well
    before = store.get(keys.articles(SOURCE, RUN))
    site.script(PAGES[0], Answer(PAGE.format(title="Hội làng đã dời ngày")))
    try:
        assert crawled.start(settings, run=LATER).wait().well
    finally:
        site.pages(PAGES[0])
    assert store.get(keys.articles(SOURCE, RUN)) == before, "nothing of the first run is touched"
    first, second = rows_of(store, RUN), rows_of(store, LATER)
    assert sorted(row.url for row in first) == sorted(crawled.pages)
    assert min(row.fetched_at for row in first) > max(row.fetched_at for row in second) + timedelta(hours=DAY_H - 1)
    assert [row.title for row in second if row.url == crawled.pages[0]] == ["Hội làng đã dời ngày"], "both are kept"
    newest = {entry.url: entry for entry in list_articles(open_store(settings.archive))}
    assert len(newest) == len(crawled.pages)
    assert {entry.fetched_at for entry in newest.values()} == {row.fetched_at for row in first}, "the newest as told"
    assert find_article(open_store(settings.archive), newest[crawled.pages[0]].id).run == RUN
    known = list(frontier_of(store))
    store.delete([keys.frontier(SOURCE)])
    assert known == list(frontier_of(store)), "a snapshot knows no more than what it was made of"
    site.script(PAGES[0], Answer(PAGE.format(title="Hội làng đã dời ngày")))
    try:
        assert crawled.start(settings, run=LAST, clock_h=2 * DAY_H).wait().well
    finally:
        site.pages(PAGES[0])
    assert find_article(open_store(settings.archive), newest[crawled.pages[0]].id).title == "Hội làng đã dời ngày", (
        "and time mends it"
    )


def test_a_page_that_failed_before_the_clock_was_put_back_and_is_there_now(
    crawled: Crawled, site: ScriptedSite
) -> None:
    crawled.source = source_of(f"{site.base}/list", concurrency=1, error_tolerance=0)
    settings = crawled.archive()
    site.script(PAGES[1], Answer("", 500), Answer(PAGE.format(title="Hội đua thuyền")))
    failed = crawled.start(settings, clock_h=DAY_H).wait()
    assert "1 of 4 pages failed" in failed.message
    again = crawled.start(settings).wait()
    assert again.well, again.message
    store = open_store(settings.archive)
    assert sorted(row.url for row in rows_of(store)) == sorted(crawled.pages)


def test_a_run_that_died_with_its_clock_ahead_is_done_again_at_once(crawled: Crawled) -> None:

    calls = crawled.calls()
    settings = crawled.archive()
    commit = next(n for n, call in enumerate(calls, 1) if call.startswith("crawl put captures/"))
    assert crawled.start(settings, Death(commit), clock_h=HALF_A_DAY_H).wait().killed
    assert open_store(settings.archive).head(keys.source_lease(SOURCE)), "which says that it lasts for half a day"
    again = crawled.start(settings).wait()
    assert again.well, again.message
    expect_whole(open_store(settings.archive), crawled.pages)
