"""What somebody may ask of one crawl: everything again, nothing of before a day, so many pages."""

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest

from bantin.run import run_source
from bantin.settings import Settings
from model.report import RunReport
from model.scope import Scope
from model.source import Source
from storage.keys import run_id
from tests.servers.site import PAGE, Answer, Site, serving

NOW = datetime.now(UTC)
FIRST, SECOND, THIRD = (run_id(NOW - timedelta(hours=hours)) for hours in (3, 2, 1))


def crawl(source: Source, settings: Settings, run: str, **scope: object) -> RunReport:
    return run_source(source, settings, run, scope=Scope(**scope))  # type: ignore[arg-type]


def a_site(site: Site) -> Source:
    """A list of two pages, each with two articles, which are due a day after they were fetched."""
    site.list("/list", "/a1", "/a2", ETag='"l"')
    for n in range(1, 5):
        site.answers[f"/a{n}"] = Answer(PAGE.format(title=f"Bài {n}"), headers={"ETag": f'"{n}"'})
    source = site.source("/list", revisit_min_h=24)
    site.list("/list?p=2", "/a3", "/a4")
    listing = source.discovery.listings[0].model_copy(update={"page": "?p={n}", "last": 2})
    return source.model_copy(update={"discovery": source.discovery.model_copy(update={"listings": [listing]})})


def test_all_is_asked_for_again_and_in_full_though_nothing_is_due(settings: Settings) -> None:
    with serving() as site:
        source = a_site(site)
        assert crawl(source, settings, FIRST).articles["new"] == 4
        usual = crawl(source, settings, SECOND)
        assert {what for what in usual.captures if what.startswith("article")} == set()
        again = crawl(source, settings, THIRD, full=True)
    # Neither lists nor articles were asked for by their validators; what is the same is not cleaned again.
    assert again.captures.items() >= {"article 200": 4, "listing 200": 2}.items()
    assert again.articles.get("new", 0) == 0


@pytest.mark.parametrize("full", [False, True])
def test_a_budget_of_pages_takes_the_place_of_the_files(settings: Settings, full: bool) -> None:
    with serving() as site:
        source = a_site(site)
        assert crawl(source, settings, FIRST, pages=3).captures["article 200"] == 3
        report = crawl(source, settings, SECOND, full=full, pages=2)
    # What waits comes first; the rest of the budget is for what is known, where all is wanted again.
    assert report.captures["article 200"] == (2 if full else 1)
    assert report.articles["new"] == 1


def test_nothing_is_asked_for_that_is_dated_or_was_found_before_a_day(settings: Settings) -> None:
    with serving() as site:
        source = a_site(site)
        crawl(source, settings, FIRST, pages=1)
        days = {f"/a{n}": format_datetime(NOW - timedelta(days=10 * n)) for n in (2, 3)}
        items = "".join(f"<item><link>{site.base}{a}</link><pubDate>{day}</pubDate></item>" for a, day in days.items())
        undated = f"<item><link>{site.base}/a4</link></item>"
        site.answers["/feed"] = Answer(f'<rss version="2.0"><channel>{items}{undated}</channel></rss>')
        feed = {"feeds": [f"{site.base}/feed"], "listings": []}
        source = source.model_copy(update={"discovery": source.discovery.model_copy(update=feed)})
        since = (NOW - timedelta(days=25)).date()
        report = crawl(source, settings, SECOND, since=since)
        later = crawl(source, settings, THIRD, full=True, since=date(2999, 1, 1))
    # a2 is young enough, a4 has no date; a3 is too old, and was left by the first run besides.
    assert report.articles["new"] == 2
    assert report.skipped["before the day that was asked for"] == 1
    assert {what for what in later.captures if what.startswith("article")} == set()
    assert later.skipped["before the day that was asked for"] == 3
