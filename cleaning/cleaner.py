"""The cleaner: the steps in order, from a capture's bytes to an article."""

from cleaning.attachments import find_attachments
from cleaning.author import author_and_byline
from cleaning.blocks import html_of, text_of
from cleaning.content import find_content
from cleaning.decoding import decode
from cleaning.errors import CleaningError
from cleaning.gambling import is_gambling_page
from cleaning.head import read_head
from cleaning.language import find_language
from cleaning.legacy_fonts import restore
from cleaning.legacy_tables import LEGACY
from cleaning.links import find_alternates, find_canonical, find_via
from cleaning.metadata import take_metadata
from cleaning.page import MAX_BODY_BYTES, Page, parse
from cleaning.publication import find_publication
from cleaning.rejection import early_rejection
from cleaning.sniffing import binary_kind, text_kind
from cleaning.spam import take_spam
from cleaning.subject import find_tags, section_and_crumbs
from cleaning.title import find_title
from cleaning.version import cleaner_version
from model.article import Article, Rejected, text_sha256
from model.capture import Capture
from model.source import Source
from model.url import article_id


def clean(capture: Capture, body: bytes, source: Source) -> Article | Rejected:
    """The article that `body`, the content-decoded answer recorded in `capture`, holds; or why it holds none.

    A pure function: the same capture, bytes and source give the same record, in every process. It looks at no clock,
    no network and no other page, and raises for no body, however broken.

    Raises `CleaningError` where `capture.fetched_at` has no time zone: days to come could not be told.
    """
    page = open_page(capture, body, source)
    return page if isinstance(page, Rejected) else clean_page(page, capture, source)


def clean_page(page: Page, capture: Capture, source: Source) -> Article | Rejected:
    """The article on `page`, which is used up: where it is one, each line of `page.ledger` is kept or gone after."""
    if capture.fetched_at.tzinfo is None:
        raise CleaningError("expected fetched_at with a time zone, like datetime.now(UTC)", capture.url)
    head = read_head(page)
    lines = page.ledger.lines
    if rejected := early_rejection(head, lines, page.tree):
        return rejected
    title, title_origin = find_title(page, head, source, lines)
    publication = find_publication(page, head, source, lines, title, capture.fetched_at)
    author, author_origin, byline = author_and_byline(page, head, source, lines, title)
    section, section_origin, crumbs = section_and_crumbs(page, head, source, lines, title)
    tags = find_tags(head, lines)
    via_name, via_url, via_origin = find_via(page, head, source)
    canonical, canonical_origin = find_canonical(page, head)

    spam = take_spam(page, title)
    take_metadata(page, publication, byline, crumbs)
    content = find_content(page, head, source, title)
    if isinstance(content, Rejected):
        return content
    text = text_of(content.blocks)
    if not title:
        title, title_origin = next(block.text for block in content.blocks if block.text)[:200], "text"
    if author is None and content.ending.author is not None:
        author, author_origin = content.ending.author, "signature"
    language, language_origin = find_language(capture, source, head, text)
    if content.ending.via_url or (content.ending.via_name and not via_url):
        via_url, via_origin = content.ending.via_url, "visible"
    via_name = content.ending.via_name or via_name
    published, modified = publication.published, publication.modified
    origins = {
        "text": content.origin or page.legacy_text,
        "title": title_origin,
        "author": author_origin if author else "",
        "published_on": publication.published_origin,
        "modified_on": publication.modified_origin,
        "language": language_origin,
        "section": section_origin,
        "locality": "source" if source.locality else "",
        "canonical_url": canonical_origin,
        "via_url": via_origin,
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
        tags=tags,
        locality=source.locality.name if source.locality else None,
        images=content.images,
        attachments=find_attachments(page, content.region),
        origins={field: origin for field, origin in origins.items() if origin},
        via_name=via_name,
        via_url=via_url,
        alternates=find_alternates(page, head),
        warc_key=capture.warc_key or "",
        warc_offset=capture.warc_offset or 0,
        warc_length=capture.warc_length or 0,
        cleaner_version=cleaner_version(),
        removed=page.ledger.removed,
        spam=spam,
        quarantined=is_gambling_page(title, text, len(spam)),
    )


def open_page(capture: Capture, body: bytes, source: Source) -> Page | Rejected:
    """The page in `body`, parsed and untouched; rejected where the bytes are no HTML, or more than anybody writes."""
    if not body.strip(b" \t\r\n\x00"):
        return Rejected("empty", "no bytes in it")
    if len(body) > MAX_BODY_BYTES:
        return Rejected("too-large", f"{len(body):,} bytes, more than {MAX_BODY_BYTES:,}")
    if kind := binary_kind(body):
        return Rejected("not-html", kind)
    decoded = decode(body, capture.charset, source.fetch.encoding)
    if kind := text_kind(decoded.text):
        return Rejected("not-html", kind)
    page = parse(decoded.text, capture.final_url or capture.url, decoded.data)
    if isinstance(page, Page):
        named = decoded.encoding if decoded.encoding in LEGACY else ""
        page.legacy_text = restore(page.tree, decoded.text, decoded.data) or named
    return page
