"""The audit: every word that a page shows is in the article's text or in what was removed from it, once."""

import csv
import gzip
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml.html import HtmlElement

from bench.extractor import capture_of, source_for
from cleaning.cleaner import clean_page, open_page
from cleaning.lines import BLOCKS
from cleaning.reasons import UNCLASSIFIED
from cleaning.text import tidy
from model.article import Article, Rejected
from tests.cleaning.markup import URL, page, paragraphs

PAGES = Path(__file__).parent / "pages"
UNSEEN = {
    "script", "style", "noscript", "noembed", "noframes", "template", "head", "iframe", "object", "svg", "textarea",
    "select",
}  # fmt: skip
WORD = re.compile(r"\w+")


def visible(root: HtmlElement) -> Counter[str]:
    """The words in the text nodes under `root`, as a reader sees them: markup within a word does not end it, but one
    link right behind another does."""
    text: list[str] = []
    last: list[HtmlElement | None] = [None]

    def add(piece: str | None, link: HtmlElement | None) -> None:
        if piece and not (piece.isspace() and text[-1:] == ["\n"]):
            if link is not None and last[0] is not None and link is not last[0]:
                text.append(" ")
            text.append(piece.replace("\n", " "))
            last[0] = link

    def end() -> None:
        text.append("\n")
        last[0] = None

    def walk(element: HtmlElement, link: HtmlElement | None) -> None:
        ends = element.tag in BLOCKS or element.tag in ("br", "img")
        inner = element if element.tag == "a" else link
        if ends:
            end()
        if element.tag not in UNSEEN:
            add(element.text, inner)
            for child in element:
                walk(child, inner)
                add(child.tail, inner)
        if ends:
            end()

    walk(root, None)
    return Counter(word for line in "".join(text).split("\n") for word in WORD.findall(tidy(line)))


def accounted(article: Article) -> Counter[str]:
    """The words of the article's text and of all that was removed."""
    texts = [article.text, *(removal.text for removal in article.removed)]
    return Counter(word for text in texts for word in WORD.findall(text))


def audit(body: bytes, url: str) -> Article | None:
    """Cleans the page and checks that no word was lost or doubled; None where it is no article, or shows none."""
    capture, source = capture_of(url), source_for(url)
    opened = open_page(capture, body, source)
    if isinstance(opened, Rejected):
        return None
    shown = visible(opened.body)
    article = clean_page(opened, capture, source)
    if isinstance(article, Rejected) or article.origins.get("text") in ("json-ld", "script"):
        return None
    found = accounted(article)
    lost, doubled = shown - found, found - shown
    # A word that runs over the edge of an element that was taken is counted by its parts.
    assert sum(lost.values()) <= 5 + sum(shown.values()) // 100
    assert letters(lost) == letters(doubled), f"{url}: lost {lost}, doubled {doubled}"
    return article


def letters(counted: Counter[str]) -> Counter[str]:
    return Counter(letter for word, count in counted.items() for letter in word * count)


def test_every_word_of_our_own_pages_is_accounted_for():
    assert audit((PAGES / "portal.html").read_bytes(), "https://an-binh.example/duong-hoa-77.html")
    for path in sorted(PAGES.glob("*.html")):
        assert (
            audit(path.read_bytes(), "https://an-binh.example/duong-hoa-77.html") or path.with_suffix(".json").exists()
        )


def test_text_taken_out_of_the_middle_of_a_line_is_accounted_for():
    link = '<a style="display:none" href="https://w88.example/">W88 nhà cái</a>'
    body = page(paragraphs(f"<p>Trước {link} và sau, một câu của bài viết về hội đua thuyền mùa thu của xã.</p>"))
    article = audit(body.encode(), URL)
    assert article is not None
    assert "W88" not in article.text
    assert "Trước và sau" in article.text


def corpus_pages(shared: Path) -> Iterator[tuple[bytes, str]]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, shared / "corpus" / "build.py", folder], check=True, capture_output=True)
        for name, want in json.loads((Path(folder) / "truth.json").read_text("utf-8")).items():
            yield (Path(folder) / name).read_bytes(), want["url"]


def shared_pages(shared: Path, name: str) -> Iterator[tuple[bytes, str]]:
    if name == "vn-pages":
        folder = shared / "data" / "vn-pages"
        with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows, delimiter="\t"):
                path = folder / f"{row['name']}.html"
                if path.is_file():
                    yield path.read_bytes(), f"https://{row['site']}/{row['path'].rsplit('/', 1)[-1]}"
        return
    if name == "corpus":
        yield from corpus_pages(shared)
        return
    folder = shared / "data" / name
    for key, want in json.loads((folder / "ground_truth.json").read_text("utf-8")).items():
        yield gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()), want.get("url") or ""


@pytest.mark.parametrize(
    ("name", "share"),
    [("corpus", 0.08), ("vn-pages", 0.12), ("aeb", 0.08), ("fundus", 0.08)],  # vn-pages has more than articles
)
def test_every_word_of_real_pages_is_accounted_for(shared: Path, name: str, share: float):
    removed = unclassified = 0
    for body, url in shared_pages(shared, name):
        if article := audit(body, url):
            removed += sum(len(one.text) for one in article.removed)
            unclassified += sum(len(one.text) for one in article.removed if one.rule == UNCLASSIFIED)
    assert unclassified < share * removed
