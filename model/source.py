"""A source: what to crawl, as one YAML file says it."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from model.discovery import Discovery
from model.errors import SourceError
from model.fields import HttpUrl, Language, Regex, Section, Selector
from model.url import ascii_host, host_of, is_web_address


def _cron(value: str) -> str:
    from croniter import CroniterBadDateError, croniter

    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValueError("expected a cron expression of five fields, like '15 */6 * * *'")
    try:
        croniter(value).get_next()
    except CroniterBadDateError as err:
        raise ValueError("expected a day that comes: the 31st of February does not") from err
    return value


RETIRED = "retired"
"""The folder within the registry's that has the files of sources that are crawled no more."""

LEGACY_ENCODINGS = frozenset({"tcvn3", "tcvn5712", "vni", "viscii"})
"""Vietnamese encodings of before Unicode that `fetch.encoding` may name; Python knows none of them."""

SourceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
_SOURCE_ID = TypeAdapter(SourceId)


class Locality(Section):
    """The place a source speaks for. `code` is the unit's number in the General Statistics Office's list."""

    province: str
    district: str | None = None
    code: str | None = None

    @property
    def name(self) -> str:
        """District and province in one line."""
        return ", ".join(part for part in (self.district, self.province) if part)


class ArticleUrls(Section):
    """Which addresses are articles: regular expressions searched in path and query; any of `allow`, none of `deny`."""

    allow: list[Regex] = Field(min_length=1)
    deny: list[Regex] = []


class Tls(Section):
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


class Assets(Section):
    """What hangs on articles and is captured too: their own `images`, and attached `documents` (PDF, Office, ZIP), of
    at most `max_bytes` each and `max_per_page` a page."""

    images: bool = True
    documents: bool = True
    max_bytes: int = Field(10_000_000, ge=1_000, le=200_000_000)
    max_per_page: int = Field(20, ge=0)


class Fetch(Section):
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


class Removed(Section):
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


class Clean(Section):
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


class Source(Section):
    """One site, as `sources/<id>.yaml` describes it. `docs/add-a-source.md` explains each field.

    `editions` maps a language to the path its pages begin with; a page's language is that of the longest such path.
    `hosts` are further host names of the same site. `may_be_empty`: a run that finds or keeps nothing is no failure.
    `owner` is who looks after it, as Airflow shows.
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
    owner: Annotated[str, StringConstraints(pattern=r"^[^,\s]([^,]*[^,\s])?$", max_length=50)] | None = None

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
        return frozenset({host_of(self.url), *map(ascii_host, self.hosts)})

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
        values = yaml.load(text, Loader=_loader(text))  # noqa: S506 - both are safe ones
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


MAX_NESTED = 1_000
"""libyaml's loader recurses in C for each level of nesting, and ends the process where the stack does."""


def _loader(text: str) -> type[yaml.SafeLoader]:
    """The loader for `text`: libyaml's, which is ten times as fast, unless it might be nested very deeply. A level
    takes a bracket, or a column of its own."""
    columns = max(map(len, text.splitlines()), default=0)
    if text.count("[") + text.count("{") + columns > MAX_NESTED:
        return yaml.SafeLoader
    fast: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return fast


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


def load_source(path: Path, folder: Path | None = None) -> Source:
    """The source in the file at `path`, which is named after its id. A file that it names lies in `folder`, by default
    beside it. Raises `SourceError`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise SourceError([f"{path}: the file: {err}: expected a readable UTF-8 file"]) from err
    source = parse_source(text, str(path), folder or path.parent)
    if source.id != path.stem:
        raise SourceError([f"{path}: id: {source.id!r}: expected {path.stem!r}, as the file is named"])
    return source


def is_source_id(name: str) -> bool:
    """Whether a source may be called so."""
    try:
        _SOURCE_ID.validate_python(name)
    except ValidationError:
        return False
    return True


def source_files(folder: Path) -> list[Path]:
    """The registry's files, by name. Raises `SourceError` where `folder` is none."""
    if not folder.is_dir():
        raise SourceError([f"{folder}: the folder: is not there: expected a folder of YAML files, one a source"])
    return sorted(folder.glob("*.yaml"))


def retired_files(folder: Path) -> list[Path]:
    """The files of the registry's sources that have retired, by name."""
    return sorted((folder / RETIRED).glob("*.yaml"))


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
