"""The page of health, and the metrics, as a reader and Prometheus meet them."""

from collections.abc import Iterator
from typing import Literal

import pytest
from lxml import html
from playwright.sync_api import Browser
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from bantin.settings import Settings
from browse.web.app import create_app
from browse.web.settings import WebSettings
from tests.browse.web.conftest import serving
from tests.browser import faults


@pytest.fixture(scope="module")
def ward(ailing: Settings) -> Iterator[TestClient]:
    app = create_app(WebSettings(archive=ailing.archive, cache=ailing.cache, sources=ailing.sources))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def test_those_in_trouble_come_first_with_what_is_wrong(ward: TestClient) -> None:
    text = ward.get("/health").text
    assert "There were 0�[31m &lt;b&gt;today&lt;/b&gt;." in text
    assert '<a href="/runs/om-nang/20261121T170000Z">the last 2 runs</a>' in text
    assert '<a href="/sources/om-nang">' in text
    assert "sai-ten.yaml: id: " in text
    assert "registry/sai-ten.yaml" not in text
    assert "/sources/moi-tinh" not in text  # which has no page yet
    told = ward.get("/health.json").json()["health"]
    assert (told["sources"][0]["source"], told["is_well"]) == ("sai-ten", False)


def test_those_in_trouble_alone(ward: TestClient) -> None:
    told = ward.get("/health.json", params={"show": "trouble"}).json()
    assert {one["standing"] for one in told["health"]["sources"]} <= {"broken", "failed", "late", "alarmed"}
    assert told["total"] == len(told["health"]["sources"])
    assert ward.get("/health.json", params={"show": "none"}).status_code == 422


def test_it_is_told_in_vietnamese(ward: TestClient) -> None:
    text = ward.get("/health", params={"hl": "vi"}).text
    assert "Chưa phải mọi nguồn đều tốt" in text
    assert "2 lượt cuối" in text
    assert '<span class="alarm">ít bài mới</span> <span class="soft">từ 22 thg 11 2026</span>' in text
    likely = html.fromstring(text).xpath('//dt[.="có lẽ"]/following-sibling::dd')[0]
    assert likely.text.startswith("một trong nhiều danh sách đã chuyển chỗ")
    assert likely.text.endswith("`bantin source try yeu-dan`.")
    assert likely.get("lang") is None


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1200, "light")])
def test_on_a_phone_and_on_a_wide_screen_all_of_it_is_seen(
    chromium: Browser, ailing: Settings, width: int, scheme: Literal["dark", "light"]
) -> None:
    app = create_app(WebSettings(archive=ailing.archive, cache=ailing.cache, sources=ailing.sources))
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale="vi-VN", bypass_csp=True
    )
    page = context.new_page()
    with serving(app) as address:
        assert faults(page, f"{address}/health") == []
        assert page.locator(".scroll").evaluate("table => table.scrollWidth <= table.clientWidth")
    context.close()


def test_it_is_made_anew_each_time(ward: TestClient) -> None:
    assert ward.get("/health").headers.get("etag") is None  # what is late changes with the time, not with the index


def test_requests_are_counted_by_page_and_status(ward: TestClient) -> None:
    ward.get("/sources.json")
    ward.get("/wp-login.php")
    counted = {
        (sample.labels["page"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(ward.get("/metrics").text)
        for sample in family.samples
        if sample.name == "bantin_web_requests_total"
    }
    assert counted["sources", "200"] == 1
    assert counted["other", "404"] == 1


def test_metrics_are_for_who_may_read(ailing: Settings) -> None:
    app = create_app(WebSettings(archive=ailing.archive, cache=ailing.cache, token="t" * 20))
    with TestClient(app, base_url="http://127.0.0.1") as stranger:
        assert stranger.get("/metrics").status_code == 401
        known = stranger.get("/metrics", headers={"Authorization": f"Bearer {'t' * 20}"})
    assert "bantin_source_trouble" in known.text
