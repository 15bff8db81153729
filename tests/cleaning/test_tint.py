"""A page tinted by what became of its texts: all of them are there, and nothing in it runs or loads."""

import re
from pathlib import Path

import pytest
from lxml.html import fromstring

from cleaning.fates import kind_of
from cleaning.rules import RULES
from cleaning.tint import tinted
from model.article import Article
from tests.cleaning.markup import FETCHED_AT, SENTENCES, URL, page, paragraphs, source
from tests.records import capture

PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><iframe src=//evil.example></iframe>"
    '<a href="javascript:alert(1)">Xem</a><form action=//evil.example><input name=q><button>Gửi</button></form>'
    '<p style="background:url(//evil.example)" onclick=alert(1)>Một câu của người lạ viết vào trang của xã.</p>'
    "<svg><script>alert(1)</script></svg><meta http-equiv=refresh content='0;url=//evil.example'>"
    "<object data=//evil.example></object><link rel=stylesheet href=//evil.example><base href=//evil.example>"
)


def made(markup: str):
    return tinted(capture(url=URL, fetched_at=FETCHED_AT, language=None), markup.encode(), source())


def test_each_text_says_what_became_of_it():
    comments = "<div id=comments><p>Bình luận (0)</p></div>"
    article, fates, html = made(page(paragraphs(comments)))
    assert isinstance(article, Article)
    marks = {mark.text_content(): (mark.get("class"), mark.get("title")) for mark in fromstring(html).iter("mark")}
    assert marks[SENTENCES[0]] == ("fate-kept", "kept")
    assert marks["Bình luận (0)"] == ("fate-furniture", "comments")
    assert [fate.rule for fate in fates if fate.text == "Bình luận (0)"] == ["comments"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_text_of_the_page_is_missing(path: Path):
    article, fates, html = made(path.read_text("utf-8", "replace"))
    if not isinstance(article, Article):
        assert (fates, html) == ([], "")
        return
    shown = " ".join(re.findall(r"\w+", fromstring(html).text_content()))
    missing = [fate for fate in fates if " ".join(re.findall(r"\w+", fate.text)) not in shown]
    assert missing == []
    if article.origins.get("text") in ("json-ld", "script"):
        return  # the page shows none of it
    kept = "".join(re.findall(r"\w+", "".join(fate.text for fate in fates if not fate.rule)))
    assert all("".join(re.findall(r"\w+", line)) in kept for line in article.text.split("\n") if article.lead is None)


def test_nothing_of_a_hostile_page_is_left_to_run_or_load():
    _, _, html = made(page(paragraphs(HOSTILE)))
    tree = fromstring(html)
    assert [one.tag for one in tree.iter("script", "iframe", "object", "form", "input", "button", "link", "base")] == []
    assert "evil.example" not in html.replace(URL, "")
    assert "alert" not in html
    policy = [one.get("content") for one in tree.iter("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


@pytest.mark.parametrize("tag", ["noscript", "xmp", "noembed", "noframes", "plaintext", "iframe", "title", "svg", "p"])
def test_no_element_ends_within_an_attribute(tag):
    refresh = "<meta http-equiv=refresh content='0;url=//evil.example'>"
    _, _, html = made(page(paragraphs(f'<{tag}><p title="<!--</{tag}>{refresh}-->">Xin chào</p></{tag}>')))
    assert "<meta http-equiv=refresh" not in html
    assert SENTENCES[0] in html


def test_markup_shown_as_text_is_tinted_as_text():
    _, _, html = made(page(paragraphs("<xmp><i>Xin chào</i></xmp>")))
    assert not list(fromstring(html).iter("xmp"))
    assert "&lt;i&gt;Xin chào&lt;/i&gt;</mark>" in html


def test_every_rule_has_a_kind():
    assert {kind_of(rule.name) for rule in RULES} == {"furniture", "place", "metadata"}
    assert kind_of("") == "kept"
    assert kind_of("bare-ip-link") == "spam"
    assert kind_of("a-rule-of-the-source") == "furniture"
