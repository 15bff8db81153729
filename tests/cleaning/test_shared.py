"""The cleaner on real pages, where the shared material is there: no article lost, few lists kept, text at least as
good as trafilatura's own."""

import csv
import importlib.util
from pathlib import Path
from statistics import fmean

import pytest

from bench.extractor import cleaned
from model.article import Article

TRAFILATURA_F1 = {"aeb": 0.9598, "fundus": 0.9526, "wcxb": 0.9339}
PAGES_TRIED = {"aeb": 60, "fundus": 40, "wcxb": 40}  # the rest is bench/'s work


@pytest.fixture
def scoring(shared: Path):
    spec = importlib.util.spec_from_file_location("score_extraction", shared / "bench" / "score_extraction.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def saved_pages(shared: Path):
    folder = shared / "data" / "vn-pages"
    with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            path = folder / f"{row['name']}.html"
            if path.is_file():
                place = "" if row["kind"] == "home" else row["path"].rsplit("/", 1)[-1]
                yield row["kind"], row["name"], cleaned(path.read_bytes(), f"https://{row['site']}/{place}")


def test_vietnamese_pages(shared):
    kept = {"article": [], "listing": []}
    lost = {"article": [], "listing": []}
    for kind, name, found in saved_pages(shared):
        group = {"article": "article", "static": None}.get(kind, "listing")
        if group:
            (kept if isinstance(found, Article) else lost)[group].append(name)
    assert lost["article"] == []
    assert len(kept["article"]) == 10
    assert len(kept["listing"]) <= 1, kept["listing"]


def test_vietnamese_articles_have_title_and_day(shared):
    for kind, name, found in saved_pages(shared):
        if kind == "article":
            assert found.title, name
            assert found.published_on is not None, name
            assert found.language == "vi", name
            assert found.spam == [], name


@pytest.mark.parametrize("name", TRAFILATURA_F1)
def test_text_of_articles(shared, scoring, name):
    folder = shared / "data" / name
    truth = dict(list(scoring.load_truth(folder).items())[: PAGES_TRIED[name]])
    counts, rejected = [], []
    for key, want in truth.items():
        found = cleaned(scoring.read_page(folder, key), want.get("url") or "")
        counts.append(scoring.match(want["text"], found.text if isinstance(found, Article) else ""))
        if not isinstance(found, Article):
            rejected.append(key)
    f1, precision, recall = scoring.text_scores(counts)
    assert len(rejected) <= 1, rejected
    assert f1 >= TRAFILATURA_F1[name] - 0.01
    assert fmean((precision, recall)) > 0.9
