"""Openings: the lead, and what is printed before it that is not text: the headline again, the outlet's name."""

import re
from collections.abc import Mapping, Sequence

from lxml.html import HtmlElement

from cleaning.blocks import Block
from cleaning.dates import has_date
from cleaning.furniture import first_match, take_line
from cleaning.head import Head
from cleaning.lines import Line, is_within, lines_of
from cleaning.page import Page, attribute_text, path_of
from cleaning.text import fold, tidy, words
from model.article import Removal
from model.source import Source

# By these classes and ids templates mark their leads (sapo).
_LEAD_MARK = re.compile(
    r"(?:^|\s)(?:detail-sapo|sapo_detail|sapo|singular-sapo|content-detail-sapo|article__sapo|news-sapo|article-sapo|chapeau"
    r"|ArticleSummary|article-summary|asset-summary|post-summary|entry-summary|article-lead|bai-viet-tom-tat|tomtat|trichdan"
    r"|description)(?:$|\s)"
)
_OUTLET = re.compile(r"^(?:\((?P<bracketed>[^()]{2,40})\)\s*[-–—:]*|(?P<plain>[\w.À-ỹ ]{2,25}?)\s*[-–—])\s+(?=\S)")
_FIRST_BLOCKS = 4
_LEAD_CHARS = 1_500
_LINES_TO_LEAD = 10
_DATELINE_CHARS = 70


def find_lead(page: Page, head: Head, source: Source, title: str, lines: Sequence[Line]) -> str | None:
    """The lead (sapo) the page sets apart: what the source's selector finds, else what stands in an element by which
    templates mark it, where the page describes itself by the same words or it stands right below the title."""
    chosen = first_match(page, source.clean.lead)
    if chosen is not None and 20 <= len(lead := _joined(chosen)) <= _LEAD_CHARS:
        return lead
    said = _description(head)
    for chosen in page.body.iter("h2", "h3", "p", "div", "span", "strong", "section", "td"):
        if not ((marks := attribute_text(chosen)) and _LEAD_MARK.search(marks)):
            continue
        if not 20 <= len(lead := _joined(chosen)) <= _LEAD_CHARS:
            continue
        if _agree(words(lead), said) or _is_below(title, chosen, lines):
            return lead
    return None


def described_lead(head: Head, blocks: Sequence[Block]) -> str | None:
    """The first block, where the page describes itself by it."""
    if blocks and len(blocks[0].text) <= _LEAD_CHARS and _agree(words(blocks[0].text), _description(head)):
        return blocks[0].text
    return None


def _is_below(title: str, element: HtmlElement, lines: Sequence[Line]) -> bool:
    """Whether `element` begins at most a few lines below the title: teasers have such elements too."""
    wanted = words(title)
    starts = [index for index, line in enumerate(lines) if words(line.text) == wanted and not line.linked]
    if not wanted or not starts:
        return False
    for line in lines[starts[0] + 1 : starts[0] + 1 + _LINES_TO_LEAD]:
        if line.block is element or element in line.block.iterancestors():
            return not line.linked
        if line.prose:
            return False  # the article has begun
    return False


def _joined(element: HtmlElement) -> str:
    return " ".join(line.text for line in lines_of(element))


def _description(head: Head) -> str:
    return words(head.first("og:description", "description", "twitter:description") or "")


def _agree(one: str, other: str) -> bool:
    """Whether one of two texts, as `words`, begins like the other for most of its length."""
    return min(len(one), len(other)) >= 40 and (one.startswith(other[:60]) or other.startswith(one[:60]))


def with_lead(blocks: Sequence[Block], lead: str | None) -> list[Block]:
    """The blocks, with the lead before them where they do not hold it."""
    if lead is None:
        return list(blocks)
    wanted = words(lead)
    start = " ".join(words(block.text) for block in blocks[:6])
    if not wanted or wanted in start:
        return list(blocks)
    return [Block("p", lead), *blocks]


def take_dateline(page: Page, lines: Sequence[Line], title: str) -> None:
    """Take off the lines between the title and the first sentence that say little beside the date."""
    wanted = words(title)
    start = next(
        (index for index, line in enumerate(lines) if wanted and words(line.text) == wanted and not line.linked), None
    )
    if start is None:
        return
    for line in lines[start + 1 : start + 1 + _LINES_TO_LEAD]:
        if line.prose:
            return
        if len(line.text) <= _DATELINE_CHARS and has_date(line.text) and is_within(line, page.body):
            take_line(page, line, "dateline")


def without_headline(
    blocks: Sequence[Block], title: str, places: Mapping[str, HtmlElement]
) -> tuple[list[Block], list[Removal]]:
    """The blocks without a repetition of the title among the first ones. `places` are the elements of the page's lines
    by their `words`."""
    wanted = words(title)
    kept: list[Block] = []
    removed: list[Removal] = []
    for index, block in enumerate(blocks):
        if index < _FIRST_BLOCKS and wanted and words(block.text) == wanted:
            removed.append(Removal(text=block.text, rule="headline", path=_path(places, wanted)))
        else:
            kept.append(block)
    return kept, removed


def without_outlet(
    blocks: Sequence[Block], outlets: frozenset[str], places: Mapping[str, HtmlElement]
) -> tuple[list[Block], list[Removal]]:
    """The blocks without the outlet's name before the first sentence: `(Dân trí) - `. `places` as above."""
    for index, block in enumerate(blocks[:2]):
        found = _OUTLET.match(block.text)
        if not found:
            continue
        name = words(found["bracketed"] or found["plain"])
        if _is_outlet(name, outlets):
            rest = block.text[found.end() :]
            changed = [*blocks[:index], Block(block.kind, rest), *blocks[index + 1 :]]
            return changed, [Removal(text=tidy(found.group()), rule="outlet", path=_path(places, words(block.text)))]
    return list(blocks), []


def _path(places: Mapping[str, HtmlElement], key: str) -> str:
    return path_of(places[key]) if key in places else "body"


def _is_outlet(name: str, outlets: frozenset[str]) -> bool:
    """Whether `name` is an outlet's, with or without spaces, diacritics and a final `Online` (`NLĐO` on nld.com.vn)."""
    plain = fold(name).replace(" ", "")
    spellings = {plain, plain.removesuffix("online"), plain.removesuffix("o")} if len(plain) >= 3 else {plain}
    return bool(plain) and any(
        fold(outlet).replace(" ", "").removeprefix("bao") in spellings or outlet == name for outlet in outlets
    )
