"""Rules: what is furniture, as data. `furniture` applies them; docs/cleaning.md says how to write one.

The files of cleaning/ruleset/ hold them, by subject. What a rule's words are held against depends on what it `takes`:

* `mark`: the whole of an element's id or of one of its classes; the element goes, unless it holds the article;
* `element`: a CSS selector; what it selects goes, unless it holds the article;
* `line`: the whole of a line; the line goes;
* `linked`: the whole of a line that is for the most part a link; the line goes;
* `heading`: the whole of a line; the line goes, and the list that follows it;
* `reason`: an element as `marks_of` writes it (`nav#menu.main-nav[navigation]`); nothing goes, but text within it that
  was left out anyway is recorded under the rule's name.

A page has thousands of lines: phrases are looked up in a table; of the patterns those that begin like the line are
tried, as one alternation.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from lxml.html import HtmlElement

from cleaning.beginnings import DIGIT, beginnings
from cleaning.errors import RuleError
from cleaning.rulefile import DECORATION, Rule, Takes, expanded, read_rules

__all__ = [
    "LINE_CHARS",
    "RULES",
    "RULES_VERSION",
    "Rule",
    "Takes",
    "check_patterns",
    "marks_of",
    "rule_for",
]

RULES_VERSION = 5

_LINE_KINDS: tuple[Takes, ...] = ("line", "heading")
_WHOLE_LINES: tuple[Takes, ...] = ("line", "heading", "linked")
_NO_RULES: dict[Takes, str] = {}
COMMENTS = "comments"
POLL = "poll"
RELATED = "related"
MARK_CHARS = 500
LINE_CHARS = 260  # no furniture rule takes a longer line
_MOST_GATES = 4_000
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COUNT = re.compile(r"[(\[] ?[\d.,]* ?[)\]][:.… ]*$")  # `Comments (0)`
_NO_LETTERS = re.compile(r"[^a-z]+")


RULES: tuple[Rule, ...]  # read when first asked for: by `__getattr__`


@cache
def _rules() -> tuple[Rule, ...]:
    folder = files("cleaning") / "ruleset"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    if not found:
        raise RuleError("no file of rules in it", str(folder))
    return tuple(rule for one in found for rule in read_rules(one.read_text("utf-8"), one.name))


def __getattr__(name: str) -> tuple[Rule, ...]:
    if name == "RULES":
        return _rules()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True, slots=True)
class _Matcher:
    """The rules of one kind. `table` has the index of the rule by phrase, `pattern` the alternation of the rest, whose
    groups belong to the rules at `indexes`; `any` is the same without groups. `begun` are the same patterns, each with
    what it begins with: most lines are asked only of those few that begin as they do."""

    rules: tuple[Rule, ...]
    table: dict[str, int]
    begun: tuple[tuple[str, frozenset[str] | None], ...]
    pattern: re.Pattern[str]
    any: re.Pattern[str]
    indexes: tuple[int, ...]
    gates: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def whole(self, text: str, key: str) -> int | None:
        """The index of the rule that takes the whole of `text`; `key` is `text` as the table would have it."""
        index = self.table.get(key)
        if index is None and self.may_take(text) and (found := self.pattern.fullmatch(text)) and found.lastindex:
            index = self.indexes[found.lastindex - 1]
        return index

    def may_take(self, text: str) -> bool:
        """Whether one of the patterns that begin as `text` does takes the whole of it."""
        first = text[:1]
        gate = self.gates.get(first)
        if gate is None:
            begins = DIGIT if first.isdecimal() else first
            parts = [pattern for pattern, known in self.begun if known is None or begins in known]
            gate = re.compile("|".join(parts) or r"(?!)")
            if len(self.gates) < _MOST_GATES:
                self.gates[first] = gate
        return gate.fullmatch(text) is not None

    def within(self, text: str, keys: Iterable[str]) -> int | None:
        """The index of the first rule that is in the table for one of `keys`, or else of one that is found there."""
        index = min((self.table[key] for key in keys if key in self.table), default=None)
        # Without its groups the alternation is asked in a third of the time, and mostly there is nothing to find.
        if index is None and self.any.search(text) and (found := self.pattern.search(text)) and found.lastindex:
            index = self.indexes[found.lastindex - 1]
        return index


@cache
def _matcher(takes: Takes) -> _Matcher:
    rules = tuple(rule for rule in _rules() if rule.takes == takes)
    table: dict[str, int] = {}
    parts: list[str] = []
    indexes: list[int] = []
    begun: list[tuple[str, frozenset[str] | None]] = []
    for index, rule in enumerate(rules):
        patterns = [expanded(pattern) for pattern in rule.patterns]
        for phrase in rule.phrases:
            key = phrase.lower().strip(DECORATION)
            table.setdefault(key.replace("-", "") if takes == "reason" else key, index)
        if patterns:
            parts.append("|".join(patterns))
            indexes.append(index)
            begun += [(pattern, beginnings(pattern)) for pattern in patterns]
    try:
        pattern = re.compile("|".join(f"({part})" for part in parts) or r"(?!)")
        every = re.compile("|".join(parts)) if takes == "reason" else pattern
    except re.error:
        check_patterns(rules)
        raise
    if pattern.groups != len(parts):
        check_patterns(rules)
    return _Matcher(rules, table, tuple(begun), pattern, every, tuple(indexes))


def check_patterns(rules: Iterable[Rule]) -> None:
    """Compile each pattern by itself. Raises `RuleError` for one that is no regular expression, or that captures."""
    for rule in rules:
        for pattern in rule.patterns:
            try:
                groups = re.compile(expanded(pattern)).groups
            except re.error as error:
                message = f"{pattern!r} is no regular expression: {error}"
                raise RuleError(message, rule.file, rule.name, "patterns") from error
            if groups:
                raise RuleError(f"{pattern!r}: write groups as (?:…)", rule.file, rule.name, "patterns")


def rule_for(takes: Takes, text: str) -> str | None:
    """The name of the rule of kind `takes` that applies to `text`, else None.

    `text` is a tidy line; for `mark` an element's id and classes; for `reason` what `marks_of` gives.
    """
    if takes == "reason":
        return _reason(text)
    if takes == "mark":
        return _marks(text[:MARK_CHARS])
    return _of_line(text).get(takes) if len(text) <= LINE_CHARS else None


def phrase_for(text: str) -> str | None:
    """The name of the rule of kind `line` or `heading` that has the whole of a line among its phrases, else None."""
    if len(text) <= LINE_CHARS:
        _, key = _line(text)
        for takes in _LINE_KINDS:
            matcher = _matcher(takes)
            if (index := matcher.table.get(key)) is not None:
                return matcher.rules[index].name
    return None


def marks_of(element: HtmlElement) -> str:
    """What an element says of itself, in lower case: `nav#menu.main-nav[navigation]`. Humps become hyphens, so that
    `mainMenu` is `main-menu`."""
    return marks(element.tag, element.get("id"), element.get("class"), element.get("role"))


def marks(tag: str, identity: str | None, classes: str | None, role: str | None) -> str:
    """The same for an element of which these are known."""
    if not (identity or classes or role):
        return str(tag)
    steps = [str(tag), *_steps("#", identity), *_steps(".", classes), f"[{role}]" if role else ""]
    said = "".join(steps)[:MARK_CHARS]
    return said if said.islower() else _HUMP.sub("-", said).lower()


def _steps(sign: str, names: str | None) -> Iterator[str]:
    return (sign + name for name in names.split()) if names else iter(())


@lru_cache(maxsize=4_096)
def _line(text: str) -> tuple[str, str]:
    """A line in lower case, and as it stands in a table of phrases."""
    text = text.lower()
    if text[:1] == "(" and text[-1:] == ")":
        text = text[1:-1].strip()
    counted = ")" in text or "]" in text
    return text, (_COUNT.sub("", text) if counted else text).strip(DECORATION)


@lru_cache(maxsize=2_048)
def _of_line(text: str) -> dict[Takes, str]:
    """The rules that take the whole of a line, by kind: the furniture asks for all, and of what is left over again."""
    lower, key = _line(text)
    some = _lines()
    if key not in some.table and not some.may_take(lower):
        return _NO_RULES
    matchers = {takes: _matcher(takes) for takes in _WHOLE_LINES}
    found = {takes: matcher.whole(lower, key) for takes, matcher in matchers.items()}
    return {takes: matchers[takes].rules[index].name for takes, index in found.items() if index is not None}


@cache
def _lines() -> _Matcher:
    """The phrases and patterns of all rules that look at lines: most lines are none of theirs."""
    matchers = [_matcher(takes) for takes in _WHOLE_LINES]
    table = {key: 0 for matcher in matchers for key in matcher.table}
    begun = tuple(one for matcher in matchers for one in matcher.begun)
    nothing = re.compile(r"(?!)")
    return _Matcher((), table, begun, nothing, nothing, ())


@lru_cache(maxsize=16_384)
def _marks(text: str) -> str | None:
    found = [index for name in text.lower().split() if (index := _mark(name)) is not None]
    return _matcher("mark").rules[min(found)].name if found else None


@lru_cache(maxsize=16_384)
def _mark(name: str) -> int | None:
    return _matcher("mark").whole(name, name)


@lru_cache(maxsize=16_384)
def _reason(marks: str) -> str | None:
    matcher = _matcher("reason")
    words = _NO_LETTERS.split(marks)
    pairs = [one + two for one, two in pairwise(words)]  # `skip-link` is also `skiplink`
    triples = [pair + three for pair, three in zip(pairs, words[2:], strict=False)]
    index = matcher.within(marks, [*words, *pairs, *triples])
    return None if index is None else matcher.rules[index].name
