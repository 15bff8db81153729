"""Marks fit the original, and snippets show them."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from browse.index.snippets import SNIPPET, Marker
from browse.query import parse_query
from browse.words import fold, spell

WORDS = st.text("aàạoòđĐưýyuúmnßĞ京ก", min_size=1, max_size=6)
SPACES = st.sampled_from([" ", ", ", "\n", ".\n", " – ", "’", "\u00a0"])


def marked(query: str, text: str) -> list[str]:
    snippet = Marker(parse_query(query)).snippet(text)
    assert snippet is not None
    assert text[snippet.start :].startswith(snippet.text)
    return [text[begin:end] for begin, end in snippet.marks]


@pytest.mark.parametrize(
    ("query", "text", "marks"),
    [
        ("duong", "Con đường, con ĐƯỜNG cũ và Dương.", ["đường", "ĐƯỜNG", "Dương"]),
        ("đường", "đường dương", ["đường", "dương"]),
        ('"đường"', "đường dương duong", ["đường"]),
        ('"hoà bình"', "Hòa Bình, hoà bình, hoa bình", ["Hòa Bình", "hoà bình"]),
        ('"đua thuyền"', "đua xe, đua\nthuyền", ["đua\nthuyền"]),
        ("thuy*", "thuyền Thủy thu", ["thuyền", "Thủy"]),
        ('"đua thu*"', "đua thuyền đua thuỷ đua xe", ["đua thuyền", "đua thuỷ"]),
        ("1500000", "hết 1.500.000 đồng", ["1.500.000"]),
        ("京大", "北京大学", ["京大"]),
        ("hội -làng source:x", "hội làng", ["hội"]),
        ("hội làng OR đua", "hội làng đua", ["hội", "làng", "đua"]),
        ("title:hội", "hội", []),
        ('hội "lễ hội lớn"', "lễ hội lớn", ["lễ hội lớn"]),
    ],
)
def test_what_is_asked_for_is_marked_in_the_original(query: str, text: str, marks: list[str]) -> None:
    assert marked(query, text) == marks
    decomposed = unicodedata.normalize("NFD", text)
    assert marked(query, decomposed) == [unicodedata.normalize("NFD", one) for one in marks]


def test_a_title_is_shown_whole() -> None:
    title = Marker(parse_query('title:hội OR "mùa thu"')).title("Lễ hội mùa thu")
    assert title.pieces == [("Lễ ", False), ("hội", True), (" ", False), ("mùa thu", True)]


@given(st.lists(st.tuples(WORDS, SPACES), min_size=1, max_size=120), st.data())
def test_a_mark_is_the_word_that_was_asked_for(pieces: list[tuple[str, str]], data: st.DataObject) -> None:
    text = unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), "".join(map("".join, pieces)))
    words = spell(text)
    assume(words)
    asked = data.draw(st.sampled_from(words))
    typed = data.draw(st.sampled_from([asked, fold(asked), asked.upper()]))
    assume(typed != "OR" and spell(typed) == spell(typed.lower()))
    snippet = Marker(parse_query(typed)).snippet(text)
    assert snippet is not None
    assert snippet.marks
    assert text[snippet.start : snippet.start + len(snippet.text)] == snippet.text
    for begin, end in snippet.marks:
        assert snippet.start <= begin < end <= snippet.start + len(snippet.text)
        assert "".join(map(fold, spell(text[begin:end]))) in (
            "".join(map(fold, spell(typed))) * count for count in range(1, 9)
        )
    assert "".join(piece for piece, _ in snippet.pieces) == snippet.text


@given(st.text(max_size=2000), st.lists(st.sampled_from(["a", "b c", '"c"', "de*", "京"]), min_size=1, max_size=3))
def test_any_text_has_a_snippet(text: str, typed: list[str]) -> None:
    snippet = Marker(parse_query(" ".join(typed))).snippet(text)
    assert (snippet is None) == (not text.strip())
    if snippet:
        assert 0 < len(snippet.text) <= SNIPPET
        assert text[snippet.start :].startswith(snippet.text)


def test_a_snippet_is_where_most_of_the_query_stands() -> None:
    filler = "Mưa rơi trên mái nhà. " * 30
    text = f"Lễ khai mạc. {filler}Hội làng mở lễ lớn. {filler}hội hội hội"
    snippet = Marker(parse_query("lễ hội")).snippet(text)
    assert snippet is not None
    assert "Hội làng mở lễ lớn" in snippet.text
    assert snippet.text[0].isupper()
    assert text[snippet.start + len(snippet.text)].isspace()


def test_a_text_without_the_words_shows_its_beginning() -> None:
    text = "Trời mưa. " * 100
    snippet = Marker(parse_query("lễ")).snippet(text)
    assert snippet is not None
    assert (snippet.start, snippet.marks) == (0, ())


def test_a_text_of_one_endless_word_is_cut() -> None:
    snippet = Marker(parse_query("x")).snippet("a" * 5000 + " x " + "b" * 5000)
    assert snippet is not None
    assert ("x", True) in snippet.pieces
    assert len(snippet.text) <= SNIPPET
