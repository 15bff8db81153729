"""A source: what to crawl, as one YAML file says it."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urljoin, urlsplit, urlunsplit
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


LEGACY_ENCODINGS = frozenset({"tcvn3", "tcvn5712", "vni", "viscii"})
"""Vietnamese encodings of before Unicode that `fetch.encoding` may name; Python knows none of them."""

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


class Postback(_Section):
    """Paging by ASP.NET's `__doPostBack`: the page's form is sent again with the control in `target` and, in
    `argument`, what it is told (`{n}` is the page's number). Where both are left out, the link that bears the number
    says them."""

    target: str | None = None
    argument: str | None = None


class More(_Section):
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


class Listing(_Section):
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


class SiteCrawl(_Section):
    """A bounded crawl of the site itself, for one that has neither feed, sitemap nor complete listings: pages that are
    no articles are followed up to `depth` links away from `start` (default: the source's `url`), where their path and
    query match one of `follow` (default: any) and none of `deny`."""

    start: list[HttpUrl] = []
    depth: int = Field(2, ge=1, le=20)
    follow: list[Regex] = []
    deny: list[Regex] = []


class Limits(_Section):
    """What an address may look like before it is taken for a trap: calendars, sort orders, `/en/vi/en/…`; and how many
    `addresses` of articles one run takes from lists, since a hostile sitemap names millions."""

    path_depth: int = Field(12, ge=1)
    repeats: int = Field(2, ge=1)
    parameters: int = Field(8, ge=0)
    variants: int = Field(300, ge=1)
    addresses: int = Field(1_000_000, ge=1)


class Discovery(_Section):
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


class ArticleUrls(_Section):
    """Which addresses are articles: regular expressions searched in path and query; any of `allow`, none of `deny`."""

    allow: list[Regex] = Field(min_length=1)
    deny: list[Regex] = []


class Tls(_Section):
    """Exceptions for servers whose TLS is broken. `ca` is a PEM text (or the name of a file beside the source's) of
    certificates to trust besides the usual: a missing intermediate, a state's own root. `legacy` allows TLS 1.0, old
    ciphers and short keys. `verify: false`, the last resort, trusts anybody, and every report says so."""

    ca: str | None = None
    legacy: bool = False
    verify: bool = True

    @field_validator("ca")
    @classmethod
    def _pem(cls, value: str | None) -> str | None:
        if value is not None and "-----BEGIN CERTIFICATE-----" not in value:
            raise ValueError("expected certificates in PEM, or the name of a file beside the source's that holds them")
        return value


class Assets(_Section):
    """What hangs on articles and is captured too: their own `images`, and attached `documents` (PDF, Office, ZIP), of
    at most `max_bytes` each and `max_per_page` a page."""

    images: bool = True
    documents: bool = True
    max_bytes: int = Field(10_000_000, ge=1_000, le=200_000_000)
    max_per_page: int = Field(20, ge=0)


class Fetch(_Section):
    """How a source's servers are treated.

    `proxy`, `headers` and `cookies` may name environment variables as `${NAME}`, and fields of Airflow connections as
    `${connection:ID.password}` (or `login`, `host`, `extra`…): they are read when the crawl starts, and never stored.
    `session` keeps the cookies that the server sets. Sources of one `group` are never crawled at the same time.
    `max_pages`, `max_lists`, `max_bytes` and `max_minutes` are a run's budget; the rest waits for the next run.
    `error_tolerance` is the share of pages that may fail before the run does; one or two may at any share but 0.
    `allow_private`: requests may go to private, loopback and link-local addresses. `cloaking_probes`: so many article
    pages a run are asked for once more as a search engine's visitor would.
    """

    delay_s: float = Field(2.0, ge=0, le=3600)
    concurrency: int = Field(1, ge=1, le=32)
    timeout_s: float = Field(60, gt=0, le=600)
    retries: int = Field(2, ge=0, le=10)
    max_body_bytes: int = Field(10_000_000, ge=1_000, le=200_000_000)
    max_pages: int = Field(5_000, ge=1)
    max_lists: int = Field(500, ge=1)
    max_bytes: int = Field(2_000_000_000, ge=1_000)
    max_minutes: float = Field(240, gt=0)
    autothrottle: bool = True
    group: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)] | None = None
    revisit_min_h: float = Field(24, ge=0)
    revisit_max_h: float = Field(24 * 30, ge=0)
    error_tolerance: float = Field(0.1, ge=0, le=1)
    encoding: str | None = None
    proxy: str | None = None
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    session: bool = False
    tls: Tls = Tls()
    allow_private: bool = False
    assets: Assets | None = None
    cloaking_probes: int = Field(2, ge=0, le=100)

    @field_validator("encoding")
    @classmethod
    def _known_codec(cls, value: str | None) -> str | None:
        if value is not None and value not in LEGACY_ENCODINGS:
            try:
                "".encode(value)
            except LookupError as err:
                known = "expected a character encoding Python knows, like utf-8 or windows-1258"
                raise ValueError(f"{known}, or {', '.join(sorted(LEGACY_ENCODINGS))}") from err
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

    @property
    def assets(self) -> Assets:
        """What of images and documents is captured: as `fetch.assets` says, else all of a portal's, which vanish with
        it, and nothing of other sites'."""
        is_portal = self.kind == "portal"
        return self.fetch.assets or Assets(images=is_portal, documents=is_portal)

    def is_article(self, url: str) -> bool:
        """Whether `url` is a web address on the source's hosts whose path and query follow the article rules."""
        if not is_web_address(url) or host_of(url) not in self.all_hosts:
            return False
        place = _place(url)
        return any(re.search(rule, place) for rule in self.articles.allow) and not any(
            re.search(rule, place) for rule in self.articles.deny
        )

    def is_hub(self, url: str) -> bool:
        """Whether the bounded crawl (`discovery.crawl`) follows `url`: a page of the source's hosts that is no article,
        and whose path and query follow the crawl's rules."""
        crawl = self.discovery.crawl
        if crawl is None or not is_web_address(url) or host_of(url) not in self.all_hosts or self.is_article(url):
            return False
        place = _place(url)
        return (not crawl.follow or any(re.search(rule, place) for rule in crawl.follow)) and not any(
            re.search(rule, place) for rule in crawl.deny
        )

    def sibling_urls(self, url: str) -> list[str]:
        """The addresses that the page at `url` would have in the source's other editions, one slug being used in all of
        them."""
        parts = urlsplit(url)
        own = self.editions.get(self.language_of(url) or "")
        if own is None or not parts.path.startswith(own):
            return []
        slug = parts.path[len(own) :]
        paths = [prefix + slug for prefix in self.editions.values() if prefix != own]
        return [urlunsplit(parts._replace(path=path)) for path in paths]

    def language_of(self, url: str) -> str | None:
        """The language of the edition `url` belongs to; the only language, where the source has one; else None."""
        path = urlsplit(url).path
        found = [language for language, prefix in self.editions.items() if path.startswith(prefix)]
        if found:
            return max(found, key=lambda language: len(self.editions[language]))
        return self.languages[0] if len(self.languages) == 1 else None


def parse_source(text: str, name: str, folder: Path | None = None) -> Source:
    """The source that the YAML in `text` describes. `name` stands for the file in messages; a file that it names, in
    `fetch.tls.ca`, is read from `folder`, and its content takes the name's place.

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
    if folder is not None:
        _read_certificates(values, name, folder)
    try:
        return Source.model_validate(values)
    except ValidationError as err:
        raise SourceError([_mistake(name, dict(one)) for one in err.errors()]) from err


def _read_certificates(values: dict[str, Any], name: str, folder: Path) -> None:
    """Puts the PEM text in the place of a file's name in `fetch.tls.ca`."""
    fetch = values.get("fetch")
    tls = fetch.get("tls") if isinstance(fetch, dict) else None
    ca = tls.get("ca") if isinstance(tls, dict) else None
    if not isinstance(tls, dict) or not isinstance(ca, str) or "\n" in ca.strip():
        return
    try:
        tls["ca"] = (folder / ca).read_text("ascii")
    except (OSError, ValueError) as err:
        raise SourceError([f"{name}: fetch.tls.ca: {_short(ca)}: {err}: expected a readable PEM file"]) from err


def load_source(path: Path) -> Source:
    """The source in the file at `path`, which is named after its id. Raises `SourceError`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise SourceError([f"{path}: the file: {err}: expected a readable UTF-8 file"]) from err
    source = parse_source(text, str(path), path.parent)
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
    values = source.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False)


def _place(url: str) -> str:
    """Path and query, which rules are searched in."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


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
