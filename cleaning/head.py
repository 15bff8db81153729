"""The head of a page: its meta elements, links and JSON-LD."""

from dataclasses import dataclass, field

from lxml.html import HtmlElement

from cleaning.page import Page
from cleaning.structured import Thing, article_thing, lookup, string_of, things_of, types_of
from cleaning.text import tidy, words

_SITE_META = (
    "application-name",
    "apple-mobile-web-app-title",
    "twitter:site",
    "publisher",
    "dc.publisher",
    "article:publisher",
)
_PUBLISHERS = frozenset({"organization", "newsmediaorganization", "corporation", "website"})
_TITLE_DASHES = (" | ", " - ", " – ", " — ", " • ", " · ", " :: ", " » ", ": ", "|")
_MAX_LINKS = 500
_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class LinkElement:
    """A `link` element: its relations in lower case, its address as written, its language."""

    rel: frozenset[str]
    href: str
    hreflang: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says about itself. `meta` maps names and properties in lower case to their values in order;
    `things` are the objects of its JSON-LD and `article` the one that describes the article ({}: none); `links` are
    its `link` elements that say where else the page is; `site_names` are names of the site or outlet: never a title,
    never an author. `organisations` are those of them, as `words`, that its JSON-LD gives an
    organisation; `base_href` is what its `base` element says."""

    title: str
    html_language: str | None
    meta: dict[str, list[str]]
    things: list[Thing]
    article: Thing = field(default_factory=dict)
    links: list[LinkElement] = field(default_factory=list)
    site_names: list[str] = field(default_factory=list)
    organisations: frozenset[str] = frozenset()
    base_href: str = ""

    def first(self, *names: str) -> str | None:
        """The first value of the first of `names` that the page gives."""
        return next((self.meta[name][0] for name in names if self.meta.get(name)), None)

    def all(self, *names: str) -> list[str]:
        """The values of all `names`, in order."""
        return [value for name in names for value in self.meta.get(name, [])]

    @property
    def locale(self) -> str:
        """Language and region as the page names them, like `en-us`; empty where it names none."""
        said = self.first("og:locale") or ""
        html = self.html_language or ""
        return (html if "-" in html or "_" in html or not said else said).replace("_", "-").lower()


def read_head(page: Page) -> Head:
    """The head of `page`; meta elements in the body count too, as browsers have it."""
    tree, elements = page.tree, page.elements
    meta: dict[str, list[str]] = {}
    for element in elements.get("meta", ()):
        if (content := element.get("content")) and (value := tidy(content)):
            for name in _names(element):
                meta.setdefault(name, []).append(value)
    links: list[LinkElement] = []
    for element in elements.get("link", ()):
        rel = (element.get("rel") or "").lower()
        if ("canonical" in rel or "alternate" in rel) and (href := element.get("href")) and len(links) < _MAX_LINKS:
            links.append(LinkElement(frozenset(rel.split()), href, (element.get("hreflang") or "").strip().lower()))
    scripts = [
        element.text
        for element in elements.get("script", ())
        if element.text and "ld+json" in (element.get("type") or "").lower()
    ]
    titles = (tidy(one.text_content()) for one in elements.get("title", ()) if one.getparent().tag != "svg")
    title = next(filter(None, titles), "")
    base = next(filter(None, (element.get("href") for element in elements.get("base", ()))), "")
    language = (
        tree.get("lang") or tree.get("xml:lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip()
    things = things_of(scripts)
    names, organisations = _site_names(meta, things, title)
    return Head(title, language or None, meta, things, article_thing(things), links, names, organisations, base)


def _names(element: HtmlElement) -> set[str]:
    """The names a meta element gives its value: mostly one."""
    found = (element.get("name"), element.get("property"), element.get("itemprop"))
    return {name.strip().lower() for name in found if name and len(name) <= _NAME_CHARS} - {""}


def _site_names(meta: dict[str, list[str]], things: list[Thing], title: str) -> tuple[list[str], frozenset[str]]:
    """The site's names, and those of them that its JSON-LD says an organisation bears, as `words`."""
    found = [value for name in _SITE_META for value in meta.get(name, [])]
    index = lookup(things)
    bodies: list[str] = []
    for thing in things:
        for key in ("publisher", "copyrightHolder", "sourceOrganization"):
            if key in thing:
                names = [name for name, _ in index.named(thing[key])[:2]]
                found += names
                bodies += [] if index.is_person(thing[key]) else names
        if types_of(thing) & _PUBLISHERS:
            names = [name for key in ("name", "alternateName") for name, _ in index.named(thing.get(key))[:3]]
            found += names
            bodies += names if "website" not in types_of(thing) else []
    found += bodies
    for headline in [*meta.get("og:title", [])[:2], *meta.get("twitter:title", [])[:1]]:
        # What the title says before or behind the headline is the site's name.
        behind = title[len(headline) :] if headline and title.startswith(headline) else ""
        before = title[: -len(headline)] if headline and title.endswith(headline) else ""
        for dash in _TITLE_DASHES:
            if behind.startswith(dash) and len(behind) <= 80:
                found += [behind[len(dash) :], *behind[len(dash) :].split(dash)]
            if before.endswith(dash) and len(before) <= 60:
                found.append(before.removesuffix(dash))
    # Templates print the headline in the oddest places, and some the site's name as `og:title`.
    headlines = {words(string_of(thing.get("headline")) or "") for thing in things if "headline" in thing}
    headlines |= {words(value) for value in meta.get("og:title", [])}
    plain = (name.strip().lstrip("@") for name in found)
    names = [
        name
        for name in dict.fromkeys(plain)
        if name and len(name) <= 100 and not name.startswith("http") and words(name) not in headlines
    ]
    said = [name for name in meta.get("og:site_name", []) if name not in names]
    return [*said, *names], frozenset(words(name) for name in bodies)
