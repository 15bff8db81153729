"""An article beside others: its editions in other languages, the article it was taken from, and those taken from it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.requests import Request

from browse.archive import Archive
from browse.errors import SearchFailed
from browse.index.seam import Hit
from browse.web.pages.article import body_of
from browse.web.references import Head, Mark, Ref, head_of, hits, locate
from browse.web.rendering import page
from model.article import Article
from model.url import article_id, is_web_address

router = APIRouter(tags=["articles"])

MOST_RELATED = 50

Beside = Annotated[
    str | None, Query(pattern="^[0-9a-f]{16}$", description="The id of an article to read beside this one.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An article that this one names: where it is, its language as far as it is known, and the article itself where the
    archive has it (`hit`). `url` is None where only a name is known."""

    language: str | None
    name: str | None
    url: str | None
    hit: Hit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionsPage:
    """What an article stands beside. `editions` are those that its page declares, `origin` is what it names as its
    source, `named_by` are articles that name this one, as their edition or as their source. `beside` is read next to
    it."""

    head: Head
    article: Article
    editions: list[Edition]
    origin: Edition | None
    named_by: list[Hit]
    beside: Article | None

    @property
    def body(self) -> Markup:
        """The text with its structure, safe to show."""
        return body_of(self.article)

    @property
    def body_beside(self) -> Markup:
        """That of the article beside it."""
        return body_of(self.beside) if self.beside else Markup("")


@page(router, "/articles/{ref}/editions", "editions.html")
def editions(request: Request, ref: Ref, cleaned: Mark = None, beside: Beside = None) -> EditionsPage:
    """The editions of an article in other languages, its source, and the articles that name it."""
    archive = request.app.state.archive
    found = locate(request, ref, cleaned)
    article = found.article
    via = article.via_url if article.via_url and is_web_address(article.via_url) else None
    named = {one.url: article_id(one.url) for one in article.alternates if is_web_address(one.url)}
    if via:
        named[via] = article_id(via)
    known = hits(archive, list(dict.fromkeys(named.values())))
    declared = [
        Edition(language=one.language, name=None, url=one.url, hit=known.get(named.get(one.url, "")))
        for one in article.alternates
        if named.get(one.url) != article.id
    ]
    origin = None
    if article.via_name or article.via_url:
        hit = known.get(named[via]) if via else None
        origin = Edition(language=hit.language if hit else None, name=article.via_name, url=via, hit=hit)
    shown = {one.hit.id for one in [*declared, origin] if one and one.hit}
    return EditionsPage(
        head=head_of(request, ref, article, found.cleaned),
        article=article,
        editions=declared,
        origin=origin,
        named_by=[hit for hit in _related(archive, article.id) if hit.id not in shown],
        beside=locate(request, beside).article if beside else None,
    )


def _related(archive: Archive, wanted: str) -> list[Hit]:
    try:
        return archive.index.related(wanted, MOST_RELATED)
    except SearchFailed:
        return []
