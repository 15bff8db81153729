"""An article: its text with structure, what is known of it and where that came from, and ways on."""

import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from browse.history.citations import Found
from browse.history.moments import citation
from browse.web import security
from browse.web.fragment import paragraphs, sanitized
from browse.web.references import Head, Mark, Ref, head_of, locate
from browse.web.rendering import render
from model.article import Article
from model.url import is_web_address

router = APIRouter(tags=["articles"])

MOST_PICTURES = 60
"""So many pictures are loaded at a reader's wish, at most."""

_FIRST_HEADING = re.compile(r"\s*<(h[2-6])>([^<]*)</\1>")

# A public name and the default port: a page may name what only the reader's own network has, and a picture's address
# is asked for with whatever it says.
_PUBLIC = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_PRIVATE = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa", ".onion")

Pictures = Annotated[bool, Query(description="Load the pictures from the sites that have them; else they are links.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCleaning:
    """Another text that was made of the same capture before it was cleaned anew. `mark` names it."""

    mark: str
    text_sha256: str
    replaced: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerRow:
    """The article was fetched again since; `same_text` tells whether title and text stayed."""

    citation: str
    fetched_at: datetime
    same_text: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """An article's row, and how it was found.

    `as_of` is the end of the time that was asked for, where nothing was fetched in it and this is the newest before;
    `as_of_exact` tells that this was a second, as a citation has it. `cleaned` is the mark of the cleaning that is
    shown, None of today's, and `replaced` when it was put away; `earlier` are others. `now` cites what the page is
    known as today, where that is another article. `newer` is the newest row, where it is not this one. `pictures`
    are the addresses that are loaded rather than linked. `unread` are tables that are damaged or gone and might say
    more; `recleaned` is when the page was cleaned anew, where nothing is left of what was replaced then.
    """

    head: Head
    article: Article
    as_of: datetime | None
    as_of_exact: bool
    cleaned: str | None
    replaced: datetime | None
    earlier: list[EarlierCleaning]
    now: str | None
    newer: NewerRow | None
    pictures: list[str]
    unread: list[str]
    recleaned: datetime | None

    @property
    def body(self) -> Markup:
        """The text with its structure, safe to show."""
        return body_of(self.article)

    @property
    def can_load(self) -> bool:
        """Whether there are pictures that may be loaded."""
        return any(is_loadable(image.url) for image in self.article.images)


def body_of(article: Article) -> Markup:
    """An article's text with its structure, safe to show. A lead that the page had as a heading is a paragraph."""
    if not article.html.strip():
        return paragraphs(article.text)
    first = _FIRST_HEADING.match(article.html)
    if first and unescape(first[2]) == article.lead:
        return sanitized(f"<p>{first[2]}</p>{article.html[first.end() :]}")
    return sanitized(article.html)


def is_loadable(url: str) -> bool:
    """Whether a reader's browser may be told to fetch the picture at `url`: of a public host, at its usual port."""
    if not is_web_address(url):
        return False
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.port is not None or parts.username is not None or host.endswith(_PRIVATE):
        return False
    return bool(_PUBLIC.fullmatch(_ascii(host)))


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ""


def view(request: Request, ref: str, cleaned: str | None, images: bool) -> ArticlePage:
    """The page of what `ref` names. Raises as `browse.web.references.locate`."""
    found = locate(request, ref, cleaned)
    article = found.article
    pictures = [image.url for image in article.images if is_loadable(image.url)] if images else []
    return ArticlePage(
        head=head_of(request, ref, article, found.cleaned),
        article=article,
        as_of=found.as_of.end if found.as_of else None,
        as_of_exact=found.as_of is not None and found.as_of.exact,
        cleaned=found.cleaned,
        replaced=next((one.replaced for one in found.earlier if one.mark == found.cleaned), None),
        earlier=[
            EarlierCleaning(mark=one.mark, text_sha256=one.row.text_sha256, replaced=one.replaced)
            for one in found.earlier
            if one.mark != found.cleaned
        ],
        now=found.now,
        newer=_newer(found),
        pictures=pictures[:MOST_PICTURES],
        unread=list(found.unread),
        recleaned=found.recleaned,
    )


def _newer(found: Found) -> NewerRow | None:
    newest = found.newest
    if newest is None or newest.fetched_at <= found.article.fetched_at:
        return None
    same = newest.text_sha256 == found.article.text_sha256
    return NewerRow(citation=citation(newest.id, newest.fetched_at), fetched_at=newest.fetched_at, same_text=same)


@router.get("/articles/{ref}.json")
def article_json(request: Request, ref: Ref, cleaned: Mark = None) -> ArticlePage:
    """An article, whole: its newest row, or the one of a time."""
    return view(request, ref, cleaned, images=False)


@router.get("/articles/{ref}", response_class=HTMLResponse)
def article(request: Request, ref: Ref, cleaned: Mark = None, images: Pictures = False) -> HTMLResponse:
    """An article to read. With `images=1` its pictures are loaded from the sites that have them."""
    model = view(request, ref, cleaned, images)
    response = render(request, "article.html", model)
    if model.pictures:
        response.headers["Content-Security-Policy"] = security.policy_with_pictures(
            _ascii((urlsplit(url).hostname or "").rstrip(".")) for url in model.pictures
        )
    return response
