"""The further pages of a listing, in each way that `model.discovery.Listing` knows, and the links in their answers.

Pure functions: from an answer to the next request. A page may come as HTML, as a piece of it, as JSON that holds
either, or as the piecemeal answer of an ASP.NET UpdatePanel; which, its content tells: Content-Types are often wrong.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from parsel import Selector
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.utils.response import get_base_url

from model.discovery import Listing, More, Postback
from model.url import is_web_address
from spiders.discovery import (
    MAX_LINKS,
    DiscoveryError,
    absolute,
    links_in,
    listing_links,
    may_be_page,
    outermost,
    unexpected,
)
from spiders.postback import delta_markup, filled_form, is_delta

MAX_VALUES = 200_000
"""Values looked at in one JSON answer."""

MAX_NESTED = 3
"""How deep JSON lies in strings of JSON."""

_MAX_SEARCHED = 2_000_000  # characters that `find` searches
_WHOLE_PAGE = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# A document, a picture, an archive: named by their first bytes, or by a NUL, which no page has in an encoding of bytes.
_BINARY = re.compile(rb"%PDF-|\x1f\x8b|PK\x03\x04|[^\x00]{0,60}\x00(?![<a-zA-Z\s])", re.DOTALL)
_JSON_START = re.compile(r'[\[{]\s*["\[{]')
# What keeps others from running an answer as a script, and JSONP's call.
_GUARD = re.compile(r"(?:\)\]\}',?|for\s?\(;;\);|while\s?\(1\);)\s*")
_JSONP = re.compile(r"[\w$.]{1,100}\s?\((.*)\)\s?;?", re.DOTALL)
# A path or address; a bare name only with the ending of a page. /Date(…)/ is how ASP.NET writes times.
_ADDRESS = re.compile(
    r"""(?!/Date\()(?:https?:)?//?(?!/)[^\s<>"'{}|\\^`]{1,2000}|[\w%.~/-]{1,500}\.(?:s?html?|aspx|php|jsp)(?:\?[^\s<>"']{0,500})?"""
)
_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
_DOUBLED = re.compile(r"\{\{\s*\w+\s*\}\}")


@dataclass(frozen=True, slots=True)
class NextPage:
    """The request for page `number`, without callback and meta. `url` is what the page is known by: the request's, and
    for a POST the endpoint's with `#page=N`. `variables` go to `next_page` with the answer."""

    request: Request
    url: str
    number: int
    variables: dict[str, str]


def next_page(response: Response, listing: Listing, number: int | None, variables: dict[str, str]) -> NextPage | None:
    """What comes after `response`, which is page `number` of `listing` (None: its first); None where nothing does.

    `variables` are those of the `NextPage` that asked for `response`; empty for the first. Raises `DiscoveryError`.
    """
    following = listing.first if number is None else number + listing.step
    if following > listing.last:
        return None
    if listing.page is not None:
        url = listing.page_url(following)
        if url is None:
            return None
        request = _request(url)
        return NextPage(request, request.url, following, {})
    if listing.next is not None:
        return _linked(response, listing.next, following)
    if listing.postback is not None:
        return _posted_back(response, listing.postback, following, variables)
    if listing.more is not None:
        return _loaded(response, listing, listing.more, following, variables)
    return None


def page_links(response: Response, listing: Listing) -> list[str]:
    """The addresses that a page of `listing` names, absolute, without repeats. Raises `DiscoveryError`.

    In pieces of a page `listing.links` counts only where it selects something: what it is written for may be the part
    that the piece was cut from.
    """
    if not response.body.startswith(_UTF_16) and _BINARY.match(response.body[:1_000]):
        raise unexpected("HTML or JSON", response)
    text = _text(response)
    # A piece belongs to the listing that it is loaded into, and its relative links with it.
    base = listing.url if listing.more else response.url
    if not text:
        return []
    if is_delta(text):
        return _fragment_links(delta_markup(text), base, listing.links)
    if text.startswith("<"):
        if _WHOLE_PAGE.search(text, 0, 5_000):
            return listing_links(_as_page(response), listing.links)
        return _fragment_links(text, base, listing.links)
    try:
        value = _read_json(text)
    except RecursionError as err:
        raise DiscoveryError("expected a list of articles, found JSON that is nested without end") from err
    except ValueError as err:
        if _JSON_START.match(text) or "<" not in text:
            raise DiscoveryError(f"expected HTML or JSON, found {text[:40]!r}: {err}") from err
        return _fragment_links(text, base, listing.links)
    links = dict.fromkeys(url for url in _json_links(value, base, listing) if may_be_page(url))
    return list(links)[:MAX_LINKS]


def _linked(response: Response, selector: str, number: int) -> NextPage | None:
    page = _as_page(response)
    base = get_base_url(page)
    for found in page.css(selector):
        href = found.root.get("href") or found.xpath("(.//a/@href)[1]").get() or ""
        if "PostBack" in href:
            raise DiscoveryError(f"next: expected a link to an address, found {href[:80]!r}: use postback")
        url = absolute(base, href)
        if url and url.partition("#")[0] != response.url.partition("#")[0]:
            request = _request(url)
            return NextPage(request, request.url, number, {})
    return None


def _posted_back(response: Response, way: Postback, number: int, variables: dict[str, str]) -> NextPage | None:
    form = filled_form(_as_page(response), _text(response), way, number, variables)
    if form is None:
        return None
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = _request(form.url, method="POST", headers=headers, body=form.body)
    return NextPage(request, f"{request.url}#page={number}", number, form.fields)


def _loaded(response: Response, listing: Listing, more: More, following: int, variables: dict[str, str]) -> NextPage:
    variables = _find(_text(response), more, variables, response.url)
    values = variables | {"n": str(following)}
    url = urljoin(listing.url, _fill(more.url, values, "more.url", lambda value: quote(value, safe="")))
    headers = {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json, text/html;q=0.9, */*;q=0.8"}
    body = ""
    if more.payload is not None:
        headers["Content-Type"] = "application/json; charset=UTF-8"
        body = json.dumps(_fill_json(more.payload, values), ensure_ascii=False)
    elif more.form:
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        body = urlencode(
            [(_fill(k, values, "more.form"), _fill(v, values, f"more.form.{k}")) for k, v in more.form.items()]
        )
    request = _request(url, method=more.method, headers=headers, body=body)
    known_as = f"{request.url}#page={following}" if more.method == "POST" else request.url
    return NextPage(request, known_as, following, variables)


def _find(text: str, more: More, earlier: dict[str, str], url: str) -> dict[str, str]:
    """The newest value of each variable: what the page says, else what an earlier one said."""
    found = dict(earlier)
    for name, pattern in more.find.items():
        match = re.search(pattern, text[:_MAX_SEARCHED])
        if match and match[1] is not None:
            found[name] = match[1]
        elif name not in found:
            raise DiscoveryError(f"more.find.{name}: expected something that matches {pattern!r} on {url}")
    return found


def _fill(template: str, values: dict[str, str], where: str, encode: Callable[[str], str] = str) -> str:
    """`template` with its `{name}` replaced. Other braces stay as they are: a form's value may be JSON."""
    if doubled := _DOUBLED.search(template):
        raise DiscoveryError(f"{where}: expected a name in single braces, found {doubled[0]}")

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise DiscoveryError(f"{where}: expected {{n}} or a name from more.find, found {found[0]}")
        return encode(values[found[1]])

    return _PLACEHOLDER.sub(value, template)


def _fill_json(value: Any, values: dict[str, str]) -> Any:
    """`value` with the strings in it filled. A `"{n}"` alone becomes a number: servers tell `2` from `"2"`."""
    if isinstance(value, dict):
        return {key: _fill_json(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill_json(one, values) for one in value]
    if value == "{n}":
        return int(values["n"])
    return _fill(value, values, "more.json") if isinstance(value, str) else value


def _read_json(text: str) -> Any:
    """The JSON in `text`, its numbers as the text they are. Raises ValueError and RecursionError."""
    text = _GUARD.sub("", text, count=1) if _GUARD.match(text) else text
    if call := _JSONP.fullmatch(text):
        text = call[1]
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _json_links(value: Any, base: str, listing: Listing) -> Iterator[str]:
    template = listing.more.link if listing.more else None
    stack: list[tuple[Any, int]] = [(value, 0)]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        value, nested = stack.pop()
        if isinstance(value, dict):
            if template and (url := _object_link(value, template, base)):
                yield url
            stack.extend((one, nested) for one in reversed(value.values()))
        elif isinstance(value, list):
            stack.extend((one, nested) for one in reversed(value))
        elif isinstance(value, str):
            text = value.strip()
            if nested < MAX_NESTED and _JSON_START.match(text):
                try:
                    stack.append((_read_json(text), nested + 1))
                    continue
                except (ValueError, RecursionError):
                    pass  # a text in brackets
            yield from _string_links(text, base, listing)


def _string_links(text: str, base: str, listing: Listing) -> Iterator[str]:
    if "<" in text:
        yield from _fragment_links(text, base, listing.links)
    elif _ADDRESS.fullmatch(text) and (url := absolute(base, text)):
        yield url


def _object_link(fields: dict[str, Any], template: str, base: str) -> str | None:
    """The address that `more.link` makes of an object; None where it lacks a field."""
    names = set(_PLACEHOLDER.findall(template))
    values = {
        name: quote(fields[name], safe="/") for name in names if isinstance(fields.get(name), str) and fields[name]
    }
    if not names or values.keys() != names:
        return None
    return absolute(base, _PLACEHOLDER.sub(lambda found: values[found[1]], template))


def _fragment_links(markup: str, base: str, selector: str | None) -> list[str]:
    if "<" not in markup:
        return []
    piece = Selector(text=markup, type="html")
    regions = outermost(piece.css(selector)) if selector else []
    return links_in(regions or [piece.root], base)


def _text(response: Response) -> str:
    """The answer as text, whatever its Content-Type says. Raises `DiscoveryError` where it is none."""
    if not isinstance(response, TextResponse):
        if b"\0" in response.body[:1_000] and response.body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            raise unexpected("HTML or JSON", response)
        response = _as_page(response)
    return response.text.strip("\ufeff\0 \t\r\n\f")


def _as_page(response: Response) -> HtmlResponse:
    return response if isinstance(response, HtmlResponse) else response.replace(cls=HtmlResponse)


def _request(url: str, **arguments: Any) -> Request:
    try:
        if is_web_address(url):
            return Request(url, **arguments)
    except ValueError:
        pass  # what cannot be encoded
    raise DiscoveryError(f"expected a web address for the next page, found {url[:200]!r}")
