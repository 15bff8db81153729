"""Style sheets: which classes and ids a page's own `style` elements hide.

Only the plainest rules are read, `.a, #b { display: none }`, and only names that no other rule and no script of the
page speaks of: what these may show again is part of the page's template. Sheets elsewhere are not fetched.
"""

import re
from collections.abc import Iterable
from functools import cached_property

from lxml.html import HtmlElement

from cleaning.hiding import how_sheet_hides

_MOST_CHARS = 200_000
_MOST_SCRIPT_CHARS = 2_000_000
_MOST_NAMES = 500
_SELECTOR_CHARS = 1_000
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACE = re.compile(r"[{}]")
_PLAIN = re.compile(r"[.#][A-Za-z_][\w-]*")
_NAMED = re.compile(r"[.#]-?[A-Za-z_][\w-]*")
# What templates hide from eyes and not from screen readers.
_SPOKEN = re.compile(r"sr-?only|screen-?reader|visually|a11y|skip", re.IGNORECASE)


class StyleSheet:
    """What the style elements among `styles` hide, unless the `scripts` of the page name it."""

    def __init__(self, styles: Iterable[HtmlElement], scripts: Iterable[HtmlElement]) -> None:
        self._hidden = _hidden_names(styles)
        self._elements = scripts
        self._untouched: dict[str, bool] = {}

    def how(self, element: HtmlElement) -> str:
        """How the sheets hide `element` by its class or id: `hidden`, `off-screen` or nothing."""
        if not self._hidden:
            return ""
        names = [f".{name}" for name in (element.get("class") or "").split()]
        if identity := element.get("id"):
            names.append(f"#{identity.strip()}")
        return next((self._hidden[name] for name in names if name in self._hidden and self._is_untouched(name)), "")

    def _is_untouched(self, name: str) -> bool:
        """Whether no script of the page has the name; of very long ones it is not known."""
        if name not in self._untouched:
            scripts = self._scripts
            self._untouched[name] = len(scripts) <= _MOST_SCRIPT_CHARS and name[1:] not in scripts
        return self._untouched[name]

    @cached_property
    def _scripts(self) -> str:
        return "\n".join(script.text or "" for script in self._elements)


def _hidden_names(styles: Iterable[HtmlElement]) -> dict[str, str]:
    """The classes and ids that are hidden, with their signs, and how."""
    hidden: dict[str, str] = {}
    others: set[str] = set()
    left = _MOST_CHARS
    for style in styles:
        text = (style.text or "")[:left]
        left -= len(text)
        if (style.get("media") or "all").strip().lower() not in ("all", "screen"):
            others.update(_NAMED.findall(text))
            continue
        for selector, said in _rules(_COMMENT.sub(" ", text), others):
            how = how_sheet_hides(said) if len(selector) <= _SELECTOR_CHARS else ""
            parts = [part.strip() for part in selector.split(",")]
            for part in parts:
                if how and part not in hidden and _PLAIN.fullmatch(part) and not _SPOKEN.search(part):
                    if len(hidden) < _MOST_NAMES:
                        hidden[part] = how
                else:
                    others.update(_NAMED.findall(part))
    return {name: how for name, how in hidden.items() if name not in others}


def _rules(text: str, others: set[str]) -> Iterable[tuple[str, str]]:
    """The rules of a sheet: selector and declarations. Names within `@media` and the like are added to `others`."""
    depth = start = 0
    selector = ""
    for brace in _BRACE.finditer(text):
        before = text[start : brace.start()]
        start = brace.end()
        if brace.group() == "{":
            if depth == 0:
                selector = before.rpartition(";")[2].strip()
            else:
                others.update(_NAMED.findall(before))
            depth += 1
        else:
            if depth == 1 and not selector.startswith("@"):
                yield selector, before
            depth = max(0, depth - 1)
