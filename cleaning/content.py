"""Content: the article's own part of a page, and what its surroundings gave away, found step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from cleaning.author import outlet_words
from cleaning.blocks import Block
from cleaning.body import extract, find_body
from cleaning.ending import Ending, take_signature, take_source_stub
from cleaning.furniture import take_furniture, take_source_furniture
from cleaning.head import Head
from cleaning.lines import PROSE_CHARS, Line, lines_of, prose_chars
from cleaning.opening import (
    described_lead,
    find_lead,
    take_dateline,
    with_lead,
    without_headline,
    without_outlet,
)
from cleaning.page import Page
from cleaning.paragraphs import merge_empty_elements, wrap_loose_text
from cleaning.pictures import Picture, take_captions
from cleaning.region import (
    find_region,
    lines_within,
    match_lines,
    places_of,
    unclassified,
    without_link_runs,
)
from cleaning.rejection import listing_rejection, shape_of
from cleaning.text import words
from model.article import Image, Rejected
from model.source import Source

_LAST_BLOCKS = 6


@dataclass(frozen=True, slots=True)
class Content:
    """What is the article's own: its text as `blocks`, which begin with the `lead`; what its `ending` says of author
    and first publisher; its `images`; and the `region` of the page it stood in."""

    blocks: list[Block]
    lead: str | None
    ending: Ending
    region: HtmlElement
    images: list[Image]


def find_content(page: Page, head: Head, source: Source, title: str, lines: Sequence[Line]) -> Content | Rejected:
    """The article on the page; rejected where it holds none, or a list of articles.

    `lines` are the page's. What is no content is taken off the page, and recorded in `page.removed`.
    """
    outlets = outlet_words(head, source)
    lead = find_lead(page, head, source, title, lines)
    take_source_furniture(page, source)
    pictures = take_captions(page, lines)
    misleading = take_furniture(page, lines)
    take_dateline(page, lines, title)
    stub = take_source_stub(page, lines, outlets)

    merge_empty_elements(page)
    wrap_loose_text(page)
    left = lines_of(page.body)
    tree = find_body(page, source, misleading)
    blocks = extract(tree, prose_chars(left if tree is page.tree else lines_of(tree)))
    if rejected := listing_rejection(head, shape_of(lines, blocks), page.url):
        return rejected

    region = find_region(left, match_lines(left, blocks))
    region = page.body if region is None else region
    own = lines_within(left, region)
    vietnamese = (source.language_of(page.url) or head.html_language or "")[:2] == "vi"
    signed = take_signature(page, own, _last_sentence(own, blocks), outlets, vietnamese=vietnamese)
    blocks = _without_taken(blocks, page)
    nobody_said_why = unclassified(own, blocks, title)
    places = places_of([*lines, *left])
    blocks, related = without_link_runs(blocks, left)
    blocks, repeated = without_headline(blocks, title, places)
    lead = lead or described_lead(head, blocks)
    blocks, named = without_outlet(with_lead(blocks, lead), outlets, places)
    page.removed.extend([*related, *repeated, *named, *nobody_said_why])
    if not blocks:
        return Rejected("empty", "nothing but furniture")
    if lead and named:
        lead = lead.removeprefix(named[0].text).lstrip() or None
    ending = Ending(signed.author, stub.via_name or signed.via_name, stub.via_url)
    return Content(blocks, lead, ending, region, _images(pictures, region, page.base))


def _last_sentence(lines: Sequence[Line], blocks: Sequence[Block]) -> int:
    """The index of the last of `lines` that is a sentence of the article; -1 where none is."""
    sentences = {words(block.text) for block in blocks if len(block.text) >= PROSE_CHARS or block.text[-1] in '.!?…”"/'}
    return max((index for index, line in enumerate(lines) if words(line.text) in sentences), default=-1)


def _without_taken(blocks: list[Block], page: Page) -> list[Block]:
    """The blocks without those among the last ones that were taken off the page after the text was extracted."""
    taken = {words(one.text) for one in page.removed if one.rule in ("signature", "outlet", "source-stub")}
    kept = [block for block in blocks[-_LAST_BLOCKS:] if words(block.text) not in taken]
    return [*blocks[:-_LAST_BLOCKS], *kept]


def _images(pictures: Sequence[Picture], region: HtmlElement, base: str) -> list[Image]:
    inside = set(region.iter("img"))
    found = [picture.image(base) for picture in pictures if picture.element in inside]
    return list({image.url: image for image in reversed(found) if image is not None}.values())[::-1]
