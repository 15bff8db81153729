"""Removals in their places: given a page and its row, these lines of it are these removals."""

import urllib.request

import pytest

from browse import placing
from browse.placing import MOST_BYTES, Piece, place
from demo import DemoWeb, truth
from model.article import Article, Removal
from tests.cleaning.markup import outcome, source
from tests.cleaning.test_articles import NAMES, PAGES, found


def dense(text: str) -> str:
    return "".join(text.replace(" | ", "").split())


def removal(text: str, path: str, rule: str = "counter") -> Removal:
    return Removal(text=text, rule=rule, path=path)


@pytest.mark.parametrize("name", NAMES)
def test_on_the_cleaners_pages_removals_stand_where_they_were_and_the_rest_is_the_text(name):
    article = found(name)
    if not isinstance(article, Article):
        pytest.skip("no article")
    if article.origins.get("text"):
        pytest.skip("its text was told to machines, or typed for an old font")
    placed = place((PAGES / f"{name}.html").read_bytes(), "text/html", article.text, article.removed)
    assert [article.removed[number] for number in placed.unplaced] == []
    for number, one in enumerate(article.removed):
        pieces = [
            piece.text
            for stretch in placed.stretches
            for line in stretch.lines
            for piece in line
            if piece.removal == number
        ]
        assert sorted(dense("".join(pieces))) == sorted(dense(one.text)), one


def test_on_the_demos_pages_every_removal_has_its_place_and_what_is_left_is_the_text():
    with DemoWeb() as web:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": web.proxy_url}))
        answers = {url: opener.open(url, timeout=20) for url in truth()}
        pages = [(url, answer.headers["Content-Type"], answer.read()) for url, answer in answers.items()]
    cleaned = [(header, body, outcome(body, of=source(url=url), url=url)) for url, header, body in pages]
    articles = [(header, body, article) for header, body, article in cleaned if isinstance(article, Article)]
    assert len(articles) > 20
    for header, body, article in articles:
        placed = place(body, header, article.text, article.removed)
        assert placed.unplaced == [], article.url
        assert all(stretch.known for stretch in placed.stretches), article.url
        lines = [line for stretch in placed.stretches for line in stretch.lines]
        kept = "".join(piece.text for line in lines for piece in line if piece.removal is None)
        assert sorted(dense(kept)) == sorted(dense(article.text)), article.url


def test_of_equal_lines_the_one_in_the_removals_place_is_meant():
    page = b"<body><div id=top><p>Tin</p></div><article><p>Tin</p></article><div id=end><p>Tin</p></div></body>"
    placed = place(page, None, "Tin", [removal("Tin", "div#top/p"), removal("Tin", "div#end")])
    assert [stretch.removal for stretch in placed.stretches] == [0, None, 1]
    assert all(stretch.known for stretch in placed.stretches)


def test_of_a_line_a_part_may_have_been_removed():
    page = "<body><p>(TTXVN) Xã mở hội./.</p></body>".encode()
    placed = place(page, None, "Xã mở hội.", [removal("(TTXVN)", "p"), removal("/.", "p")])
    (line,) = placed.stretches[0].lines
    assert line == [Piece("(TTXVN) ", 0), Piece("Xã mở hội.", None), Piece("/.", 1)]


def test_what_stood_around_another_removal_is_found_in_two_parts():
    page = b"<body><div id=box><p>one</p><p id=ad>two</p><p>three</p></div></body>"
    placed = place(page, None, "", [removal("one\nthree", "div#box"), removal("two", "div#box/p#ad")])
    assert [stretch.removal for stretch in placed.stretches] == [0, 1, 0]


def test_what_is_not_on_the_page_has_no_place_and_a_line_nobody_knows_is_said_to_be_unknown():
    placed = place(b"<body><p>text</p><p>here</p></body>", None, "text", [removal("gone", "p")])
    assert placed.unplaced == [0]
    assert [stretch.known for stretch in placed.stretches] == [True, False]


def test_a_page_that_was_read_otherwise_by_the_cleaner_places_nothing():
    page = "<body><p>Céng hoµ</p><p>x· héi</p><p>tin</p></body>".encode()
    placed = place(page, None, "Cộng hoà\nxã hội", [removal("tin", "p")])
    assert (placed.stretches, placed.unplaced) == ([], [0])


@pytest.mark.parametrize(
    ("body", "header", "shown"),
    [
        ("<p>hội".encode("utf-16"), None, "hội"),
        ("<p>h\u1ed9i".encode(), "text/html; charset=iso-8859-1", "hội"),
        ("<p>café".encode("latin-1"), "text/html; charset=iso-8859-1", "café"),
    ],
)
def test_a_page_is_read_by_what_its_bytes_are(body, header, shown):
    placed = place(body, header, shown, [])
    assert [piece.text for stretch in placed.stretches for line in stretch.lines for piece in line] == [shown]


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"<" * 5000, b"<p>" + b"x" * MOST_BYTES])
def test_what_is_no_page_places_nothing(body):
    assert place(body, None, "x", [removal("gone", "p")]).unplaced == [0]


def test_a_hostile_page_of_many_lines_and_removals_is_given_up_in_time():
    page = b"<body>" + b"<p>aaaa bbbb</p>" * 5000
    placed = place(page, None, "", [removal(f"none {n}", "body") for n in range(5000)])
    assert len(placed.unplaced) == 5000


def test_so_is_one_whose_lines_are_all_the_same(monkeypatch):
    monkeypatch.setattr(placing, "_MOST_LOOKS", 1_000)
    placed = place(b"<body>" + b"<p>aaaa</p>" * 300, None, "aaaa", [removal("aaaa", "p") for _ in range(10)])
    assert placed.unplaced == list(range(3, 10))


def test_a_part_of_a_long_text_is_not_looked_for_without_end(monkeypatch):
    monkeypatch.setattr(placing, "_MOST_READ", 1)
    placed = place(b"<body><p>aa</p><p>bb</p><p>cc</p><p>dd", None, "aa\nbb\nccc\nddd", [])
    assert [stretch.known for stretch in placed.stretches] == [True, True, True, False]
