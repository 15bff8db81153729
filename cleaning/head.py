"""The head of a page: its meta elements, links and JSON-LD, read once."""

from dataclasses import dataclass, field

from lxml.html import HtmlElement

from cleaning.structured import Thing, article_thing, string_of, things_in
from cleaning.text import tidy


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says about itself. `meta` maps names and properties in lower case to their values in order;
    `things` are the objects of its JSON-LD and `article` the one that describes the article ({}: none)."""

    title: str
    html_language: str | None
    meta: dict[str, list[str]]
    things: list[Thing]
    article: Thing = field(default_factory=dict)

    def first(self, *names: str) -> str | None:
        """The first value of the first of `names` that the page gives."""
        return next((self.meta[name][0] for name in names if self.meta.get(name)), None)

    def all(self, *names: str) -> list[str]:
        """The values of all `names`, in order."""
        return [value for name in names for value in self.meta.get(name, [])]

    @property
    def site_names(self) -> list[str]:
        """Names of the site or outlet: never a title, never an author."""
        found = self.all(
            "og:site_name",
            "application-name",
            "apple-mobile-web-app-title",
            "twitter:site",
            "publisher",
            "article:publisher",
        )
        for thing in self.things:
            if name := string_of(thing.get("publisher")):
                found.append(name)
        return [name for name in dict.fromkeys(name.lstrip("@") for name in found) if not name.startswith("http")]


def read_head(tree: HtmlElement) -> Head:
    """The head of the page whose tree this is; meta elements in the body count too, as browsers have it."""
    meta: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        value = tidy(element.get("content") or "")
        names = {(element.get(key) or "").strip().lower() for key in ("name", "property", "itemprop")}
        for name in sorted(names - {""}):
            if value:
                meta.setdefault(name, []).append(value)
    title = next(
        (tidy(element.text_content()) for element in tree.iter("title") if element.getparent().tag != "svg"), ""
    )
    language = (
        tree.get("lang") or tree.get("xml:lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip()
    things = things_in(tree)
    return Head(title, language or None, meta, things, article_thing(things))
