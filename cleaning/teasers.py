"""Teasers: headlines of other articles, alone or with a few words of each, between an article's paragraphs or behind
them."""

from collections.abc import Sequence
from itertools import groupby, islice

from lxml.html import HtmlElement

from cleaning.datelines import is_day_alone
from cleaning.dates import has_date
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.links import is_document
from cleaning.region import smallest_around

_HEADLINE_CHARS = 25
_BESIDE_CHARS = 40
_BESIDE_SHARE = 0.25
_LINK_SHARE = 0.25
_BOXES = frozenset({"div", "li", "ul", "ol", "section", "article", "aside", "dl", "dd", "dt"})
_MOST_ENTRIES = 60
_DEEPEST = 3
_WORDS_CHARS = 300
_DATE_CHARS = 40
_SHORTEST_HEADLINE = 15
_BEFORE_CHARS = 100
_OUTSIDE_CHARS = 200
_OWN_CHARS = 400


def leave_out_link_runs(ledger: Ledger, kept: Sequence[Line]) -> None:
    """Leave out headlines of other articles: two or more kept lines in a row that are nothing but links.

    Where these make up much of the text it is a list of links that was meant as one, and stays.
    """
    runs = [list(group) for linked, group in groupby(kept, key=is_headline) if linked]
    runs = [run for run in runs if len(run) > 1]
    chars = sum(len(line.text) for run in runs for line in run)
    if chars <= _LINK_SHARE * sum(len(line.text) for line in kept):
        for run in runs:
            ledger.leave_out(run, "related-link", run[0].block)


def leave_out_their_dates(ledger: Ledger, kept: Sequence[Line]) -> None:
    """Leave out the days at the end of the kept lines that stand alone right beside a headline of another article
    which is not kept."""
    for line in reversed(kept):
        beside = ledger.lines[max(0, line.index - 1) : line.index + 2]
        if not is_day_alone(line.text) or not any(leads_elsewhere(one) and not one.kept for one in beside):
            return
        ledger.leave_out([line], "teaser", line.block)


def leave_out_their_words(ledger: Ledger, kept: Sequence[Line]) -> None:
    """Leave out the last of the kept lines where they stand in boxes alike, beside the article's own part of the page,
    each of which begins with a headline that leads elsewhere."""
    words: list[tuple[Line, HtmlElement]] = []
    for line in reversed(kept):
        if (box := _box_of_teaser(line, ledger)) is None:
            break
        words.append((line, box))
    own = kept[: len(kept) - len(words)]
    if not words or sum(len(line.text) for line in own if line.prose) < _OWN_CHARS:
        return
    region = smallest_around(own, ledger.body)
    for line, box in words:
        if region in box.iterancestors():
            return
        ledger.leave_out([line], "teaser", line.block)


def _box_of_teaser(line: Line, ledger: Ledger) -> HtmlElement | None:
    """The box around the line that is one of several alike, in each of which a headline stands first."""
    for box in islice((line.block, *line.block.iterancestors()), _DEEPEST + 1):
        if box.tag in _BOXES and (parent := box.getparent()) is not None and _is_entry(ledger.under(box)):
            alike = [one for one in islice(parent.iterchildren(box.tag), _MOST_ENTRIES) if one is not box]
            return box if any(_is_entry(ledger.under(one)) for one in alike) else None
    return None


def leads_elsewhere(line: Line) -> bool:
    """Whether the line is nothing but a link to another page; tables of contents, which lead to this one, and documents
    are not."""
    return bool(line.linked) and any(map(_names_another_page, line.links))


def is_headline(line: Line) -> bool:
    """Whether the line is as long as a headline, and nothing but a link to another page."""
    beside = len(line.text) - line.link_chars
    return (
        len(line.text) >= _HEADLINE_CHARS
        and beside <= max(_BESIDE_CHARS, _BESIDE_SHARE * len(line.text))
        and leads_elsewhere(line)
    )


def are_teasers(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether `element`, behind the heading of such a list, is a box of headlines that lead elsewhere, a few words
    behind each, linked or not. The article's sentences stand before it; a paragraph beside a link is no box."""
    if element.tag not in _BOXES or element.find(".//h1") is not None or (element.tail or "").strip():
        return False
    if not ledger.has_text(element) or ledger.prose_before(element) < _BEFORE_CHARS:
        return False
    outside = ledger.prose_under(ledger.body) - ledger.prose_under(element)
    return outside >= _OUTSIDE_CHARS and _is_entries(element, ledger, _DEEPEST)


def _is_entries(box: HtmlElement, ledger: Ledger, depth: int) -> bool:
    """Whether `box` is one entry of a list, or each box in it is."""
    if box.tag not in ("ul", "ol", "dl") and _is_entry(ledger.under(box)):
        return True
    parts = list(islice((part for part in box if not ledger.is_empty(part)), _MOST_ENTRIES + 1))
    return (
        0 < len(parts) <= _MOST_ENTRIES
        and depth > 0
        and not (box.text or "").strip()
        and all(part.tag in _BOXES and not (part.tail or "").strip() for part in parts)
        and all(_is_entries(part, ledger, depth - 1) for part in parts)
    )


def _is_entry(lines: Sequence[Line]) -> bool:
    """Whether the lines are a headline, its date before or behind it, and a few words."""
    own = [line for line in lines if not _is_date(line)]
    if not own or len(own[0].text) < _SHORTEST_HEADLINE:
        return False
    head, rest = own[0], own[1:]
    if not leads_elsewhere(head):
        if rest or not _begins_with_headline(head):
            return False
        return len(head.text) - head.link_chars <= _WORDS_CHARS
    return sum(len(line.text) for line in rest if not line.linked) <= _WORDS_CHARS


def _is_date(line: Line) -> bool:
    return not line.links and len(line.text) <= _DATE_CHARS and has_date(line.text)


def _begins_with_headline(line: Line) -> bool:
    """Whether the line's first words, a headline's length of them, are its only link and lead to another page."""
    first = next((piece for piece in line.pieces if piece.text.strip()), None)
    return (
        first is not None
        and first.link is not None
        and len(line.links) == 1
        and line.link_chars >= _HEADLINE_CHARS
        and _names_another_page(first.link)
    )


def _names_another_page(anchor: HtmlElement) -> bool:
    href = (anchor.get("href") or "").lower()
    return bool(href) and "#" not in href and not is_document(href)
