"""Same page, same record: in every order, in every process."""

import hashlib
import os
import pickle
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from cleaning.errors import CleaningError
from tests.cleaning.markup import cleaned, outcome, page, paragraphs

PAGES = Path(__file__).parent / "pages"
ROOT = Path(__file__).parents[2]


def fingerprint() -> str:
    """A hash over the records of all pages, each cleaned more often than trafilatura's duplicate filter bears."""
    digest = hashlib.sha256()
    for _ in range(5):
        for path in sorted(PAGES.glob("*.html")):
            digest.update(repr(outcome(path.read_bytes())).encode())
    return digest.hexdigest()


def test_a_page_is_not_changed_by_those_before_it():
    alone = cleaned(page())
    for number in range(12):
        cleaned(
            page(paragraphs(f"<p>Trang số {number} của cùng một trang tin, với cùng các đoạn văn như trang trước.</p>"))
        )
    assert cleaned(page()) == alone


def test_every_process_gives_the_same_records():
    found = {fingerprint()}
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", "from tests.cleaning.test_purity import fingerprint; print(fingerprint())"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "America/New_York", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1


def test_a_time_without_zone_is_refused_not_guessed():
    with pytest.raises(CleaningError, match="time zone") as caught:
        cleaned(page(), fetched_at=datetime(2026, 11, 22))
    assert pickle.loads(pickle.dumps(caught.value)).url == caught.value.url
