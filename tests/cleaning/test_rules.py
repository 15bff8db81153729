"""The furniture rules as data: every rule takes its examples, spares what is near, and is shown by a page."""

import pickle
import re
import time
from pathlib import Path

import pytest
from lxml.html import fromstring

from cleaning.errors import RuleError
from cleaning.furniture import compiled
from cleaning.lines import lines_of
from cleaning.page import attribute_text
from cleaning.reasons import Sayings
from cleaning.rulefile import expanded, read_rules
from cleaning.rules import LINE_CHARS, RULES, Rule, check_patterns, marks_of, rule_for

PAGES = Path(__file__).parent / "pages"
LINES = ("line", "linked", "heading")
GOOD = """
- name: bell
  takes: line
  phrases: {vi: [Tiếng chuông], en: [The bell]}
  removes: A line about the bell.
  examples: ["The bell:"]
  page: portal
"""

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.file}-{rule.name}-{rule.takes}")


def takes(rule: Rule, text: str) -> bool:
    if rule.takes == "element":
        return bool(compiled(rule.selector)(fromstring(f"<div>{text}</div>")))
    return rule_for(rule.takes, text) == rule.name


@each_rule
def test_a_rule_takes_its_examples(rule: Rule) -> None:
    assert [text for text in rule.examples if not takes(rule, text)] == []


@each_rule
def test_a_rule_and_all_others_of_lines_spare_its_counter_examples(rule: Rule) -> None:
    assert [text for text in rule.counter_examples if takes(rule, text)] == []
    if rule.takes in LINES:
        assert [text for text in rule.counter_examples for kind in LINES if rule_for(kind, text)] == []


@each_rule
def test_a_rule_is_shown_by_its_page(rule: Rule) -> None:
    tree = fromstring((PAGES / f"{rule.page}.html").read_bytes())
    if rule.takes == "element":
        found = bool(compiled(rule.selector)(tree))
    elif rule.takes in LINES:
        found = any(rule_for(rule.takes, line.text) == rule.name for line in lines_of(tree))
    else:
        marks = attribute_text if rule.takes == "mark" else marks_of
        elements = [element for element in tree.iter() if isinstance(element.tag, str)]
        found = any(rule_for(rule.takes, marks(element)) == rule.name for element in elements)
    assert found, f"nothing on {rule.page}.html is taken by it"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("  Chia sẻ", "action"),
        (">> CHIA SẺ", "action"),
        ("[ In bài viết ]", "action"),
        ("« Quay lại", "action"),
        ("Copy link ✕", "action"),
        ("Quảng cáo…", "advertisement"),
        ("— Advertisement —", "advertisement"),
    ],
)
def test_case_and_what_stands_around_a_phrase_do_not_matter(line: str, rule: str) -> None:
    assert rule_for("line", line.strip()) == rule


def test_a_number_in_brackets_does_not_matter() -> None:
    assert rule_for("heading", "Bình luận (1.024)") == rule_for("heading", "Bình luận ()") == "comments"


def test_a_long_line_is_never_furniture() -> None:
    assert rule_for("line", "We use cookies " + "x" * LINE_CHARS) is None


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<nav><p id=x>Tin tức</p></nav>", "navigation"),
        ('<div class="site-footer"><div class="row"><p id=x>Tòa soạn</p></div></div>', "footer"),
        ('<div class="sideBar"><ul class="relatedPosts"><li id=x>Cầu mới</li></ul></div>', "related"),
        ('<div role="dialog"><p id=x>Mời bạn</p></div>', "popup"),
        ('<div class="cookie_notice popup"><p id=x>Cookie</p></div>', "cookie-consent"),
        ('<div class="platform research"><p id=x>Trạm bơm</p></div>', None),
        ('<div class="platform"><p><a href="/t"><b id=x>Trạm bơm</b></a></p></div>', None),
        ('<nav><a href="/t"><b id=x>Trạm bơm</b></a></nav>', "navigation"),
    ],
)
def test_the_innermost_element_that_says_so_gives_the_reason(markup: str, reason: str | None) -> None:
    page = fromstring(f"<html><body><div>{markup}</div></body></html>")
    found = Sayings(page.find("body")).of(page.get_element_by_id("x"))
    assert (found[0] if found else None) == reason


@pytest.mark.parametrize(
    "text",
    [" ", "1.", "a ", ">> ", "www.", "read more: ", "sign up for our newsletter ", "we use cookies ", "(", "1 - "],
)
def test_no_text_keeps_a_pattern_busy(text: str) -> None:
    hostile = (text * LINE_CHARS)[:LINE_CHARS]
    start = time.process_time()
    for kind in LINES:
        rule_for(kind, hostile)
    for rule in RULES:
        for pattern in rule.patterns:
            compiled_one = re.compile(expanded(pattern))
            compiled_one.fullmatch(hostile)
            compiled_one.search(hostile)
    assert time.process_time() - start < 1.0  # all of them; a pattern that backtracks takes minutes


def test_a_rule_names_its_languages_before_its_phrases() -> None:
    (rule,) = read_rules(GOOD, "bells.yaml")
    assert rule.languages == ("vi", "en")
    assert rule.phrases == ("Tiếng chuông", "The bell")
    assert (rule.example, rule.file) == ("The bell:", "bells.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("takes: line", "takes: lines", "bells.yaml: rule bell: takes: expected one of mark, element, line"),
        ("  page: portal", "", "bells.yaml: rule bell: page: missing"),
        ("  page: portal", "  pages: portal", "bells.yaml: rule bell: pages: no such field"),
        ("name: bell", "name: Bell!", "bells.yaml: rule Bell!: name: expected lower-case"),
        ("name: bell", "name: [bell]", "bells.yaml: rule number 1: name: expected text"),
        ("en: [The bell]", "en: The bell", "bells.yaml: rule bell: phrases: expected a list"),
        ("en: [The bell]", "en: [no]", "bells.yaml: rule bell: phrases: expected a list of texts"),
        ("en: [The bell]", "no: [The bell]", "bells.yaml: rule bell: phrases: expected languages"),
        ("en: [The bell]", "en: ['>>']", "bells.yaml: rule bell: phrases: '>>' has no word"),
        ("the bell.", "the bell", "bells.yaml: rule bell: removes: expected a sentence"),
        ("phrases: {vi: [Tiếng chuông], en: [The bell]}", "languages: [en]", "rule bell: phrases: expected phrases"),
        (
            "phrases: {vi: [Tiếng chuông], en: [The bell]}",
            "patterns: ['{nummer}']",
            "patterns: '{nummer}': no fragment",
        ),
        ("phrases: {vi: [Tiếng chuông], en: [The bell]}", "patterns: ['The bell']", "expected lower case"),
        ("phrases: {vi: [Tiếng chuông], en: [The bell]}", "selector: 'p'", "only rules of kind `element`"),
        ("- name: bell", "- bell\n- name: bell", "bells.yaml: rule number 1: expected fields"),
        ("- name: bell", "- name: [", "bells.yaml: no YAML"),
    ],
)
def test_a_mistake_is_named_with_file_rule_and_field(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        read_rules(GOOD.replace(old, new), "bells.yaml")
    assert message in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_selector_that_is_none_is_named() -> None:
    text = GOOD.replace("takes: line", "takes: element")
    text = text.replace("phrases: {vi: [Tiếng chuông], en: [The bell]}", "selector: 'p[['")
    with pytest.raises(RuleError, match=r"bells\.yaml: rule bell: selector: no CSS selector"):
        read_rules(text, "bells.yaml")


@pytest.mark.parametrize(("pattern", "message"), [("a(", "no regular expression"), ("(a)", "write groups as")])
def test_a_pattern_that_is_none_is_named(pattern: str, message: str) -> None:
    rules = read_rules(
        GOOD.replace("phrases: {vi: [Tiếng chuông], en: [The bell]}", f"patterns: ['{pattern}']"), "x.yaml"
    )
    with pytest.raises(RuleError, match=f"x.yaml: rule bell: patterns: .*{message}"):
        check_patterns(rules)
