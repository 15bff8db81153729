"""Whatever bytes come, an answer comes back, soon, and it can be stored."""

import time

import pytest

from model.article import Article, Rejected
from tests.cleaning.markup import outcome, paragraphs

HEAD = "<html><head><title>Tựa</title></head><body>"
TEXT = paragraphs()

PAGES = {
    "nothing": b"",
    "nul bytes": b"\x00" * 100_000,
    "nul bytes within": (HEAD + TEXT.replace(" ", "\x00 ", 9)).encode(),
    "ten megabytes of <": b"<" * 10_000_000,
    "open tags without end": b"<p" * 3_000_000,
    "nested blocks": (HEAD + "<div>" * 100_000 + TEXT).encode(),
    "nested phrases": (HEAD + "<b>" * 100_000 + TEXT).encode(),
    "unclosed fonts": (HEAD + "<font>" * 900 + TEXT).encode(),
    "nested tables": (HEAD + "<table><tr><td>" * 60 + TEXT).encode(),
    "nested lists": (HEAD + "<ul><li>" * 90 + TEXT).encode(),
    "a huge attribute": (HEAD + f'<p class="{"x_" * 4_000_000}">' + TEXT).encode(),
    "very many attributes": (HEAD + "<p " + " ".join(f"a{n}=1" for n in range(150_000)) + ">" + TEXT).encode(),
    "very many paragraphs": (HEAD + "<p>a" * 500_000).encode(),
    "very many headings": (HEAD + "<h4>Tin liên quan</h4><p>x</p>" * 4_000 + TEXT).encode(),
    "a long text": (HEAD + "<p>" + "x " * 3_000_000).encode(),
    "entities": (HEAD + "&amp;" * 1_000_000).encode(),
    "invalid UTF-8": HEAD.encode() + b"\xff\xc0\x80\xed\xa0\x80" * 1_000 + TEXT.encode(),
    "lone surrogates": (HEAD + "<p>&#xD800;&#xDFFF;&#55357; x</p>" + TEXT).encode(),
    "unclosed comments": (HEAD + "<!--" * 100_000 + TEXT).encode(),
    "json without end": (HEAD + '<script type="application/ld+json">' + "[" * 200_000 + "</script>" + TEXT).encode(),
    "odd structured data": (
        HEAD + '<script type="application/ld+json">{"@type":"NewsArticle","headline":{"a":[1]},"author":[[["x"]]],'
        '"datePublished":12345,"articleSection":{"x":1},"keywords":{"a":2},"publisher":7,"url":[]}</script>' + TEXT
    ).encode(),
    "broken addresses": (
        HEAD
        + '<base href="http://["><a href="http://[::1">x</a><img src="https://[x/y.jpg"><link rel=canonical href="//[">'
        '<link rel=alternate hreflang=vi href="http://[">' + TEXT
    ).encode(),
    "impossible dates": (
        HEAD + "<h1>Tựa</h1><time datetime='9999-99-99T99:99'>00/00/0000 31/02/2024</time>" + TEXT
    ).encode(),
    "dates at the end of time": (
        HEAD + '<meta property="article:published_time" content="9999-12-31T23:59-14:00">' + TEXT
    ).encode(),
    "no body": b"<html><head></head></html>",
    "frames": b"<html><frameset><frame src=a></frameset></html>",
    "an encoding declared in XML": b'<?xml version="1.0" encoding="utf-16"?>' + (HEAD + TEXT).encode(),
    "a codec that is none": ('<html><head><meta charset="rot13"></head><body>' + TEXT).encode(),
}


@pytest.mark.parametrize("name", PAGES)
def test_an_answer_comes_back(name):
    before = time.process_time()
    found = outcome(PAGES[name], charset="x-unheard-of")
    assert time.process_time() - before < 20  # seconds of CPU; most take a hundredth
    assert isinstance(found, Article | Rejected)
    if isinstance(found, Article):
        for text in (found.title, found.text, found.html, found.author or "", *(one.text for one in found.removed)):
            text.encode("utf-8")  # raises for lone surrogates
            assert "\x00" not in text
        assert found.text
    else:
        assert found.detail


def test_a_page_from_a_file_has_no_place_in_a_warc():
    article = outcome(HEAD + TEXT)
    assert (article.warc_key, article.warc_offset, article.warc_length) == ("", 0, 0)
