"""What texts begin with that a pattern takes: a line is held against those patterns alone that may begin like it."""

import re

import pytest

from cleaning.beginnings import DIGIT, beginnings
from cleaning.rulefile import expanded
from cleaning.rules import RULES


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("tin mới", {"t"}),
        ("(?:xem|đọc) thêm", {"x", "đ"}),
        ("(?:a|b(?:c|d)) e|f", {"a", "b", "f"}),
        ("(?:hãy )?chia sẻ", {"h", "c"}),
        ("a?b*c+d", {"a", "b", "c"}),
        ("(?:a|b?)c", {"a", "b", "c"}),
        ("a{0,2}b{2}c", {"a", "b"}),
        (r"\(?\d[\d.,]* (?:votes?)", {"(", DIGIT}),
        (r"\d{1,2}:\d{2}", {DIGIT}),
        ("[ >»|-]{0,4}(?:đọc|xem)", {" ", ">", "»", "|", "-", "đ", "x"}),
        ("©|copyright", {"©", "c"}),
    ],
)
def test_plain_patterns_begin_with_few_characters(pattern: str, expected: set[str]) -> None:
    assert beginnings(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [".{0,9}a", r"\w+a", "[a-z]b", "[^a]b", r"[\]a]b", "[]a]b", "(?=a)b", "(a|b)c", "a?", "(?:a|b*)", "", "^a"],
)
def test_others_may_begin_with_any(pattern: str) -> None:
    assert beginnings(pattern) is None


def test_a_rule_s_patterns_begin_like_the_examples_that_they_take() -> None:
    checked = 0
    for rule in RULES:
        for pattern in map(expanded, rule.patterns):
            begins = beginnings(pattern)
            for example in rule.examples:
                text = example.lower()
                if begins is not None and re.fullmatch(pattern, text):
                    checked += 1
                    assert (DIGIT if text[0].isdecimal() else text[0]) in begins, (rule.name, pattern, text)
    assert checked > 50
