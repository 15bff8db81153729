"""Feeds of a search (Atom, RFC 4287), and what a browser needs to search here (OpenSearch)."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

from fastapi import APIRouter, Depends
from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from browse.escaping import safe
from browse.index.seam import Hit, Order
from browse.query import parse_query
from browse.web.pages.search import Q, filters_of
from browse.web.rendering import href
from model.url import is_web_address

router = APIRouter(tags=["search"])

ENTRIES = 50
"""A feed has the newest so many articles."""

ATOM = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


@router.get("/feed.atom", response_class=Response)
def feed(request: Request, filters: Annotated[dict[str, list[str]], Depends(filters_of)], q: Q = "") -> Response:
    """The newest articles that fit, as an Atom feed."""
    index = request.app.state.archive.index
    found = index.search(parse_query(q, filters), order=Order.NEWEST, limit=ENTRIES)
    asked = repr((q.strip(), sorted((name, sorted(values)) for name, values in filters.items())))
    root = etree.Element("feed", nsmap={None: ATOM})
    _add(root, "id", uuid5(NAMESPACE_URL, f"bantin feed {asked}").urn)
    _add(root, "title", " – ".join(["bản tin", *_title(q, filters)]))
    newest = max((hit.fetched_at for hit in found.hits), default=datetime(1970, 1, 1, tzinfo=UTC))
    _add(root, "updated", _time(newest))
    _add(_add(root, "author"), "name", "bantin")
    _add(root, "generator", "bantin")
    _add(root, "link", rel="self", type="application/atom+xml", href=_absolute(request, "/feed.atom", q=q, **filters))
    _add(root, "link", rel="alternate", type="text/html", href=_absolute(request, "/search", q=q, **filters))
    for hit in found.hits:
        root.append(_entry(request, hit))
    return _xml(root, "application/atom+xml")


@router.get("/opensearch.xml", response_class=Response)
def opensearch(request: Request) -> Response:
    """What makes a browser offer to search this archive: https://github.com/dewitt/opensearch."""
    root = etree.Element("OpenSearchDescription", nsmap={None: OPENSEARCH})
    _add(root, "ShortName", "bản tin")
    _add(root, "Description", "Search the archive of news sites and portals")
    _add(root, "InputEncoding", "UTF-8")
    for type_, path in (("text/html", "/search"), ("application/atom+xml", "/feed.atom")):
        _add(root, "Url", type=type_, template=_absolute(request, path) + "?q={searchTerms}")
    return _xml(root, "application/opensearchdescription+xml")


def entry_id(article_id: str) -> str:
    """What names an article in feeds, wherever they come from and for ever."""
    return uuid5(NAMESPACE_URL, f"bantin article {article_id}").urn


def _entry(request: Request, hit: Hit) -> "etree._Element":
    language = {_LANG: hit.language} if hit.language and _LANGUAGE.fullmatch(hit.language) else {}
    entry = etree.Element("entry", language)
    _add(entry, "id", entry_id(hit.id))
    _add(entry, "title", hit.title.text or hit.url)
    _add(entry, "updated", _time(hit.fetched_at))
    if hit.published_at:
        _add(entry, "published", _time(hit.published_at))
    _add(_add(entry, "author"), "name", hit.author or hit.source)
    _add(entry, "link", rel="alternate", type="text/html", href=_absolute(request, f"/articles/{hit.id}"))
    if is_web_address(hit.url):
        _add(entry, "link", rel="via", href=hit.url)
    summary = hit.lead or (hit.snippet.text if hit.snippet else None)
    if summary:
        _add(entry, "summary", summary)
    for tag in hit.tags:
        _add(entry, "category", term=tag)
    return entry


def _add(parent: "etree._Element", name: str, text: str | None = None, **attributes: str) -> "etree._Element":
    element = etree.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})
    element.text = None if text is None else _clean(text)
    return element


def _clean(text: str) -> str:
    """Text as XML and a reader may have it: https://www.w3.org/TR/xml/#charsets."""
    return _NOT_XML.sub("�", safe(text))


def _title(q: str, filters: dict[str, list[str]]) -> list[str]:
    return [part for part in (q.strip(), *(", ".join(values) for values in filters.values())) if part]


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _absolute(request: Request, path: str, **values: Any) -> str:
    """An address that also holds elsewhere: a feed is read outside of any page."""
    scheme, host = request.url.scheme, request.headers.get("host", "localhost")
    return f"{scheme}://{host}{href(request, path, **values)}"


def _xml(root: "etree._Element", media_type: str) -> Response:
    data = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(data, media_type=f"{media_type}; charset=utf-8")
