"""The ledger: of every text node of a page, who took it. What nobody took and the extractor kept is the article.

Steps take elements and lines off the page here and nowhere else, so that the article's text and what was removed are
together the whole of what the page shows, each word once.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby

from lxml.html import HtmlElement

from cleaning.lines import BLANK, Line, Piece, Reading, joined, read
from cleaning.text import tidy
from model.article import Removal

_MEDIA = ("img", "picture", "video", "audio", "iframe", "object", "svg", "embed", "input", "table", "form")


class Ledger:
    """The lines of the page under `body`, and what becomes of them.

    `lines` are all of them, in the page's order, `pieces` the text nodes they are made of. `cuts` has what was cut off
    some lines, and by which rules, by the index of the line.
    """

    def __init__(self, body: HtmlElement) -> None:
        self.body = body
        self._reading: Reading = read(body)
        self.lines: list[Line] = self._reading.lines
        self.pieces: list[Piece] = self._reading.pieces
        self._taken: list[tuple[int, Removal]] = []
        self.cuts: dict[int, list[tuple[str, str]]] = {}
        self._paths: dict[HtmlElement | None, str] = {body: ""}
        # Sums over all lines before each one, and for each piece the next that is left (with itself, while it is left):
        # questions about an element are asked for thousands of them, each holding others.
        self._prose_before = [0, *accumulate(len(line.text) if line.prose else 0 for line in self.lines)]
        self._chars_before = [0, *accumulate(len(line.text) for line in self.lines)]
        self._links_before = [0, *accumulate(line.link_chars for line in self.lines)]
        self._next_left = list(range(len(self.pieces) + 1))
        for index, piece in enumerate(self.pieces):
            if piece.rule:
                self._next_left[index] = index + 1

    @property
    def left(self) -> list[Line]:
        """The lines that were not taken."""
        return [line for line in self.lines if not line.gone]

    @property
    def removed(self) -> list[Removal]:
        """What was taken, in the page's order."""
        return [record for _, record in sorted(self._taken, key=lambda one: one[0])]

    def span(self, element: HtmlElement) -> tuple[int, int]:
        """The indexes of the first piece in `element` and of the first one behind it."""
        return self._reading.spans.get(element, (0, 0))

    def under(self, element: HtmlElement) -> list[Line]:
        """The lines left that stand in `element`, or have a part in it."""
        first, last = self._line_span(element)
        return [line for line in self.lines[first:last] if not line.gone]

    def pieces_under(self, element: HtmlElement) -> list[Piece]:
        """The text nodes that stand in `element`, taken or not."""
        start, end = self.span(element)
        return self.pieces[start:end]

    def text_under(self, element: HtmlElement, separator: str = " ") -> str:
        """The text of `element` that was not taken, lines separated by `separator`."""
        return separator.join(text for _, text in self._parts(element))

    def all_text_under(self, element: HtmlElement) -> str:
        """The text of `element` on one line, taken or not."""
        start, end = self.span(element)
        lines = groupby(self.pieces[start:end], key=lambda piece: self._reading.line_of[piece.index])
        return tidy(" ".join("".join(piece.text for piece in line) for _, line in lines))

    def is_empty(self, element: HtmlElement) -> bool:
        """Whether nothing can be seen of `element`: no text that is left, no picture, no frame, no form field."""
        return not self.has_text(element) and next(element.iter(*_MEDIA), None) is None

    def has_text(self, element: HtmlElement) -> bool:
        """Whether text of `element` is left."""
        start, end = self.span(element)
        return self._next(start) < end

    def has_text_before(self, element: HtmlElement, root: HtmlElement) -> bool:
        """Whether text of `root` is left before `element`, which stands in it."""
        return self._next(self.span(root)[0]) < self.span(element)[0]

    def has_text_beside(self, part: HtmlElement, element: HtmlElement) -> bool:
        """Whether text of `element` is left that does not stand in `part` of it."""
        start, end = self.span(element)
        first, last = self.span(part)
        return self._next(start) < first or self._next(last) < end

    def prose_under(self, element: HtmlElement) -> int:
        """How many characters of the lines in `element`, taken or not, read like sentences."""
        first, last = self._line_span(element)
        return self._prose_before[last] - self._prose_before[first]

    def prose_before(self, element: HtmlElement) -> int:
        """How many characters of the lines before `element`, taken or not, read like sentences."""
        return self._prose_before[self._line_span(element)[0]]

    def link_chars_under(self, element: HtmlElement) -> int:
        """How many characters of the lines in `element`, taken or not, are links."""
        first, last = self._line_span(element)
        return self._links_before[last] - self._links_before[first]

    def plain_under(self, element: HtmlElement) -> int:
        """How many characters of the lines in `element`, taken or not, are no links."""
        first, last = self._line_span(element)
        return self._chars_before[last] - self._chars_before[first] - self.link_chars_under(element)

    def path(self, element: HtmlElement) -> str:
        """Where `element` stands, as removals have it."""
        return self._path(element)

    def is_attached(self, element: HtmlElement) -> bool:
        """Whether `element` is still part of the page: a step before may have taken a box around it."""
        return element is self.body or any(ancestor is self.body for ancestor in element.iterancestors())

    def take(self, element: HtmlElement, rule: str) -> None:
        """Take `element` off the page, for the reason `rule`; recorded where it held text."""
        self._record(element, rule)
        _drop(element)

    def take_line(self, line: Line, rule: str) -> None:
        """Take `line` off the page, and the elements that are empty without it, for the reason `rule`."""
        self._taken.append((line.index, Removal(text=line.text, rule=rule, path=self._path(line.block))))
        self._mark_whole(line, rule)
        for piece in line.pieces:
            if piece.is_tail:
                piece.element.tail = None
            else:
                piece.element.text = None
        for piece in line.pieces:
            current = piece.element.getparent() if piece.is_tail else piece.element
            while current is not None and current.tag not in ("body", "html", "td", "th") and self.is_empty(current):
                parent = current.getparent()
                _drop(current)
                current = parent

    def cut(self, line: Line, taken: str, rest: str, rule: str) -> None:
        """Take the beginning or the end of `line`, `taken`, for the reason `rule`; `rest` is what stays of it."""
        self._taken.append((line.index, Removal(text=taken, rule=rule, path=self._path(line.block))))
        self.cuts.setdefault(line.index, []).append((taken, rule))
        line.text = rest
        line.judge()

    def leave_out(self, lines: Iterable[Line], rule: str, element: HtmlElement) -> None:
        """Record that neighbouring `lines` are not the article's, for the reason `rule`; they stood in `element`.

        For steps behind the extraction: the tree stays as it is.
        """
        chosen = list(lines)
        text = "\n".join(line.text for line in chosen)
        self._taken.append((chosen[0].index, Removal(text=text, rule=rule, path=self._path(element))))
        for line in chosen:
            self._mark_whole(line, rule)

    def leave_out_pieces(self, line: Line, pieces: Iterable[Piece], rule: str) -> None:
        """Record that some `pieces` of `line` are not the article's, for the reason `rule`."""
        chosen = list(pieces)
        if text := joined(chosen):
            self._taken.append((line.index, Removal(text=text, rule=rule, path=self._path(line.block))))
        self._mark(line, chosen, rule)

    def _record(self, element: HtmlElement, rule: str) -> None:
        parts = list(self._parts(element))
        if not parts:
            return
        text = "\n".join(text for _, text in parts)
        self._taken.append((parts[0][0].index, Removal(text=text, rule=rule, path=self._path(element))))
        start, end = self.span(element)
        for line, _ in parts:
            if start <= line.pieces[0].index and line.pieces[-1].index < end:
                self._mark_whole(line, rule)
            else:
                self._mark(line, [piece for piece in line.pieces if start <= piece.index < end], rule)

    def _parts(self, element: HtmlElement) -> Iterator[tuple[Line, str]]:
        """The lines left with pieces in `element`, and what these pieces say."""
        start, end = self.span(element)
        for line in self.under(element):
            if text := joined(piece for piece in line.pieces if start <= piece.index < end):
                yield line, text

    def _line_span(self, element: HtmlElement) -> tuple[int, int]:
        """The indexes of the first line with a piece in `element` and of the first line behind."""
        start, end = self.span(element)
        if start >= end or not self.lines:
            return 0, 0
        line_of = self._reading.line_of
        return line_of[start], line_of[end - 1] + (self.pieces[end - 1].rule != BLANK)

    def _path(self, element: HtmlElement) -> str:
        """Where `element` stands: the path from the body, steps with id or first class (`div#right/table.counter`)."""
        paths = self._paths
        waiting: list[HtmlElement] = []
        current: HtmlElement | None = element
        while current is not None and current not in paths:
            waiting.append(current)
            current = current.getparent()
        path = paths.get(current, "")
        for one in reversed(waiting):
            path = f"{path}/{_step(one)}" if path else _step(one)
            paths[one] = path
        return path or "body"

    def _mark(self, line: Line, pieces: Iterable[Piece], rule: str) -> None:
        for piece in pieces:
            if not piece.rule:
                piece.rule = rule
                self._next_left[piece.index] = piece.index + 1
        line.measure()

    def _mark_whole(self, line: Line, rule: str) -> None:
        for piece in line.pieces:
            if not piece.rule:
                piece.rule = rule
                self._next_left[piece.index] = piece.index + 1
        line.gone = True

    def _next(self, index: int) -> int:
        """The index of the first piece left from `index` on. Shortens the ways it went (union-find)."""
        ahead = self._next_left
        end = index
        while ahead[end] != end:
            end = ahead[end]
        while ahead[index] != end:
            ahead[index], index = end, ahead[index]
        return end


def _step(element: HtmlElement) -> str:
    if identity := (element.get("id") or "").split():
        return f"{element.tag}#{identity[0][:60]}"
    if classes := (element.get("class") or "").split():
        return f"{element.tag}.{classes[0][:60]}"
    return str(element.tag)


def _drop(element: HtmlElement) -> None:
    """Take `element` out of its tree.

    Where text stands behind it, an empty `span` stays to hold it: lines read before remain true.
    """
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and not element.tail.isspace():
        tail = element.tail
        element.clear()
        element.tag, element.tail = "span", tail
    else:
        parent.remove(element)
