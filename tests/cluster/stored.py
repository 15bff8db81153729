"""What lies in an archive, in the form in which two archives of the same pages are equal."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bantin.settings import CHECKOUT
from model.article import Article
from storage import keys
from storage.store import open_store
from storage.tables import read

OF_THE_RUN = ("run", "fetched_at", "warc_key", "warc_offset", "warc_length")
"""Columns that tell of the crawl and not of the page."""


def rows(archive: str, sources: Iterable[str]) -> list[Article]:
    """Every row of these sources' runs."""
    store = open_store(archive)
    found = (info.key for source in sources for info in store.list(keys.articles_prefix(source)))
    return [row for key in found for row in read(store, key, Article)]


def told(articles: Iterable[Article]) -> list[dict[str, Any]]:
    """The rows without what tells of the crawl, in order."""
    all_of_them = [{k: v for k, v in asdict(row).items() if k not in OF_THE_RUN} for row in articles]
    return sorted(all_of_them, key=lambda row: (row["source"], row["url"]))


def doubles(articles: Iterable[Article]) -> list[tuple[str, str]]:
    """Pages with more than one row. (No page of the small web changes.)"""
    counted = Counter((row.source, row.url) for row in articles)
    return [page for page, count in counted.items() if count > 1]


def bantin(*words: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Runs the command line."""
    command = [sys.executable, "-c", "from bantin.cli import main; main()", *words]
    return subprocess.run(command, cwd=CHECKOUT, env={**os.environ, **environment}, capture_output=True, text=True)


def crawl_here(sources: Path, folder: Path) -> str:
    """Crawls all sources on this machine alone, undisturbed; returns the archive."""
    archive = str(folder / "archive")
    environment = {"ARCHIVE_URL": archive, "BANTIN_SOURCES": str(sources), "BANTIN_WORK": str(folder / "work")}
    done = bantin("crawl", "--all", "--jobs", "2", environment=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return archive
