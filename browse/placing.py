"""Removals in their places: the lines of a stored page, and which block of what was removed each of them is.

The row of an article says of a removal its text and the path of the element it stood in (`div#right/table.counter`).
Here the page is parsed again, its lines are read as a reader sees them, and each removal's lines are looked for: in
the page's order, first where the path fits. Nothing is cleaned again. A removal that is not found (the page was
typed for an old font, or told its text to machines only) has no place, and is listed with those.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from w3lib.encoding import html_to_unicode

from model.article import Removal

MOST_BYTES = 4_000_000
"""A larger page is not placed."""

_MOST_LOOKS = 1_000_000
"""So many lines are looked at, in all, for removals: hostile pages have many of both."""

_MOST_READ = 1_000_000_000
"""So many characters of the text are read, in all, for lines of the page that are a part of one of its lines."""

_LEAST_WITHIN = 4
"""A shorter text, like a bullet, is looked for at the ends of a line only."""

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "main", "marquee", "menu", "nav", "ol", "option", "p", "pre", "section", "select",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "br",
})  # fmt: skip
_UNSEEN = frozenset({
    "script", "style", "noscript", "noembed", "noframes", "template", "head", "iframe", "object", "svg", "textarea",
    "select",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line; `removal` is the place in the article's `removed` of the block it belongs to, None of what was
    kept, or of what nobody knows."""

    text: str
    removal: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring lines that belong to one removal, or a line that was kept, at least in part (`removal` is None).

    `heading` tells that it stood in a heading. `known` is false where a line is neither in the text nor in a removal.
    """

    removal: int | None
    lines: list[list[Piece]]
    heading: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The page in its order, and the removals that have no place on it."""

    stretches: list[Stretch]
    unplaced: list[int]


@dataclass(slots=True)
class _Line:
    """A line of the page. `owner` has for each character the removal it belongs to, -1 for none; spaces do not count in
    comparing."""

    text: str
    heading: bool
    owner: list[int] = field(default_factory=list)
    free: str = ""

    def __post_init__(self) -> None:
        self.owner = [-1] * len(self.text)
        self._measure()

    def take(self, wanted: str, removal: int, *, anywhere: bool) -> bool:
        """Gives the removal the characters of `wanted`: all that are free, those at an end, or those in between."""
        if self.free.startswith(wanted):
            start = 0
        elif self.free.endswith(wanted):
            start = len(self.free) - len(wanted)
        elif not anywhere or len(wanted) < _LEAST_WITHIN or (start := self.free.find(wanted)) < 0:
            return False
        places = [n for n, char in enumerate(self.text) if self.owner[n] < 0 and char != " "]
        for n in range(places[start], places[start + len(wanted) - 1] + 1):
            if self.owner[n] < 0:
                self.owner[n] = removal
        self._measure()
        return True

    def pieces(self) -> list[Piece]:
        """The line cut where its owners change; spaces go with what stands before."""
        owners = list(self.owner)
        for n, char in enumerate(self.text):
            if char == " " and n:
                owners[n] = owners[n - 1]
        found = groupby(zip(self.text, owners, strict=True), key=lambda one: one[1])
        return [Piece("".join(char for char, _ in part), None if owner < 0 else owner) for owner, part in found]

    def _measure(self) -> None:
        self.free = "".join(
            char for char, owner in zip(self.text, self.owner, strict=True) if owner < 0 and char != " "
        )


class _Lines:
    """The lines of a page, and which of them stand in elements of the paths that are asked for."""

    def __init__(self, root: HtmlElement, paths: set[str]) -> None:
        self.lines: list[_Line] = []
        self.under: dict[str, list[int]] = defaultdict(list)
        for text, heading, within in _read(root, paths):
            for path in within:
                self.under[path].append(len(self.lines))
            self.lines.append(_Line(text, heading))
        self.same: dict[str, list[int]] = defaultdict(list)
        for place, line in enumerate(self.lines):
            self.same[line.free].append(place)


def place(body: bytes, content_type: str | None, text: str, removed: Sequence[Removal]) -> Placed:
    """Where on the page the removals stood; `text` is what was kept. `content_type` is the header's. Never raises for
    what the page holds: where most of its lines are neither, it was read otherwise then, and all are without a place.
    """
    nowhere = Placed([], list(range(len(removed))))
    if len(body) > MOST_BYTES:
        return nowhere
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = document_fromstring(_decoded(body, content_type).encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return nowhere
    found = root.find("body")
    page = _Lines(root if found is None else found, {one.path for one in removed})
    unplaced = _assign(page, removed)
    stretches = _stretches(page.lines, text)
    unknown = sum(not stretch.known for stretch in stretches)
    return nowhere if 2 * unknown > len(stretches) else Placed(stretches, unplaced)


def _decoded(body: bytes, content_type: str | None) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return html_to_unicode(content_type, body, default_encoding="cp1252")[1]


def _dense(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def _assign(page: _Lines, removed: Sequence[Removal]) -> list[int]:
    """Gives each removal its lines; returns those for which not one was found."""
    unplaced: list[int] = []
    among = {path: set(places) for path, places in page.under.items()}
    looks, first = _MOST_LOOKS, 0
    for number, removal in enumerate(removed):
        begun, at = False, first
        for wanted in filter(None, map(_dense, removal.text.split("\n"))):
            under = page.under.get(removal.path, ())
            looks -= len(page.same.get(wanted, ()))
            place = _whole(page, wanted, among.get(removal.path, set()), at) if looks > 0 else None
            if place is None and looks > 0:
                looks -= len(under) + 1
                place = _part(page, wanted, number, under, at)
            elif place is not None:
                page.lines[place].take(wanted, number, anywhere=False)
            if place is not None:
                if not begun:
                    begun, first = True, place
                at = place
        if not begun:
            unplaced.append(number)
    return unplaced


def _whole(page: _Lines, wanted: str, under: set[int], at: int) -> int | None:
    """The line that is `wanted` and nothing else: where the path fits rather than elsewhere, and from `at` on rather
    than before."""
    same = [place for place in page.same.get(wanted, ()) if page.lines[place].free == wanted]
    return min(same, key=lambda place: (place not in under, place < at, place), default=None)


def _part(page: _Lines, wanted: str, number: int, under: Sequence[int], at: int) -> int | None:
    """The line of those `under` the path that has `wanted` in it, and has lost it now."""
    for place in sorted(under, key=lambda place: (place < at, place)):
        if page.lines[place].take(wanted, number, anywhere=True):
            return place
    return None


def _stretches(lines: Sequence[_Line], text: str) -> list[Stretch]:
    found: list[Stretch] = []
    said, whole = _dense(text), {_dense(line) for line in text.split("\n")}
    unread = _MOST_READ
    for line in lines:
        pieces = line.pieces()
        owners = {piece.removal for piece in pieces}
        removal = owners.pop() if len(owners) == 1 else None
        if removal is not None and found and found[-1].removal == removal:
            found[-1].lines.append(pieces)
        else:
            known = removal is not None or line.free in whole
            if not known and unread > 0:
                unread -= len(said)
                known = line.free in said
            found.append(Stretch(removal, [pieces], line.heading, known))
    return found


def _read(root: HtmlElement, paths: set[str]) -> Iterator[tuple[str, bool, set[str]]]:
    """The lines under `root`: text, whether in a heading, and the `paths` of elements that hold a part of it."""
    around: list[str | None] = []
    steps: list[str] = []
    parts: list[str] = []
    within: set[str] = set()
    headings, last, link = 0, None, None
    heading = False
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = str(element.tag)
        if tag in _BLOCKS and parts:
            if line := _tidy("".join(parts)):
                yield line, heading, within
            parts, within = [], set()
        if event == "start":
            steps.append(_step(element) if element is not root else "")
            path = "/".join(steps[1:]) or "body"
            around.append(path if path in paths else None)
            if tag in _UNSEEN:
                walk.skip_subtree()
                continue
            headings += tag[:1] == "h" and tag[1:].isdecimal()
            link = element if tag == "a" else link
            text = element.text
        else:
            steps.pop()
            around.pop()
            headings -= tag[:1] == "h" and tag[1:].isdecimal()
            link = None if tag == "a" else link
            if element is root:
                break
            text = element.tail
        if text:
            if link is not None and last is not None and link is not last:
                parts.append(" ")
            parts.append(text)
            last = link
            if not text.isspace():
                heading = headings > 0
                within = within | {one for one in around if one}
    if line := _tidy("".join(parts)):
        yield line, heading, within


def _step(element: HtmlElement) -> str:
    """One step of a path, as the cleaner writes it: with its id, or its first class."""
    if identity := (element.get("id") or "").split():
        return f"{element.tag}#{identity[0][:60]}"
    if classes := (element.get("class") or "").split():
        return f"{element.tag}.{classes[0][:60]}"
    return str(element.tag)


def _tidy(text: str) -> str:
    return " ".join(
        unicodedata.normalize(
            "NFC", "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
        ).split()
    )
