"""Citing an article: as a sentence, and for programs that keep references. Each form has escapes of its own."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from browse.escaping import safe
from browse.history.moments import citation, stamp
from model.article import Article
from model.url import host_of, is_web_address

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
_KEY = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a citation tells: texts on one line each, None where nothing is known. `address` leads to the article as it
    was fetched, for ever; `archived` is `id@time`."""

    id: str
    title: str
    author: str | None
    outlet: str
    published_on: date | None
    url: str
    language: str | None
    fetched_at: datetime
    archived: str
    address: str


def reference_of(article: Article, outlet: str, address: str) -> Reference:
    """What is told of an article that `outlet` published, and that is kept at `address`."""
    return Reference(
        id=article.id,
        title=_line(article.title) or host_of(article.url),
        author=_line(article.author) if article.author else None,
        outlet=_line(outlet),
        published_on=article.published_on,
        url=_line(article.url),
        language=_line(article.language) if article.language else None,
        fetched_at=article.fetched_at,
        archived=citation(article.id, article.fetched_at),
        address=address,
    )


def plain(one: Reference) -> str:
    """A sentence: who, what, where, when, and where it is kept."""
    author = f"{one.author}. " if one.author else ""
    day = f", {one.published_on.isoformat()}" if one.published_on else ""
    return f"{author}“{one.title}”. {one.outlet}{day}. {one.url}. Archived {stamp(one.fetched_at)}: {one.address}"


def markdown(one: Reference) -> str:
    """The same as Markdown, with links. Every sign that may mean something there is escaped (CommonMark, 2.4)."""
    author = f"{_md(one.author)}. " if one.author else ""
    day = f", {one.published_on.isoformat()}" if one.published_on else ""
    title = f"“{_md(one.title)}”"
    original = f"[{title}](<{_address(one.url)}>)" if is_web_address(one.url) else title
    return (
        f"{author}{original}. {_md(one.outlet)}{day}. "
        f"[Archived {_md(stamp(one.fetched_at))}](<{_address(one.address)}>)."
    )


def bibtex(one: Reference) -> str:
    """An entry for BibTeX and biblatex."""
    year = one.published_on.year if one.published_on else one.fetched_at.year
    key = "-".join(filter(None, (_key(one.author or one.outlet), str(year), one.id[:6])))
    fields = {
        "author": f"{{{_tex(one.author)}}}" if one.author else None,
        "title": f"{{{_tex(one.title)}}}",
        "howpublished": _tex(one.outlet),
        "date": one.published_on.isoformat() if one.published_on else None,
        "year": str(year),
        "url": _address(one.url),
        "urldate": f"{one.fetched_at:%Y-%m-%d}",
        "langid": _tex(one.language) if one.language else None,
        "note": f"Archived as {_tex(one.archived)}: {_tex(one.address)}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def ris(one: Reference) -> str:
    """A record of RIS, for reference managers."""
    day = one.published_on
    fields = [
        ("TY", "NEWS"),
        ("TI", one.title),
        ("AU", one.author),
        ("T2", one.outlet),
        ("PY", str(day.year) if day else None),
        ("DA", f"{day:%Y/%m/%d}" if day else None),
        ("LA", one.language),
        ("UR", one.url),
        ("L2", one.address),
        ("Y2", f"{one.fetched_at:%Y/%m/%d}"),
        ("N1", f"Archived as {one.archived}"),
        ("ER", ""),
    ]
    return "\r\n".join(f"{tag}  - {value}" for tag, value in fields if value is not None)


def _line(text: str) -> str:
    """Text on one line, with nothing in it that is not shown."""
    return safe(" ".join(text.split()))


def _md(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def _address(url: str) -> str:
    """The URL without a sign that ends an argument of BibTeX's or a link of Markdown's."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~")


def _key(text: str) -> str:
    """Lower-case ASCII letters and digits: what every BibTeX takes as a key."""
    plain_text = unicodedata.normalize("NFD", text.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    return _KEY.sub("-", plain_text).strip("-")[:30].strip("-")
