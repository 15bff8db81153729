"""Beginnings: the characters that texts begin with which a pattern matches.

A kind of rules has hundreds of patterns, and few of them begin like a given line: only those need be tried.
"""

import re

DIGIT = "0"
"""Stands for every decimal digit, of any script."""

_ANY = ""
_PLAIN_ESCAPES = frozenset("\\.+*?()[]{}|^$/-")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_PLAIN_CLASS = re.compile(r"\[([^\]\\^-][^\]\\-]*-?)\]")  # without ranges and escapes
_TIMES = re.compile(r"(?:([?*])|\+|\{(\d*)(?:,\d*)?\})[?+]?")


def beginnings(pattern: str) -> frozenset[str] | None:
    """The characters, or `DIGIT`, that a text begins with which `pattern` matches from the text's beginning on; None
    where that may be any. `pattern` compiles; groups other than `(?:…)` are not looked into: they may begin with any.
    """
    found, end, empty = _alternatives(pattern, 0)
    return None if empty or _ANY in found or end < len(pattern) else frozenset(found)


def _alternatives(pattern: str, at: int) -> tuple[set[str], int, bool]:
    """What the alternatives from `at` on begin with, where they end, and whether one of them matches the empty text."""
    found: set[str] = set()
    empty = False
    while True:
        first = True
        while at < len(pattern) and pattern[at] not in "|)":
            begins, at, skipped = _term(pattern, at)
            if first:
                found |= begins
                first = skipped
        empty = empty or first
        if at == len(pattern) or pattern[at] == ")":
            return found, at, empty
        at += 1


def _term(pattern: str, at: int) -> tuple[set[str], int, bool]:
    """The same for one character, class or group, and how often it may stand there."""
    sign, empty = pattern[at], False
    if sign == "(":
        plain = pattern.startswith("(?:", at)
        begins, end, empty = _alternatives(pattern, at + 3 if plain else at + 1)
        begins, end, empty = (begins, end + 1, empty) if plain else ({_ANY}, end + 1, True)
    elif sign == "[" and (whole := _CLASS.match(pattern, at)):
        plain_class = _PLAIN_CLASS.fullmatch(whole.group())
        begins, end = set(plain_class[1]) if plain_class else {_ANY}, whole.end()
    elif sign == "\\":
        escaped = pattern[at + 1]
        begins, end = {DIGIT if escaped == "d" else escaped if escaped in _PLAIN_ESCAPES else _ANY}, at + 2
    else:
        begins, end = {_ANY if sign in ".^$" else sign}, at + 1
    if times := _TIMES.match(pattern, end):
        empty = empty or times[1] is not None or (times[2] is not None and not int(times[2] or 0))
        end = times.end()
    return begins, end, empty
