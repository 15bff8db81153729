"""Where a source's articles are found: the section `discovery` of its file."""

import re
from typing import Any, Literal, Self
from urllib.parse import urljoin

from pydantic import ConfigDict, Field, model_validator

from model.fields import HttpUrl, Language, Regex, Section, Selector


class Postback(Section):
    """Paging by ASP.NET's `__doPostBack`: the page's form is sent again with the control in `target` and, in
    `argument`, what it is told (`{n}` is the page's number). Where both are left out, the link that bears the number
    says them."""

    target: str | None = None
    argument: str | None = None


class More(Section):
    """A "load more" endpoint that answers with JSON or a piece of HTML.

    `{n}` in `url` (relative to the listing's), `form` and `json` is the page's number; any other `{name}` is the group
    of the regular expression in `find`, searched in the listing and in each answer; the newest counts. `link` makes an
    address of JSON objects that hold none, from their fields: `/tin/{slug}-{id}.html`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    url: str
    method: Literal["GET", "POST"] = "GET"
    form: dict[str, str] = {}
    payload: dict[str, Any] | None = Field(None, alias="json")
    find: dict[str, Regex] = {}
    link: str | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.form and self.payload is not None:
            raise ValueError("expected either form or json")
        if (self.form or self.payload is not None) and self.method == "GET":
            raise ValueError("form and json: expected method: POST; a GET has its parameters in url")
        for name, pattern in self.find.items():
            if re.compile(pattern).groups != 1:
                raise ValueError(f"find.{name}: expected a regular expression with one (group)")
        return self


class Listing(Section):
    """A list of articles, and one way to its further pages, if any: `page`, an address with `{n}` for their number,
    relative to `url` (a `?query` alone, or a path); `next`, a selector of the link to the next page; `postback`; or
    `more`. Pages are numbered from `first` up to `last`, by `step`. `links` selects the part of the page whose links
    count (default: all of it)."""

    url: HttpUrl
    links: Selector | None = None
    page: str | None = None
    next: Selector | None = None
    postback: Postback | None = None
    more: More | None = None
    first: int = Field(2, ge=0)
    last: int = Field(5, ge=0, le=1_000_000)
    step: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        ways = {name: getattr(self, name) for name in ("page", "next", "postback", "more")}
        named = [name for name, way in ways.items() if way is not None]
        if len(named) > 1:
            raise ValueError(f"expected one way to the further pages, not {' and '.join(named)}")
        if self.page is not None and "{n}" not in self.page:
            raise ValueError("page: expected {n} where the number goes, like '?page={n}'")
        if named and self.last < self.first:
            raise ValueError(f"last: expected a number from {self.first} (first) on")
        return self

    def page_url(self, number: int) -> str | None:
        """The address of page `number`; None where the list has no numbered addresses or `number` is past `last`."""
        if self.page is None or number > self.last:
            return None
        return urljoin(self.url, self.page.replace("{n}", str(number)))


class SiteCrawl(Section):
    """A bounded crawl of the site itself, for one that has neither feed, sitemap nor complete listings: pages that are
    no articles are followed up to `depth` links away from `start` (default: the source's `url`), where their path and
    query match one of `follow` (default: any) and none of `deny`."""

    start: list[HttpUrl] = []
    depth: int = Field(2, ge=1, le=20)
    follow: list[Regex] = []
    deny: list[Regex] = []


class Limits(Section):
    """What an address may look like before it is taken for a trap: calendars, sort orders, `/en/vi/en/…`; and how many
    `addresses` of articles one run takes from lists, since a hostile sitemap names millions."""

    path_depth: int = Field(12, ge=1)
    repeats: int = Field(2, ge=1)
    parameters: int = Field(8, ge=0)
    variants: int = Field(300, ge=1)
    addresses: int = Field(1_000_000, ge=1)


class Discovery(Section):
    """Where a source's articles are found: at least one way in.

    `announced`: feeds that listings and the home page name by `<link rel=alternate>`, sitemaps that robots.txt names.
    `alternates`: languages in which a page's `hreflang` alternates are followed; with `same_slug` the same address is
    also asked for in each of the source's editions. `max_age_days`: what a feed or sitemap dates earlier, and no run
    knows yet, is left alone. `limits.variants` counts the query strings of one path, in one run.
    """

    feeds: list[HttpUrl] = []
    sitemaps: list[HttpUrl] = []
    listings: list[Listing] = []
    announced: list[Literal["feeds", "sitemaps"]] = []
    crawl: SiteCrawl | None = None
    alternates: list[Language] = []
    same_slug: bool = False
    max_age_days: int | None = Field(None, ge=1)
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _a_way_in(self) -> Self:
        if not (self.feeds or self.sitemaps or self.listings or self.announced or self.crawl):
            raise ValueError("expected at least one way in: feeds, sitemaps, listings, announced or crawl")
        return self
