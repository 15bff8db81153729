"""A run's budget: what is over it is left alone."""

import pytest

from bantin.settings import Settings
from model.source import Fetch
from spiders.budget import BUDGET_BYTES, BUDGET_MINUTES, overspent
from tests.servers.scripted import crawl, scripted, source_of
from tests.servers.site import Answer

PATHS = [f"/a{n}" for n in range(60)]


@pytest.mark.parametrize(
    ("seconds", "size_bytes", "spent"),
    [
        (0, 0, None),
        (89.9, 4_999, None),
        (90, 0, BUDGET_MINUTES),
        (0, 5_000, BUDGET_BYTES),
        (90, 5_000, BUDGET_MINUTES),
    ],
)
def test_minutes_and_bytes_are_counted_apart(seconds: float, size_bytes: int, spent: str | None) -> None:
    assert overspent(Fetch(max_minutes=1.5, max_bytes=5_000), seconds, size_bytes) == spent


def test_after_its_minutes_a_crawl_asks_for_no_more(settings: Settings) -> None:
    with scripted() as site:
        start = site.listing("/list", *site.pages(*PATHS))
        crawl(source_of(start, delay_s=0.1, concurrency=1, autothrottle=False, max_minutes=0.8 / 60), settings)
    times = site.times("/a")
    assert 1 <= len(times) < 20
    assert times[-1] - site.times()[0] < 3, "nor does it wait for what it will not ask for"


def test_after_its_bytes_a_crawl_asks_for_no_more_but_ends_its_redirects(settings: Settings) -> None:
    size = 10_000
    with scripted() as site:
        start = site.listing("/list", *PATHS)
        for path in PATHS:
            site.script(path, Answer(b"x" * size, headers={"Content-Type": "text/html"}))
        site.script("/a4", Answer(b"x" * size, 302, {"Location": "/a-target"}))
        site.pages("/a-target")
        crawl(source_of(start, concurrency=1, max_bytes=5 * size), settings)
    # The list's own bytes count too; one page more may have left the queue before.
    assert site.asked("/a4") == 1
    assert site.asked("/a-target") == 1
    assert 5 <= sum(site.asked(path) for path in PATHS) <= 6
