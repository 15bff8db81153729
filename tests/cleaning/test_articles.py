"""Given this page, this is the article: pages/*.html with what is expected beside each."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.article import text_sha256
from tests.cleaning.markup import cleaned, source

PAGES = Path(__file__).parent / "pages"


@pytest.fixture(params=sorted(path.stem for path in PAGES.glob("*.html")))
def case(request: pytest.FixtureRequest) -> tuple[Any, dict[str, Any]]:
    want = json.loads((PAGES / f"{request.param}.json").read_text("utf-8"))
    site = source(url="https://an-binh.example/", **want["source"])
    url = want.get("url", "https://an-binh.example/duong-hoa-77.html")
    return cleaned((PAGES / f"{request.param}.html").read_bytes(), of=site, url=url), want


def test_text_is_the_articles_paragraphs_and_nothing_else(case):
    article, want = case
    assert article.text.split("\n") == want["text"]


def test_metadata(case):
    article, want = case
    assert article.title == want["title"]
    assert article.author == want["author"]
    assert str(article.published_on) == want["published_on"]
    assert article.published_at.isoformat() == want["published_at"]
    assert article.language == want["language"]
    assert article.via_url == want["via_url"]


def test_pictures_have_their_captions_and_documents_their_names(case):
    article, want = case
    assert [[image.url, image.caption, image.credit] for image in article.images] == want["images"]
    assert [[one.url, one.name] for one in article.attachments] == want["attachments"]


def test_what_was_taken_is_recorded_with_rule_and_place(case):
    article, want = case
    assert set(want["removed"]) <= {removal.rule for removal in article.removed}
    assert [link.rule for link in article.spam] == want["spam"]
    assert all(removal.text and removal.path for removal in article.removed)


def test_record_is_whole(case):
    article, _ = case
    assert article.text_sha256 == text_sha256(article.title, article.text)
    assert article.text.startswith(article.lead or "")
    assert set(article.origins) <= set(article.__dataclass_fields__)
    assert "trafilatura" in article.cleaner_version
