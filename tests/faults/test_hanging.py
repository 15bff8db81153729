"""A crawl that hears neither a signal nor that its parent is gone: it is killed, and the next try goes on."""

import os
import signal

import pytest

from storage.store import open_store
from tests.faults.archives import expect_whole
from tests.faults.conftest import Crawled
from tests.faults.doomed import Death


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["asked to stop", "its parent is killed"])
def test_a_crawl_that_hangs_is_killed(crawled: Crawled, end: signal.Signals) -> None:
    crawled.environment = {"END_S": "0.2"}
    commit = next(number for number, call in enumerate(crawled.calls(), 1) if call.startswith("crawl put captures/"))
    settings = crawled.archive()
    running = crawled.start(settings, Death(commit, victim="hang"))
    running.wait_for_standstill()
    os.kill(running.process.pid, end)
    ended = running.wait()  # until no process of it is left
    assert ended.killed or (ended.error, ended.retryable) == ("FetchFailed", True)
    again = crawled.start(settings).wait()
    assert again.well, again.message
    expect_whole(open_store(settings.archive), crawled.pages)
