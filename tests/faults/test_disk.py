"""A disk that is full at any put of a run, or mounted for reading: told at once, and mended by a further try."""

import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from storage import keys
from storage.store import open_store
from tests.faults.archives import RUN, SOURCE, expect_whole, rows_of
from tests.faults.conftest import Crawled

pytestmark = pytest.mark.timeout(1200)

STEP_PAGES = 2


def fill(disk: Path, free_pages: int) -> Path:
    """Fills the disk but for so many pages; returns the file that takes the room."""
    filler = disk / "filler"
    found = os.statvfs(disk)
    filler.write_bytes(bytes((found.f_bavail - free_pages) * found.f_bsize))
    assert os.statvfs(disk).f_bavail == free_pages
    return filler


def test_a_disk_that_becomes_full(crawled: Crawled, disk: Path, record_property: Callable[[str, object], None]) -> None:
    told = []
    for free_pages in count(0, STEP_PAGES):
        settings = crawled.archive().override(archive=str(disk / "archive"))
        filler = fill(disk, free_pages)
        full = crawled.start(settings).wait()
        filler.unlink()
        if full.well:
            break
        assert "No space left on device: make room, or move the archive to a larger disk" in full.message
        assert str(disk / "archive") in full.message
        store = open_store(settings.archive)
        if store.head(keys.articles(SOURCE, RUN)):
            assert sorted(row.url for row in rows_of(store)) == sorted(crawled.pages), "all or nothing"
        again = crawled.start(settings).wait()
        assert again.well, again.message
        expect_whole(store, crawled.pages)
        told.append(full.message)
        shutil.rmtree(disk / "archive")
    record_property("points", len(told))
    named = {message.partition(":")[0].removeprefix(str(disk / "archive") + "/") for message in told}
    print(f"{len(told)} points, at {', '.join(sorted(named))}")
    assert {keys.captures(SOURCE, RUN), keys.articles(SOURCE, RUN)} <= named, "else the steps are too large"


@pytest.mark.parametrize("verb", ["run", "fetch", "finish"])
def test_a_disk_mounted_for_reading(crawled: Crawled, disk: Path, verb: str) -> None:
    settings = crawled.archive().override(archive=str(disk / "archive"))
    store = open_store(settings.archive)
    assert crawled.start(settings, verb="fetch").wait().well
    before = {info.key: info.etag for info in store.list("")}
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    refused = crawled.start(settings, verb=verb).wait()
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert (refused.error, refused.retryable) == ("StoreRefused", False)
    assert "Read-only file system: mount it for writing, or correct ARCHIVE_URL" in refused.message
    assert {info.key: info.etag for info in store.list("")} == before
    assert crawled.start(settings, verb="finish").wait().well
    expect_whole(store, crawled.pages)
