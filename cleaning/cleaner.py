"""The cleaner: the steps in order, from a capture's bytes to an article."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from cleaning.author import find_author, outlet_words
from cleaning.blocks import Block, html_of, text_of
from cleaning.body import extract, find_body
from cleaning.decoding import decode
from cleaning.ending import Ending, take_signature, take_source_stub
from cleaning.furniture import take_furniture, take_source_furniture
from cleaning.head import Head, read_head
from cleaning.language import find_language
from cleaning.lines import PROSE_CHARS, Line, lines_of, prose_chars
from cleaning.links import find_alternates, find_attachments, find_canonical
from cleaning.opening import described_lead, find_lead, take_dateline, with_lead, without_headline, without_outlet
from cleaning.page import MAX_BODY_BYTES, Page, parse
from cleaning.paragraphs import merge_empty_elements, wrap_loose_text
from cleaning.pictures import Picture, take_captions
from cleaning.publication import find_publication
from cleaning.region import find_region, lines_within, match_lines, without_link_runs
from cleaning.rejection import early_rejection, listing_rejection, shape_of
from cleaning.sniffing import binary_kind, text_kind
from cleaning.spam import names_gambling, take_spam
from cleaning.subject import find_section, find_tags
from cleaning.text import words
from cleaning.title import find_title
from cleaning.version import cleaner_version
from model.article import Article, Image, Rejected, SpamLink, text_sha256
from model.capture import Capture
from model.source import Source
from model.url import article_id

_SPAM_LINKS_TO_QUARANTINE = 3
_LAST_BLOCKS = 6


@dataclass(slots=True)
class _Content:
    """What was found to be the article's own, and what its surroundings gave away."""

    blocks: list[Block]
    lead: str | None
    ending: Ending
    region: HtmlElement
    images: list[Image]


def clean(capture: Capture, body: bytes, source: Source) -> Article | Rejected:
    """The article that `body`, the content-decoded answer recorded in `capture`, holds; or why it holds none.

    A pure function: the same capture, bytes and source give the same record, in every process. It looks at no clock,
    no network and no other page, and raises for no body, however broken.
    """
    page = _open(capture, body, source)
    if isinstance(page, Rejected):
        return page
    head = read_head(page.tree)
    lines = lines_of(page.body)
    if rejected := early_rejection(head, lines):
        return rejected
    title, title_origin = find_title(page, head, source, lines)
    publication = find_publication(page, head, source, lines, title, capture.fetched_at)
    author, author_origin = find_author(page, head, source)
    section, section_origin = find_section(page, head, source)
    canonical, canonical_origin = find_canonical(page, head)

    spam = take_spam(page)
    content = _content(page, head, source, title, lines, capture)
    if isinstance(content, Rejected):
        return content
    text = text_of(content.blocks)
    if not title:
        title, title_origin = content.blocks[0].text[:200], "text"
    if author is None and content.ending.author is not None:
        author, author_origin = content.ending.author, "signature"
    language, language_origin = find_language(capture, source, head, text)
    published, modified = publication.published, publication.modified
    origins = {
        "title": title_origin,
        "author": author_origin if author else "",
        "published_on": publication.published_origin,
        "modified_on": publication.modified_origin,
        "language": language_origin,
        "section": section_origin,
        "canonical_url": canonical_origin,
        "via_url": "visible" if content.ending.via_url or content.ending.via_name else "",
    }
    return Article(
        id=article_id(canonical or capture.final_url or capture.url),
        source=capture.source,
        run=capture.run,
        url=capture.final_url or capture.url,
        canonical_url=canonical,
        fetched_at=capture.fetched_at,
        text_sha256=text_sha256(title, text),
        title=title,
        lead=content.lead,
        text=text,
        html=html_of(content.blocks),
        author=author,
        published_on=published.day if published else None,
        published_at=published.instant if published else None,
        modified_on=modified.day if modified else None,
        modified_at=modified.instant if modified else None,
        language=language,
        section=section,
        tags=find_tags(page, head),
        images=content.images,
        attachments=find_attachments(content.region, page.url),
        origins={field: origin for field, origin in origins.items() if origin},
        via_name=content.ending.via_name,
        via_url=content.ending.via_url,
        alternates=find_alternates(page),
        warc_key=capture.warc_key or "",
        warc_offset=capture.warc_offset or 0,
        warc_length=capture.warc_length or 0,
        cleaner_version=cleaner_version(),
        removed=page.removed,
        spam=spam,
        quarantined=_is_spam_page(title, text, spam),
    )


def _open(capture: Capture, body: bytes, source: Source) -> Page | Rejected:
    """The parsed page, where the bytes are HTML."""
    if not body.strip(b" \t\r\n\x00"):
        return Rejected("empty", "no bytes in it")
    if len(body) > MAX_BODY_BYTES:
        return Rejected("too-large", f"{len(body):,} bytes, more than {MAX_BODY_BYTES:,}")
    if kind := binary_kind(body):
        return Rejected("not-html", kind)
    decoded = decode(body, capture.charset, source.fetch.encoding)
    if kind := text_kind(decoded.text):
        return Rejected("not-html", kind)
    return parse(decoded.text, capture.final_url or capture.url)


def _content(
    page: Page, head: Head, source: Source, title: str, all_lines: Sequence[Line], capture: Capture
) -> _Content | Rejected:
    """The article's text, taken off the page step by step."""
    outlets = outlet_words(head, source)
    lead = find_lead(page, head, source, title, all_lines)
    take_source_furniture(page, source)
    pictures = take_captions(page, all_lines)
    misleading = take_furniture(page, all_lines)
    take_dateline(page, all_lines, title)
    source_stub = take_source_stub(page, all_lines, outlets)
    merge_empty_elements(page)
    wrap_loose_text(page)
    lines = lines_of(page.body)
    tree = find_body(page, source, misleading)
    blocks = extract(tree, prose_chars(lines if tree is page.tree else lines_of(tree)))
    if rejected := listing_rejection(head, shape_of(all_lines, blocks), capture.final_url or capture.url):
        return rejected

    matched = match_lines(lines, blocks)
    region = find_region(lines, matched)
    region = page.body if region is None else region
    own = lines_within(lines, region)
    vietnamese = (source.language_of(capture.final_url) or head.html_language or "")[:2] == "vi"
    signed = take_signature(page, own, _last_sentence(own, blocks), outlets, vietnamese=vietnamese)
    taken = {words(removal.text) for removal in page.removed if removal.rule in ("signature", "outlet", "source-stub")}
    blocks = _without_last(blocks, taken)
    blocks, related = without_link_runs(blocks, lines)
    blocks, repeated = without_headline(blocks, title)
    lead = lead or described_lead(head, blocks)
    blocks, named = without_outlet(with_lead(blocks, lead), outlets)
    page.removed.extend([*related, *repeated, *named])
    if not blocks:
        return Rejected("empty", "nothing but furniture")
    if lead and named:
        lead = lead.removeprefix(named[0].text).lstrip() or None
    ending = Ending(signed.author, source_stub.via_name or signed.via_name, source_stub.via_url)
    return _Content(blocks, lead, ending, region, _images(pictures, region, page.url))


def _last_sentence(lines: Sequence[Line], blocks: Sequence[Block]) -> int:
    """The index of the last of `lines` that is a sentence of the article; -1 where none is."""
    sentences = {words(block.text) for block in blocks if len(block.text) >= PROSE_CHARS or block.text[-1] in '.!?…”"/'}
    return max((index for index, line in enumerate(lines) if words(line.text) in sentences), default=-1)


def _without_last(blocks: list[Block], taken: set[str]) -> list[Block]:
    """The blocks without those among the last ones whose text was taken off the page."""
    kept = [block for block in blocks[-_LAST_BLOCKS:] if words(block.text) not in taken]
    return [*blocks[:-_LAST_BLOCKS], *kept]


def _images(pictures: Sequence[Picture], region: HtmlElement, base: str) -> list[Image]:
    inside = {id(element) for element in region.iter("img")}
    found = [picture.image(base) for picture in pictures if id(picture.element) in inside]
    return list({image.url: image for image in reversed(found) if image is not None}.values())[::-1]


def _is_spam_page(title: str, text: str, spam: Sequence[SpamLink]) -> bool:
    """Whether the page is itself the spam, not merely host to some: it is headed by a gambling name, speaks of it, and
    carries several such links."""
    return len(spam) >= _SPAM_LINKS_TO_QUARANTINE and names_gambling(title) and names_gambling(text[:2_000])
