"""A source: what to crawl, as one YAML file says it."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from model.errors import SourceError
from model.url import host_of, is_web_address


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an absolute http(s) address, like https://example.org/news/")
    return value


def _regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as err:
        raise ValueError(f"expected a regular expression: {err}") from err
    return value


def _css_selector(value: str) -> str:
    from cssselect import GenericTranslator, SelectorError

    try:
        GenericTranslator().css_to_xpath(value)
    except SelectorError as err:
        raise ValueError(f"expected a CSS selector: {err}") from err
    return value


def _cron(value: str) -> str:
    from croniter import croniter

    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValueError("expected a cron expression of five fields, like '15 */6 * * *'")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Regex = Annotated[str, AfterValidator(_regular_expression)]
Selector = Annotated[str, AfterValidator(_css_selector)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
SourceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Locality(_Section):
    """The place a source speaks for. `code` is the unit's number in the General Statistics Office's list."""

    province: str
    district: str | None = None
    code: str | None = None


class Listing(_Section):
    """A list of articles. `page` is the address of its further pages with `{n}` for their number, relative to `url`
    (a `?query` alone, or a path), counted from `first` up to `last`."""

    url: HttpUrl
    page: str | None = None
    first: int = Field(2, ge=0)
    last: int = Field(5, ge=0, le=10_000)

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.page is not None and "{n}" not in self.page:
            raise ValueError("page: expected {n} where the number goes, like '?page={n}'")
        if self.page is not None and self.last < self.first:
            raise ValueError(f"last: expected a number from {self.first} (first) on")
        return self

    def page_url(self, number: int) -> str | None:
        """The address of page `number`; None where the list has no further pages or `number` is past `last`."""
        if self.page is None or number > self.last:
            return None
        return urljoin(self.url, self.page.replace("{n}", str(number)))


class Discovery(_Section):
    """Where a source's articles are found."""

    feeds: list[HttpUrl] = []
    sitemaps: list[HttpUrl] = []
    listings: list[Listing] = []

    @model_validator(mode="after")
    def _a_way_in(self) -> Self:
        if not (self.feeds or self.sitemaps or self.listings):
            raise ValueError("expected at least one feed, sitemap or listing")
        return self


class ArticleUrls(_Section):
    """Which addresses are articles: regular expressions searched in path and query; any of `allow`, none of `deny`."""

    allow: list[Regex] = Field(min_length=1)
    deny: list[Regex] = []


class Fetch(_Section):
    """How a source's servers are treated. Values may name environment variables as `${NAME}` in `proxy` and `headers`:
    they are read when the crawl starts, and never stored."""

    delay_s: float = Field(2.0, ge=0, le=3600)
    concurrency: int = Field(1, ge=1, le=32)
    timeout_s: float = Field(60, gt=0, le=600)
    retries: int = Field(2, ge=0, le=10)
    max_body_bytes: int = Field(10_000_000, ge=1_000, le=200_000_000)
    max_pages: int = Field(5_000, ge=1)
    max_lists: int = Field(500, ge=1)
    revisit_min_h: float = Field(24, ge=0)
    revisit_max_h: float = Field(24 * 30, ge=0)
    error_tolerance: float = Field(0.1, ge=0, le=1)
    encoding: str | None = None
    proxy: str | None = None
    headers: dict[str, str] = {}

    @field_validator("encoding")
    @classmethod
    def _known_codec(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                "".encode(value)
            except LookupError as err:
                raise ValueError("expected a character encoding Python knows, like utf-8 or windows-1258") from err
        return value


class Removed(_Section):
    """A piece of furniture of this site: everything that matches `selector`, or every block whose whole text matches
    `text`. `rule` names it in the articles' `removed`."""

    rule: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    selector: Selector | None = None
    text: Regex | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.selector is None) == (self.text is None):
            raise ValueError("expected either selector or text")
        return self


class Clean(_Section):
    """What the cleaner should know of a site. Selectors are tried in order; the first that finds something counts.
    `outlets` are names under which the site signs as a whole: never an author."""

    title: list[Selector] = []
    lead: list[Selector] = []
    body: list[Selector] = []
    author: list[Selector] = []
    published: list[Selector] = []
    section: list[Selector] = []
    remove: list[Removed] = []
    outlets: list[str] = []


class Source(_Section):
    """One site, as `sources/<id>.yaml` describes it. `docs/add-a-source.md` explains each field.

    `editions` maps a language to the path its pages begin with; a page's language is that of the longest such path.
    `hosts` are further host names of the same site. `may_be_empty`: a run that finds or keeps nothing is no failure.
    """

    id: SourceId
    name: str
    url: HttpUrl
    kind: Literal["portal", "newspaper", "aggregator"]
    languages: list[Language] = Field(min_length=1)
    editions: dict[Language, str] = {}
    hosts: list[str] = []
    locality: Locality | None = None
    schedule: Annotated[str, AfterValidator(_cron)]
    timezone: str = "Asia/Ho_Chi_Minh"
    discovery: Discovery
    articles: ArticleUrls
    fetch: Fetch = Fetch()
    clean: Clean = Clean()
    enabled: bool = True
    may_be_empty: bool = False

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (LookupError, ValueError, OSError) as err:
            raise ValueError("expected an IANA time zone, like Asia/Ho_Chi_Minh") from err
        return value

    @property
    def all_hosts(self) -> frozenset[str]:
        """The hosts whose pages belong to the source."""
        return frozenset({host_of(self.url), *(host.lower() for host in self.hosts)})

    def is_article(self, url: str) -> bool:
        """Whether `url` is a web address on the source's hosts whose path and query follow the article rules."""
        if not is_web_address(url) or host_of(url) not in self.all_hosts:
            return False
        parts = urlsplit(url)
        place = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return any(re.search(rule, place) for rule in self.articles.allow) and not any(
            re.search(rule, place) for rule in self.articles.deny
        )

    def language_of(self, url: str) -> str | None:
        """The language of the edition `url` belongs to; the only language, where the source has one; else None."""
        path = urlsplit(url).path
        found = [language for language, prefix in self.editions.items() if path.startswith(prefix)]
        if found:
            return max(found, key=lambda language: len(self.editions[language]))
        return self.languages[0] if len(self.languages) == 1 else None


def parse_source(text: str, name: str) -> Source:
    """The source that the YAML in `text` describes. `name` stands for the file in messages.

    Raises `SourceError` with every mistake found.
    """
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as err:
        # PyYAML raises the latter four for values it takes for dates and numbers, and for deep nesting.
        mark = getattr(err, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "the file"
        raise SourceError([f"{name}: {place}: {getattr(err, 'problem', err)}: expected YAML"]) from err
    if not isinstance(values, dict):
        raise SourceError([f"{name}: the file: {_short(values)}: expected a mapping with id, name, url …"])
    try:
        return Source.model_validate(values)
    except ValidationError as err:
        raise SourceError([_mistake(name, dict(one)) for one in err.errors()]) from err


def load_source(path: Path) -> Source:
    """The source in the file at `path`, which is named after its id. Raises `SourceError`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise SourceError([f"{path}: the file: {err}: expected a readable UTF-8 file"]) from err
    source = parse_source(text, str(path))
    if source.id != path.stem:
        raise SourceError([f"{path}: id: {source.id!r}: expected {path.stem!r}, as the file is named"])
    return source


def source_files(folder: Path) -> list[Path]:
    """The registry's files, by name. Raises `SourceError` where `folder` is none."""
    if not folder.is_dir():
        raise SourceError([f"{folder}: the folder: is not there: expected a folder of YAML files, one a source"])
    return sorted(folder.glob("*.yaml"))


def dump_source(source: Source) -> str:
    """The YAML that `parse_source` reads back as an equal source. Deterministic."""
    return yaml.safe_dump(source.model_dump(mode="json", exclude_defaults=True), allow_unicode=True, sort_keys=False)


def _mistake(name: str, error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "the file"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{name}: {place}: missing: expected a value"
    if error["type"] == "extra_forbidden":
        return f"{name}: {place}: {_short(error['input'])}: expected no field of this name"
    return f"{name}: {place}: {_short(error['input'])}: {message}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
