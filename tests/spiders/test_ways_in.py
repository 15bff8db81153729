"""Sites of every kind, crawled by configuration alone: the demo's further sites, each by the file that describes it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from bantin.fetch import committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from demo import MORE_SOURCES, DemoWeb, editions, hacked, loadmore, nomap, webforms
from model.capture import Capture, Kind
from model.report import RunReport
from model.source import Source, load_source
from storage import reports
from storage.store import open_store
from tests.settings import settings_in
from tests.spiders.crawling import RUN, fetch, pages


def more_source(name: str, **changes: object) -> Source:
    """A source of the demo's further sites, without delay and probes, and with `changes` of its fetch section."""
    values = load_source(MORE_SOURCES / f"demo-{name}.yaml").model_dump(by_alias=True)
    return Source.model_validate(
        {**values, "fetch": {**values["fetch"], "delay_s": 0, "cloaking_probes": 0, **changes}}
    )


@dataclass(frozen=True)
class History:
    """What the runs of a source captured, and the reports of all but the last."""

    captures: list[list[Capture]]
    reports: list[RunReport]


@pytest.fixture(scope="module")
def lasting_web() -> Iterator[DemoWeb]:
    """A web for the histories, which several tests look at."""
    with DemoWeb() as web, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANTIN_DEMO_PROXY", web.proxy_url)
        yield web


@pytest.fixture(scope="module")
def history(lasting_web: DemoWeb, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., History]:
    """Runs of a source by its name, from the first on, the last one without cleaning; revisits are due after a day."""

    @cache
    def crawled(name: str, *runs: str) -> History:
        source = more_source(name, revisit_min_h=24, cloaking_probes=2)
        settings = settings_in(tmp_path_factory.mktemp(name))
        reports = [run_source(source, settings, run) for run in runs[:-1]]
        fetch(source, settings, runs[-1])
        store = open_store(settings.archive)
        return History([committed_captures(store, source.id, run) or [] for run in runs], reports)

    return crawled


AN_HOUR_LATER = "20261122T010000Z"
THREE_DAYS = ("20261101T000000Z", "20261102T000000Z", "20261103T000000Z")


def of(captures: list[Capture], kind: Kind) -> list[Capture]:
    return [c for c in captures if c.kind == kind and not c.waiting]


def at(host: str, paths: object) -> set[str]:
    return {f"http://{host}{path}" for path in paths}  # type: ignore[attr-defined]


def test_a_list_that_asp_net_turns_by_postback_is_read_to_its_end(history: Callable[..., History]) -> None:
    captures, _ = history("webforms", RUN, AN_HOUR_LATER).captures
    assert pages(captures) == at(webforms.HOST, webforms.articles())
    lists = of(captures, Kind.LISTING)
    assert [c.url.partition("#")[2] for c in lists] == ["", "page=2", "page=3", "page=4", "page=5"]
    assert {c.status for c in lists} == {200}


def test_what_a_load_more_button_brings_is_read_as_html_and_as_json(history: Callable[..., History]) -> None:
    captures, _ = history("loadmore", RUN, AN_HOUR_LATER).captures
    for listing in loadmore.LISTINGS:
        assert at(loadmore.HOST, loadmore.listed(listing)) <= pages(captures), listing
    assert pages(captures) == at(loadmore.HOST, loadmore.articles())


def test_a_site_without_any_list_is_walked_through_past_its_traps(web: DemoWeb, settings: Settings) -> None:
    captures = fetch(more_source("nomap"), settings)
    assert pages(captures) == at(nomap.HOST, nomap.articles())
    assert len(of(captures, Kind.LISTING)) < 60, "a calendar, orders and languages make endlessly many"
    report = reports.read_report(open_store(settings.archive), "demo-nomap", RUN)
    assert report is not None
    assert {reason.partition(":")[0] for reason in report.skipped} >= {"trap"}


def test_feeds_sitemaps_and_translations_are_found_where_a_site_announces_them(
    history: Callable[..., History],
) -> None:
    captures, *_ = history("editions", *THREE_DAYS).captures
    found = pages(captures)
    assert found >= at(editions.HOST, editions.articles()) - at(editions.HOST, editions.old())
    assert f"http://{editions.HOST}/en{editions.SILENT}" in found, "by the slug that all editions share"
    assert {c.kind for c in captures} >= {Kind.FEED, Kind.SITEMAP, Kind.LISTING}
    assert not found & at(editions.HOST, editions.old()), "older than discovery.max_age_days"


def test_without_max_age_days_a_first_crawl_goes_back_to_the_beginning(web: DemoWeb, settings: Settings) -> None:
    source = more_source("editions")
    source = source.model_copy(update={"discovery": source.discovery.model_copy(update={"max_age_days": None})})
    assert at(editions.HOST, editions.old()) <= pages(fetch(source, settings))


def test_a_sitemap_that_did_not_change_and_brought_no_news_is_let_rest(
    lasting_web: DemoWeb, history: Callable[..., History]
) -> None:
    asked = history("editions", *THREE_DAYS).captures
    resting = f"http://{editions.HOST}{editions.OLD_YEAR}"
    assert resting in {c.url for c in of(asked[0], Kind.SITEMAP)}
    assert lasting_web.count(resting) < 3
    assert lasting_web.count(f"http://{editions.HOST}{editions.SITEMAP_INDEX}") == 3


def test_known_lists_are_followed_only_as_far_as_they_bring_news(history: Callable[..., History]) -> None:
    _, second = history("loadmore", RUN, AN_HOUR_LATER).captures
    lists = [c.url for c in of(second, Kind.LISTING)]
    assert len(lists) == 2 * len(loadmore.LISTINGS), "each list, and the page after it, which names nothing new"


def test_images_and_documents_of_a_portal_are_captured_with_its_articles(
    lasting_web: DemoWeb, history: Callable[..., History]
) -> None:
    captures, second = history("webforms", RUN, AN_HOUR_LATER).captures
    assets = {c.final_url: c for c in of(captures, Kind.ASSET)}
    wanted = {url for page in webforms.articles() for url in webforms.attachments(page)}
    assert wanted <= set(assets)
    assert any((c.content_type or "").startswith("image/") for c in assets.values())
    assert all(c.via in pages(captures) for c in assets.values())
    assert not of(second, Kind.ASSET), "not due for long"
    assert {lasting_web.count(url) for url in assets} == {1}


def test_images_and_documents_are_left_alone_where_the_source_says_so(web: DemoWeb, settings: Settings) -> None:
    source = more_source("webforms", assets={"images": False, "documents": False})
    assert not of(fetch(source, settings), Kind.ASSET)


def test_an_image_over_the_cap_is_an_error_of_its_own_and_fails_nothing(web: DemoWeb, settings: Settings) -> None:
    source = more_source("webforms", assets={"max_bytes": 1_000})
    captures = fetch(source, settings)
    assert [c for c in of(captures, Kind.ASSET) if c.error]
    assert pages(captures) == at(webforms.HOST, webforms.articles())


def test_what_hangs_on_a_page_that_an_earlier_attempt_stored_is_fetched_by_the_next(
    web: DemoWeb, settings: Settings
) -> None:
    source = more_source("webforms", retries=0, error_tolerance=0)
    first = min(webforms.articles())
    document = webforms.attachments(first)[0]
    broken = f"http://{webforms.HOST}{sorted(webforms.articles())[1]}"
    web.fail(broken, status=503, times=None)
    web.fail(document, like="/reset", times=None)
    with pytest.raises(Exception, match="pages failed"):
        fetch(source, settings)
    web.heal()
    captures = fetch(source, settings)
    assert [c.status for c in of(captures, Kind.ASSET) if c.url == document and not c.failed] == [200]
    assert web.count(f"http://{webforms.HOST}{first}") == 1


def test_a_page_that_leads_search_visitors_elsewhere_is_reported(web: DemoWeb, settings: Settings) -> None:
    report = run_source(more_source("hacked", cloaking_probes=2), settings, RUN)
    assert len(report.cloaked) == 2
    assert all(page["leads_to"].startswith(f"http://{hacked.CASINO}/") for page in report.cloaked)
    assert report.articles["new"] == len(hacked.articles()), "what the crawl itself saw is archived"
    assert web.count(hacked.LANDING) == 0, "nobody follows"
    assert "2 cloaked" in report.summary


def test_an_honest_site_is_not_called_cloaked(history: Callable[..., History]) -> None:
    (report,) = history("webforms", RUN, AN_HOUR_LATER).reports
    assert report.cloaked == []
    assert report.captures["probe 200"] == 2
