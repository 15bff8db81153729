"""editions.example: articles in three languages under one slug, of which lists, feed and sitemaps name the Vietnamese.

The others are reached by a page's `hreflang` alternates or by knowing that the slug is the same; for one article
(`SILENT`) only by the latter. robots.txt names an index of three sitemaps, the home page announces a feed:

    home                     the newest two                /sitemaps/news.xml          the newest four, for news search
    /tin-moi.rss             the newest four and two old   /sitemaps/articles.xml.gz   four of last week
                                                           /sitemaps/2019.xml          three old ones; it never changes

Days are counted back from today, so that what is new stays so; what is old is of 2019.
"""

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from itertools import chain

from demo import aggregator, media
from demo.exchange import XML, Answer, Request, not_found, robots
from demo.markup import rss, slashed, text
from demo.stories import Language, Story, stories
from demo.wire import body, document, items

HOST = "editions.example"
NAME = "Lau Giang ba thứ tiếng"
HOME = f"http://{HOST}/"
FEED = "/tin-moi.rss"
SITEMAP_INDEX = "/sitemap-index.xml"
NEWS, ARTICLES, OLD_YEAR = "/sitemaps/news.xml", "/sitemaps/articles.xml.gz", "/sitemaps/2019.xml"
PREFIXES: dict[Language, str] = {"vi": "/", "en": "/en/", "id": "/id/"}
SILENT = "/hoc-sinh-go-lim-lam-tram-do-mua-tu-vat-lieu-cu"
"""An article that exists in all languages and says so nowhere."""

ON_HOME, NEW, RECENT = 2, 4, 8
OLD_YEAR_ENDED = datetime(2020, 1, 5, 2, 0, tzinfo=UTC)
_ZONE = timezone(timedelta(hours=7))


def answer(request: Request) -> Answer:
    """The site's answer."""
    today = request.today
    if story := _dated(today).get(request.path):
        return Answer(body=_page(story).encode(), validators=True, modified=story.published_at)
    match request.path:
        case "/":
            return Answer(body=_home(today).encode(), validators=True)
        case "/robots.txt":
            return robots("/quan-tri/", sitemap=f"http://{HOST}{SITEMAP_INDEX}")
        case path if path == FEED:
            return Answer(body=_feed(today), content_type="application/rss+xml; charset=utf-8", validators=True)
        case path if path == SITEMAP_INDEX:
            return Answer(body=_index(today), content_type=XML, validators=True)
        case path if path == NEWS:
            return _sitemap(_vietnamese(today)[:NEW], news=True)
        case path if path == ARTICLES:
            plain = _sitemap(_vietnamese(today)[NEW:RECENT])
            packed = gzip.compress(plain.body, mtime=0) if isinstance(plain.body, bytes) else b""
            return replace(plain, body=packed, content_type="application/gzip")
        case path if path == OLD_YEAR:
            return replace(_sitemap(_vietnamese(today)[RECENT:]), modified=OLD_YEAR_ENDED)
    return media.file(request.path) or not_found(request)


def articles() -> dict[str, str]:
    """The titles of all articles by path: Vietnamese ones from the newest to the oldest, then the translations."""
    return {PREFIXES[story.language] + story.slug: story.title for story in _stories()}


def old() -> tuple[str, ...]:
    """The paths of the articles of 2019."""
    return tuple(articles())[RECENT : RECENT + 3]


@lru_cache
def _stories() -> tuple[Story, ...]:
    """Four that are translated, four that are not, three old ones, and the translations of the first."""
    carried = list(aggregator.articles().values())
    slugs = {story.slug for story in carried}
    translated = [story for story in carried if story.language == "vi"]
    plain = [story for story in stories("paper") if story.slug not in slugs]
    translations = [story for story in carried if story.language != "vi"]
    return tuple(chain(translated, plain, stories("notes")[:3], translations))


@lru_cache(maxsize=4)
def _dated(today: date) -> dict[str, Story]:
    """All articles by path, with the days they have on `today`."""
    found: dict[str, Story] = {}
    for place, path in enumerate(articles()):
        story = _stories()[place]
        original = found.get(f"/{story.slug}")
        if original:
            moment = original.published_at
        elif place < RECENT:
            moment = _morning(today - timedelta(days=1 + place + (6 if place >= NEW else 0)))
        else:
            moment = _morning(date(2019, 12, 20) - timedelta(days=9 * place))
        found[path] = replace(story, published=moment)
    return found


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(8, 30), _ZONE)


def _vietnamese(today: date) -> list[tuple[str, Story]]:
    return [(path, story) for path, story in _dated(today).items() if story.language == "vi"]


def _page(story: Story) -> str:
    editions = {PREFIXES[other.language]: other.language for other in _stories() if other.slug == story.slug}
    links = [f'<link rel="canonical" href="http://{HOST}{PREFIXES[story.language]}{story.slug}">']
    if f"/{story.slug}" != SILENT:
        links += [
            f'<link rel="alternate" hreflang="{language}" href="http://{HOST}{prefix}{story.slug}">'
            for prefix, language in editions.items()
        ]
        links.append(f'<link rel="alternate" hreflang="x-default" href="http://{HOST}/{story.slug}">')
    day = f'<time datetime="{story.published_at.isoformat()}">{slashed(story.published_on)}</time>'
    main = f'<article><h1>{text(story.title)}</h1>{day}<div class="content">{body(story)}</div></article>'
    return document(f"{story.title} - {NAME}", main, head="".join(links), language=story.language)


def _home(today: date) -> str:
    head = f'<link rel="alternate" type="application/rss+xml" title="{NAME}" href="{FEED}">'
    newest = {path: story.title for path, story in _vietnamese(today)[:ON_HOME]}
    return document(NAME, f"<h1>{NAME}</h1><ul>{items(newest)}</ul>", head=head)


def _feed(today: date) -> bytes:
    named = [*_vietnamese(today)[:NEW], *_vietnamese(today)[RECENT : RECENT + 2]]
    entries = [(story.title, f"http://{HOST}{path}", text(story.lead), story.published_at) for path, story in named]
    return rss(NAME, HOME, entries)


def _index(today: date) -> bytes:
    stories_by_age = [story for _, story in _vietnamese(today)]
    changed = {
        NEWS: stories_by_age[0].published_at,
        ARTICLES: stories_by_age[NEW].published_at,
        OLD_YEAR: OLD_YEAR_ENDED,
    }
    entries = "".join(
        f"<sitemap><loc>http://{HOST}{path}</loc><lastmod>{at.isoformat()}</lastmod></sitemap>"
        for path, at in changed.items()
    )
    return _document("sitemapindex", entries)


def _sitemap(named: list[tuple[str, Story]], *, news: bool = False) -> Answer:
    entries = "".join(f"<url><loc>http://{HOST}{path}</loc>{_when(story, news)}</url>" for path, story in named)
    newest = max(story.published_at for _, story in named)
    return Answer(body=_document("urlset", entries), content_type=XML, validators=True, modified=newest)


def _when(story: Story, news: bool) -> str:
    moment = story.published_at.isoformat()
    if not news:
        return f"<lastmod>{moment}</lastmod>"
    return (
        f"<news:news><news:publication><news:name>{NAME}</news:name><news:language>vi</news:language></news:publication>"
        f"<news:publication_date>{moment}</news:publication_date><news:title>{text(story.title)}</news:title></news:news>"
    )


def _document(root: str, entries: str) -> bytes:
    names = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root} {names}>{entries}</{root}>\n'.encode()
