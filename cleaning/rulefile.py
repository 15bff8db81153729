"""Rule files: one furniture rule as a record, and how the YAML of cleaning/ruleset/ is read and checked."""

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

import yaml
from cssselect import HTMLTranslator
from cssselect.parser import SelectorError

from cleaning.errors import RuleError

try:
    from yaml import CSafeLoader as _Loader  # ten times as fast
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Takes = Literal["mark", "element", "line", "linked", "heading", "reason"]

# Names for parts of patterns, written `{number}` in the files.
FRAGMENTS = {
    "number": r"\d[\d.,]*",
    "day": r"(?:thứ (?:hai|ba|tư|năm|sáu|bảy|bẩy)|chủ ?nhật|t[2-7]|cn)",
    "date": r"(?:ngày )?\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?\d{4}",
}
# What templates put around a label: `>> Xem thêm:`, `[ In bài ]`, `Đọc tiếp »`.
DECORATION = " >»›→▶►❯•●■*·|+-–—_:：.,…!?？←<«‹❮▼▾▲▴[]()【】「」#/\\&✕×✉☆★♥"

_FRAGMENT = re.compile(r"\{([a-z]+)\}")
_ESCAPE = re.compile(r"\\.")
_TEXTS = ("name", "takes", "removes", "page", "selector")
_LISTS = ("languages", "phrases", "patterns", "examples", "counter_examples")
_BY_LANGUAGE = ("phrases", "patterns")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_REQUIRED = ("name", "takes", "removes", "examples", "page")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    What it takes is given by `phrases`, words as a page prints them, by `patterns`, regular expressions in lower case,
    or by a `selector`. `languages` are those its words belong to (empty: any), in the file written as its own field or
    before each list of phrases. `removes` says in a sentence what it is;
    `examples` are lines, marks or (of a selector) pieces of HTML that it takes, `counter_examples` such as are near and
    stay. `page` is the page of tests/cleaning/pages that shows it, `file` the file it stands in.
    """

    name: str
    takes: Takes
    languages: tuple[str, ...]
    removes: str
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    page: str
    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    selector: str = ""
    file: str = ""

    @property
    def example(self) -> str:
        """The first of the examples."""
        return self.examples[0]


def read_rules(text: str, file: str) -> tuple[Rule, ...]:
    """The rules in the YAML `text` of `file`.

    Raises `RuleError`, which names file, rule and field, where one is not as docs/cleaning.md says.
    """
    try:
        rows = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise RuleError(f"no YAML: {' '.join(str(error).split())}", file) from error
    if not isinstance(rows, list) or not rows:
        raise RuleError("expected a list of rules, each beginning with `- name: …`", file)
    return tuple(_rule(row, file, number) for number, row in enumerate(rows, start=1))


def expanded(pattern: str) -> str:
    """`pattern` with its `{fragments}` written out. Raises `KeyError` for one that does not exist."""
    return _FRAGMENT.sub(lambda found: FRAGMENTS[found[1]], pattern) if "{" in pattern else pattern


def _rule(row: Any, file: str, number: int) -> Rule:
    if not isinstance(row, dict):
        raise RuleError("expected fields, like `name: counter`", file, f"number {number}")
    label = row["name"] if isinstance(row.get("name"), str) else f"number {number}"

    def wrong(field: str, expected: str) -> RuleError:
        return RuleError(expected, file, label, field)

    lists: dict[str, tuple[str, ...]] = dict.fromkeys(_LISTS, ())
    languages: dict[str, None] = {}
    for field, value in row.items():
        if field in _TEXTS:
            if not isinstance(value, str):
                raise wrong(field, "expected text")
            continue
        if isinstance(value, dict) and field in _BY_LANGUAGE:
            if not all(isinstance(code, str) and _LANGUAGE.fullmatch(code) for code in value):
                raise wrong(field, "expected languages, like `vi:`, each with a list; put quotation marks around `no`")
            languages |= dict.fromkeys(value)
            parts = list(value.values())
        else:
            parts = [value]
        if field not in _LISTS:
            raise wrong(str(field), f"no such field; there are {', '.join((*_TEXTS, *_LISTS))}")
        if not all(
            isinstance(part, list) and all(isinstance(one, str) and one.strip() for one in part) for part in parts
        ):
            raise wrong(field, "expected a list of texts; put quotation marks around what YAML reads otherwise")
        lists[field] = tuple(one for part in parts for one in part)
    for field in _REQUIRED:
        if not row.get(field):
            raise wrong(field, "missing")
    rule = Rule(
        name=row["name"],
        takes=row["takes"],
        languages=tuple(languages) or lists["languages"],
        removes=" ".join(row["removes"].split()),
        examples=lists["examples"],
        counter_examples=lists["counter_examples"],
        page=row["page"],
        phrases=lists["phrases"],
        patterns=lists["patterns"],
        selector=row.get("selector", ""),
        file=file,
    )
    if mistake := _mistake(rule):
        raise wrong(*mistake)
    return rule


def _mistake(rule: Rule) -> tuple[str, str] | None:
    """The field that is wrong, and what was expected; None where all is well."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", rule.name):
        return "name", "expected lower-case letters, digits and hyphens"
    if rule.takes not in get_args(Takes):
        return "takes", f"expected one of {', '.join(get_args(Takes))}"
    if not (rule.removes[0].isupper() and rule.removes.endswith(".")):
        return "removes", "expected a sentence, from a capital letter to a full stop"
    if rule.takes == "element":
        if not rule.selector or rule.phrases or rule.patterns:
            return "selector", "expected a CSS selector, and neither phrases nor patterns beside it"
        try:
            HTMLTranslator().css_to_xpath(rule.selector)
        except SelectorError as error:
            return "selector", f"no CSS selector: {error}"
        return None
    if rule.selector:
        return "selector", "only rules of kind `element` have one"
    if not rule.phrases and not rule.patterns:
        return "phrases", "expected phrases or patterns"
    for phrase in rule.phrases:
        if not phrase.strip(DECORATION):
            return "phrases", f"{phrase!r} has no word"
    for pattern in rule.patterns:
        if expected := _pattern_mistake(pattern):
            return "patterns", f"{pattern!r}: {expected}"
    return None


def _pattern_mistake(pattern: str) -> str | None:
    """What is wrong with `pattern`; whether it compiles shows later, when all are joined."""
    for found in _FRAGMENT.finditer(pattern):
        if found[1] not in FRAGMENTS:
            return f"no fragment {found[1]!r}; there are {', '.join(FRAGMENTS)}"
    plain = _ESCAPE.sub("", pattern)
    if plain != plain.lower():
        return "expected lower case: lines are held against it in lower case"
    return None
