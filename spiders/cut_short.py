"""Half a page in a whole one's place: the connection ended too soon, or the site's script died, and no length and no
check sum tells."""

import re

from lxml.etree import ParserError
from lxml.html import HTMLParser, document_fromstring

from model.capture import Kind
from storage.exchange import Exchange

STOPS = "the page is cut short: it stops in the middle of the one that is stored, without its end"
"""What is held against it: it must not be taken for an edit."""

END_BYTES = 2_000
"""A page that is whole has `</body>` or `</html>` within so many of its last bytes: servers and other people's scripts
write behind it."""

TAIL_BYTES = 64
"""So many bytes, the last that came, are looked for in the page that is stored."""

SLACK_BYTES, SLACK = 2_000, 0.1
"""They may stand there so far, or by such a share of the page, from where they stand now: counters and small edits."""


_NAMES = rb"(?:[\w.-]+:)?(?:urlset|sitemapindex|rss|feed|rdf)"
_ROOT = re.compile(rb"<" + _NAMES + rb"[\s>]", re.IGNORECASE)
_ROOT_END = re.compile(rb"</" + _NAMES + rb"\s*>", re.IGNORECASE)


def may_be_cut_short(exchange: Exchange, body: bytes) -> bool:
    """Whether the content-decoded `body` of an article's page lacks its end, where there is a page that is stored to
    compare it with."""
    earlier = exchange.earlier
    return (
        exchange.kind == Kind.ARTICLE
        and exchange.status == 200
        and earlier is not None
        and earlier.place is not None
        and not _is_closed(body)
    )


def stops_within(body: bytes, whole: bytes) -> bool:
    """Whether `body`, which lacks its end, is `whole`, which has one, up to a place behind which readers lose words.

    An empty page is none of it. A page whose template has changed ends with something else, and one that has lost no
    more than its closing tags and scripts has lost nothing: both are taken as they are.
    """
    if not _is_closed(whole) or len(body) >= len(whole):
        return False
    if not body.strip():
        return _has_words(whole)
    tail, slack = body[-TAIL_BYTES:], max(SLACK_BYTES, int(len(body) * SLACK))
    at = whole.rfind(tail, max(0, len(body) - len(tail) - slack), len(body) + slack)
    return at >= 0 and _has_words(whole[at + len(tail) :])


def is_open_xml(body: bytes) -> bool:
    """Whether a feed or sitemap lacks the end tag of its root: what is stored of it may not be all there was."""
    begun = _ROOT.search(body[:END_BYTES])
    return begun is not None and _ROOT_END.search(body[-END_BYTES:]) is None


def _is_closed(body: bytes) -> bool:
    end = body[-END_BYTES:].lower()
    return b"</html" in end or b"</body" in end


def _has_words(rest: bytes) -> bool:
    """Whether the `rest` of a page, which may begin within a tag, has text that is to be seen."""
    tag_ends, tag_begins = rest.find(b">"), rest.find(b"<")
    if 0 <= tag_ends < tag_begins:
        rest = rest[tag_ends + 1 :]
    try:
        tree = document_fromstring(rest, parser=HTMLParser(encoding="utf-8"))
    except ParserError:  # nothing but space and comments
        return False
    return bool(tree.xpath("boolean(//text()[normalize-space() and not(ancestor::script or ancestor::style)])"))
