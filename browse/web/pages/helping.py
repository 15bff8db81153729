"""Help: the query language, and how to read the archive."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request

from browse.exporting.found import MOST_ARTICLES
from browse.index.seam import MOST_HITS
from browse.query import FIELDS, MOST_CHARACTERS, MOST_TERMS, STATES
from browse.web.rendering import page

router = APIRouter(tags=["help"])


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpPage:
    """What queries may hold: names of fields, values of `is:`, and how much of what."""

    fields: list[str]
    states: list[str]
    most_characters: int
    most_terms: int
    most_hits: int
    most_exported: int


@page(router, "/help", "help.html")
def help_(request: Request) -> HelpPage:  # noqa: ARG001 - every view takes it
    """How to search and read the archive."""
    return HelpPage(
        fields=list(FIELDS),
        states=list(STATES),
        most_characters=MOST_CHARACTERS,
        most_terms=MOST_TERMS,
        most_hits=MOST_HITS,
        most_exported=MOST_ARTICLES,
    )
