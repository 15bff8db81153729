"""Given this page, this is the article: pages/*.html with what is expected beside each.

The JSON has the fields of the article that the page is there to show; `text` as its blocks, `images` as [url, caption,
credit], `attachments` as [url, name], `alternates` as [language, url], `removed` as some of the texts that each rule
took, `spam` as the rules of its links. A page that is no article has the kind of its rejection as `rejected`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from model.article import Article, Rejected, text_sha256
from tests.cleaning.markup import outcome, source

PAGES = Path(__file__).parent / "pages"
NAMES = sorted(path.stem for path in PAGES.glob("*.html"))
PLAIN = (
    "title",
    "lead",
    "author",
    "section",
    "language",
    "tags",
    "via_name",
    "via_url",
    "canonical_url",
    "quarantined",
)


def wanted(name: str) -> dict[str, Any]:
    want: dict[str, Any] = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    return want


def found(name: str) -> Article | Rejected:
    want = wanted(name)
    site = source(url="https://an-binh.example/", **want["source"])
    url = want.get("url", "https://an-binh.example/duong-hoa-77.html")
    return outcome((PAGES / f"{name}.html").read_bytes(), of=site, url=url)


def value_of(article: Article, field: str) -> Any:
    """The article's `field` in the shape that the JSON has it."""
    if field == "text":
        return article.text.split("\n")
    if field == "images":
        return [[image.url, image.caption, image.credit] for image in article.images]
    if field == "attachments":
        return [[one.url, one.name] for one in article.attachments]
    if field == "alternates":
        return [[one.language, one.url] for one in article.alternates]
    if field == "spam":
        return [link.rule for link in article.spam]
    if field in ("published_on", "modified_on"):
        day = getattr(article, field)
        return None if day is None else str(day)
    if field in ("published_at", "modified_at"):
        instant = getattr(article, field)
        return None if instant is None else instant.isoformat()
    return getattr(article, field)


def cases() -> list[Any]:
    """A test for each field of each page."""
    given: list[Any] = []
    for name in NAMES:
        for field in sorted(wanted(name).keys() - {"source", "url", "removed", "rejected", "about"}):
            given.append(pytest.param(name, field, id=f"{name}-{field}"))
    return given


@pytest.mark.parametrize(("name", "field"), cases())
def test_the_article_has_what_is_expected(name: str, field: str) -> None:
    article = found(name)
    assert isinstance(article, Article), article
    assert value_of(article, field) == wanted(name)[field]


def removed_cases() -> list[Any]:
    """A test for each rule of each page."""
    given: list[Any] = []
    for name in NAMES:
        for rule in wanted(name).get("removed", {}):
            given.append(pytest.param(name, rule, id=f"{name}-{rule}"))
    return given


@pytest.mark.parametrize(("name", "rule"), removed_cases())
def test_what_was_taken_is_recorded_with_its_rule(name: str, rule: str) -> None:
    article = found(name)
    assert isinstance(article, Article), article
    taken = "\n".join(removal.text for removal in article.removed if removal.rule == rule)
    assert [text for text in wanted(name)["removed"][rule] if text not in taken] == [], article.removed


@pytest.mark.parametrize("name", [name for name in NAMES if "rejected" in wanted(name)])
def test_a_page_that_is_no_article_is_rejected(name: str) -> None:
    outcome = found(name)
    assert isinstance(outcome, Rejected)
    assert outcome.kind == wanted(name)["rejected"]


def whole_cases() -> list[Any]:
    """A test for each page with an article."""
    names = [name for name in NAMES if "rejected" not in wanted(name)]
    return [pytest.param(name) for name in names]


@pytest.mark.parametrize("name", whole_cases())
def test_the_record_is_whole(name: str) -> None:
    article = found(name)
    assert isinstance(article, Article), article
    assert article.text_sha256 == text_sha256(article.title, article.text)
    assert article.text.startswith(article.lead or "")
    assert set(article.origins) <= set(Article.__dataclass_fields__)
    assert "trafilatura" in article.cleaner_version
    assert all(removal.text and removal.path for removal in article.removed)


def test_every_page_says_what_it_is_there_for() -> None:
    assert [name for name in NAMES if not wanted(name).get("about")] == []


def test_every_field_is_expected_by_some_page() -> None:
    fields = {field for name in NAMES for field in wanted(name)}
    shaped = {"text", "images", "attachments", "alternates", "spam", "published_on", "published_at", "modified_on"}
    assert {*PLAIN, *shaped, "removed", "rejected"} <= fields
