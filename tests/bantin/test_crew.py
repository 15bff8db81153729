"""The crew: pages are cleaned side by side, and a page that hangs, or a process that dies, costs no other page."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from bantin.clean import clean_part
from bantin.crew import Crew
from bantin.errors import PagesLost
from bantin.fetch import Fetch
from bantin.run import run_source
from bantin.settings import CHECKOUT, Settings, SettingsError
from demo import DemoWeb, truth
from model.article import Article, Rejected
from model.capture import Capture
from model.source import Source
from model.url import normalise_url
from storage import keys, reports
from storage.frontier import fold
from storage.store import open_store
from storage.tables import read
from tests.cleaning.markup import FETCHED_AT, URL, page, paragraphs, source
from tests.conftest import demo_source
from tests.records import capture

RUN, LATER = "20261122T000000Z", "20991230T000000Z"
LIMIT_S = 4.0
ENDLESS = r"(?:\w+\W*)+~"
"""A pattern that backtracks for ever on a sentence: what a source's file may hold by mistake."""


@pytest.fixture(params=[1, 2])
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    OTHERS[:] = [worker.pid for worker in workers(but=[])]
    crew = Crew(request.param, LIMIT_S)
    yield crew
    crew.close()


def pages(*markups: str) -> list[tuple[Capture, bytes | Rejected]]:
    return [(a_capture(number), markup.encode()) for number, markup in enumerate(markups)]


def a_capture(number: int) -> Capture:
    return capture(url=f"{URL}-{number}", fetched_at=FETCHED_AT, language=None)


def hanging_on(start: str, of: Source | None = None) -> Source:
    """The source with a rule that hangs on a line that begins with `start`."""
    of = of or source()
    return type(of).model_validate(
        {**of.model_dump(), "clean": {**of.clean.model_dump(), "remove": [{"rule": "slip", "text": start + ENDLESS}]}}
    )


OTHERS: list[int] = []
"""The workers of crews that earlier tests have left in this process."""


def workers(but: Sequence[int] = OTHERS) -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it was killed, and has just ended
            if child.pid not in but and "bantin.clean_worker" in child.cmdline():
                found.append(child)
    return found


def test_results_come_in_the_order_of_the_pages(crew: Crew) -> None:
    slow = page(paragraphs("<p>Một dòng nữa.</p>" * 20_000))
    markups = [slow, *(page(title=f"Tin số {number}") for number in range(120))]
    results = list(crew.clean(pages(*markups), source(), len(markups)))
    assert [found.url for found, _ in results] == [f"{URL}-{number}" for number in range(121)]
    assert [result.title for _, result in results[1:]] == [f"Tin số {number}" for number in range(120)]  # type: ignore[union-attr]
    assert len(workers()) <= crew.processes


def test_a_page_that_comes_rejected_stays_so(crew: Crew) -> None:
    given = [(a_capture(0), Rejected("unreadable", "no gzip")), *pages(page())[:1]]
    (_, first), (_, second) = crew.clean(given, source(), 2)
    assert first == Rejected("unreadable", "no gzip")
    assert isinstance(second, Article)


def test_a_page_that_hangs_is_lost_and_the_others_go_on(crew: Crew) -> None:
    markups = [page(), page(paragraphs("<p>Lạ thay, " + "chữ này nối chữ kia " * 4 + "mãi.</p>")), *[page()] * 90]
    results = [result for _, result in crew.clean(pages(*markups), hanging_on("Lạ thay, "), len(markups))]
    assert results[1] == Rejected("hung", "not done after 4 s")
    assert [type(result) for result in results].count(Article) == 91
    assert len(workers()) <= crew.processes


def test_a_process_that_is_killed_costs_no_page(crew: Crew) -> None:
    killed = []
    for done, (_, result) in enumerate(crew.clean(pages(*[page()] * 200), source(), 200)):
        assert isinstance(result, Article)
        if done in (0, 100):  # by then the page of the first one is cleaned: two deaths would be its own fault
            killed.append(workers()[0].pid)
            os.kill(killed[-1], signal.SIGKILL)
    assert len(set(killed)) == 2


def test_a_page_whose_process_dies_twice_is_lost(crew: Crew) -> None:
    found = iter(
        crew.clean(pages(page(paragraphs("<p>Lạ thay, " + "chữ này " * 9 + "mãi.</p>"))), hanging_on("Lạ thay, "), 1)
    )
    deaths = threading.Thread(target=_kill_workers, args=(2,))
    deaths.start()
    assert next(found)[1] == Rejected("died", "the process died of it twice: SIGKILL")
    deaths.join()


def _kill_workers(times: int) -> None:
    """Kills workers as they come to work on the page that hangs."""
    killed: set[int] = set()
    while len(killed) < times:
        for worker in workers():
            if worker.pid not in killed and worker.cpu_times().user > 0.1:
                worker.kill()
                killed.add(worker.pid)
        time.sleep(0.01)


def test_nobody_stays_behind_when_the_pages_are_left(crew: Crew) -> None:
    results = crew.clean(pages(*[page()] * 90), hanging_on("Lạ thay, "), 90)
    next(results)
    results.close()
    crew.close()
    assert workers() == []
    assert [type(result) for _, result in crew.clean(pages(page()), source(), 1)] == [Article]


def test_sources_cleaned_at_the_same_time_share_the_processes(crew: Crew) -> None:
    counts: list[int] = []

    def one() -> None:
        counts.append(sum(isinstance(result, Article) for _, result in crew.clean(pages(*[page()] * 60), source(), 60)))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert len(workers()) <= crew.processes
    for thread in threads:
        thread.join()
    assert counts == [60] * 4


PARENT = """
import sys
from bantin.crew import Crew
from tests.bantin.test_crew import *
crew = Crew(2, 60)
markups = [page(paragraphs("<p>Lạ thay, " + "chữ này " * 9 + "mãi.</p>"))] * 90
print("at work", flush=True)
list(crew.clean(pages(*markups), hanging_on("Lạ thay, "), 90))
"""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_the_processes_end_with_their_parent_though_they_hang(name: signal.Signals) -> None:
    """They hang in the library's own code, where no thread of theirs gets the interpreter."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=CHECKOUT
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"at work\n"
        family = psutil.Process(parent.pid)
        while len(children := family.children()) < 2 or any(one.cpu_times().user < 2 for one in children):
            assert parent.poll() is None
        parent.send_signal(name)
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert (len(gone), alive) == (2, [])


def test_a_run_with_a_page_that_hangs_says_so_and_the_next_asks_for_it_again(web: DemoWeb, settings: Settings) -> None:
    healthy = demo_source("portal")
    url = next(url for url in truth() if "portal.example" in url)
    line = max(truth()[url].text, key=len)
    report = run_source(hanging_on(line[:20], healthy), replace(settings, page_limit_s=LIMIT_S, processes=2), RUN)
    (lost,) = report.retry
    assert (lost["url"], lost["kind"]) == (url, "hung")
    assert (report.state, report.rejected["hung"], report.articles["new"]) == ("published", 1, 7)
    assert "1 to be cleaned again" in report.summary
    store = open_store(settings.archive)
    known = fold(store, healthy.id, min_h=24, max_h=720).get(normalise_url(url))
    assert known is not None
    assert (known.failures, known.rejected, known.text_sha256) == (1, False, None)
    again = run_source(healthy, settings, LATER)
    assert (again.retry, again.articles["new"]) == ([], 1)
    assert url in {article.url for article in read(store, keys.articles(healthy.id, LATER), Article)}


def test_cleaning_the_run_again_needs_no_new_fetch(web: DemoWeb, settings: Settings) -> None:
    healthy = demo_source("portal")
    url = next(url for url in truth() if "portal.example" in url)
    run_source(hanging_on(max(truth()[url].text, key=len)[:20], healthy), replace(settings, page_limit_s=LIMIT_S), RUN)
    asked = web.count(url)
    report = run_source(healthy, settings, RUN)
    assert (report.retry, report.articles["new"]) == ([], 8)
    assert web.count(url) == asked


def test_the_bytes_do_not_depend_on_how_many_processes_there_are(web: DemoWeb, settings: Settings) -> None:
    store = open_store(settings.archive)
    parts = Fetch(demo_source("portal"), RUN, settings).run()
    written = []
    for processes in (1, 2):
        for part in parts:
            clean_part(part, replace(settings, processes=processes))
        written.append([store.get(key(part)) for part in parts for key in (keys.work_articles, keys.work_rejected)])
    assert written[0] == written[1]


def test_a_part_that_loses_page_after_page_is_given_up(
    web: DemoWeb, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bantin.clean.MOST_LOST", 1)
    with pytest.raises(PagesLost, match=r"gave up: 2 pages were lost, the last http://portal.example/.*: hung: "):
        run_source(hanging_on("", demo_source("portal")), replace(settings, page_limit_s=3), RUN)
    assert reports.read_report(open_store(settings.archive), "demo-portal", RUN).state == "fetched"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["BANTIN_PROCESSES", "BANTIN_PAGE_LIMIT_S"])
@pytest.mark.parametrize("value", ["many", "0", "-1", "nan"])
def test_settings_that_are_no_number(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}: '{value}': expected a number of"):
        Settings.from_environment()


def test_settings_pass_to_child_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed: dict[str, Any] = {"processes": 3, "page_limit_s": 7.5}
    for key, setting in replace(Settings.from_environment(), **changed).environment().items():
        monkeypatch.setenv(key, setting)
    read_again = Settings.from_environment()
    assert (read_again.processes, read_again.page_limit_s) == (3, 7.5)
