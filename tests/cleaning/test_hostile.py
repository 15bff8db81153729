"""Whatever bytes come, an answer comes back, and it can be stored.

No test here looks at a clock: a page that takes minutes meets the time-out of the suite. Each takes a few seconds of
CPU at most.
"""

import unicodedata

import pytest
from lxml import html

from model.article import Article, Rejected
from tests.cleaning.fragments import ALLOWED
from tests.cleaning.markup import SENTENCES, cleaned, outcome, page, paragraphs

HEAD = "<html><head><title>Tựa</title></head><body>"
TEXT = paragraphs()
WORDS = "từ ngữ Việt Nam "


def attributes(make: str, count: int, between: str = " ") -> str:
    """A paragraph with `count` attributes before the text."""
    return f"{HEAD}<p {between.join(make.format(number) for number in range(count))}>{TEXT}"


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
    "twenty megabytes of nested divs": ("<div>" * 4_000_000).encode(),
    "more than twenty megabytes": b"<p>x</p>" * 2_600_000,
    "a million elements": (HEAD + "<div>x</div>" * 1_000_000 + TEXT).encode(),
    "a million attributes": attributes("a{}=1", 1_000_000).encode(),
    "a million quoted attributes": attributes('a{}="x"', 1_000_000).encode(),
    "attributes that hold the sign of a tag's end": attributes('a{}=">"', 12_000).encode(),
    "attributes without spaces": attributes('a{}="x"', 12_000, "").encode(),
    "attributes between slashes": attributes("a{}", 12_000, "/").encode(),
    "nested phrases with text": (HEAD + "".join(f"<b>{WORDS}" for _ in range(5_000)) + TEXT).encode(),
    "phrases of three kinds nested": (HEAD + "<i><b><span>" * 30_000 + TEXT).encode(),
    "very many small elements": (HEAD + "<i>x</i>" * 100_000 + TEXT).encode(),
    "many small elements": (HEAD + "<i>x</i> " * 25_000 + TEXT).encode(),
    "many links": (HEAD + "<a href=/x>xin chào</a> " * 20_000 + TEXT).encode(),
    "many links elsewhere": (HEAD + "<li><a href=http://x.example/>xin chào</a></li>" * 15_000 + TEXT).encode(),
    "many hidden links": (
        HEAD + '<p style="display:none"><a href=http://1.2.3.4/>W88</a></p>' * 10_000 + TEXT
    ).encode(),
    "many pictures": (
        HEAD + "<figure><img src=/a.jpg><figcaption>Ảnh: X</figcaption></figure>" * 10_000 + TEXT
    ).encode(),
    "many headlines": (HEAD + "<h1>Tựa đề</h1><p>Tựa đề</p>" * 9_000 + TEXT).encode(),
    "many short names": (HEAD + "<p>Nguyễn Văn A</p>" * 20_000 + TEXT).encode(),
    "many dates": (HEAD + "<time>07/03/2026 08:01</time>" * 25_000 + TEXT).encode(),
    "many dates in a line": (HEAD + "<p>" + "07/03/2026 08:01 " * 50_000 + "</p>" + TEXT).encode(),
    "one text of a million words": (HEAD + f"<p>{WORDS * 110_000}</p>" + TEXT).encode(),
    "one word of a million letters": (HEAD + f"<p>{'x' * 1_900_000}</p>" + TEXT).encode(),
    "a million spaces": (HEAD + f"<p>{'&nbsp;' * 1_000_000}x</p>" + TEXT).encode(),
    "a million marks on a letter": (HEAD + "<p>a" + "\u0301" * 900_000 + "</p>" + TEXT).encode(),
    "a tall table": (HEAD + "<table>" + "<tr><td>ô 1</td><td>ô 2</td></tr>" * 9_000 + "</table>" + TEXT).encode(),
    "a wide table": (HEAD + "<table><tr>" + "<td>ô</td>" * 15_000 + "</table>" + TEXT).encode(),
    "entities that grow": (
        '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + f"]>{HEAD}<p>&j;&j;</p>{TEXT}"
    ).encode(),
    "megabytes of comments": (HEAD + "<!-- " + "x -- > " * 2_000_000 + "-->" + TEXT).encode(),
    "a million comments": (HEAD + "<!--x-->" * 1_000_000 + TEXT).encode(),
    "megabytes of script": (HEAD + "<script>" + "a='<p>x</p>';" * 800_000 + "</script>" + TEXT).encode(),
    "megabytes of style": (HEAD + "<style>" + ".a{font-family:.VnTime}" * 200_000 + "</style>" + TEXT).encode(),
    "text for old fonts": (HEAD + "<font face='.VnTime'>Céng hoµ x· héi chñ nghÜa</font><br>" * 12_000).encode(),
    "a soup of line breaks": (HEAD + (WORDS * 6 + ".<br>") * 12_000).encode(),
    "a class of megabytes": (HEAD + f'<p class="{"x " * 4_000_000}">x</p>' + TEXT).encode(),
    "many classes on many elements": (HEAD + f'<p class="{"comment-x " * 50}">x</p>' * 4_000 + TEXT).encode(),
    "many structured data": (
        HEAD + '<script type="application/ld+json">{"@graph":[' + '{"a":1},' * 200_000 + "{}]}</script>" + TEXT
    ).encode(),
    "many authors": (HEAD + f"<meta name=author content='{'Nguyễn Văn, ' * 60_000}'>" + TEXT).encode(),
    "a long title": (f"<html><head><title>{'Tựa - ' * 200_000}</title></head><body>" + TEXT).encode(),
    "a long address": (HEAD + f"<a href='http://x/{'a/../' * 900_000}'>x y z</a>" + TEXT).encode(),
    "many base addresses": (HEAD + "<base href='/x'>" * 15_000 + "<a href=x>a b</a>" * 15_000 + TEXT).encode(),
    "quotes that never end": (HEAD + '<p class="' + "x" * 15_000_000).encode(),
    "tags within quotes that never end": (HEAD + "<p a='<p a=\"" * 500_000 + TEXT).encode(),
    "a zoo of tags": (HEAD + "".join(f"<x{n}>chào</x{n}>" for n in range(15_000)) + TEXT).encode(),
    "tags with odd names": (HEAD + "<a:b>x</a:b><1>y</1><p.q>z</p.q><-x>u</-x><ế>v</ế>" + TEXT).encode(),
    "SVG and mathematics": (HEAD + "<svg><text>x</text></svg><math><mi>x</mi></math>" * 2_000 + TEXT).encode(),
    "a long list of choices": (HEAD + "<select>" + "<option>xin</option>" * 25_000 + "</select>" + TEXT).encode(),
    "a surrogate in a broken encoding": HEAD.encode() + "\ud83d".encode("utf-8", "surrogatepass") * 500 + TEXT.encode(),
    "half of a UTF-16 page": ("\ufeff" + HEAD + TEXT).encode("utf-16-le")[:-301],
    "mojibake without end": (HEAD + "<p>" + "Viá»‡t XÃ\u00a0 á»” Ã " * 90_000 + TEXT).encode(),
    "marks such as ours where no text is": (
        HEAD + "<p>Ngắn.</p><noscript>" + f"<p>{chr(0xE01EF) * 3}{WORDS * 9}</p>" * 3 + "</noscript>"
    ).encode(),
    "many links to addresses in a line": (HEAD + "<a href=http://8.8.8.8/>xin chào</a> " * 20_000 + TEXT).encode(),
    "a row of labels": (HEAD + TEXT + "<table><tr><td>x<tr>" + "<td>In bài" * 15_000 + "</table>").encode(),
    "many empty elements": (HEAD + TEXT + "<p>" + "<i></i>x " * 25_000 + "</p>").encode(),
    "a long list between sentences": (
        HEAD + "<div>" + TEXT + "<ul class=widget-x>" + f"<li>{WORDS * 4}</li>" * 15_000 + "</ul>" + TEXT * 99
    ).encode(),
    "captions without pictures": (HEAD + TEXT + "<div></div><figcaption>Xin chào</figcaption>" * 12_000).encode(),
    "a script of escaped quotes": (
        '<html><head><title>Tựa</title><meta property="og:type" content="article"></head><body><p>ngắn</p><script>a="'
        + '\\"' * 900_000
        + "</script>"
    ).encode(),
    "references escaped twice": (HEAD + "<p>" + "&amp;amp;#225; &amp;nbsp;" * 90_000 + TEXT).encode(),
}
ENOUGH = (f"{HEAD}<div>{TEXT}</div></body></html>", list(SENTENCES))


@pytest.mark.parametrize("name", PAGES)
def test_an_answer_comes_back(name):
    found = outcome(PAGES[name], charset="x-unheard-of")
    assert isinstance(found, Article | Rejected)
    if isinstance(found, Rejected):
        assert found.detail
        return
    assert found.text
    for text in (found.title, found.text, found.html, found.author or "", *(one.text for one in found.removed)):
        text.encode("utf-8")  # raises for lone surrogates
        assert "\x00" not in text
    assert unicodedata.is_normalized("NFC", found.text)
    fragment = html.fragment_fromstring(found.html, create_parent="div")
    assert {element.tag for element in fragment.iterdescendants()} <= ALLOWED
    assert not any(element.attrib for element in fragment.iterdescendants())


def test_a_page_from_a_file_has_no_place_in_a_warc():
    article = outcome(HEAD + TEXT)
    assert (article.warc_key, article.warc_offset, article.warc_length) == ("", 0, 0)


XHTML = '<?xml version="1.0" encoding="{}"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html xmlns="http://www.w3.org/1999/xhtml">'
AMP = '<!doctype html><html ⚡ lang="vi"><head><title>Tựa</title><style amp-custom>p{color:red}</style></head><body>'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"{HEAD}<div>{TEXT}".encode(), id="without an end"),
        pytest.param(f"{HEAD}<div>{TEXT}</p".encode(), id="cut within a tag"),
        pytest.param(f"\ufeff{HEAD}{TEXT}".encode("utf-16-le"), id="UTF-16"),
        pytest.param(f"{HEAD}{TEXT}".encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param(XHTML.format("utf-8").encode() + f"{HEAD[6:]}{TEXT}</body></html>".encode(), id="XHTML"),
        pytest.param(
            XHTML.format("utf-16").encode() + f"{HEAD[6:]}{TEXT}</body></html>".encode(), id="XHTML that lies"
        ),
        pytest.param(f"{AMP}<article>{TEXT}<amp-img src=/a.jpg width=1></amp-img></article>".encode(), id="AMP"),
        pytest.param((HEAD + "<br><br>".join(SENTENCES)).encode(), id="line breaks"),
        pytest.param((HEAD + "<br>\n".join(SENTENCES)).encode(), id="single line breaks"),
        pytest.param(
            (HEAD + "<table>" + "".join(f"<tr><td>{one}</td></tr>" for one in SENTENCES) + "</table>").encode(),
            id="one table",
        ),
        pytest.param((HEAD + "<i><b>" * 90 + TEXT).encode(), id="nested phrases"),
        pytest.param(attributes("a{}=1", 100_000).encode(), id="attributes"),
        pytest.param((HEAD + "<!--" + "x" * 5_000_000 + "-->" + TEXT).encode(), id="a long comment"),
    ],
)
def test_the_text_is_found_all_the_same(body):
    found = outcome(body)
    assert isinstance(found, Article), found
    assert found.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b"<", "not-html"),
        (b"<html><frameset cols='1,2'><frame src=a><frame src=b></frameset></html>", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type/Catalog>>", "not-html"),
        (b"\n\n%PDF-1.4 <html>", "not-html"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR<html><body>", "not-html"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not-html"),
        (b"GIF89a<html>", "not-html"),
        (b'{"html": "<p>x</p>"}', "not-html"),
        (b"x" * 20_000_001, "too-large"),
        (b"<div>" * 4_000_000, "too-large"),
    ],
)
def test_what_is_no_page_is_rejected_with_its_kind(body, kind):
    found = outcome(body)
    assert isinstance(found, Rejected), found
    assert found.kind == kind
    assert found.detail


def test_a_page_whose_text_stands_in_json_alone_is_no_article_or_the_right_one():
    text = " ".join(SENTENCES)
    found = outcome(
        f'<html><head><title>Tựa</title><script type="application/ld+json">{{"@type":"NewsArticle","headline":"Tựa",'
        f'"articleBody":"{text}"}}</script></head><body><div id="root"></div></body></html>'
    )
    assert isinstance(found, Rejected) or " ".join(found.text.split()) == text


def test_word_and_frameworks_have_names_that_no_element_can_be_made_by():
    markup = page(f"<o:p @click=x>{paragraphs()}</o:p><blockquote><p><o:p>{SENTENCES[0]}</o:p></p></blockquote>")
    assert SENTENCES[1] in cleaned(markup).text


def test_thousands_of_small_elements_within_a_paragraph_cost_no_more_than_their_number():
    markup = page(f"<p>{SENTENCES[0]}" + "<button>x</button> " * 15_000 + "</p>" + paragraphs())
    assert SENTENCES[0] in cleaned(markup).text
