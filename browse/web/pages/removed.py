"""What was removed from an article's page: by rule, and in its place on the page as it was stored."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request

from browse.placing import Placed, Stretch, place
from browse.removals import KINDS, Kind, Taken, kind_of, taken_by
from browse.web.references import Head, Mark, Ref, head_of, locate
from browse.web.refusal import without_places
from browse.web.rendering import page
from model.article import Article, Removal, SpamLink
from storage.errors import StorageError
from storage.records import read_record
from storage.store import ObjectStore

router = APIRouter(tags=["articles"])

MOST_PAGE_BYTES = 64_000_000
"""So large may a stored page be, decompressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block that was removed, and its kind. `placed` tells whether it was found on the stored page."""

    removal: Removal
    kind: Kind
    placed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedPage:
    """The blocks that were removed, in the page's order, and the stored page with each in its place: `stretches` have
    them by number. `problem` says why the stored page cannot be shown, where it cannot."""

    head: Head
    rules: list[Taken]
    blocks: list[Block]
    spam: list[SpamLink]
    stretches: list[Stretch]
    problem: str | None

    @property
    def kinds(self) -> list[Kind]:
        """The kinds there are, in their order."""
        found = {block.kind for block in self.blocks}
        return [kind for kind in KINDS if kind in found]

    @property
    def homeless(self) -> list[Block]:
        """The blocks that were not found on the stored page."""
        return [block for block in self.blocks if not block.placed]


@page(router, "/articles/{ref}/removed", "removed.html")
def removed(request: Request, ref: Ref, cleaned: Mark = None) -> RemovedPage:
    """Every block that was taken off an article's page, by rule, and where it stood."""
    found = locate(request, ref, cleaned)
    article = found.article
    placed, problem = _placed(request.app.state.archive.store, article)
    homeless = set(placed.unplaced)
    return RemovedPage(
        head=head_of(request, ref, article, found.cleaned),
        rules=taken_by(article.removed),
        blocks=[
            Block(removal=one, kind=kind_of(one.rule), placed=number not in homeless)
            for number, one in enumerate(article.removed)
        ],
        spam=article.spam,
        stretches=placed.stretches,
        problem=without_places(request, problem) if problem else None,
    )


def _placed(store: ObjectStore, article: Article) -> tuple[Placed, str | None]:
    """The removals in their places; where the record cannot be read, why not."""
    try:
        record = read_record(store, article.warc_key, article.warc_offset, MOST_PAGE_BYTES)
    except StorageError as err:
        return Placed([], list(range(len(article.removed)))), str(err)
    return place(record.body, record.content_type, article.text, article.removed), record.problem
