"""A crawl that is killed, at any moment: what it had uploaded is never asked for again, and nothing is kept twice."""

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from warcio.archiveiterator import ArchiveIterator

from bantin.errors import FetchFailed
from bantin.fetch import Fetch, committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from model.report import State
from model.source import Source, dump_source
from storage import keys, reports
from storage.store import open_store
from tests.servers.scripted import ScriptedSite, scripted, source_of
from tests.spiders.crawling import RUN
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("own_process")

ARTICLES = [f"/a{n}" for n in range(48)]
PART_BYTES = 8_000
"""A part holds about half a dozen pages, so a crawl of `ARTICLES` makes about eight."""

PAUSE_S = 0.04
"""How long the server takes to answer: the crawl is to be killed in its middle."""


def crawl_of(run: str) -> psutil.Process | None:
    """The process that crawls `run`, a child of this one."""
    for child in psutil.Process().children():
        try:
            if {"spiders.crawl", run} <= set(child.cmdline()):
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def stored(settings: Settings, source: Source, attempt: int | None = None) -> dict[str, list[str]]:
    """By the key of each uploaded part (of an attempt) the articles in it, as plain warcio reads them."""
    found: dict[str, list[str]] = {}
    for info in open_store(settings.archive).list(keys.raw_prefix(source.id, RUN)):
        if attempt in (None, keys.attempt_of(info.key)):
            with Path(settings.archive, info.key).open("rb") as file:
                responses = [r for r in ArchiveIterator(file, check_digests="raise") if r.rec_type == "response"]
                paths = [r.rec_headers.get_header("WARC-Target-URI").rpartition("/")[2] for r in responses]
                found[info.key] = [f"/{path}" for path in paths if path.startswith("a")]
    return found


def kill_after(asked: int, site: ScriptedSite, source: Source, settings: Settings) -> list[str]:
    """Begins an attempt and kills it, as a power cut would, when it has asked for so many articles; returns those it
    asked for."""
    before = len(site.times("/a"))
    with ThreadPoolExecutor(1) as pool:
        attempt = pool.submit(Fetch(source, RUN, settings).run)
        wait_until(lambda: attempt.done() or len(site.times("/a")) >= before + asked)
        crawl = crawl_of(RUN)
        assert crawl is not None, attempt.exception()
        crawl.kill()
        with pytest.raises(FetchFailed, match="died with exit code -9"):
            attempt.result(timeout=30)
    return [seen.path for seen in site.seen if seen.path.startswith("/a")][before:]


def test_a_crawl_that_is_killed_again_and_again_loses_no_more_than_its_open_parts(settings: Settings) -> None:
    settings = replace(settings, part_bytes=PART_BYTES)
    chance = random.Random(20261122)
    with scripted() as site:
        site.listing("/list", *ARTICLES)
        site.pages(*ARTICLES)
        site.delays_s = dict.fromkeys(ARTICLES, PAUSE_S)
        source = source_of(f"{site.base}/list", concurrency=2)
        kept: set[str] = set()
        for attempt in (1, 2, 3):
            asked = kill_after(chance.randint(8, 16), site, source, settings)
            assert not kept & set(asked), "what lies in an uploaded part is not asked for again"
            parts = stored(settings, source, attempt)
            uploaded = [path for part in parts.values() for path in part]
            per_part = max(map(len, parts.values()), default=8)
            gone = [path for path in asked if path not in uploaded]
            assert len(gone) <= 3 * per_part, "the open part, those on their way up, and what was under way"
            kept |= set(uploaded)
            assert committed_captures(open_store(settings.archive), source.id, RUN) is None
        assert len(kept) > 5, "otherwise this has shown nothing"
        before = len(site.seen)
        Fetch(source, RUN, settings).run()
        captures = committed_captures(open_store(settings.archive), source.id, RUN) or []
        committed = [c.url for c in captures if c.is_page]
        assert sorted(committed) == sorted(site.base + path for path in ARTICLES), "everything, exactly once"
        assert {keys.parse_raw_part(c.warc_key).attempt for c in captures if c.warc_key} == {1, 2, 3, 4}
        assert not kept & {seen.path for seen in site.seen[before:]}


DIES_BEFORE_ITS_REPORT = """
import os, signal, sys
from pathlib import Path
from bantin.fetch import Fetch
from bantin.settings import Settings
from model.source import parse_source
class Doomed(Fetch):
    def _report(self, *_):
        os.kill(os.getpid(), signal.SIGKILL)
Doomed(parse_source(Path(sys.argv[1]).read_text(), "x"), sys.argv[2], Settings.from_environment()).run()
"""


def test_a_run_that_died_between_its_commit_and_its_report_can_be_run_again(settings: Settings, tmp_path: Path) -> None:
    with scripted() as site:
        site.listing("/list", *ARTICLES[:4])
        site.pages(*ARTICLES[:4])
        source = source_of(f"{site.base}/list")
        file = tmp_path / "source.yaml"
        file.write_text(dump_source(source), "utf-8")
        command = [sys.executable, "-c", DIES_BEFORE_ITS_REPORT, str(file), RUN]
        died = subprocess.run(command, env={**os.environ, **settings.environment()}, capture_output=True)
        assert died.returncode == -signal.SIGKILL, died.stderr
        store = open_store(settings.archive)
        before = committed_captures(store, source.id, RUN)
        assert before is not None
        assert reports.read_report(store, source.id, RUN) is None
        report = run_source(source, settings, RUN)
        assert (report.state, report.attempts, report.articles["new"]) == (State.PUBLISHED, 2, 4)
        assert {site.asked(path) for path in ARTICLES[:4]} == {1}
        after = committed_captures(store, source.id, RUN) or []
        assert [c for c in after if c.is_page] == [c for c in before if c.is_page]
