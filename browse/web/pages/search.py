"""Search: hits, what they are counted by, and when they were published. The address is the state."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from browse.archive import Archive
from browse.index.seam import FACETS, MOST_HITS, Alike, Found, Order
from browse.query import MOST_CHARACTERS, InvalidQuery, Is, parse_query, with_value
from browse.web.rendering import page, words_of

router = APIRouter(tags=["search"])
SIZES = (20, 50, 100)
LATELY = (7, 30)
_PHRASE = re.compile(r'(?<!\S)"([^"]*)"')
MOST_VALUES_SHOWN = 60
"""So many values of a field can be chosen; the page shows ten, and the rest on demand."""

Q = Annotated[str, Query(max_length=4 * MOST_CHARACTERS, description="The query; /help tells the language.")]
Values = Annotated[list[str], Query(max_length=20, description="Only hits with one of these values.")]
Day = Annotated[str, Query(max_length=10, description="A day, month or year: 2026-11-22, 2026-11, 2026.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """What was asked for, and a page of what was found. `filters` are the values that narrow it, by field; `advice`
    says why nothing could be asked for. `today` is the day of the archive's newest run. `alike`, where nothing was
    found, are values that were asked for and that no article has, with others like them."""

    q: str
    order: Order
    filters: dict[str, list[str]]
    number: int
    size: int
    found: Found | None
    today: date | None
    alike: list[Alike]
    advice: str | None = None

    @property
    def lately(self) -> dict[int, date]:
        """The first of the archive's last so many days."""
        return {days: self.today - timedelta(days=days - 1) for days in LATELY} if self.today else {}

    @property
    def unquoted(self) -> str:
        """The query without the quotes of its phrases; those of a field's value, or of what is excluded, stay."""
        return _PHRASE.sub(r"\1", self.q)

    def asking_for(self, unknown: Alike, value: str) -> dict[str, object]:
        """The parameters by which the same is asked for with another value for the one that no article has."""
        name = "lang" if unknown.field == "language" else unknown.field
        held = self.filters.get(name, [])
        if any(one.lower() == unknown.value.lower() for one in held):
            return {name: [value if one.lower() == unknown.value.lower() else one for one in held]}
        return {"q": with_value(self.q, Is(unknown.field, unknown.value), value)}

    @property
    def pages(self) -> int:
        """How many pages can be turned."""
        return -(-min(self.found.total if self.found else 0, MOST_HITS) // self.size)


def filters_of(
    source: Values = [],  # noqa: B006 - FastAPI copies defaults
    province: Values = [],  # noqa: B006
    locality: Values = [],  # noqa: B006
    lang: Values = [],  # noqa: B006
    section: Values = [],  # noqa: B006
    author: Values = [],  # noqa: B006
    month: Values = [],  # noqa: B006
    tag: Values = [],  # noqa: B006
    since: Day = "",
    until: Day = "",
) -> dict[str, list[str]]:
    """The filters of an address, those without a value left out."""
    given = {
        "source": source,
        "province": province,
        "locality": locality,
        "lang": lang,
        "section": section,
        "author": author,
        "month": month,
        "tag": tag,
        "since": [since] if since else [],
        "until": [until] if until else [],
    }
    return {name: values for name, values in given.items() if values}


@page(router, "/search", "search.html")
def search(
    request: Request,
    filters: Annotated[dict[str, list[str]], Depends(filters_of)],
    q: Q = "",
    order: Order | None = None,
    number: Annotated[int, Query(alias="page", ge=1, le=MOST_HITS)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = SIZES[0],
) -> SearchPage:
    """Articles that fit a query. By relevance where words are asked for, else the newest first."""
    order = order or (Order.RELEVANCE if q.strip() else Order.NEWEST)
    found, advice = None, None
    alike: list[Alike] = []
    archive: Archive = request.app.state.archive
    try:
        query = parse_query(q, filters)
        found = archive.index.search(
            query,
            order=order,
            offset=(number - 1) * size,
            limit=size,
            facets=FACETS,
            facet_limit=MOST_VALUES_SHOWN,
            timeline=True,
        )
        if not found.total:
            alike = archive.index.alike(query)
    except InvalidQuery as err:
        advice = words_of(request).gettext(err.message, **err.values)
    return SearchPage(
        q=q,
        order=order,
        filters=filters,
        number=number,
        size=size,
        found=found,
        today=archive.catalog.today,
        alike=alike,
        advice=advice,
    )


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Words of the archive, the most frequent first."""

    words: list[str]


@router.get("/suggest.json")
def suggest(request: Request, q: Annotated[str, Query(max_length=40)]) -> Suggestions:
    """Words that begin like the last one of `q`, with or without diacritics."""
    last = q.split()[-1] if q.split() else ""
    return Suggestions(request.app.state.archive.index.suggest(last) if last else [])
