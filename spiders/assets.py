"""What hangs on an article and should be captured too: its own pictures, and the documents attached to it."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import lxml.html
from lxml import etree
from tldextract import TLDExtract
from w3lib.url import safe_url_string

from model.source import Assets
from model.url import host_of, is_web_address, normalise_url
from spiders.region import APART, MAX_ELEMENTS, article_regions, parsed

_SUFFIXES = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)  # the packaged list
MAX_URL_CHARS = 2_000

ICON_PIXELS = 48
"""An image said to be no wider or no higher is furniture."""

_DOCUMENT = re.compile(
    # "…/report.pdf", with a servlet's session or Liferay's "/<uuid>" after it; or the end of a parameter's value.
    r"\.(?:pdf|docx?|xlsx?|pptx?|od[ts]|rtf|zip|rar|7z)(?:;[^/?#]*|/[0-9a-f-]{36})?(?:$|[?&#])",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"(?<![a-z])(?:icons?|logos?|buttons?|btn|shar(?:e|ing)|avatars?|emojis?|smil(?:ey|ies)|sprites?|spacer|pixel)(?![a-z])",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*(?:px)?\s*", re.IGNORECASE)
_STYLED_PIXELS = re.compile(r"(?:^|[;\s])(?:width|height)\s*:\s*(\d{1,6})(?:\.\d*)?px", re.IGNORECASE)
_DESCRIPTOR = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)[wx]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_LINKING = {"a": "href", "iframe": "src", "embed": "src", "object": "data"}


def asset_links(body: bytes | str, url: str, assets: Assets, selectors: Sequence[str] = ()) -> list[str]:
    """The addresses of what hangs on the article in the page `body` at `url`: documents first, then images, absolute,
    each once, at most `assets.max_per_page`.

    `selectors` are the source's `clean.body`, see `article_regions`. Documents are also looked for in the region's
    parent, as sites list attachments under the text. Any host may be named: pictures lie on others. Never raises,
    whatever the page is.
    """
    if not assets.max_per_page or not (assets.images or assets.documents):
        return []
    root = parsed(body)
    if root is None:
        return []
    base = _base(root, url)
    regions = article_regions(root, selectors)
    documents = _documents(regions) if assets.documents else iter(())
    images = _images(regions) if assets.images else iter(())
    known = {normalise_url(url): ""}  # "#" and "?" are the page itself
    for link in chain(documents, images):
        if len(known) > assets.max_per_page:
            break
        if absolute := _absolute(base, link):
            known.setdefault(normalise_url(absolute), absolute)
    return list(known.values())[1:]


def same_site(url: str, source_url: str) -> bool:
    """Whether both addresses belong to one registrable domain: that of ninhbinh.gov.vn is itself, as gov.vn is a public
    suffix. An IP address is only the same site as itself."""
    site = _site(host_of(url))
    return bool(site) and site == _site(host_of(source_url))


@lru_cache(maxsize=65_536)
def _site(host: str) -> str:
    """What is registered, of `host`; `host` itself, where that is an IP address or a public suffix."""
    host = host.rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    found = _SUFFIXES(host)
    if found.suffix:
        return found.top_domain_under_public_suffix or host
    # The list's own rule for what it does not name: the last label is the suffix (https://publicsuffix.org/list/).
    return ".".join(host.split(".")[-2:])


def _base(root: lxml.html.HtmlElement, url: str) -> str:
    """What the page's relative addresses are relative to."""
    for element in root.iter("base"):
        if href := element.get("href"):
            return _absolute(url, href) or url
    return url


def _documents(regions: Sequence[lxml.html.HtmlElement]) -> Iterator[str]:
    """What links to documents in `regions`, then in their parents: there only outside menus, heads and margins."""
    for element in islice((one for region in regions for one in region.iter(*_LINKING)), MAX_ELEMENTS):
        yield from _document(element)
    parents = dict.fromkeys(parent for region in regions if (parent := region.getparent()) is not None)
    for element in islice((one for parent in parents for one in _not_apart(parent)), MAX_ELEMENTS):
        yield from _document(element)


def _not_apart(parent: lxml.html.HtmlElement) -> Iterator[lxml.html.HtmlElement]:
    """What links, below `parent`, but not in one of `APART`."""
    walk = etree.iterwalk(parent, events=("start",), tag=(*_LINKING, *APART))
    for _, element in walk:
        if element.tag in _LINKING:
            yield element
        elif element is not parent:
            walk.skip_subtree()


def _document(element: lxml.html.HtmlElement) -> Iterator[str]:
    """The address of the document that `element` links to or shows, if it does."""
    tag = element.tag
    link = (element.get(_LINKING[tag]) or "").partition("#")[0][: MAX_URL_CHARS + 1].strip()
    is_link = tag == "a"
    place = link if is_link else link.partition("?")[0]  # a viewer's address is not the document's
    if link and (
        (is_link and element.get("download") is not None) or _DOCUMENT.search(unquote(place) if "%" in place else place)
    ):
        yield link


def _images(regions: Sequence[lxml.html.HtmlElement]) -> Iterator[str]:
    """The sources of the images in `regions` that are no furniture."""
    for image in islice((one for region in regions for one in region.iter("img")), MAX_ELEMENTS):
        if not _is_small(image) and not _FURNITURE.search((image.get("class") or "")[:1_000]):
            link = _source(image)
            if link and not _is_furniture(link):
                yield link


def _source(image: lxml.html.HtmlElement) -> str:
    """The address of the image in full size: lazy loading keeps it in other attributes and a blank one in `src`."""
    for name in ("srcset", "data-srcset"):
        if largest := _largest(image.get(name)):
            return largest
    for name in ("data-original", "data-src", "src"):
        link: str = image.get(name) or ""
        if _is_address(link):
            return link.strip()
    # libxml2 knows no `source`, and nests what follows it.
    picture = next((one for one in islice(image.iterancestors(), 10) if one.tag == "picture"), image)
    for source in islice(picture.iter("source"), 10):
        if largest := _largest(source.get("srcset")):
            return largest
    return ""


def _largest(srcset: str | None) -> str:
    """The largest candidate of a `srcset` (https://html.spec.whatwg.org/multipage/images.html#srcset-attributes)."""
    sizes: dict[str, float] = {}
    link = ""
    for token in (srcset or "")[: 10 * MAX_URL_CHARS].split():
        if link:
            descriptor, _, following = token.partition(",")
            found = _DESCRIPTOR.fullmatch(descriptor)
            sizes[link], link = float(found[1]) if found else 1, following
        elif token.endswith(","):
            sizes[token.rstrip(",")] = 1
        else:
            link = token
    if link:
        sizes[link] = 1
    return max(filter(_is_address, sizes), key=lambda one: sizes[one], default="")


def _is_address(link: str) -> bool:
    """Whether `link` is more than the picture itself, or nothing."""
    return bool(link.strip()) and link.lstrip()[:5].lower() != "data:"


def _is_small(image: lxml.html.HtmlElement) -> bool:
    given = [found[1] for name in ("width", "height") if (found := _PIXELS.fullmatch(image.get(name) or ""))]
    given += _STYLED_PIXELS.findall((image.get("style") or "")[:1_000])
    return any(int(pixels) <= ICON_PIXELS for pixels in given)


def _is_furniture(link: str) -> bool:
    """Whether the file's name, or its folder's, says icon, logo, button …; or it is one picture of a sprite."""
    path, _, fragment = link.partition("#")
    folders = path.partition("?")[0].split("/")
    return bool(_FURNITURE.search("/".join(folders[-2:]))) or (bool(fragment) and folders[-1].lower().endswith(".svg"))


def _absolute(base: str, link: str) -> str | None:
    """`link` as a browser would ask for it: no fragment, no control characters, slashes for backslashes."""
    link = _CONTROLS.sub("", link[: MAX_URL_CHARS + 1]).strip()
    path, mark, query = link.partition("?")
    if not link or len(link) > MAX_URL_CHARS:
        return None
    try:
        absolute = safe_url_string(urldefrag(urljoin(base, path.replace("\\", "/") + mark + query)).url)
        normalise_url(absolute)  # raises for what no request could be made of
        return absolute if is_web_address(absolute) and urlsplit(absolute).username is None else None
    except ValueError:
        return None
