"""What people type, and what it means."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browse.query import (
    MOST_CHARACTERS,
    MOST_TERMS,
    MOST_WORDS,
    AllOf,
    AnyOf,
    Clause,
    InvalidQuery,
    Is,
    Not,
    Published,
    Query,
    Terms,
    parse_query,
    with_value,
)


def word(*words: str, **more: bool | str) -> Terms:
    return Terms(words, **more)  # type: ignore[arg-type]


def phrase(*words: str, **more: bool) -> Terms:
    return Terms(words, exact=True, **more)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", []),
        ("  \n", []),
        ("Lễ hội", [word("lễ"), word("hội")]),
        ("lễ, hội!", [word("lễ"), word("hội")]),
        ('"Đua thuyền"', [phrase("đua", "thuyền")]),
        ("“đua thuyền”", [phrase("đua", "thuyền")]),
        ("thuy*", [word("thuy", prefix=True)]),
        ('"đua thuy*"', [phrase("đua", "thuy", prefix=True)]),
        ("京*", [word("京", prefix=True)]),
        ("北京", [word("北", "京")]),
        ("3,5 d'Ivoire", [word("3", "5"), word("d", "ivoire")]),
        ('-bóng -"bóng đá"', [Not(word("bóng")), Not(phrase("bóng", "đá"))]),
        ("- bóng", [word("bóng")]),
        ("12:30", [word("12", "30")]),
        ("Nội:mưa", [word("nội", "mưa")]),
        ('ống 5" nước', [word("ống"), word("5"), word("nước")]),
        ("a AND b", [word("a"), word("b")]),
        ("a or b", [word("a"), word("or"), word("b")]),
        ('"a OR b"', [phrase("a", "or", "b")]),
        ("a OR b", [AnyOf((word("a"), word("b")))]),
        ("a OR b OR -c", [AnyOf((word("a"), word("b"), Not(word("c"))))]),
        ("lễ hội OR hội làng", [AnyOf((AllOf((word("lễ"), word("hội"))), AllOf((word("hội"), word("làng")))))]),
        ("a OR b c source:x", [AnyOf((word("a"), AllOf((word("b"), word("c"))))), Is("source", "x")]),
        ("-z a OR b", [AnyOf((word("a"), word("b"))), Not(word("z"))]),
        ("source:x OR tag:y", [AnyOf((Is("source", "x"), Is("tag", "y")))]),
        ("title:hội", [word("hội", field="title")]),
        ('title:"lễ hội"', [Terms(("lễ", "hội"), exact=True, field="title")]),
        ('tag:"di sản"', [Is("tag", "di sản")]),
        ("Source:KimSon lang:EN place:x", [Is("source", "kimson"), Is("language", "en"), Is("locality", "x")]),
        ("source:a source:b source:a", [AnyOf((Is("source", "a"), Is("source", "b")))]),
        ("-source:a -source:b", [Not(Is("source", "a")), Not(Is("source", "b"))]),
        ("since:2026-11-03", [Published(date(2026, 11, 3), None)]),
        ("since:2026 until:2026-02", [Published(date(2026, 1, 1), date(2026, 2, 28))]),
        ("until:2026", [Published(None, date(2026, 12, 31))]),
        ("since:2025 since:2026", [Published(date(2026, 1, 1), None)]),
        ("-since:2026", [Not(Published(date(2026, 1, 1), None))]),
        ("is:changed month:2026-11", [Is("is", "changed"), Is("month", "2026-11")]),
        ("id:0123ABCD run:20261122T000000Z", [Is("id", "0123abcd"), Is("run", "20261122T000000Z")]),
        ("url:kimson.example/a-b", [Is("url", "kimson.example/a-b")]),
        ("https://kimson.example/a?b=1", [Is("url", "https://kimson.example/a?b=1")]),
    ],
)
def test_what_is_typed_means_clauses(text: str, clauses: list[Clause]) -> None:
    assert parse_query(text) == Query(text, tuple(clauses))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('"đua thuyền', "is not closed: put one after"),
        ("a*b", "stands at the end of a word"),
        ("a*", "write 2 letters or more"),
        ("*", "write letters or numbers"),
        ("!!!", "write letters or numbers"),
        ('""', "write letters or numbers"),
        ("OR a", "OR stands between two"),
        ("a OR", "OR stands between two"),
        ("a OR OR b", "OR stands between two"),
        ("a OR !", "on both"),
        ("(a OR b) c", "parentheses do not group"),
        ("sorce:kimson", "fields are title:, source:"),
        ("source: kimson", "right after the colon"),
        ('tag:"!"', "right after the colon"),
        ("https://", "right after the colon"),
        ("is:new", "expected is:changed, is:injected"),
        ("month:2026-13", "something like 2026-11"),
        ("id:xyz", "something like 0123456789abcdef"),
        ("run:yesterday", "something like 20261122T000000Z"),
        ("since:yesterday", "write 2026-11-30, 2026-11 or 2026"),
        ("since:2026-02-30", "write 2026-11-30, 2026-11 or 2026"),
        ("since:0000", "write 2026-11-30, 2026-11 or 2026"),
        ("since:2027 until:2026", "exchange them"),
        ("a " * (MOST_TERMS + 1), f"{MOST_TERMS} at most"),
        (f'"{"a " * (MOST_WORDS + 1)}"', f"more than {MOST_WORDS} words"),
        ("a" * (MOST_CHARACTERS + 1), f"{MOST_CHARACTERS} at most"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(InvalidQuery, match=re.escape(advice)):
        parse_query(text)


def test_filters_narrow_what_is_typed() -> None:
    filters = {"source": ["a", "b"], "lang": ["vi"], "since": ["2026"], "until": [""], "tag": []}
    assert parse_query("hội source:a", filters).clauses == (
        word("hội"),
        AnyOf((Is("source", "a"), Is("source", "b"))),
        Is("language", "vi"),
        Published(date(2026, 1, 1), None),
    )


def test_filters_narrow_alternatives_as_a_whole() -> None:
    assert parse_query("a OR b", {"source": ["x"]}).clauses == (AnyOf((word("a"), word("b"))), Is("source", "x"))


def test_filters_are_checked_like_fields() -> None:
    with pytest.raises(InvalidQuery, match="no field is called colour"):
        parse_query("", {"colour": ["red"]})
    with pytest.raises(InvalidQuery, match="something like 2026-11"):
        parse_query("", {"month": ["x"]})
    with pytest.raises(InvalidQuery, match="at most"):
        parse_query("", {"tag": [f"t{number}" for number in range(MOST_TERMS + 1)]})


PIECES = st.sampled_from(
    [
        "lễ",
        "a",
        '"',
        "“",
        "*",
        "-",
        ":",
        "(",
        " ",
        " OR ",
        "OR",
        "source:",
        "since:",
        "2026",
        "is:",
        "京",
        "http://",
        "\\",
        "\0",
        "é",
    ]
)


@given(st.text() | st.lists(PIECES, max_size=12).map("".join))
def test_anything_is_understood_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except InvalidQuery:
        return
    assert query.clauses or not text.strip()


@pytest.mark.parametrize(
    ("text", "named", "asked"),
    [
        ('lễ hội place:"kim sonn" -bóng', Is("locality", "kim sonn"), 'lễ hội place:"Kim “Sơn”" -bóng'),
        ("source:KIMSN OR source:lathanh", Is("source", "kimsn"), 'source:"Kim “Sơn”" OR source:lathanh'),
        ("-place:sonn place:son", Is("locality", "sonn"), "-place:sonn place:son"),
        ("sonn", Is("locality", "sonn"), "sonn"),
    ],
)
def test_a_query_asks_for_another_value(text: str, named: Is, asked: str) -> None:
    assert with_value(text, named, "Kim “Sơn”") == asked
    assert with_value(text, named, 'Kim "Sơn"') == asked.replace("“", " ").replace("”", " ")
