"""Style sheets: which classes and ids a page's own `style` elements hide.

Only the plainest rules are read, `.a, #b { display: none }`, and only names that no other rule and no script of the
page speaks of: what these may show again is part of the page's template. Sheets elsewhere are not fetched.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from lxml.html import HtmlElement

from cleaning.hiding import how_sheet_hides

_MOST_CHARS = 200_000
_MOST_SCRIPT_CHARS = 2_000_000
_SELECTOR_CHARS = 1_000
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# A rule, whatever it stands in; unclosed at the end of a sheet as well.
_RULE = re.compile(r"(?<![^{}])([^{}]*+)\{([^{}]*+)(?=\}|\Z)")
_PLAIN = re.compile(r"[.#][A-Za-z_][\w-]*")
# What templates hide from eyes and not from screen readers.
_SPOKEN = re.compile(r"sr-?only|screen-?reader|visually|a11y|skip", re.IGNORECASE)
# One of these is in each declaration that `how_sheet_hides` knows: asked first, since most rules hide nothing.
_HIDING = ("none", "hidden", "collapse", "absolute", "fixed", "clip", "scale", "width:", "width :")


class StyleSheet:
    """What the `styles`, elements of a page, hide, unless its `scripts` name it."""

    def __init__(self, styles: Sequence[HtmlElement], scripts: Sequence[HtmlElement]) -> None:
        self._styles, self._elements = styles, scripts
        self._untouched: dict[str, bool] = {}

    def how(self, element: HtmlElement) -> str:
        """How the sheets hide `element` by its class or id: `hidden`, `off-screen` or nothing."""
        if not self._styles:
            return ""
        names = [f".{name}" for name in (element.get("class") or "").split()]
        if identity := element.get("id"):
            names.append(f"#{identity.strip()}")
        return next((self._hidden[name][0] for name in names if name in self._hidden and self._is_untouched(name)), "")

    @cached_property
    def _sheets(self) -> list[tuple[str, bool]]:
        """The text of each sheet, and whether it is for screens."""
        found = []
        left = _MOST_CHARS
        for style in self._styles:
            text = (style.text or "")[:left]
            left -= len(text)
            on_screen = (style.get("media") or "all").strip().lower() in ("all", "screen")
            found.append((_COMMENT.sub(" ", text) if "/*" in text else text, on_screen))
        return found

    @cached_property
    def _hidden(self) -> dict[str, tuple[str, int]]:
        """The classes and ids that plain rules hide, with their signs: how, and how many rules do."""
        hidden: dict[str, tuple[str, int]] = {}
        for text in [text for text, on_screen in self._sheets if on_screen]:
            depth = end = 0
            for rule in _RULE.finditer(text):
                said = rule[2].lower()
                if not any(word in said for word in _HIDING):
                    continue
                depth += text.count("{", end, rule.start()) - text.count("}", end, rule.start())
                end = rule.start()
                selector = rule[1].rpartition(";")[2]
                if depth > 0 or len(selector) > _SELECTOR_CHARS:  # within `@media` or the like
                    continue
                names = [part for part in map(str.strip, selector.split(",")) if _PLAIN.fullmatch(part)]
                how = how_sheet_hides(said) if names else ""
                for name in names if how else ():
                    if not _SPOKEN.search(name):
                        first, count = hidden.get(name, (how, 0))
                        hidden[name] = first, count + 1
        return hidden

    def _is_untouched(self, name: str) -> bool:
        """Whether no other rule and no script of the page has the name; of very long scripts it is not known."""
        if name not in self._untouched:
            spoken = re.compile(re.escape(name) + r"(?![\w-])")
            rules = sum(len(spoken.findall(text)) for text, _ in self._sheets)
            scripts = self._scripts
            self._untouched[name] = (
                rules == self._hidden[name][1] and len(scripts) <= _MOST_SCRIPT_CHARS and name[1:] not in scripts
            )
        return self._untouched[name]

    @cached_property
    def _scripts(self) -> str:
        return "\n".join(script.text or "" for script in self._elements)
