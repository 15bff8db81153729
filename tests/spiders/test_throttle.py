"""The pace of each host: real crawls of several loopback addresses, seen by the servers' clocks."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from scrapy.robotstxt import ProtegoRobotParser

from bantin.settings import Settings
from spiders.pace import MAX_DELAY_S, HostPace, robots_delay_s, wait_s
from spiders.throttle import GIVE_UP_AFTER, given_up, told_to_wait
from tests.servers.scripted import ScriptedSite, crawl, scripted, source_of
from tests.servers.site import Answer
from tests.settings import settings_in

NOW = datetime(2026, 10, 12, 8, 0, 0, tzinfo=UTC)
FAILED = Answer("<h1>500</h1>", 500)
EARLY = 0.04
"""Gaps are measured where requests arrive, and one may be late."""


def refused(retry_after: str, status: int = 429) -> Answer:
    return Answer("", status, {"Retry-After": retry_after})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("Mon, 12 Oct 2026 08:01:30 GMT", 90),
        ("Mon, 12 Oct 2026 08:01:30 -0000", 90),
        ("Mon, 12 Oct 2026 15:01:30 +0700", 90),
        ("Mon, 12 Oct 2026 07:00:00 GMT", 0),
        ("9" * 400, float("inf")),
        ("soon", 0),
        ("-5", 0),
        ("²", 0),
        ("", 0),
    ],
)
def test_retry_after_holds_seconds_or_a_date(header: str, seconds: float) -> None:
    assert wait_s(header, NOW) == seconds


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("Crawl-delay: 2.5", 2.5),
        ("Request-rate: 1/10", 10),
        ("Request-rate: 30/1m", 2),
        ("Crawl-delay: 1\nRequest-rate: 1/4", 4),
        ("Crawl-delay: -3", 0),
        ("Crawl-delay: slow", 0),
        ("Disallow: /x", 0),
    ],
)
def test_robots_txt_may_ask_for_a_delay(lines: str, seconds: float) -> None:
    ours = f"User-agent: *\nCrawl-delay: 9\n\nUser-agent: bantin\n{lines}\n"
    assert robots_delay_s(ProtegoRobotParser(ours.encode(), None), "bantin") == seconds


def test_failures_double_the_back_off_and_answers_halve_it() -> None:
    pace = HostPace(floor_s=2)
    seen = []
    for _ in range(6):
        pace.failed()
        seen.append(pace.backoff_s)
    assert seen == [4, 8, 16, 32, MAX_DELAY_S, MAX_DELAY_S]
    seen = []
    for _ in range(5):
        pace.answered()
        seen.append(pace.backoff_s)
    assert seen == [30, 15, 7.5, 3.75, 0]


def test_failures_of_requests_that_were_under_way_together_double_it_once() -> None:
    pace = HostPace(floor_s=2)
    for _ in range(3):
        pace.failed()
        pace.hold(pace.backoff_s)
    assert (pace.failures, pace.backoff_s) == (3, 4)


def test_without_a_delay_there_is_no_back_off() -> None:
    pace = HostPace(floor_s=0)
    pace.failed()
    assert (pace.failures, pace.backoff_s) == (1, 0)


@dataclass
class Three:
    """What a crawl of three sites left behind: their books, and its log's lines."""

    failing: ScriptedSite
    slow: ScriptedSite
    strict: ScriptedSite
    lines: list[str]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    """A crawl with a delay of 0.1 s, of hosts that need more."""
    with ExitStack() as stack:
        failing, slow, strict = (
            stack.enter_context(scripted(host)) for host in ("127.0.0.1", "127.0.0.2", "localhost")
        )
        failing.pages("/a3", "/a4", "/a5")
        failing.script("/a1", FAILED)
        failing.script("/a2", FAILED)
        failing_list = failing.listing("/list", *(f"/a{n}" for n in range(1, 6)))
        slow_list = slow.listing("/list", *slow.pages("/a1", "/a2", "/a3", "/a4"))
        slow.delays_s = {"/a1": 0.8, "/a2": 0.8}
        strict.robots("User-agent: bantin", "Crawl-delay: 0.4")
        strict_list = strict.listing("/list", *strict.pages("/a1", "/a2", "/a3"))
        source = source_of(failing_list, slow_list, strict_list, delay_s=0.1, concurrency=2)
        lines = crawl(source, settings_in(tmp_path_factory.mktemp("paces")))
        yield Three(failing, slow, strict, lines)


def test_the_delay_of_the_source_is_the_least(three: Three) -> None:
    for gaps in (site.gaps() for site in (three.failing, three.slow, three.strict)):
        assert sum(gaps) >= 0.1 * len(gaps) - EARLY  # of one gap alone a request that is late would take


def test_a_host_that_fails_is_given_time_and_then_less_of_it(three: Three) -> None:
    first, second, third, fourth = three.failing.gaps("/a")
    assert first >= 0.2 - EARLY
    assert second >= 0.4 - EARLY
    assert third >= 0.2 - EARLY, "one answer does not restore the pace at once"
    assert fourth < second


def test_a_slow_answer_lets_the_delay_grow(three: Three) -> None:
    assert three.slow.gaps("/a")[2] >= 0.4 - EARLY, "the latency, shared by two requests at a time"


def test_the_crawl_delay_of_robots_txt_is_kept(three: Three) -> None:
    gaps = three.strict.gaps()[1:]  # from the first request after robots.txt on
    assert len(gaps) == 3
    assert min(gaps) >= 0.4 - EARLY
    assert "robots.txt of localhost asks for 0.4 s between requests" in three.lines


def test_a_host_that_asks_us_to_wait_is_left_alone_while_others_are_crawled(settings: Settings) -> None:
    with scripted() as held, scripted("localhost") as other:
        held.pages(*(f"/a{n}" for n in range(40)), "/a-target")
        held.script("/a0", refused("2"), Answer("<h1>Tin</h1>"))
        held_list = held.listing("/list", *(f"/a{n}" for n in range(40)))
        other.pages(*(f"/a{n}" for n in range(20)))
        other.script("/a-moved", Answer("", 302, {"Location": f"{held.base}/a-target"}))
        other.delays_s["/list"] = 0.5  # when its articles are found, all of the held host's are waiting
        other_list = other.listing("/list", *(f"/a{n}" for n in range(20)), "/a-moved")
        lines = crawl(source_of(held_list, other_list, concurrency=2, retries=1), settings)
    refused_at, answered_at = held.times("/a0")
    assert answered_at - refused_at >= 2 - EARLY
    # What was under way when the answer came may have come in after it.
    assert [at for at in held.times("/a") if refused_at + 0.2 < at < refused_at + 2 - EARLY] == []
    assert len(other.times("/a")) == 21
    assert max(other.times("/a")) < refused_at + 2, "it did not wait for the other host"
    assert held.asked("/a39") == 1
    assert held.asked("/a-target") == 1, "a redirect waits for the host that it leads to"
    assert any("127.0.0.1 waits 2 s, as it asks" in line for line in lines)


def test_a_host_is_given_up_when_it_is_dead_or_asks_for_too_much(settings: Settings) -> None:
    paths = [f"/a{n}" for n in range(GIVE_UP_AFTER + 10)]
    with scripted() as well, scripted("127.0.0.2") as dead, scripted("localhost") as busy:
        well.pages(*paths)
        for path in paths:
            dead.script(path, Answer("", 503))
        busy.pages(*paths)
        busy.script("/a0", refused("3600", 503))
        lists = [site.listing("/list", *paths) for site in (well, dead, busy)]
        lines = crawl(source_of(*lists, concurrency=1, retries=2), settings, may_fail=True)
    assert len(well.times("/a")) == len(paths)
    # One more may be on its way when the last failure is counted.
    assert GIVE_UP_AFTER <= len(dead.times("/a")) <= GIVE_UP_AFTER + 1
    assert len(busy.times("/a")) <= 2
    told = [line for line in lines if " was given up: " in line and not line.startswith("http")]
    assert sorted(told) == [
        f"127.0.0.2 was given up: {GIVE_UP_AFTER} failures in a row, the last: HTTP 503",
        "localhost was given up: HTTP 503 asks to wait 3600 s, more than 300 s",
    ]
    assert all(map(given_up, told))
    assert not given_up("HTTP 503")
    assert [told_to_wait(line) for line in sorted(told)] == [False, True]


@pytest.mark.parametrize("through", ["", "/blocked"])
def test_a_host_that_refuses_page_after_page_is_asked_for_no_more(settings: Settings, through: str) -> None:
    paths = [f"/a{n}" for n in range(3 * GIVE_UP_AFTER)]
    denied = Answer("<h1>403</h1>", 403)
    with scripted() as site:
        for path in paths:
            site.script(path, Answer("", 302, {"Location": f"{through}{path}"}) if through else denied)
            site.script(f"/blocked{path}", denied)
        lines = crawl(source_of(site.listing("/list", *paths), concurrency=1), settings, may_fail=True)
    assert GIVE_UP_AFTER <= len(site.times(f"{through}/a")) <= GIVE_UP_AFTER + 1
    assert any(f"was given up: {GIVE_UP_AFTER} pages in a row were refused, the last: HTTP 403" in one for one in lines)


def test_pages_that_are_refused_here_and_there_cost_the_others_nothing(settings: Settings) -> None:
    paths = [f"/a{n}" for n in range(3 * GIVE_UP_AFTER)]
    with scripted() as site:
        site.pages(*paths)
        for path in paths[:-1]:
            if not path.endswith("7"):
                site.script(path, Answer("<h1>403</h1>", 403))
        crawl(source_of(site.listing("/list", *paths), concurrency=1), settings)
    assert len(site.times("/a")) == len(paths)
