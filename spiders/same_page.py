"""One page in the place of many: a login, a consent or a maintenance page that a site shows for whatever is asked."""

from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from model.capture import Capture
from model.source import Source
from model.url import normalise_url
from storage.frontier import Frontier
from storage.known import Fate

LEAST = 3
"""So many addresses must have given the same page,"""

SHARE = 0.75
"""and such a share of all that were answered: two articles may well lead to one topic's page, or be one."""


def led_to_one_page(named: Iterable[Capture], source: Source) -> str | None:
    """What to hold against a crawl most of whose articles lead to one page that is no article; None where there is no
    such page. `named` are the answers for addresses that the site's own lists name: it does not take them for gone."""
    answered = [c for c in named if not c.failed and c.status not in (404, 410)]
    found = _most(Counter(place for c in answered if (place := _led_to(c, source))), len(answered))
    if found is None:
        return None
    return f"{found[1]} of {len(answered)} article pages lead to {found[0]}: expected articles, not a page before them"


def changed_to_one_page(articles: Iterable[Capture], frontier: Frontier) -> str | None:
    """The same of known articles, different ones, that have changed to one and the same page where they are, byte for
    byte."""
    answered = [c for c in articles if not c.failed and c.status in (200, 304)]
    before = {c.url: body for c in answered if (body := _changed_from(c, frontier))}
    found = _most(Counter(c.body_sha256 for c in answered if c.body_sha256 and c.url in before), len(answered))
    if found is None:
        return None
    urls = [c.url for c in answered if c.body_sha256 == found[0] and c.url in before]
    if len({before[url] for url in urls}) == 1:
        return None  # one article at several addresses
    return (
        f"{found[1]} of {len(answered)} article pages have become one and the same, like {urls[0]}: expected articles"
    )


def _most(counts: Counter[str], answered: int) -> tuple[str, int] | None:
    for value, count in counts.most_common(1):
        if count >= LEAST and count >= SHARE * answered:
            return value, count
    return None


def _led_to(capture: Capture, source: Source) -> str | None:
    """The page that is no article to which an article's address leads, without what says where a reader came from
    (`?return=/tin/le-hoi.html`)."""
    target = capture.location or capture.final_url
    try:
        if normalise_url(target) == normalise_url(capture.url) or source.is_article(target):
            return None
        parts, path = urlsplit(target), unquote(urlsplit(capture.url).path)
    except ValueError:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in pairs if len(path) < 2 or path not in unquote(value)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _changed_from(capture: Capture, frontier: Frontier) -> str | None:
    """The hash of what was there before, where it was another body."""
    known = frontier.get(normalise_url(capture.url))
    if known is None or known.fate != Fate.LIVE or known.body_sha256 == capture.body_sha256:
        return None
    return known.body_sha256
