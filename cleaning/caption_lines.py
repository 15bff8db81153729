"""Caption lines: lines right behind a picture that are its caption, by what they say or by how they are set.

A body paragraph stands behind a picture as well. So a line is a caption only where it ends with a credit, or is short
and set unlike the sentences of the article, centred or in italics, and the picture stands alone.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lxml.html import HtmlElement

from cleaning.credits import ends_with_source, is_credit, speaks_of_picture, split_credit
from cleaning.dates import has_date
from cleaning.ledger import Ledger
from cleaning.line_styles import Style, Styles
from cleaning.lines import Line
from cleaning.page import Page
from cleaning.pictures import NEAR, Picture, is_right_behind, stands_alone
from cleaning.rules import rule_for
from cleaning.signatures import read_signature
from cleaning.text import fold, words

_CAPTION_CHARS = 400
_CREDITED_CHARS = 250
_PLAIN_CHARS = 250
# By whether it is centred and in italics: of how many lines a caption may be, and of how many characters.
_LIMITS = {(True, True): (3, _CAPTION_CHARS), (True, False): (2, _PLAIN_CHARS), (False, True): (1, 200)}
_DATELINE_CHARS = 70
_LINES_BEHIND = 6
_LEAST_SENTENCES = 2  # set unlike captions: lines, or characters of one
_LEAST_CHARS = 200
_WORDS_ABOVE = 5  # fewer head what follows
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NO_CAPTIONS = _HEADINGS | {"li", "dt", "pre", "th", "blockquote"}
# How entries of a list, answers, sections, sources and signatures begin.
_OTHERS = re.compile(
    r"[-–—+•>»→]\s|\(?\*|(?:\d{1,3}|[IVXLC]{1,5}|[a-zđ])[.)/]\s"
    r"|(?:điều|chương|phần|mục|bước|step|part|chapter)\s+[\dIVXLC]+\b"
    r"|(?:theo|nguồn|source|sumber|tác giả|by|oleh|bởi|ban biên tập|người viết|thực hiện|hỏi|đáp|p\.?v\.?)\b"
    r"|(?:xem|đọc)\s+thêm\b",
    re.IGNORECASE,
)
_QUOTES = ('""', "“”", "«»", "„“", "‘’", "''")


@dataclass(slots=True)
class _Behind:
    """The lines right behind a picture, up to the next one, and the line right `above` it. `described`: its caption was
    found before. `styled` are those that are set in one `style` of captions."""

    picture: Picture
    above: Line | None
    described: bool
    lines: list[Line] = field(default_factory=list)
    styled: list[Line] = field(default_factory=list)
    style: Style = field(default_factory=lambda: Style(False, False, False))


class _Sentences:
    """The lines around the text that read like sentences. `first` and `last` are the indexes of their ends."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = [line for line in lines if line.prose]
        self._indexes = [line.index for line in self.lines]
        self.first, self.last = (self._indexes[0], self._indexes[-1]) if self.lines else (0, 0)

    def follow(self, line: Line, levels: int = 2) -> bool:
        """Whether one stands behind the line and where that does: in an element at most so many `levels` up."""
        place = bisect_right(self._indexes, line.index)
        if place == len(self.lines):
            return False
        block = self.lines[place].block
        around = {block, *block.iterancestors()}
        return any(element in around for element in islice(line.block.iterancestors(), levels))


def take_caption_lines(page: Page, by_element: dict[HtmlElement, Picture], lead: Collection[Line]) -> None:
    """Take off the page the lines right behind a picture that are its caption, and those beside it that repeat its
    alternative text."""
    ledger = page.ledger
    left = ledger.under(page.surroundings)
    if not left:
        return
    sentences = _Sentences(left)
    styles = Styles()
    found: list[_Behind] = []
    for one in _behind_pictures(ledger.lines[left[0].index : left[-1].index + 1], by_element):
        _take_above(one, ledger, lead, sentences)
        _take_repeated(one, ledger, lead)
        if _take_credited(one, ledger, lead, sentences):
            _take_repeated(one, ledger, lead)
        elif not one.described:
            _find_styled(one, styles, lead)
            if one.styled:
                found.append(one)
    text = [line for line in ledger.lines[sentences.first : sentences.last + 1] if not line.gone] if found else []
    for style in dict.fromkeys(one.style for one in found):
        alike = [one for one in found if one.style == style]
        if not _differs(style, alike, text, styles):
            continue
        for one in alike:
            if all(_may_be_caption(line, one, sentences, len(alike)) for line in one.styled):
                _take_styled(one, ledger, sentences)
                _take_repeated(one, ledger, lead)


def _behind_pictures(around: Sequence[Line], by_element: dict[HtmlElement, Picture]) -> Iterator[_Behind]:
    """The pictures between the lines, the last of each row, and the lines behind them."""
    current: _Behind | None = None
    above: Line | None = None
    for line in around:
        if line.image is not None:
            if current is not None:
                yield current
            picture = _seen(line.image, by_element)
            current = None if picture is None else _Behind(picture, above, line.gone)
        above = None if line.gone else line
        if line.gone or current is None:
            continue
        if len(line.text) > _CAPTION_CHARS or line.block.tag in ("h1", "h2", "li"):
            yield current
            current = None
        elif len(current.lines) < _LINES_BEHIND:
            current.lines.append(line)
    if current is not None:
        yield current


def _seen(image: HtmlElement, by_element: dict[HtmlElement, Picture]) -> Picture | None:
    """The picture that `image` is; the one right before it where it is a pixel that counts visits."""
    picture = by_element.get(image)
    previous = image.getprevious()
    if picture is not None and picture.is_tiny and previous is not None and previous in by_element:
        return by_element[previous]
    return picture


def _take_above(one: _Behind, ledger: Ledger, lead: Collection[Line], sentences: _Sentences) -> None:
    """Take the line above the picture that says no more than its alternative text, if it is no heading."""
    line = one.above
    if (
        line is not None
        and not (line.gone or line.linked or line.emphasised or line.prose or line in lead)
        and line.index > sentences.first
        and _repeats(line, line.text, one.picture.element)
        and line.block.tag not in _NO_CAPTIONS
        and words(line.text).count(" ") + 1 >= _WORDS_ABOVE
        and not _is_other(line.text)
        and sentences.follow(line)
    ):
        ledger.take_line(line, "alt-text")


def _take_repeated(one: _Behind, ledger: Ledger, lead: Collection[Line]) -> None:
    """Take the lines behind the picture that say no more than its alternative text."""
    image = one.picture.element
    while one.lines and one.lines[0] not in lead and _repeats(one.lines[0], one.lines[0].text, image):
        ledger.take_line(one.lines.pop(0), "alt-text")


def _take_credited(one: _Behind, ledger: Ledger, lead: Collection[Line], sentences: _Sentences) -> bool:
    """Take the line that is a caption by its credit. Whether it was."""
    line = one.lines[0] if one.lines else None
    if line is None or line in lead or line.linked or len(line.text) > _CREDITED_CHARS:
        return False
    if one.described:
        certain = _credits(line, sentences)
    elif speaks_of_picture(line.text):
        certain = True
    elif ends_with_source(line.text):
        certain = _repeats(line, split_credit(line.text)[0], one.picture.element) or sentences.follow(line)
    else:
        return False
    if certain:
        one.picture.describe(line.text)
        ledger.take_line(one.lines.pop(0), "caption")
    return certain


def _find_styled(one: _Behind, styles: Styles, lead: Collection[Line]) -> None:
    """Find the lines behind the picture that are set alike and as captions are."""
    if not one.lines or one.lines[0].linked or (len(one.lines[0].text) > _PLAIN_CHARS and not one.lines[0].italic):
        return
    style = styles.of(one.lines[0])
    if not (style.centred or style.italic) or one.picture.is_tiny or not stands_alone(one.picture.element):
        return
    most, limit = _LIMITS[style.centred, style.italic]
    run: list[Line] = []
    for line in one.lines:
        if styles.of(line) != style or is_credit(line.text):
            break
        run.append(line)
    behind = one.lines[len(run)] if len(run) < len(one.lines) else None
    if style.centred and not style.italic and behind is not None and _goes_on_centred(behind, styles):
        return  # a part of something longer: names and offices below portraits, a document
    if (
        0 < len(run) <= most
        and sum(len(line.text) for line in run) <= limit
        and not any(line.linked or line in lead for line in run)
        and is_right_behind(one.picture.element, one.lines[0].block)
    ):
        one.styled, one.style = run, style


def _goes_on_centred(line: Line, styles: Styles) -> bool:
    return line.block.tag not in _HEADINGS and styles.of(line).centred and not is_credit(line.text)


def _differs(style: Style, alike: Sequence[_Behind], text: Sequence[Line], styles: Styles) -> bool:
    """Whether captions alone are set in `style`, and the sentences of the article otherwise."""
    own = {line for one in alike for line in one.styled}
    others = [line for line in text if line not in own and line.block.tag not in _HEADINGS]
    sentences = [line for line in others if line.prose]
    same = [line for line in others if any(map(str.isalnum, line.text)) and styles.of(line) == style]
    unlike = [line for line in sentences if styles.of(line) != style]
    certain = style.centred and style.italic
    enough = len(unlike) >= (1 if certain else _LEAST_SENTENCES)
    enough = enough or (not same and sum(len(line.text) for line in unlike) >= _LEAST_CHARS)
    chars = sum(len(line.text) for line in own)
    heads = style.emphatic and not style.italic and len(alike) == 1
    if heads and any(line.emphasised and not (line.prose or line.italic) for line in others):
        return False  # a heading like these
    return (
        enough
        and len(same) <= max(1, len(alike) // 2)
        and (certain or chars <= sum(len(line.text) for line in sentences))
    )


def _may_be_caption(line: Line, one: _Behind, sentences: _Sentences, count: int) -> bool:
    """Whether the line, which is set as a caption, reads as one: no heading, quotation, byline, date or signature, and
    not the article's first sentence. `count` pictures have such lines."""
    text, style = line.text, one.style
    if line.block.tag in _NO_CAPTIONS or next(line.block.iterancestors("blockquote"), None) is not None:
        return False
    if text.endswith((":", "?")) or text.isupper() or _is_other(text) or _is_quotation(text):
        return False
    if line.index <= sentences.first:
        if line.prose and (not style.centred or (style.emphatic and not style.italic)):
            return False
        if len(text) <= _DATELINE_CHARS and has_date(text):
            return False
    if rule_for("line", text) or rule_for("heading", text):
        return False
    signs = read_signature(text, frozenset(), vietnamese=True, apart=True) is not None
    if line.index <= sentences.first:
        return not signs
    # At its end names sign an article, and notes are set in italics.
    if signs:
        return sentences.follow(line)
    certain = style.centred or count > 1 or line.block in one.picture.element.iterancestors()
    return certain or sentences.follow(line, levels=NEAR)


def _take_styled(one: _Behind, ledger: Ledger, sentences: _Sentences) -> None:
    """Take the lines that are set as captions, and the credit behind them."""
    count = len(one.styled)
    if len(one.lines) > count and _credits(one.lines[count], sentences):
        count += 1
    for line in one.lines[:count]:
        one.picture.describe(line.text)
        ledger.take_line(line, "caption")
    del one.lines[:count]


def _credits(line: Line, sentences: _Sentences) -> bool:
    """Whether the line is a picture's credit. What only names a source may be the article's own, at its end."""
    return is_credit(line.text) and (speaks_of_picture(line.text) or sentences.follow(line))


def _repeats(line: Line, text: str, image: HtmlElement) -> bool:
    """Whether `text` of the line is the picture's alternative text, be it without its diacritics."""
    if line.block.tag in ("h1", "h2", "h3") or not (said := words(text)):
        return False
    for other in (words(image.get("alt") or ""), words(image.get("title") or "")):
        if said == other or (len(said) == len(other) and fold(said) == fold(other)):
            return True
    return False


def _is_other(text: str) -> bool:
    return _OTHERS.match(text) is not None


def _is_quotation(text: str) -> bool:
    """Whether it begins with a quotation mark, and at least half of it is quoted, to the end where it is not closed."""
    pair = next((pair for pair in _QUOTES if text.startswith(pair[0])), None)
    if pair is None:
        return False
    end = text.rfind(pair[1], 1)
    return end < 0 or 2 * end >= len(text)
