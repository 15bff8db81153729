"""Content: the article's own part of a page, and what its surroundings gave away, found step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from lxml.html import HtmlElement

from cleaning.author import outlet_words
from cleaning.blocks import Block, blocks_of
from cleaning.body import keep_body
from cleaning.bylines import is_marked_author
from cleaning.captions import take_captions
from cleaning.counters import take_counter_tables
from cleaning.ending import Ending, cut_body_end, keep_last_list, leave_out_signature
from cleaning.furniture import take_furniture, take_source_furniture
from cleaning.head import Head
from cleaning.leads import described_below, described_lead, find_lead, first_sentence_below, standfirst, title_line
from cleaning.ledger import Ledger
from cleaning.lines import Line, outer_block
from cleaning.opening import cut_outlet, leave_out_day_above, leave_out_headline, take_dateline
from cleaning.page import Page
from cleaning.pictures import Picture
from cleaning.reasons import say_why
from cleaning.region import smallest_around
from cleaning.rejection import listing_rejection, shape_of
from cleaning.source_stubs import leave_out_original, leave_out_stubs
from cleaning.tables import data_tables
from cleaning.teasers import leave_out_link_runs, leave_out_their_dates, leave_out_their_words
from cleaning.text import tidy, words
from cleaning.told import state_text, told_text
from model.article import Image, Rejected
from model.source import Source
from model.url import host_of

_REPEATED_CHARS = 160
_REPEATED_TEXT = 1_000
_REPEATED_SHARE = 1 / 3
_TOLD_CHARS = 200
_SHOWN_SHARE = 0.3
_PORTRAIT_CHARS = 500
_TEASER_RULES = frozenset({"related", "related-link", "teaser", "advertisement"})


@dataclass(frozen=True, slots=True)
class Content:
    """What is the article's own: its text as `blocks`, which begin with the `lead`; what its `ending` says of author
    and first publisher; its `images`; and the `region` of the page it stood in. `origin` of the text is `json-ld` or
    `script` where the page shows none itself, or else empty."""

    blocks: list[Block]
    lead: str | None
    ending: Ending
    region: HtmlElement
    images: list[Image]
    origin: str = ""


def find_content(page: Page, head: Head, source: Source, title: str) -> Content | Rejected:
    """The article on the page; rejected where it holds none, or a list of articles.

    When it is done, each line of `page.ledger` is kept or gone.
    """
    ledger = page.ledger
    outlets = outlet_words(head, source)
    printed = title_line(ledger, title)
    lead = find_lead(page, head, source, printed)
    below = lead or described_below(ledger, head, printed)
    beside = [] if below else standfirst(page, printed)
    take_source_furniture(page, source)
    pictures = take_captions(page, below or beside or described_lead(head, _first_sentence(ledger)))
    take_counter_tables(page)
    misleading = take_furniture(page)
    if printed is None:
        printed = title_line(ledger, title)  # what stood beside it may have been taken
    take_dateline(ledger, printed)

    keep_body(page, source, misleading)
    told, origin = told_text(head), "json-ld"
    if not told and not ledger.prose_under(ledger.body):
        told, origin = state_text(head, page.tree), "script"
    if len(told) >= _TOLD_CHARS and sum(len(line.text) for line in _kept(ledger)) < _SHOWN_SHARE * len(told):
        return _told(page, told, title, origin)
    if rejected := listing_rejection(head, shape_of(ledger), page.url):
        return rejected

    leave_out_their_words(ledger, _kept(ledger))
    kept = _kept(ledger)
    first = list(islice((line for line in kept if words(line.text) != words(title)), 1))
    lead = lead or _apart(below, first) or described_lead(head, first) or _apart(beside, first)
    region = smallest_around(kept, ledger.body)
    vietnamese = (source.language_of(page.url) or head.html_language or "")[:2] == "vi"
    keep_last_list(ledger, region)
    hosts = {host_of(page.url), *source.all_hosts}
    stub = leave_out_stubs(page, region, outlets, hosts)
    author, via = leave_out_signature(ledger, region, outlets, vietnamese=vietnamese)
    original = leave_out_original(page)
    leave_out_link_runs(ledger, _kept(ledger))
    leave_out_their_dates(ledger, _kept(ledger))
    lead = lead or first_sentence_below(ledger, printed)
    for line in lead:
        line.kept = not line.gone
    leave_out_day_above(ledger, _kept(ledger), printed)
    leave_out_headline(ledger, _kept(ledger), title, printed)
    _leave_out_repeated(ledger)
    _leave_out_second_lead(ledger, lead)
    lead = [line for line in lead if not line.gone] or described_lead(head, _kept(ledger))
    ordered = [*lead, *(line for line in _kept(ledger) if line not in lead)]
    taken_from = cut_outlet(ledger, ordered, outlets, hosts)
    tables = data_tables(ordered)
    for line in ordered:
        if not any(char.isalnum() for char in line.text) and not tables.has_value(line):
            ledger.leave_out([line], "ornament", line.block)
    if last := [line for line in ordered if not line.gone][-1:]:
        cut_body_end(ledger, *last)
    say_why(ledger, title)
    blocks = blocks_of(ordered, tables)
    if not blocks:
        return Rejected("empty", "nothing but furniture")
    ending = Ending(author or stub.author, stub.name or via or taken_from, stub.url or original)
    said = " ".join(line.text for line in lead) or None
    return Content(blocks, said, ending, region, _images(pictures, region, page))


def _told(page: Page, told: str, title: str, origin: str) -> Content:
    """The article that the page only tells machines of, for scripts to show or behind a wall."""
    for line in _kept(page.ledger):
        line.kept = False
    say_why(page.ledger, title)
    blocks = [Block(text) for part in told.splitlines() if (text := tidy(part))]
    return Content(blocks, None, Ending(), page.body, [], origin)


def _kept(ledger: Ledger) -> list[Line]:
    return [line for line in ledger.lines if line.kept and not line.gone]


def _apart(lead: Sequence[Line], first: Sequence[Line]) -> list[Line]:
    """What stands before the text, or begins it."""
    return [line for line in lead if line in first or (not line.kept and first and line.index < first[0].index)]


def _first_sentence(ledger: Ledger) -> list[Line]:
    return list(islice((line for line in ledger.lines if line.prose and not line.gone), 1))


def _leave_out_repeated(ledger: Ledger) -> None:
    """Leave out what stands on the page twice, as for narrow and for wide screens: lines that repeat earlier ones in
    their order. A sentence that stands alone may be repeated on purpose, and so may lines beside those they repeat, as
    in a plan for each day, unless it is a text's worth that was pasted twice."""
    kept = _kept(ledger)
    where: dict[str, int] = {}
    runs: list[list[tuple[Line, Line]]] = []
    expected = -1
    for place, line in enumerate(kept):
        found = where.setdefault(words(line.text), place)
        if found == place:
            expected = -1
            continue
        if found != expected:
            runs.append([])
        runs[-1].append((line, kept[found]))
        expected = found + 1
    runs = [run for run in runs if len(run) > 1 and _chars(run) >= _REPEATED_CHARS]
    if not runs:
        return
    text = min(_REPEATED_TEXT, _REPEATED_SHARE * sum(len(line.text) for line in kept))
    if not any(_chars(run) >= text for run in runs):
        runs = [run for run in runs if not _stand_beside(run)]
    for run in runs:
        ledger.leave_out([line for line, _ in run], "repeated", run[0][0].block)


def _chars(run: Sequence[tuple[Line, Line]]) -> int:
    return sum(len(line.text) for line, _ in run)


def _stand_beside(run: Sequence[tuple[Line, Line]]) -> bool:
    """Whether the lines and those they repeat all stand in one place."""
    return len({outer_block(line).getparent() for pair in run for line in pair}) == 1


def _leave_out_second_lead(ledger: Ledger, lead: Sequence[Line]) -> None:
    """Leave out the lead where it stands again among the paragraphs."""
    said = {words(line.text) for line in lead if not line.gone}
    for line in _kept(ledger):
        if line not in lead and words(line.text) in said:
            ledger.leave_out([line], "repeated", line.block)


def _is_thumbnail(image: HtmlElement, region: HtmlElement, ledger: Ledger) -> bool:
    """Whether the picture belongs to a teaser: what is written nearest to it leads to other articles."""
    for element in image.iterancestors():
        if element is region:
            return False
        if said := [piece.rule for piece in ledger.pieces_under(element) if piece.text.strip()]:
            return all(rule in _TEASER_RULES for rule in said)
    return False


def _is_portrait(image: HtmlElement, region: HtmlElement, ledger: Ledger) -> bool:
    """Whether the picture stands in a box that says who wrote the article."""
    around = {region, *region.iterancestors()}
    own = takewhile(lambda element: element not in around, image.iterancestors())
    return any(is_marked_author(element) and ledger.prose_under(element) <= _PORTRAIT_CHARS for element in own)


def _images(pictures: Sequence[Picture], region: HtmlElement, page: Page) -> list[Image]:
    if region.tag == "p" and (parent := region.getparent()) is not None:  # nearly all is said in one paragraph
        region = parent
    inside = set(region.iter("img"))
    if any(one.caption and one.element not in inside for one in pictures):
        inside.update(_between_headline_and(region, page.body))
    own = [
        one
        for one in pictures
        if one.element in inside
        and (one.caption or region in one.element.iterancestors())
        and not _is_thumbnail(one.element, region, page.ledger)
        and not _is_portrait(one.element, region, page.ledger)
    ]
    base = page.base
    found = [picture.image(base) for picture in own]
    return list({image.url: image for image in reversed(found) if image is not None}.values())[::-1]


def _between_headline_and(region: HtmlElement, body: HtmlElement) -> list[HtmlElement]:
    """The pictures behind the headline and before the region of the text: with a caption, one of them is the article's.
    Others may be the author's, or an advertisement."""
    found: list[HtmlElement] | None = None
    for one in body.iter("h1", "img", region.tag):
        if one is region:
            return found or []
        if one.tag == "h1":
            found = []
        elif one.tag == "img" and found is not None:
            found.append(one)
    return []
