"""Tint: a page as it was stored, with every text coloured by what became of it. Harmless to open."""

from lxml.etree import SubElement
from lxml.html import HtmlElement, tostring
from lxml_html_clean import Cleaner

from cleaning.cleaner import clean_page, open_page
from cleaning.fates import Fate, Kind, fates_of, kind_of
from cleaning.lines import BLANK, Piece
from cleaning.page import Page
from model.article import Article, Rejected
from model.capture import Capture
from model.source import Source

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# A tint and a line of its own each: colours alone do not reach everybody.
_LOOKS: dict[Kind, tuple[str, str, str]] = {
    "kept": ("kept", "#dff3e0", "solid #2e7d32"),
    "metadata": ("read into a field, or said again", "#dcecfb", "dotted #1565c0"),
    "furniture": ("furniture, by a rule", "#fdf0cf", "dashed #9a6700"),
    "place": ("left out, by what it stands in", "#eceff1", "solid #90a4ae"),
    "spam": ("injected link", "#fbdcdc", "double #b3261e"),
    "unclassified": ("left out, nobody said why", "#f6dcf5", "wavy #8e24aa"),
}
_CLEANER = Cleaner(
    scripts=True,
    javascript=True,
    comments=True,
    style=True,
    inline_style=True,
    links=True,
    meta=True,
    page_structure=False,
    processing_instructions=True,
    embedded=True,
    frames=True,
    forms=True,
    annoying_tags=True,
    kill_tags={"base", "noscript", "noembed", "template"},
    remove_unknown_tags=False,
    safe_attrs_only=True,
    safe_attrs=frozenset({"id", "class", "title", "colspan", "rowspan", "lang", "dir"}),
)


def tinted(capture: Capture, body: bytes, source: Source) -> tuple[Article | Rejected, list[Fate], str]:
    """What the cleaner makes of the page, what became of its texts, and the page as HTML with its texts tinted by kind
    and named by rule.

    Nothing of the page runs or loads: scripts, styles, addresses and forms are taken out, and the policy forbids the
    rest. No fates and an empty text where the bytes are no page, or hold no article.
    """
    used, shown = open_page(capture, body, source), open_page(capture, body, source)
    if isinstance(used, Rejected) or isinstance(shown, Rejected):
        return used if isinstance(used, Rejected) else Rejected("not-html", "no page"), [], ""
    outcome = clean_page(used, capture, source)
    if isinstance(outcome, Rejected):
        return outcome, [], ""
    rules = [piece.rule or "" for piece in used.ledger.pieces]
    for piece, rule in zip(reversed(shown.ledger.pieces), reversed(rules), strict=True):
        if rule != BLANK and piece.text.strip():
            _wrap(piece, rule)
    return outcome, list(fates_of(used.ledger)), _document(shown)


def _wrap(piece: Piece, rule: str) -> None:
    mark = piece.element.makeelement("mark", {"class": f"fate-{kind_of(rule)}", "title": rule or "kept"})
    mark.text = piece.text
    if piece.is_tail:
        parent = piece.element.getparent()
        piece.element.tail = None
        parent.insert(parent.index(piece.element) + 1, mark)
    else:
        piece.element.text = None
        piece.element.insert(0, mark)


def _document(page: Page) -> str:
    for button in page.tree.iter("button"):
        button.tag = "span"  # its text shall stay
    for raw in page.tree.iter("xmp", "plaintext"):
        raw.tag = "pre"  # markup in them is text to browsers, but not to the cleaner
    for element in page.tree.iter("*"):
        for name, value in element.items():
            if "<!" in value:  # libxml2 writes comments in attributes as they are, and some tags end within
                element.set(name, value.replace("<!", ""))
    tree = _CLEANER.clean_html(page.tree)
    head = tree.find("head")
    if head is None:
        head = tree.makeelement("head")
        tree.insert(0, head)
    for number, (name, value) in enumerate(
        (("charset", "utf-8"), ("http-equiv", "Content-Security-Policy"), ("name", "referrer"))
    ):
        meta = head.makeelement("meta", {name: value})
        if name != "charset":
            meta.set("content", _POLICY if name == "http-equiv" else "no-referrer")
        head.insert(number, meta)
    SubElement(head, "style").text = _style()
    body = tree.find("body")
    if body is not None:
        body.insert(0, _legend(body))
    return "<!DOCTYPE html>\n" + str(tostring(tree, encoding="unicode"))


def _style() -> str:
    rules = [
        f".fate-{kind}{{background:{tint};text-decoration:underline {line};text-underline-offset:.2em}}"
        for kind, (_, tint, line) in _LOOKS.items()
    ]
    return (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:75ch;margin:1rem auto;padding:0 1rem}"
        "html{color:#111;background:#fff}"
        "mark{color:inherit}.fates{border-bottom:1px solid #999;padding:0 0 1rem}.fates mark{margin-right:.75rem}"
        + "".join(rules)
    )


def _legend(body: HtmlElement) -> HtmlElement:
    legend = body.makeelement("p", {"class": "fates"})
    for kind, (words, _, _) in _LOOKS.items():
        SubElement(legend, "mark", {"class": f"fate-{kind}"}).text = words
    return legend
