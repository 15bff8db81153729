"""A page: markup parsed once, within bounds, and the few questions every step asks of its elements."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urljoin

from lxml import etree
from lxml.etree import ParserError, strip_tags
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from cleaning.ledger import Ledger
from cleaning.region import core_of
from cleaning.rules import MARK_CHARS
from model.article import Rejected

MAX_BODY_BYTES = 20_000_000
MAX_ELEMENTS = 60_000
MAX_DEPTH = 200  # trafilatura recurses, and Python's stack ends at 1,000 frames
MAX_TEXT_CHARS = 2_000_000

_MAX_TAGS = 10 * MAX_ELEMENTS  # closing ones, comments and scripts count too; a tree of a million takes 350 MB
_PHRASING = ("font", "b", "strong", "i", "em", "u", "span", "center", "big", "small", "o:p", "a")
_STAMP = re.compile("location|dateline")
# lxml.html asks a Python function for the class of each element, which took a tenth of the time.
_ELEMENTS = etree.ElementDefaultClassLookup(element=HtmlElement)
_STRIDE = 50  # elements from one whose depth is asked to the next
_PARSER_DEPTH = 2_000  # a little deeper libxml2 drops what is within, text and all
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
# A tag as HTML's tokenizer sees it: a > or < within a quoted value does not end it. Linear, and never without a match.
_TAG = re.compile(r"""<[a-zA-Z][^>"'=]*+(?:=(?:"[^"]*+"|\s*+(?:"[^"]*+"|'[^']*+')?+)[^>"'=]*+|["'][^>"'=]*+)*+>?""")
_ATTRIBUTE = re.compile(r"""[^\s"'/=>]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?""")
_BETWEEN = "\x1f"
_MAX_ATTRIBUTES = 300
_FLOOD_CHARS = 4 * _MAX_ATTRIBUTES
_NAME = re.compile(r"[a-z_][\w.-]*", re.ASCII | re.IGNORECASE)  # Word's `o:p` passes the parser, and nothing else
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PLACE = re.compile(r"\s*#\w")
_ENCODING_NAMED = re.compile(r"^\s*<\?xml[^>]*>")


@dataclass
class Page:
    """A parsed page on its way through the pipeline.

    Steps read `tree`, and take furniture off it by way of `ledger`, which knows every text on the page. `url` is the
    address that gave the answer; links are relative to `base`. `elements` holds what the parser made, by tag: lxml
    builds its Python objects anew for each walk unless somebody keeps them, which took a sixth of the time, and a walk
    for the elements of one tag takes as long as one for all. `legacy_text` names the encodings from before Unicode that
    its text was converted from, like `tcvn3`; mostly there are none.
    """

    tree: HtmlElement
    url: str
    elements: dict[str, list[HtmlElement]] = field(repr=False)
    legacy_text: str = ""

    @cached_property
    def body(self) -> HtmlElement:
        """The body element, or the root where there is none."""
        found = self.tree.find("body")
        return self.tree if found is None else found

    @cached_property
    def addresses(self) -> dict[HtmlElement, str]:
        """The links in the body with the addresses they name, as they stand there."""
        beside = [part for part in self.tree if part is not self.body] if self.body is not self.tree else []
        outside = {link for part in beside for link in part.iter("a")}
        links = [(one, (one.get("href") or "").strip()) for one in self.elements.get("a", ()) if one not in outside]
        return {one: href for one, href in links if href}

    @cached_property
    def surroundings(self) -> HtmlElement:
        """The element around the one that holds the page's sentences: furniture within is looked for closely."""
        core = core_of(self.ledger)
        parent = core.getparent()
        return core if core is self.body or parent is None else parent

    @cached_property
    def marks(self) -> dict[HtmlElement, str]:
        """The marks (`attribute_text`) of the elements in the surroundings of the text, in the page's order."""
        found: dict[HtmlElement, str] = {}
        for one in self.surroundings.iter("*"):
            identity, classes = one.get("id"), one.get("class")
            if identity or classes:
                found[one] = f"{identity or ''} {classes or ''}".strip()[:MARK_CHARS].replace(_BETWEEN, " ")
        return found

    @cached_property
    def different_marks(self) -> frozenset[str]:
        """The marks in the surroundings of the text, each once."""
        return frozenset(self.marks.values())

    def marks_with(self, pattern: re.Pattern[str]) -> set[str]:
        """Those of the different marks in which `pattern` stands. It begins and ends with white space, to which a
        mark's ends are alike: a pattern that may begin with `^` is slow to find."""
        # All are searched at once: a call for each takes most of the time.
        said = self._said
        ends = [found.end() - 1 for found in pattern.finditer(said)]
        found = {said[said.rfind(_BETWEEN, 0, end) + 1 : said.find(_BETWEEN, end)] for end in ends}
        return {marks for marks in found if pattern.search(f" {marks} ")}

    @cached_property
    def _said(self) -> str:
        """The different marks, with two signs of white space around each: a pattern may take one of them."""
        between = 2 * _BETWEEN
        return f"{between}{between.join(self.different_marks)}{between}"

    @cached_property
    def ledger(self) -> Ledger:
        """The lines of the page and who took them; read when first asked for."""
        return Ledger(self.body)

    @cached_property
    def base(self) -> str:
        """The address that the page's links are relative to: that of its `base` element, or its own."""
        href = next((href for element in self.elements.get("base", ()) if (href := element.get("href"))), "")
        try:
            base = urljoin(self.url, href)
        except ValueError:
            return self.url
        return base if base.startswith(("http://", "https://")) else self.url


def parse(markup: str, url: str, data: bytes | None = None) -> Page | Rejected:
    """The page that `markup` describes; rejected where it is too large or too deep to be one somebody wrote. `data` is
    the markup in UTF-8, if known."""
    if (tags := markup.count("<")) > _MAX_TAGS:
        return Rejected("too-large", f"{tags:,} tags, more than {_MAX_TAGS:,}")
    parsed = _without_attribute_floods(_ENCODING_NAMED.sub("", markup, count=1))
    if data is None or parsed is not markup:
        data = parsed.encode("utf-8", "replace")
    data = data.translate(None, _CONTROLS)
    for noncharacter in ("\ufffe", "\uffff"):
        if noncharacter in markup:
            data = data.replace(noncharacter.encode(), b"")
    parser = HTMLParser(
        encoding="utf-8",
        collect_ids=False,
        default_doctype=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    parser.set_element_class_lookup(_ELEMENTS)
    try:
        tree = document_fromstring(data, parser=parser)
    except (ParserError, ValueError):
        return Rejected("empty", "no element in it")
    every = list(tree.iter())
    elements = _by_tag(every)
    for element in elements.get("template", ()):
        element.clear(keep_tail=True)
    for element in elements.get("amp-img", ()):  # what AMP pages have for pictures
        element.tag = "img"
    for element in elements.get("span", ()):
        if _STAMP.search(element.get("class") or "") and element.tail and element.tail[0].isalnum():
            element.tail = f" {element.tail}"  # a place, which the style sheet sets off from the sentence behind it
    misnamed = [element for name in elements if not _NAME.fullmatch(name) for element in elements[name]]
    misnamed += [
        link for name in HEADINGS for one in elements.get(name, ()) if (link := _link_to_itself(one)) is not None
    ]
    for element in misnamed:
        element.tag = "span"
    if misnamed or "template" in elements or "amp-img" in elements:
        every = list(tree.iter())
        elements = _by_tag(every)
    if (count := sum(map(len, elements.values()))) > MAX_ELEMENTS:
        return Rejected("too-large", f"{count:,} elements, more than {MAX_ELEMENTS:,}")
    if len(data) > MAX_TEXT_CHARS and (chars := _text_chars(tree, elements)) > MAX_TEXT_CHARS:
        return Rejected("too-large", f"{chars:,} characters of text, more than {MAX_TEXT_CHARS:,}")
    if _may_be_deep(every) and (depth := depth_of(tree)) > MAX_DEPTH:
        if depth < _PARSER_DEPTH:
            body = tree.find("body")
            strip_tags(tree if body is None else body, *_PHRASING)  # unclosed <font> and the like
            depth = depth_of(tree)
        if depth > MAX_DEPTH:
            return Rejected("too-large", f"nested {depth:,} elements deep, more than {MAX_DEPTH}")
    return Page(tree, url, elements)


def leads_to_place(link: HtmlElement) -> bool:
    """Whether the link leads to a named place on the page that it stands on."""
    return _PLACE.match(link.get("href") or "") is not None


def _link_to_itself(heading: HtmlElement) -> HtmlElement | None:
    """The link around all that the heading says, where it leads to a place on the page: to that of the heading."""
    for link in heading:
        if link.tag == "a" and leads_to_place(link):
            return link if link.text_content().strip() == heading.text_content().strip() else None
    return None


def _without_attribute_floods(markup: str) -> str:
    """`markup`, its tags with hundreds of attributes left without any: libxml2 takes time quadratic in their number."""
    if any(_is_flood(tag) for tag in _TAG.findall(markup) if len(tag) > _FLOOD_CHARS):
        return _TAG.sub(_bare, markup)
    return markup


def _is_flood(tag: str) -> bool:
    return len(tag) > _FLOOD_CHARS and len(_ATTRIBUTE.findall(tag)) > _MAX_ATTRIBUTES


def _bare(found: re.Match[str]) -> str:
    tag = found.group()
    return re.split(r"[\s/>]", tag, maxsplit=1)[0] + ">" if _is_flood(tag) else tag


def _by_tag(every: Iterable[HtmlElement]) -> dict[str, list[HtmlElement]]:
    """The elements `every` by their tags, in the same order."""
    found: dict[str, list[HtmlElement]] = defaultdict(list)
    for element in every:
        found[element.tag].append(element)
    return dict(found)


def _text_chars(tree: HtmlElement, elements: dict[str, list[HtmlElement]]) -> int:
    """How many characters of text there are, without scripts and style sheets."""
    hidden = sum(len(one.text or "") for tag in ("script", "style") for one in elements.get(tag, ()))
    return len(tree.xpath("string()")) - hidden


def _may_be_deep(every: Sequence[HtmlElement]) -> bool:
    """Whether one of the elements, given in the page's order, may be nested deeper than MAX_DEPTH. Each is at most one
    deeper than the one before it: so a few tell of all."""
    return any(sum(1 for _ in one.iterancestors()) > MAX_DEPTH - _STRIDE for one in every[::_STRIDE])


def depth_of(root: HtmlElement) -> int:
    """How many elements the deepest one under `root` is nested in. Iterative."""
    deepest = 0
    level = [root]
    while level:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest - 1


def attribute_text(element: HtmlElement) -> str:
    """Id and classes of `element` in one string of at most 500 characters, for searching marks in."""
    return f"{element.get('id') or ''} {element.get('class') or ''}".strip()[:MARK_CHARS]
