"""Leads: the sapo or standfirst that begins an article's text, wherever the page prints it.

It is known by the source's selector, by the classes of templates, by the words that the page describes itself by, and
at last by where it stands.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from lxml.html import HtmlElement

from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.last_lines import ends_sentence
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import Page
from cleaning.reasons import Sayings
from cleaning.structured import string_of
from cleaning.text import words
from model.source import Source

# By these classes and ids templates mark their leads (sapo); ASP.NET puts the way to the element before its id
# (`ctl00_cphMain_lblSapo`), and SharePoint portals number the parts of an article.
_LEAD_MARK = re.compile(
    r"\s(?:ctl\d+_\S*_)?(?:div|lbl|ltr|pnl?|sp|txt)?"
    r"(?:(?:(?:content-)?detail[-_]|singular[-_]|news[-_]|article[-_]{1,2})?sapo(?:_detail)?|chapeau"
    r"|article-?(?:summary|lead|description1)|(?:asset|post|entry)-summary|bai-viet-tom-tat|tom-?tat|trich-?dan"
    r"|(?:article[-_]{1,2}|post-|entry-)?(?:chapo|standfirst|vorspann|bajada|entradilla|sommario|ingress)|article[-_]{1,2}intro"
    r"|(?:short|news|detail|post|article)[-_]?(?:desc(?:ription|ript)?|intro)|(?:news|detail)[-_]?(?:summary|lead)"
    r"|mo-?ta(?:-?ngan)?|tom-?luoc"
    r"|description)\s",
    re.IGNORECASE,
)
# What other templates call it. Teasers and boxes bear the same names: it counts beside the headline.
_STANDFIRST_MARK = re.compile(
    r"[\s_-](?:sub-?(?:title|head(?:line|ing)?|hed)|stand-?first|article-?dek|dek|excerpt|intro|preface|ingress|blurb"
    r"|epigraph|lead(?:-?text|-?paragraph)?|summary|teaser(?:-?text)?|header[-_]des(?:cription)?|top-info__description"
    r")[\s_-]",
    re.IGNORECASE,
)
_BIO = re.compile(
    r"\b(?:is|was) an? (?:[\w-]+ ){0,5}(?:writer|editor|reporter|journalist|author|blogger)\b|\bwrites about\b"
)
_LEAD_TAGS = frozenset({"h2", "h3", "p", "div", "span", "strong", "section", "td"})
_LEAD_CHARS = 1_500
_LINES_TO_LEAD = 10
_DESCRIPTION_CHARS = 40
_PLACE_CHARS = 30
_LEVELS = 2


def find_lead(page: Page, head: Head, source: Source, printed: int | None) -> list[Line]:
    """The lines of the lead (sapo) that the page sets apart: what the source's selector finds, else what stands in an
    element by which templates mark it, where the page describes itself by the same words or it stands right below the
    title, which is the line with the index `printed`."""
    ledger = page.ledger
    chosen = first_match(page, source.clean.lead)
    if chosen is not None and 20 <= len(_joined(lead := ledger.under(chosen))) <= _LEAD_CHARS:
        return lead
    said = _description(head)
    leads = page.marks_with(_LEAD_MARK)
    for chosen, marks in page.marks.items() if leads else ():
        if marks not in leads or chosen.tag not in _LEAD_TAGS:
            continue
        text = ledger.text_under(chosen)
        if 20 <= len(text) <= _LEAD_CHARS and (_agree(words(text), said) or _is_below(printed, chosen, ledger)):
            return ledger.under(chosen)
    return []


def standfirst(page: Page, printed: int | None) -> list[Line]:
    """The sentence right below the headline, and beside it, in an element by which templates mark a standfirst."""
    ledger = page.ledger
    marked = page.marks_with(_STANDFIRST_MARK)
    start = _headline(ledger, printed) if marked else None
    if start is None:
        return []
    beside = set(islice(ledger.lines[start].block.iterancestors(), _LEVELS))
    for chosen, marks in page.marks.items():
        if (
            marks in marked
            and chosen.tag in _LEAD_TAGS
            and not beside.isdisjoint(islice(chosen.iterancestors(), _LEVELS))
        ):
            lines = ledger.under(chosen)
            if len(lines) == 1 and lines[0].prose and _is_below(start, chosen, ledger):
                return lines
    return []


def described_below(ledger: Ledger, head: Head, printed: int | None) -> list[Line]:
    """The line a few lines below the title that the page describes itself by, be it behind the name of a place: a lead,
    where it stands apart from the text or begins it."""
    said = _description(head)
    start = _headline(ledger, printed) if len(said) >= _DESCRIPTION_CHARS else None
    if start is None:
        return []
    for line in ledger.lines[start + 1 : start + 1 + _LINES_TO_LEAD]:
        if line.linked or line.gone:
            continue
        if said[:_DESCRIPTION_CHARS] in words(line.text)[: _DESCRIPTION_CHARS + _PLACE_CHARS]:
            return [line] if len(line.text) <= _LEAD_CHARS else []
    return []


def first_sentence_below(ledger: Ledger, start: int | None) -> list[Line]:
    """The first sentence below the title, the line with the index `start`, which was left out, where nothing says that
    it is anything but a lead: it stands in no box with a name of its own but the article's header, and before all that
    is kept."""
    first = next((line.index for line in ledger.lines if line.kept and not line.gone), None)
    if start is None or first is None:
        return []
    for line in ledger.lines[start + 1 : min(first, start + 1 + _LINES_TO_LEAD)]:
        if line.gone or not line.prose:
            continue
        if line.link_chars or not ends_sentence(line.text) or len(line.text) > _LEAD_CHARS or _BIO.search(line.text):
            return []
        said = Sayings(ledger.body).of(line.block)
        return [line] if said is None or said[0] == "header" else []
    return []


def described_lead(head: Head, kept: Sequence[Line]) -> list[Line]:
    """The first line, where the page describes itself by it."""
    first = list(kept[:1])
    if first and len(first[0].text) <= _LEAD_CHARS and _agree(words(first[0].text), _description(head)):
        return first
    return []


def _is_below(start: int | None, element: HtmlElement, ledger: Ledger) -> bool:
    """Whether `element` begins at most a few lines below the one with the index `start`: teasers have such elements
    too."""
    if start is None:
        return False
    for line in ledger.lines[start + 1 : start + 1 + _LINES_TO_LEAD]:
        if line.block is element or element in line.block.iterancestors():
            return not line.linked
        if line.prose:
            return False  # the article has begun
    return False


def title_line(ledger: Ledger, title: str) -> int | None:
    """The index of the first line that is the title, and no link to another page; None where the page does not print
    it."""
    wanted = words(title)
    if not wanted:
        return None
    long_enough = (line for line in ledger.lines if len(line.text.casefold()) >= len(wanted))  # words only leave out
    return next((line.index for line in long_enough if words(line.text) == wanted and not line.linked), None)


def _headline(ledger: Ledger, printed: int | None) -> int | None:
    """The index of the line that is the title, or else of the only one in an `h1`."""
    if printed is not None:
        return printed
    headings = [line.index for line in ledger.lines if line.block.tag == "h1"]
    return headings[0] if len(headings) == 1 else None


def _joined(lines: Iterable[Line]) -> str:
    return " ".join(line.text for line in lines)


def _description(head: Head) -> str:
    said = head.first("og:description", "description", "twitter:description")
    return words(said or string_of(head.article.get("description")) or "")


def _agree(one: str, other: str) -> bool:
    """Whether one of two texts, as `words`, begins like the other for most of its length."""
    return min(len(one), len(other)) >= 40 and (one.startswith(other[:60]) or other.startswith(one[:60]))
