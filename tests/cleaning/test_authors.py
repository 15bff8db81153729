"""Authors: whom a page names, in bylines and in its structured data; order kept, outlets and roles left out."""

import pytest

from cleaning.author import author_and_byline
from cleaning.bylines import is_byline
from cleaning.names import is_name, once, person
from tests.cleaning.markup import TITLE, page, paragraphs, source
from tests.cleaning.opened import opened


def ld(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


def news(author: str, **fields: str) -> str:
    pairs = "".join(f', "{key}": "{value}"' for key, value in fields.items())
    return ld(f'{{"@type": "NewsArticle", "headline": "{TITLE}", "author": {author}{pairs}}}')


def author_of(markup: str, **options) -> str | None:
    found = opened(markup, **options)
    return author_and_byline(found.page, found.head, found.source, found.lines, found.title)[0]


def below(byline: str) -> str:
    """A page with `byline` between its title and its text."""
    return page(f"{byline}{paragraphs()}")


# --- bylines as they are printed ----------------------------------------------
@pytest.mark.parametrize(
    ("byline", "author"),
    [
        ("<p>By Ann Example</p>", "Ann Example"),
        ("<p>By Ann Example and Bo Sample</p>", "Ann Example; Bo Sample"),
        ("<p>By Ann Example, Bo Sample and Cy Model</p>", "Ann Example; Bo Sample; Cy Model"),
        ("<p>By Ann Example, Senior Writer</p>", "Ann Example"),
        ("<p>By Ann Example | Review Editor | Updated 3 May 2024</p>", "Ann Example"),
        ("<p>By Ann Example December 2, 2025</p>", "Ann Example"),
        ("<p>December 2, 2025 By Ann Example In</p>", "Ann Example"),
        ("<p>By Ann Example; photos by Bo Sample</p>", "Ann Example"),
        ("<p><span>By</span><span>Ann Example</span></p>", "Ann Example"),
        ("<p>Written by</p><p>Ann Example</p>", "Ann Example"),
        ("<p>Von Anna Beispiel und Bernd Muster</p>", "Anna Beispiel; Bernd Muster"),
        ("<p>Von Anna Beispiel, Musterstadt 05.08.2024, 20:59 Uhr</p>", "Anna Beispiel"),
        ("<p>Ein Gastbeitrag von Anna Beispiel</p>", "Anna Beispiel"),
        ("<p>Par Anne Exemple et Benoît Modèle</p>", "Anne Exemple; Benoît Modèle"),
        ("<p>Por Ana de la Muestra</p>", "Ana de la Muestra"),
        ("<p>di Anna Esempio</p>", "Anna Esempio"),
        ("<p>Door Anna van der Proef</p>", "Anna van der Proef"),
        ("<p>Oleh Budi Contoh</p>", "Budi Contoh"),
        ("<p>Penulis: Budi Contoh</p>", "Budi Contoh"),
        ("<p>Teks dan foto: Budi Contoh</p>", "Budi Contoh"),
        ("<p>Text and photos: Ann Example</p>", "Ann Example"),
        ("<p>Автор: Анна Примерова</p>", "Анна Примерова"),
        ("<p>Tác giả: Lê Ví Dụ</p>", "Lê Ví Dụ"),
        ("<p>Phóng viên Lê Ví Dụ</p>", "Lê Ví Dụ"),
        ("<p>Tác giả bài viết: Lê Ví Dụ</p>", "Lê Ví Dụ"),
        ("<p>Đăng bởi: Lê Ví Dụ - 03/11/2026 08:15</p>", "Lê Ví Dụ"),
        ("<p>Người đăng: Lê Ví Dụ. Ngày đăng: 03/11/2026. Lượt xem: 12</p>", "Lê Ví Dụ"),
        ("<p>记者：王小明</p>", "王小明"),
        ('<p class="author">홍길동 기자</p>', "홍길동"),
        ("<p>홍길동 기자 입력 2026.11.03 09:15</p>", "홍길동"),
        ("<p>2026年11月03日 09:15 来源：示例网 作者：王小明</p>", "王小明"),
        ('<div class="article-byline"><b>Anna Beispiel</b> <b>Bernd Muster</b></div>', "Anna Beispiel; Bernd Muster"),
        ('<div class="article-byline"><a>Anna Beispiel</a>, <a>Bernd Muster</a></div>', "Anna Beispiel; Bernd Muster"),
        ('<p><a rel="author" href="/x">Ann Example</a></p>', "Ann Example"),
        ('<p><a href="/authors/ann-example">Ann Example</a></p>', "Ann Example"),
        ('<p><a href="/author/ann-example"><b>Ann Example</b><i>Reporter</i></a></p>', "Ann Example"),
        ('<p><span itemprop="author"><span itemprop="name">Ann Example</span></span></p>', "Ann Example"),
        ('<p class="Meta_dateAndAuthor__x1">Dec 17, 2025<span>Ann B. Example</span></p>', "Ann B. Example"),
        ('<p class="author">Martin Prøve Martin Prøve</p>', "Martin Prøve"),
        ("<p><strong>Ann Example</strong></p>", "Ann Example"),  # right above the first sentence
    ],
)
def test_bylines(byline, author):
    assert author_of(below(byline)) == author


@pytest.mark.parametrize(
    "line",
    [
        "<p>Reviewed by:</p><p>Ann Example</p>",
        "<p>Photo by Ann Example</p>",
        "<p>Contributions from: Ann Example</p>",
        "<p>By the sea</p>",
        '<h4 class="author">The Northern and Southern villages</h4>',
        '<p class="author">Ann Example goes home at last</p>',
        "<p>By Vi Du News</p>",
        "<p>By 2030</p>",
        '<p class="author">Recent Posts</p>',
        '<p class="author">admin</p>',
        '<p class="author">ann@example.org</p>',
        '<p class="author">page.head.author</p>',
        '<p class="author">xa-vi-du.example</p>',
        '<p class="author">Cổng thông tin xã Ví Dụ</p>',
        '<p class="author">Cổng thông tin xã Ví DụCổng thông tin xã Ví Dụ</p>',
        '<div class="comment"><span class="comment-author">Ann Example</span></div>',
        "<p><strong>Hà Nội</strong></p>",
    ],
)
def test_lines_that_name_no_author(line):
    head = '<meta property="og:site_name" content="Vi Du">'
    assert author_of(page(line + paragraphs(), head=head)) is None


def test_the_bylines_of_teasers_are_not_the_articles():
    teasers = "".join(
        f'<div class="card"><a href="/{name[0]}">{name} in the news</a><p>By {name}</p></div>'
        for name in ("Ann Example", "Bo Sample")
    )
    assert author_of(page(after=teasers)) is None


def test_a_byline_behind_the_text_is_taken_where_it_is_the_only_one():
    assert author_of(page(after="<footer>Posted by Ann Example on 18 December 2025</footer>")) == "Ann Example"


# --- structured data ----------------------------------------------------------
@pytest.mark.parametrize(
    ("author", "names"),
    [
        ('{"@type": "Person", "givenName": "Ann", "familyName": "Example"}', "Ann Example"),
        ('{"@type": "Person", "name": ["Ann Example", "Bo Sample"]}', "Ann Example; Bo Sample"),
        ('"Ann Example, Bo Sample and Cy Model"', "Ann Example; Bo Sample; Cy Model"),
        ('"Ann Example & Bo Sample"', "Ann Example; Bo Sample"),
        ('"Von Anna Beispiel"', "Anna Beispiel"),
        ('"Von Muster"', "Von Muster"),
        ('[{"name": "Ann Example"}, {"name": "ANN EXAMPLE"}]', "Ann Example"),
        ('{"@type": "Organization", "name": "dpa"}', "dpa"),
        ('[{"name": "Ann Example"}, {"@type": "Organization", "name": "dpa"}]', "Ann Example"),
        ('{"@type": "Organization", "name": "Redaktion Musterblatt"}', "Redaktion Musterblatt"),
        ('{"@type": "Organization", "name": "Some Company"}', None),
        ('"Redaktion"', None),
        ('"https://example.org/ann"', None),
        ('"annexample77"', None),
        ('"Theo Lê Ví Dụ"', "Lê Ví Dụ"),
        ('"Theo Tuổi Trẻ"', None),
        ("[[[]], 5, null, {}]", None),
    ],
)
def test_author_fields(author, names):
    assert author_of(page(head=news(author))) == names


def test_a_reference_within_the_graph_is_followed():
    graph = ld(
        f'{{"@graph": [{{"@type": "Article", "headline": "{TITLE}", "author": {{"@id": "#p1"}}}},'
        '{"@type": "Person", "@id": "#p1", "name": "Ann Example"}]}'
    )
    assert author_of(page(head=graph)) == "Ann Example"


def test_json_ld_that_cannot_be_read_as_a_whole_still_tells_its_author():
    broken = ld('{"@type": "NewsArticle", "headline": "She said "no"", "author": [{"name": "Ann Example"}]}')
    assert author_of(page(head=broken)) == "Ann Example"


@pytest.mark.parametrize("name", ["author", "dc.creator", "article:author", "dcsext.author", "parsely-author"])
def test_meta_elements(name):
    assert author_of(page(head=f'<meta name="{name}" content="Ann Example">')) == "Ann Example"


@pytest.mark.parametrize("name", ["twitter:creator", "book:author", "author:id", "fediverse:creator"])
def test_meta_elements_that_name_no_author(name):
    assert author_of(page(head=f'<meta name="{name}" content="Ann Example">')) is None


def test_what_readers_see_at_the_title_beats_the_account_that_posted_it():
    markup = page(f"<p>By Ann Example</p>{paragraphs()}", head=news('"Posting Account"'))
    found = opened(markup)
    author, origin, byline = author_and_byline(found.page, found.head, found.source, found.lines, found.title)
    assert (author, origin) == ("Ann Example", "visible")
    assert [line.text for line in byline.lines] == ["By Ann Example"]


def test_structured_data_is_kept_where_the_byline_agrees():
    markup = page(f"<p>By Dr. Ann Example, Musterstadt</p>{paragraphs()}", head=news('["Ann Example", "Bo Sample"]'))
    found = opened(markup)
    author, origin, byline = author_and_byline(found.page, found.head, found.source, found.lines, found.title)
    assert (author, origin) == ("Ann Example; Bo Sample", "json-ld")
    assert is_byline(byline.lines[0], ["Ann Example", "Bo Sample"])


# --- outlets -------------------------------------------------------------------
@pytest.mark.parametrize("author", ["Beispielblatt", "Beispiel Blatt", "beispielblatt.example", "Beispielblatt Online"])
def test_an_outlet_is_no_author(author):
    site = source(name="Beispielblatt", url="https://beispielblatt.example/")
    head = news(f'"{author}"') + '<meta property="og:site_name" content="Beispielblatt">'
    assert author_of(page(head=head), of=site) is None


def test_a_site_that_bears_its_writers_name_is_no_outlet():
    site = source(name="ann-example.example", url="https://ann-example.example/")
    head = '<meta property="og:site_name" content="Ann Example"><meta name="author" content="Ann Example">'
    assert author_of(page(head=head), of=site) == "Ann Example"
    company = ld('{"@type": "Organization", "name": "Ann Example"}')
    assert author_of(page(head=head + company), of=site) is None


# --- names ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    [
        "Ann Example",
        "Ann B. Example",
        "Anna van der Proef",
        "Jean-Luc O'Example",
        "ANN EXAMPLE",
        "Lê Ví Dụ",
        "王小明",
        "Анна Примерова",
    ],
)
def test_names(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "text", ["Ann", "ann example", "Senior Writer", "Recent Posts", "In 2024 Ann", "", "王小明和李小红一起去了北京"]
)
def test_no_names(text):
    assert not is_name(text)


def test_a_text_printed_twice():
    assert once("Việt NamViệt Nam") == "Việt Nam"
    assert once("Ann Example Ann Example") == "Ann Example"
    assert once("Linh Linh") == "Linh Linh"


@pytest.mark.parametrize(
    ("raw", "name"),
    [("Hà Thu (tổng hợp)", "Hà Thu"), ("Bài, ảnh: Lê Na", "Lê Na"), ("Von Muster", "Von Muster"), ("By Ann", "Ann")],
)
def test_person(raw, name):
    assert person(raw, frozenset()) == name
