"""Headed lists: what a heading such as *Related news* or *Poll* says of what stands behind it."""

import re
from collections.abc import Iterable, Sequence, Set
from itertools import islice

from lxml.html import HtmlElement

from cleaning.last_lines import ends_sentence
from cleaning.layouts import in_table_row
from cleaning.ledger import Ledger
from cleaning.lines import Line, prose_chars
from cleaning.region import CONTAINERS, may_be_article
from cleaning.rules import COMMENTS, POLL, RELATED, rule_for
from cleaning.teasers import are_teasers, leads_elsewhere

_PROSE_CHARS = 300
_TEASER_CHARS = 300
_MAX_LISTS = 200
_MAX_ANSWERS = 20
_FIELDS = ("input", "select", "button")
_COUNTED = re.compile(r"[(\[]\s*[1-9][\d.,]*\s*[)\]]\W*$")  # `Comments (3)`
_NEAR = 20  # elements
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})


def take_lists(ledger: Ledger, lines: Iterable[Line], layouts: Set[HtmlElement]) -> None:
    """Take off the headings among `lines` that rules name, and the lists that belong to them. `layouts` are the tables
    that hold no data."""
    found = 0
    for line in lines:
        if line.gone or (rule := rule_for("heading", line.text)) is None:
            continue
        if line.block.tag == "li" or next(line.block.iterancestors("nav", "li"), None) is not None:
            continue  # an entry of a menu
        counts = rule == COMMENTS and _heads_comments(line, ledger)
        if in_table_row(line.block, ledger, layouts):
            continue
        if (_heads_sentences(line, ledger) or heads_section(line, ledger)) and not (
            counts or (rule == POLL and _question(line.block, ledger))
        ):
            continue
        found += 1
        if found > _MAX_LISTS:
            ledger.take_line(line, rule)
            continue
        taken = _list_after(line, ledger, rule, to_the_end=counts)
        if rule == POLL:
            _take_answers(taken[1:], ledger)
        for element in taken:
            ledger.take(element, rule)


def _heads_comments(line: Line, ledger: Ledger) -> bool:
    """Whether what follows is what readers wrote: the heading counts them, and most sentences stand before it."""
    if _COUNTED.search(line.text) is None:
        return False
    before = prose_chars(ledger.lines[: line.index])
    return 2 * before > ledger.prose_under(ledger.body)


def _heads_sentences(line: Line, ledger: Ledger) -> bool:
    """Whether a section of the article begins here, that is called *Comment* or *Discussion*: a sentence that is no
    link stands right behind the heading, under the same parent."""
    behind = ledger.lines[line.index + 1 : line.index + 2]
    return (
        line.block.tag in _HEADINGS
        and bool(behind)
        and not behind[0].gone
        and behind[0].prose
        and behind[0].block.getparent() is line.block.getparent()
    )


def heads_section(line: Line, ledger: Ledger) -> bool:
    """Whether the heading stands in the midst of the article: between its paragraphs, and right before a sentence or a
    list without a link."""
    heading = line.block
    if heading.tag not in _HEADINGS:
        return False
    first = next((one for one in islice(heading.itersiblings(), _NEAR) if not ledger.is_empty(one)), None)
    if first is None or (heading.tail or "").strip():
        return False
    lines = ledger.under(first)
    if not lines or any(one.links for one in lines) or next(first.iter(*_FIELDS), None) is not None:
        return False
    begins = first.tag in ("ul", "ol", "dl", "table") or (first.tag == "p" and ends_sentence(lines[-1].text))
    return begins and _has_paragraph(heading, ledger, before=True) and _has_paragraph(heading, ledger, before=False)


def _has_paragraph(heading: HtmlElement, ledger: Ledger, *, before: bool) -> bool:
    """Whether a paragraph that reads like sentences stands near the heading, under the same parent."""
    near = islice(heading.itersiblings("p", preceding=before), _NEAR)
    return any(one.prose and not one.linked for paragraph in near for one in ledger.under(paragraph))


def _list_after(line: Line, ledger: Ledger, rule: str, *, to_the_end: bool) -> list[HtmlElement]:
    """The heading's element and the list that belongs to it: the box it opens, or what follows it and is links, or a
    list right behind it that holds no sentence; `to_the_end`: all that follows it, but for the article."""
    if line.block is ledger.body or may_be_article(line.block, ledger):
        ledger.take_line(line, rule)
        return []
    box = line.block
    while (parent := box.getparent()) is not None and parent.tag not in CONTAINERS:
        if _text_before(box, ledger) or _holds_article(parent, ledger) or may_be_article(parent, ledger):
            break
        box = parent
    if len(ledger.under(box)) > 1:
        return [box]
    taken = [box, *(_question(box, ledger) if rule == POLL else ())]
    pairs = _pairs(box, ledger) if rule == RELATED else 0
    for place, sibling in enumerate(taken[-1].itersiblings()):
        is_first_list = len(taken) == 1 and sibling.tag in ("ul", "ol") and not ledger.prose_under(sibling)
        teasers = rule == RELATED and are_teasers(sibling, ledger)
        belongs = (
            place < pairs
            or is_first_list
            or teasers
            or _is_link_list(sibling, ledger)
            or (to_the_end and not _is_known(sibling, ledger))
        )
        if not (belongs or to_the_end):
            break
        if not teasers and may_be_article(sibling, ledger):
            break
        taken += [sibling] if belongs else []
    return taken


def _question(heading: HtmlElement, ledger: Ledger) -> list[HtmlElement]:
    """What belongs to a poll behind its heading: the question, and what there is to answer: from there to the last
    field, or a list of a few words each. A question alone is a poll's where nothing stands behind it."""
    near: list[HtmlElement] = list(islice(heading.itersiblings(), _MAX_ANSWERS))
    asked = ledger.text_under(near[0]) if near else ""
    if not asked.endswith("?") or len(ledger.under(near[0])) > 1:
        return []
    fields = [place for place, one in enumerate(near) if next(one.iter(*_FIELDS), None) is not None]
    if fields:
        poll = near[: fields[-1] + 1]
    elif len(near) > 1 and near[1].tag in ("ul", "ol") and _are_answers(ledger.under(near[1])):
        poll = near[:2]
    else:
        alone = ". " not in asked and not any(ledger.has_text(one) or (one.tail or "").strip() for one in near[1:])
        poll = near[:1] if alone else []
    return [] if any(may_be_article(one, ledger) for one in poll) else poll


def _are_answers(lines: Sequence[Line]) -> bool:
    return len(lines) > 1 and not any(line.prose or line.links for line in lines)


def _take_answers(poll: Sequence[HtmlElement], ledger: Ledger) -> None:
    """Take off the answers that stand beside their fields, in no element of their own: `<input> A new bridge`."""
    if not any(one.tag in _FIELDS for one in poll):
        return
    start = ledger.span(poll[0])[1]
    beside = {one for one in poll if one.tag in _FIELDS or one.tag == "br"}
    for line in ledger.left:
        first = line.pieces[0]
        if first.index >= start and first.is_tail and first.element in beside and not (line.prose or line.links):
            ledger.take_line(line, POLL)


def _pairs(heading: HtmlElement, ledger: Ledger) -> int:
    """How many of the elements behind the heading are headlines of other articles and a few words of each, in turn."""
    count = 0
    behind = heading.itersiblings()
    for headline, words in zip(behind, behind, strict=False):
        of_headline, said = ledger.under(headline), ledger.under(words)
        if not (of_headline and said and all(map(leads_elsewhere, of_headline))):
            break
        if any(line.linked for line in said) or sum(len(line.text) for line in said) > _TEASER_CHARS:
            break
        count += 2
    return count if count > 2 else 0


def _is_known(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether each line in `element` is one that a rule of its own takes."""
    return all(rule_for("line", line.text) for line in ledger.under(element))


def _text_before(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether the parent shows anything before `element`."""
    parent = element.getparent()
    if ledger.has_text_before(element, parent):
        return True
    return any(not ledger.is_empty(sibling) for sibling in element.itersiblings(preceding=True))


def _holds_article(element: HtmlElement, ledger: Ledger) -> bool:
    """Whether sentences that are no links outweigh the links under `element`."""
    prose = ledger.prose_under(element)
    return prose > _PROSE_CHARS or prose > ledger.link_chars_under(element)


def _is_link_list(element: HtmlElement, ledger: Ledger) -> bool:
    if (element.tail or "").strip():
        return False
    lines = ledger.under(element)
    if not lines:
        return element.find(".//img") is None or element.find(".//a") is not None
    chars = sum(len(line.text) for line in lines)
    linked = sum(line.link_chars for line in lines)
    return linked >= 0.5 * chars or (
        bool(lines[0].linked) and prose_chars(lines) < 300 * sum(1 for x in lines if x.linked)
    )
