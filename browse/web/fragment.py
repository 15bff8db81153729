"""An article's fragment of HTML, made safe once more: what was stored is not trusted, however it came to be there.

Nothing of the stored string reaches the page as it is: it is parsed, and written anew from a short list of elements,
without attributes, and of text, which is escaped.
"""

from lxml import etree
from lxml.html import HTMLParser, document_fromstring
from markupsafe import Markup, escape

from browse.escaping import safe

_TEXT = frozenset({"p", "h2", "h3", "h4", "h5", "h6", "blockquote", "br"})
_WITHIN = {
    "ul": (),
    "ol": (),
    "li": ("ul", "ol"),
    "table": (),
    "caption": ("table",),
    "thead": ("table",),
    "tbody": ("table",),
    "tfoot": ("table",),
    "tr": ("table", "thead", "tbody", "tfoot"),
    "td": ("tr",),
    "th": ("tr",),
}
"""Elements of lists and tables, and what each must stand in: nothing in particular, where it says nothing."""

_UNSEEN = frozenset({
    "script", "style", "template", "head", "title", "noscript", "noembed", "noframes", "iframe", "object", "embed",
    "svg", "math", "textarea", "select", "xmp", "plaintext", "audio", "video", "canvas",
})  # fmt: skip
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")


def sanitized(html: str) -> Markup:
    """The fragment with its structure and nothing else: p, h2–h6, ul, ol, li, br, blockquote and tables.

    Headings are raised so that none is more than one level below the one before: the page's own `h1` comes first. A
    table stands in an element of its own that can be scrolled.
    """
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = document_fromstring(f"<html><body>{safe(html)}".encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):  # nothing in it
        return Markup("")
    out: list[str] = []
    opened: list[str] = []
    names: list[str] = []
    level = 1
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            tag = str(element.tag)
            if tag in _UNSEEN:
                walk.skip_subtree()
                names.append("")
                continue
            name = tag if _may_stand(tag, opened) else ""
            if name in _HEADINGS:
                level = min(_HEADINGS.index(name) + 2, level + 1)
                name = f"h{level}"
            names.append(name)
            if name:
                out.append('<div class="scroll" tabindex="0"><table>' if name == "table" else f"<{name}>")
                opened.append(name)
            text = element.text
        else:
            if name := names.pop():
                opened.pop()
                out.append({"table": "</table></div>", "br": ""}.get(name, f"</{name}>"))
            text = element.tail
        if text:
            out.append(str(escape(safe(text))))
    return Markup("".join(out))  # noqa: S704 - made of names from the lists above and of escaped text


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs, one a line: for an article without a fragment."""
    return Markup("").join(Markup("<p>{}</p>").format(safe(line)) for line in text.splitlines() if line.strip())


def _may_stand(tag: str, opened: list[str]) -> bool:
    if tag in _TEXT:
        return True
    within = _WITHIN.get(tag)
    return within is not None and (not within or (bool(opened) and opened[-1] in within))
