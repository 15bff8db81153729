"""Narrowing a search by place where there are more places than a list shows at once, and following what is found."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from lxml import html
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from browse.web.app import create_app
from browse.web.settings import WebSettings
from storage.keys import run_time
from tests.browse.indexed import RUNS, publish, row
from tests.browse.web.conftest import serving

PLACES = [f"Xã {number:02}, Ninh Bình" for number in range(12)]
LAST = PLACES[-1]


@pytest.fixture(scope="module")
def places(indexed: Settings, tmp_path_factory: pytest.TempPathFactory) -> WebSettings:
    """An archive with articles of twelve places."""
    folder: Path = tmp_path_factory.mktemp("places")
    settings = replace(indexed, archive=str(folder / "archive"), cache=folder / "cache")
    rows = [row("kimson", RUNS[0], number, "vụ tôm", locality=place) for number, place in enumerate(PLACES)]
    publish(settings, "kimson", RUNS[0], rows)
    bring_up_to_date(settings)
    return WebSettings(archive=settings.archive, cache=folder / "cache")


@pytest.fixture
def asked(places: WebSettings) -> Iterator[TestClient]:
    with TestClient(create_app(places), base_url="http://127.0.0.1") as client:
        yield client


def test_a_place_beyond_the_first_ten_can_be_chosen(page: Page, places: WebSettings) -> None:
    with serving(create_app(places)) as address:
        page.goto(f"{address}/search?q=tom")
        page.locator("aside summary", has_text="Place").click()
        place = page.locator("aside").get_by_role("link", name=LAST)
        expect(place).not_to_be_visible()
        page.locator("aside summary", has_text="2 more").click()
        place.click()
        expect(page.locator("#count")).to_contain_text("1 article")
        expect(page.locator(".chosen")).to_contain_text(LAST)


def test_an_articles_place_leads_to_all_articles_of_it(asked: TestClient) -> None:
    page = html.fromstring(asked.get(f"/articles/{len(PLACES) - 1:016x}").text)
    (link,) = page.xpath(f'//header//a[.="{LAST}"]/@href')
    assert asked.get(link.replace("/search", "/search.json")).json()["found"]["total"] == 1


def test_the_archives_last_days_are_a_click_away(asked: TestClient) -> None:
    page = html.fromstring(asked.get("/search", params={"q": "tom", "until": "2026-11-20"}).text)
    last = {link.text: link.get("href") for link in page.cssselect(".lately a")}
    today = run_time(RUNS[0]).date()
    assert last == {f"Last {days} days": f"/search?q=tom&since={today - timedelta(days=days - 1)}" for days in (7, 30)}
    (chosen,) = html.fromstring(asked.get(last["Last 7 days"]).text).cssselect(".lately a[aria-current]")
    assert chosen.text == "Last 7 days"


@pytest.mark.parametrize(
    ("q", "unquoted"),
    [
        ('"thuyen nan" lễ', "thuyen nan lễ"),
        ('tag:"Kinh tế biển"', None),
        ('-"thủ tướng" biển', None),
        ('tag:"lễ hội" "thuyen nan"', 'tag:"lễ hội" thuyen nan'),
    ],
)
def test_only_phrases_lose_their_quotes(asked: TestClient, q: str, unquoted: str | None) -> None:
    page = html.fromstring(asked.get("/search", params={"q": q, "since": "1999"}).text)
    links = page.xpath('//li[@class="none"]//a[.="Without the quotes"]/@href')
    assert links == ([] if unquoted is None else ["/search?" + urlencode({"since": "1999", "q": unquoted})])


def test_the_feed_of_a_search_has_no_last_day(asked: TestClient) -> None:
    asking = {"q": "tom", "since": "2026-11-20", "until": "2026-11-26"}
    page = html.fromstring(asked.get("/search", params=asking).text)
    del asking["until"]
    assert set(page.xpath('//@href[starts-with(., "/feed.atom")]')) == {"/feed.atom?" + urlencode(asking)}


@pytest.mark.parametrize(
    ("asked_for", "leads_to"),
    [
        ({"q": 'tom place:"xa 033"'}, {"q": f'tom place:"{PLACES[3]}"'}),
        ({"q": "tom", "locality": "Xã 033"}, {"q": "tom", "locality": PLACES[3]}),
        ({"lang": "vn", "q": "tom"}, {"lang": "vi", "q": "tom"}),
        ({"q": "tom source:kim-son"}, {"q": 'tom source:"kimson"'}),
    ],
)
def test_where_nothing_fits_values_like_those_asked_for_are_a_click_away(
    asked: TestClient, asked_for: dict[str, str], leads_to: dict[str, str]
) -> None:
    page = html.fromstring(asked.get("/search", params=asked_for).text)
    first, *_ = page.xpath('//li[@class="none"]/p[q]/a/@href')
    assert parse_qs(urlsplit(first).query) == {name: [value] for name, value in leads_to.items()}
    assert asked.get(first.replace("/search", "/search.json")).json()["found"]["total"] > 0
