"""Hiding: what a page sets out of its readers' sight by the styles and attributes of its elements."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

_MAY_HIDE = re.compile(
    r"display|visibility|opacity|(?<![\w-])(?:left|right|top|bottom)\s*:|width|height|text-indent|margin-|font|clip|scale|"
    r"transparent",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"(-?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*([a-z%]*)")
_SIZES = ("width", "height")
_MOVES = ("left", "right", "top", "bottom", "text-indent", "margin-left", "margin-right", "margin-top")
_FAR = {"": 500, "px": 500, "pt": 400, "em": 40, "rem": 40, "%": 150, "vw": 150, "vh": 150}  # negative, by unit
_TINY = {"": 1.0, "px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "%": 10.0}
_FAINT = 0.05
_STYLE_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Hiding:
    """How an element is kept from its readers' eyes. `by` is the outermost element that hides it, None where it is
    seen; `how` is `hidden` (not shown, of no size, or without colour), `off-screen`, or `tiny` (of its letters);
    `by_sheet`: a style sheet of the page does it."""

    by: HtmlElement | None = None
    how: str = ""
    by_sheet: bool = False


_SEEN = Hiding()


def hiding_of(
    element: HtmlElement, known: dict[HtmlElement, Hiding], by_sheet: Callable[[HtmlElement], str] = lambda one: ""
) -> Hiding:
    """How `element` is hidden, by itself or an element around it. `known` has what was found of others; `by_sheet` says
    how the page's style sheets hide an element."""
    waiting: list[HtmlElement] = []
    current: HtmlElement | None = element
    while current is not None and current not in known:
        waiting.append(current)
        current = current.getparent()
    hiding = _SEEN if current is None else known[current]
    for one in reversed(waiting):
        style = one.get("style")
        how = _how(style) if style else ""
        sheet = "" if style and _MAY_HIDE.search(style) else by_sheet(one)
        if hiding.by is not None:
            if how == "sized" and hiding.how == "tiny":
                hiding = _SEEN  # a box with letters of no size has no gaps between those in it: an old trick of layout
            elif how == "off-screen" and hiding.how == "hidden":
                hiding = Hiding(hiding.by, how, hiding.by_sheet)
        elif how in ("hidden", "off-screen", "tiny") and one.tag != "body":
            hiding = Hiding(one, how)
        elif _is_hidden(one):
            hiding = Hiding(one, "hidden")
        elif sheet and one.tag != "body":
            hiding = Hiding(one, sheet, by_sheet=True)
        known[one] = hiding
    return hiding


def _is_hidden(element: HtmlElement) -> bool:
    """Whether the element's attributes hide it. `hidden="until-found"` is for texts that open."""
    value = element.get("hidden")
    if value is not None and value.strip().lower() != "until-found":
        return True
    return element.tag == "marquee" and any(element.get(name, "").strip(" px") in ("0", "1") for name in _SIZES)


@lru_cache(maxsize=4_096)
def _how(style: str) -> str:
    """What a style does to its element: `hidden`, `off-screen`, `tiny`, `sized` (letters have a size) or nothing."""
    if not _MAY_HIDE.search(style):
        return ""
    said = _declared(style)
    size = _length(said.get("font-size", ""))
    if any(_is_far(said.get(name, "")) for name in _MOVES):
        return "off-screen"
    if size and size[0] <= _TINY.get(size[1], -1):
        return "tiny"
    opacity = _length(said.get("opacity", ""))
    if (
        said.get("display") == "none"
        or said.get("visibility") in ("hidden", "collapse")
        or (opacity and opacity[0] <= (100 * _FAINT if opacity[1] == "%" else _FAINT))
        or _has_no_size(said)
        or re.match(r"rect\(\s*[01](?:px)?[\s,]", said.get("clip", ""))
        or said.get("clip-path", "") in ("inset(50%)", "inset(100%)", "circle(0)")
        or said.get("transform") == "scale(0)"
        or said.get("color") == "transparent"
    ):
        return "hidden"
    return "sized" if size or "font" in said else ""


def how_sheet_hides(style: str) -> str:
    """The same for the declarations of a style sheet's rule, `hidden`, `off-screen` or nothing: of these that are left
    out by which designs put a picture in a text's place, or close the gaps between boxes."""
    style = style[:_STYLE_CHARS]
    how = _how(style)
    if how == "off-screen":
        said = _declared(style)
        moved = any(_is_far(said.get(name, "")) for name in ("left", "right", "top", "bottom"))
        return how if moved and said.get("position") in ("absolute", "fixed") else ""
    return how if how == "hidden" and "opacity" not in style and "transparent" not in style else ""


def _declared(style: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for declaration in style[:_STYLE_CHARS].lower().split(";"):
        name, _, value = declaration.partition(":")
        said[name.strip()] = value.replace("!important", "").strip()
    return said


def _has_no_size(said: dict[str, str]) -> bool:
    """Whether an element is a point, or a line that hides what flows over it and has no padding to be filled."""
    narrow = any(_is_small(said.get(name, "")) for name in ("width", "max-width"))
    low = any(_is_small(said.get(name, "")) for name in ("height", "max-height"))
    if narrow and low:
        return True
    clips = said.get("overflow") == "hidden" or said.get("position") in ("absolute", "fixed")
    return (narrow or low) and clips and "padding" not in " ".join(said)


def _is_small(value: str) -> bool:
    length = _length(value)
    return length is not None and length[0] <= (1 if length[1] in ("", "px", "pt") else 0.1)


def _is_far(value: str) -> bool:
    length = _length(value)
    return length is not None and -length[0] >= _FAR.get(length[1], 1e9)


def _length(value: str) -> tuple[float, str] | None:
    """A CSS length as number and unit."""
    found = _LENGTH.fullmatch(value)
    return (float(found[1]), found[2]) if found else None
